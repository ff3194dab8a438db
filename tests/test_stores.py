"""Every store behaves alike, and carries a whole run: the conformance suite and the program against real servers."""

import os
import subprocess

import outputs
import pytest
from stores import azurite, google, minio_server, minio_tls  # noqa: F401 (fixtures)

PIXELS = ["--extractor", "pixels", "--image-size", "8", "--components", "5"]


def conformance(build_dir, store, environment):
    suite = build_dir / "library" / "storage" / "pomona_storage_test"
    done = subprocess.run(
        [suite, "--gtest_filter=StoreConformance.*"],
        env=os.environ | environment | {"POMONA_TEST_STORE": store},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "[  PASSED  ] 12 tests" in done.stdout


def test_minio_conforms(build_dir, minio_server):  # noqa: F811
    conformance(build_dir, "s3://photos/conformance", minio_server.environment_of())
    assert minio_server.keys("conformance") == []
    uploads = list(minio_server.client._list_multipart_uploads("photos").uploads)
    assert not uploads, "an upload that was given up lies there and costs money"


def test_minio_conforms_over_tls(build_dir, minio_tls):  # noqa: F811
    endpoint = f"https://localhost:{minio_tls.port}"
    environment = minio_tls.environment_of(endpoint=endpoint) | {"AWS_CA_BUNDLE": str(minio_tls.ca)}
    import pyarrow.fs
    from stores import SECRET, USER

    pyarrow.fs.S3FileSystem(
        endpoint_override=endpoint, access_key=USER, secret_key=SECRET, region="us-east-1", allow_bucket_creation=True,
        tls_ca_file_path=str(minio_tls.ca)).create_dir("photos")  # fmt: skip
    conformance(build_dir, "s3://photos/conformance", environment)


def test_azurite_conforms(build_dir, azurite):  # noqa: F811
    conformance(build_dir, f"{azurite.uri}/conformance{azurite.query}", azurite.variables)


def test_google_conforms(build_dir, google):  # noqa: F811
    conformance(build_dir, f"{google.uri}/conformance", google.variables)


@pytest.fixture(scope="module")
def undisturbed(pomona, photos, tmp_path_factory):
    """The same photographs from a local folder."""
    output = tmp_path_factory.mktemp("local") / "out"
    pomona("run", photos, "--output", output, *PIXELS)
    return output


def rows_without_place(output):
    """projection.csv without what the path has before the label's folder."""
    header, rows = outputs.csv_rows(output / "projection.csv")
    return header, [["/".join(row[0].split("/")[-2:]), *row[1:]] for row in rows]


def test_bucket_to_bucket(pomona, photos, minio_server, undisturbed, tmp_path):  # noqa: F811
    minio_server.upload(photos, "raw")
    environment = minio_server.environment_of()
    pomona("run", "s3://photos/raw", "--output", "s3://photos/out", *PIXELS, env=environment)
    output = minio_server.download("out", tmp_path / "out")
    outputs.check_accounts(output)
    assert rows_without_place(output) == rows_without_place(undisturbed)
    assert outputs.paths(output)[0].startswith("s3://photos/raw/Apple Braeburn/")
    again = pomona("run", "s3://photos/raw", "--output", "s3://photos/out", *PIXELS, env=environment)
    assert "done already" in again.stdout + again.stderr or again.returncode == 0


def test_bucket_to_folder_and_back(pomona, photos, minio_server, azurite, undisturbed, tmp_path):  # noqa: F811
    environment = azurite.variables | minio_server.environment_of()
    if not minio_server.keys("raw"):
        minio_server.upload(photos, "raw")
    pomona("run", "s3://photos/raw", "--output", tmp_path / "out", *PIXELS, env=environment)
    assert rows_without_place(tmp_path / "out") == rows_without_place(undisturbed)
    place = f"{azurite.uri}/mixed{azurite.query}"
    pomona("run", "s3://photos/raw", "--output", place, *PIXELS, env=environment)
    pomona("apply", place, photos, "--output", tmp_path / "applied", env=environment)
    assert outputs.check_accounts(tmp_path / "applied")["images_ok"] == 216
