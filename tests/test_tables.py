"""Photographs inside Parquet files: the rows of a run on the photographs themselves, read by ranges, never whole."""

import io
import json

import outputs
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from stores import FaultProxy, minio_server  # noqa: F401 (fixture)

PIXELS = ["--extractor", "pixels", "--image-size", "4", "--components", "3", "--progress", "none"]


@pytest.fixture(scope="module")
def files(photos):
    return sorted(photos.rglob("*.jpg"))


def in_another_order(files):
    """Out of path order, always the same way."""
    return sorted(files, key=lambda file: file.read_bytes()[-40:])


def written(table, **options):
    buffer = io.BytesIO()
    pq.write_table(table, buffer, **options)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def plain(pomona, photos, tmp_path_factory):
    output = tmp_path_factory.mktemp("plain") / "out"
    pomona("run", photos, "--output", output, *PIXELS)
    return output


def columns(files):
    """Columns of a table: paths as the run on the folder has them."""
    return {
        "path": [str(file) for file in files],
        "label": [file.parent.name for file in files],
        "bytes": [file.read_bytes() for file in files],
    }


@pytest.mark.parametrize("compression", ["snappy", "none"])
def test_rows_in_any_order_give_the_rows_of_the_photographs(pomona, files, plain, tmp_path, compression):
    table = pa.table(columns(in_another_order(files)))
    (tmp_path / "all.parquet").write_bytes(written(table, row_group_size=50, compression=compression))
    pomona("run", tmp_path / "all.parquet", "--output", tmp_path / "out", *PIXELS)
    outputs.same_content(tmp_path / "out", plain)


def test_a_structure_and_columns_of_other_names(pomona, files, plain, tmp_path):
    """As collections of others have them: the picture is a structure, several files lie in one folder."""
    all_columns = columns(files)
    pictures = [
        {"bytes": data, "path": path} for data, path in zip(all_columns["bytes"], all_columns["path"], strict=True)
    ]
    table = pa.table({"picture": pictures, "kind": all_columns["label"]})
    (tmp_path / "in").mkdir()
    half = len(files) // 2
    (tmp_path / "in" / "0.parquet").write_bytes(written(table.slice(0, half), row_group_size=40))
    (tmp_path / "in" / "1.parquet").write_bytes(written(table.slice(half)))
    named = ["--bytes-column", "picture.bytes", "--path-column", "picture.path", "--label-column", "kind"]
    pomona("run", tmp_path / "in", "--output", tmp_path / "out", *PIXELS, *named)
    outputs.same_content(tmp_path / "out", plain)
    wrong = pomona("run", tmp_path / "in", "--output", tmp_path / "no", *PIXELS, "--bytes-column", "pixels", code=2)
    assert "--bytes-column: " in wrong.stderr and "picture.bytes" in wrong.stderr
    again = pomona("run", tmp_path / "in", "--output", tmp_path / "out", *PIXELS, code=2)
    assert "--bytes-column" in again.stderr


def test_bad_rows_are_rows_of_the_quarantine(pomona, files, tmp_path):
    bad = columns(files[:30])
    bad["bytes"][3] = None
    bad["bytes"][4] = b""
    bad["bytes"][5] = b"no picture"
    bad["bytes"][6] = bad["bytes"][6][:900]
    bad["path"][7] = None
    (tmp_path / "bad.parquet").write_bytes(written(pa.table(bad), row_group_size=8))
    pomona("run", tmp_path / "bad.parquet", "--output", tmp_path / "out", *PIXELS)
    assert outputs.check_accounts(tmp_path / "out")["images_ok"] == 26
    codes = {row["path"]: row["code"] for row in outputs.quarantine(tmp_path / "out")}
    assert codes == dict(zip(bad["path"][3:7], ["empty", "empty", "unknown-format", "truncated"], strict=True))
    assert str(tmp_path / "bad.parquet" / "000000007") in outputs.paths(tmp_path / "out")


def test_a_large_file_in_a_bucket_is_read_by_ranges(pomona, files, minio_server, tmp_path):  # noqa: F811
    """17 MB, of which no request takes more than a fourth; packed anew, the rows are the same."""
    many = columns(files * 16)
    many["path"] = [f"{i:05d}/{path}" for i, path in enumerate(many["path"])]
    minio_server.put("tables/many.parquet", written(pa.table(many), row_group_size=500, use_dictionary=False))
    proxy = FaultProxy(tmp_path, minio_server.endpoint)
    try:
        pomona("run", "s3://photos/tables/many.parquet", "--output", tmp_path / "out", *PIXELS,
               env=minio_server.environment_of(endpoint=proxy.endpoint))  # fmt: skip
        counts = proxy.counts()
    finally:
        proxy.stop()
    run = outputs.check_accounts(tmp_path / "out")
    assert (run["images_ok"], run["images_quarantined"]) == (16 * 216, 0)
    assert set(outputs.table(tmp_path / "out", "features")["label"].to_pylist()) == {file.parent.name for file in files}
    assert counts["largest_body"] <= 4_200_000
    assert counts["GET"] < 60
    expected = outputs.features(tmp_path / "out")

    pomona("pack", "s3://photos/tables/many.parquet", "--format", "parquet", "--shard-bytes", "6MB", "--output",
           "s3://photos/tables-packed", env=minio_server.environment_of())  # fmt: skip
    shards = [key for key in minio_server.keys("tables-packed/") if "/pack-" in key]
    assert shards == [f"tables-packed/pack-0000{number}.parquet" for number in range(len(shards))]
    assert len(shards) > 1
    pomona("run", "s3://photos/tables-packed", "--output", tmp_path / "packed", *PIXELS,
           env=minio_server.environment_of())  # fmt: skip
    assert (outputs.features(tmp_path / "packed") == expected).all()
    assert outputs.paths(tmp_path / "packed") == outputs.paths(tmp_path / "out")


def test_an_inventory_in_parquet(pomona, files, minio_server, tmp_path):  # noqa: F811
    """As S3 writes it: keys as they are, sizes as integers, flags as booleans."""
    rows = {"bucket": [], "key": [], "is_latest": [], "is_delete_marker": [], "size": [], "e_tag": []}

    def add(key, latest=True, marker=False, size=5, etag="x"):
        for name, value in zip(rows, ["photos", key, latest, marker, size, etag], strict=True):
            rows[name].append(value)

    for number, photo in enumerate(files[:6]):
        key = f"stock/{'A%20 b' if number else '_x_'}/{photo.name}"
        minio_server.put(key, photo.read_bytes())
        add(key, size=photo.stat().st_size, etag=minio_server.client.stat_object("photos", key).etag)
    add("stock/old.jpg", latest=False)
    add("stock/gone.jpg", marker=True, size=None)
    add("stock/.hidden/x.jpg")
    table = pa.table(rows)
    minio_server.put("stock-report/data/one.parquet", written(table.slice(0, 4)))
    minio_server.put("stock-report/data/two.parquet", written(table.slice(4), row_group_size=2))
    manifest = {
        "sourceBucket": "photos",
        "destinationBucket": "arn:aws:s3:::photos",
        "fileFormat": "Parquet",
        "fileSchema": "message s3.inventory { required binary bucket (UTF8); required binary key (UTF8); }",
        "files": [{"key": f"stock-report/data/{name}.parquet", "size": 1} for name in ("one", "two")],
    }
    minio_server.put("stock-report/2026/manifest.json", json.dumps(manifest).encode())
    pomona("run", "s3://photos/stock-report/2026/manifest.json", "--output", tmp_path / "out", *PIXELS,
           env=minio_server.environment_of())  # fmt: skip
    run = outputs.check_accounts(tmp_path / "out")
    assert (run["images_ok"], run["images_quarantined"]) == (6, 0)
    assert outputs.table(tmp_path / "out", "features")["label"].to_pylist() == ["A%20 b"] * 5 + ["_x_"]
    assert run["files_skipped"] == {"hidden": 1}
    assert outputs.paths(tmp_path / "out")[0].startswith("s3://photos/stock/A%20 b/")
