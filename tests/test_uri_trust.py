# ruff: noqa: F811 (fixtures)
"""URIs out of data (lists, models, outputs): they name no host, and what they hold of secrets stays nowhere."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import outputs
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from listeners import listener_certificates, plain_listener, tls_listener  # noqa: F401 (fixtures)
from stores import NO_CREDENTIALS, azurite  # noqa: F401 (fixture)

PIXELS = ["--extractor", "pixels", "--image-size", "4", "--components", "3"]
TOKEN = "TOKEN-4711-3f"
PASSWORD = "SECRETPW"


@pytest.fixture
def environment(listener_certificates):
    """Credentials of all three stores, and an authority that vouches for the listener with TLS."""
    return NO_CREDENTIALS | {
        "AWS_ACCESS_KEY_ID": f"AK{TOKEN}",
        "AWS_SECRET_ACCESS_KEY": f"SK{TOKEN}",
        "GOOGLE_OAUTH_ACCESS_TOKEN": TOKEN,
        "AZURE_STORAGE_SAS_TOKEN": f"?sv=1&sig={TOKEN}",
        "SSL_CERT_FILE": str(listener_certificates / "ca.crt"),
    }


def uris(plain, tls):
    """Images at hosts that data name, one for each way to name one."""
    return [
        f"abfs://acct@{tls}/cont/a.jpg",
        f"abfs://acct@{plain}/cont/a.jpg?enable_tls=false",
        f"abfs://cont/a.jpg?blob_storage_authority={tls}&dfs_storage_authority={tls}",
        f"az://acct@{tls}/cont/b.jpg",
        f"s3://bucket/a.jpg?endpoint_override={plain}&scheme=http&region=r",
        f"s3a://bucket/a.jpg?endpoint_override={tls}&region=r",
        f"s3://{plain}/a.jpg",
        f"gs://bucket/a.jpg?endpoint_override={plain}&scheme=http",
        f"gcs://bucket/a.jpg?endpoint_override={tls}",
        f"hdfs://{plain}/a.jpg",
        f"viewfs://{plain}/a.jpg",
        f"https://{tls}/a.jpg",
        f"http://{plain}/a.jpg",
    ]


@pytest.fixture
def images(photos, tmp_path):
    shutil.copytree(photos / "Kiwi", tmp_path / "in" / "Kiwi")
    return sorted((tmp_path / "in" / "Kiwi").glob("*.jpg"))


def write_list(file, paths):
    if file.suffix == ".parquet":
        pq.write_table(pa.table({"path": [str(path) for path in paths]}), file)
    else:
        file.write_text("path\n" + "".join(f'"{path}"\n' for path in paths))


def nobody_came(*listeners):
    for listener in listeners:
        assert (listener.connections, listener.requests) == (0, [])


@pytest.mark.parametrize("name", ["list.csv", "list.parquet"])
def test_rows_of_lists_reach_no_host_of_theirs(
    pomona,
    images,
    environment,
    plain_listener,
    tls_listener,
    tmp_path,
    name,
):
    named = uris(plain_listener.host, tls_listener.host)
    write_list(tmp_path / name, [*images, *named])
    pomona("run", name, "--output", "out", *PIXELS, "--max-failures", "100%", cwd=tmp_path, env=environment)
    rows = outputs.quarantine(tmp_path / "out")
    assert len(rows) == len(named)
    assert {row["stage"] for row in rows} == {"read"}
    for row in rows:
        assert any(word in row["message"] for word in ("query", "host", "not known", "characters")), row
    nobody_came(plain_listener, tls_listener)
    pomona("retry-failed", "out", "--max-failures", "100%", cwd=tmp_path, env=environment)
    pomona("run", name, "--output", "out", *PIXELS, "--max-failures", "100%", "--update", cwd=tmp_path, env=environment)
    assert outputs.quarantine(tmp_path / "out") == rows
    nobody_came(plain_listener, tls_listener)


def test_a_host_that_the_user_allows_may_be_named(pomona, images, environment, tls_listener, tmp_path):
    """And so the listener hears, where something comes."""
    write_list(tmp_path / "list.csv", [*images, f"abfs://acct@{tls_listener.host}/cont/a.jpg"])
    run = ["run", "list.csv", "--output", "out", *PIXELS, "--max-failures", "100%"]
    (tmp_path / "c.toml").write_text("[storage]\nattempts = 1\n")
    pomona(*run, "--config", "c.toml", "--allow-hosts", f"other,{tls_listener.host}", cwd=tmp_path, env=environment)
    assert tls_listener.connections > 0
    assert TOKEN in str(tls_listener.requests)
    wrong = pomona(*run, "--allow-hosts", "https://host/", cwd=tmp_path, env=environment, code=2)
    assert "--allow-hosts" in wrong.stderr


def test_models_and_outputs_reach_no_host_of_theirs(
    pomona,
    images,
    environment,
    plain_listener,
    tls_listener,
    tmp_path,
):
    broken = tmp_path / "in" / "Kiwi" / "broken.jpg"
    broken.write_bytes(b"no image")
    pomona("run", "in", "--output", "made", *PIXELS, "--max-failures", "100%", cwd=tmp_path, env=environment)
    pipeline, options = tmp_path / "made" / "model" / "pipeline.json", tmp_path / "made" / "_pomona" / "options.json"
    before = json.loads(pipeline.read_text()), json.loads(options.read_text())
    for uri in uris(plain_listener.host, tls_listener.host):
        for name in ("extractor", "weights"):
            model = json.loads(json.dumps(before[0]))
            model["options"] |= {"extractor": "vgg16", name: uri.replace("a.jpg", "a.onnx")}
            pipeline.write_text(json.dumps(model))
            code = 1 if name == "weights" else 2  # a model sets no weights, wherever they are
            refused = pomona("apply", "made", "in", "--output", "x", cwd=tmp_path, env=environment, code=code)
            assert "Traceback" not in refused.stderr
        options.write_text(json.dumps(before[1] | {"input_uri": uri}))
        refused = pomona("retry-failed", "made", "--max-failures", "100%", cwd=tmp_path, env=environment, code=2)
        assert "--input" in refused.stderr or "not known" in refused.stderr
        changed = json.loads(json.dumps(before[1]))
        changed["options"]["extractor"] = uri
        options.write_text(json.dumps(changed))
        pomona("retry-failed", "made", "--max-failures", "100%", cwd=tmp_path, env=environment, code=2)
    nobody_came(plain_listener, tls_listener)


def test_python_reaches_no_host_of_its_lists(images, environment, plain_listener, tls_listener, tmp_path):
    """In a process of its own, as the module reads the environment when it is loaded."""
    named = uris(plain_listener.host, tls_listener.host)
    named.append(f"https://u:{PASSWORD}@{tls_listener.host}/a.jpg")
    script = f"""
import json, sys, pomona
named, image = json.load(sys.stdin)
features, failures = pomona.FeatureExtractor("pixels", image_size=4).extract([image, *named])
assert [failure.index for failure in failures] == list(range(1, 1 + len(named))), failures
print(failures)
assert "{PASSWORD}" not in str(failures)
try:
    pomona.FeatureExtractor("pixels", image_size=4, allow_hosts="a/b")
    pomona.FeatureExtractor("pixels", image_size=4, allow_hosts="a/b").open()
except ValueError as error:
    assert "--allow-hosts" in str(error)
else:
    raise AssertionError("a/b was taken for a host")
"""
    done = subprocess.run([sys.executable, "-c", script], input=json.dumps([named, str(images[0])]), text=True,
                          capture_output=True, env=os.environ | environment, cwd=tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
    nobody_came(plain_listener, tls_listener)


def test_a_list_may_name_the_account_that_the_user_named(pomona, images, azurite, tmp_path):
    azurite.filesystem.create_dir("photos/trust")
    for image in images[:5]:
        with azurite.filesystem.open_output_stream(f"photos/trust/{image.name}") as file:
            file.write(image.read_bytes())
    write_list(tmp_path / "list.csv", [f"abfs://photos/trust/{image.name}" for image in images[:5]])
    host = azurite.uri.partition("@")[2].partition("/")[0]
    mine = azurite.variables | {"AZURE_STORAGE_ACCOUNT": "devstoreaccount1"}
    (tmp_path / "c.toml").write_text(f"[storage]\nabfs_endpoint = 'http://{host}'\n")
    pomona("run", "list.csv", "--output", "out", *PIXELS, "--config", "c.toml", cwd=tmp_path, env=mine)
    assert outputs.quarantine(tmp_path / "out") == []


SECRETS = [
    f"s3://AK:{PASSWORD}@bucket/a.jpg",
    f"https://h/a.jpg?X-Amz-Signature={PASSWORD}",
    f"https://h/a.jpg?X-Amz-Signature={PASSWORD}2",
    f"https://u:{PASSWORD}@h/c.jpg",
    f"odd://u:{PASSWORD}@h/c.jpg",
    f"odd one://u:{PASSWORD}@h/c.jpg",
    f"abfs://cont@acct.dfs.core.windows.net/a.jpg?sv=1&sig={PASSWORD}",
    f"abfs://cont:{PASSWORD}@acct.dfs.core.windows.net/a.jpg",
    f"gs://x:{PASSWORD}@bucket/a.jpg",
    f"hdfs://u:{PASSWORD}@namenode/a.jpg?x={PASSWORD}",
]


def nothing_holds(secret, folder, *texts):
    for file in folder.rglob("*"):
        if file.is_file() and file.suffix != ".parquet":
            assert secret.encode() not in file.read_bytes(), file
        if file.is_file() and file.suffix == ".parquet":  # pages are compressed
            assert secret not in str(pq.read_table(file).to_pylist()), file
    for text in texts:
        assert secret not in text


@pytest.mark.parametrize("name", ["list.csv", "list.parquet"])
def test_secrets_of_rows_are_kept_nowhere(pomona, images, tmp_path, name):
    hidden = SECRETS
    write_list(tmp_path / name, [*images, *hidden])
    run = ["run", name, "--output", "out", *PIXELS, "--max-failures", "100%", "--progress", "plain"]
    said = [pomona(*run, cwd=tmp_path, env=NO_CREDENTIALS)]
    rows = outputs.quarantine(tmp_path / "out")
    assert len(rows) == len(hidden)
    assert all("***" in row["path"] and "#row=" in row["path"] for row in rows)
    said.append(pomona("retry-failed", "out", "--max-failures", "100%", cwd=tmp_path, env=NO_CREDENTIALS))
    assert outputs.quarantine(tmp_path / "out") == rows
    write_list(tmp_path / name, [*images[:-1], *hidden])
    said.append(pomona(*run, "--update=mirror", cwd=tmp_path, env=NO_CREDENTIALS))
    assert [row["path"] for row in outputs.quarantine(tmp_path / "out")] != []
    said.append(pomona("features", name, "--output", "few", *PIXELS[:4], "--max-failures", "1", cwd=tmp_path,
                       env=NO_CREDENTIALS, code=3))  # fmt: skip
    texts = [text for done in said for text in (done.stdout, done.stderr)]
    nothing_holds(PASSWORD, tmp_path / "out", *texts)
    nothing_holds(PASSWORD, tmp_path / "few")


def test_the_user_s_own_uri_is_shown_without_its_secrets(pomona, tmp_path):
    (tmp_path / "c.toml").write_text("[storage]\nattempts = 1\nconnect_timeout = 1\n")
    for uri in SECRETS:
        if " " in uri:  # no scheme: that is a local path
            continue
        for words in (
            ["run", uri, "--output", "out"],
            ["run", ".", "--output", uri],
            ["run", ".", "--output", "out", "--extractor", uri],
            ["apply", uri, ".", "--output", "x"],
            ["doctor", uri],
        ):
            done = pomona(
                *words,
                "--config",
                "c.toml",
                cwd=tmp_path,
                env=NO_CREDENTIALS | {"AZURE_STORAGE_ACCOUNT": ""},
                code=None,
            )
            assert done.returncode != 0
            assert PASSWORD not in done.stdout + done.stderr, words


def test_urls_beside_packed_images_are_shown_without_their_secrets(pomona, images, tmp_path):
    table = pa.table({
        "url": [f"https://h/{i % 2}.jpg?w=1&sig={PASSWORD}" for i in range(len(images))],
        "bytes": pa.array([image.read_bytes() for image in images], pa.binary()),
    })  # fmt: skip
    pq.write_table(table, tmp_path / "data.parquet")
    done = pomona("run", "data.parquet", "--output", "out", *PIXELS, cwd=tmp_path)
    paths = outputs.paths(tmp_path / "out")
    assert len(set(paths)) == len(images)
    assert all(
        path.partition("#")[0] in ("https://h/0.jpg?w=***&sig=***", "https://h/1.jpg?w=***&sig=***") for path in paths
    )
    nothing_holds(PASSWORD, tmp_path / "out", done.stdout, done.stderr)
    assert Path(tmp_path / "out" / "report.html").exists()


def test_the_user_s_own_token_is_in_no_error(pomona, images, environment, tls_listener, tmp_path):
    """Azure's library names whole URLs in its errors."""
    (tmp_path / "c.toml").write_text("[storage]\nattempts = 1\n")
    uri = f"abfs://acct@{tls_listener.host}/cont"
    write_list(tmp_path / "list.csv", [*images, f"{uri}/a.jpg"])
    said = [
        pomona("run", uri, "--output", "a", *PIXELS, "--config", "c.toml", cwd=tmp_path, env=environment, code=None),
        pomona("doctor", uri, "--config", "c.toml", cwd=tmp_path, env=environment, code=None),
        pomona("run", "list.csv", "--output", "b", *PIXELS, "--allow-hosts", tls_listener.host, "--config", "c.toml",
               "--max-failures", "100%", cwd=tmp_path, env=environment, code=None),
    ]  # fmt: skip
    assert TOKEN in str(tls_listener.requests)
    nothing_holds(TOKEN, tmp_path / "b", *(done.stdout + done.stderr for done in said))
