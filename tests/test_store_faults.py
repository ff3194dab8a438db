"""What networks and stores do wrong costs time, never a row: a proxy spoils requests, the store goes away."""

import os
import threading
import time

import outputs
import pyarrow.parquet
import pytest
import torture
from stores import Bucket, FaultProxy, Minio, azurite, google, minio_server  # noqa: F401 (fixtures)

PIXELS = ["--extractor", "pixels", "--image-size", "4", "--components", "3"]
CONFIG = "[storage]\nstall_timeout = 1\n"


@pytest.fixture(scope="module")
def bucket(minio_server, photos):  # noqa: F811
    """Sixty photographs in three folders of a bucket."""
    for label in ("Kiwi", "Lemon", "Orange"):
        for photo in sorted((photos / label).glob("*.jpg"))[:20]:
            minio_server.put(f"faults/{label}/{photo.name}", photo.read_bytes())
    return minio_server


@pytest.fixture(scope="module")
def undisturbed(pomona, bucket, tmp_path_factory):
    output = tmp_path_factory.mktemp("undisturbed") / "out"
    pomona("run", "s3://photos/faults", "--output", output, *PIXELS, env=bucket.environment_of())
    assert outputs.check_accounts(output)["images_ok"] == 60
    return output


MODES = ["429", "500", "503", "reset", "stall", "truncated", "flip", "error-in-200"]
SHARES = [(mode, 0.3) for mode in MODES] + [(mode, 0.1) for mode in torture.count("stores", ["503", "stall"], MODES)]


@pytest.mark.parametrize(("mode", "share"), SHARES)
def test_a_share_of_requests_fails(pomona, bucket, undisturbed, tmp_path, mode, share):
    proxy = FaultProxy(tmp_path, bucket.endpoint, mode, str(share))
    config = tmp_path / "storage.toml"
    config.write_text(CONFIG)
    place = f"out-{mode}-{share}"
    try:
        pomona("run", "s3://photos/faults", "--output", f"s3://photos/{place}", *PIXELS, "--config", config,
               env=bucket.environment_of(endpoint=proxy.endpoint))  # fmt: skip
        assert proxy.counts()["spoiled"] > 1
    finally:
        proxy.stop()
    output = bucket.download(place, tmp_path / "out")
    outputs.same_content(output, undisturbed)
    assert outputs.check_accounts(output)["images_quarantined"] == 0


@pytest.mark.parametrize(("name", "modes"), [("google", ["429"]), ("azurite", ["429"])])
def test_a_share_of_requests_fails_at_google_and_azure(pomona, request, photos, tmp_path, name, modes):
    """Listing, reading and writing; what Arrow's clients make of an error decides, so one run with each of a kind."""
    server = request.getfixturevalue(name)
    store = Bucket(server.uri, getattr(server, "query", ""), server.variables, server.filesystem)
    store.upload(photos / "Kiwi", "spoiled/raw/Kiwi", count=8)
    store.upload(photos / "Lemon", "spoiled/raw/Lemon", count=8)
    pomona("run", store.place("spoiled/raw"), "--output", tmp_path / "whole", *PIXELS, env=store.variables)
    for mode in modes:
        (tmp_path / mode).mkdir()
        proxy = FaultProxy(tmp_path / mode, f"http://127.0.0.1:{server.port}", mode, "0.2")
        here = Bucket(server.uri.replace(str(server.port), str(proxy.port)), store.query, dict(store.variables), None)
        if name == "google":
            here.variables["STORAGE_EMULATOR_HOST"] = proxy.endpoint
        try:
            pomona("run", here.place("spoiled/raw"), "--output", here.place(f"spoiled/{mode}"), *PIXELS,
                   env=here.variables)  # fmt: skip
            assert proxy.counts()["spoiled"] > 1
        finally:
            proxy.stop()
        output = store.download(f"spoiled/{mode}", tmp_path / mode / "out")
        assert pyarrow.parquet.read_table(output / "quarantine.parquet").to_pylist() == []
        # In Azure's paths.
        spoiled = (output / "projection.csv").read_text().replace(f":{proxy.port}/", f":{server.port}/")
        assert spoiled == (tmp_path / "whole" / "projection.csv").read_text()
        outputs.check_accounts(output)


def test_an_output_with_a_broken_state_file_can_be_used_again(pomona, google, photos, tmp_path):  # noqa: F811
    """An upload that was interrupted has left empty objects: the run goes on, and can be begun anew."""
    store = Bucket(google.uri, "", google.variables, google.filesystem)
    store.upload(photos / "Kiwi", "torn/raw/Kiwi", count=4)
    command = ["run", store.place("torn/raw"), "--output", store.place("torn/out"), *PIXELS]
    pomona(*command, env=store.variables)
    for name in ("files.json", "plan.json", "options.json"):
        store.put(f"torn/out/_pomona/{name}", b"")
    store.remove("torn/out/_SUCCESS")
    pomona(*command, env=store.variables)
    store.put("torn/out/_pomona/files.json", b"")
    pomona(*command, "--overwrite", env=store.variables)
    assert outputs.check_accounts(store.download("torn/out", tmp_path / "out"))["images_ok"] == 4


def test_one_bad_object_is_quarantined(pomona, bucket, tmp_path):
    """An object that is no picture is a row of the quarantine, the rest is done."""
    bucket.put("bad/Kiwi/1.jpg", b"not a picture")
    for name in ("2.jpg", "3.jpg"):
        bucket.put(f"bad/Kiwi/{name}", bucket.get(bucket.keys("faults/Kiwi/")[int(name[0])]))
    pomona("run", "s3://photos/bad", "--output", tmp_path / "out", *PIXELS[:4], env=bucket.environment_of())
    (row,) = outputs.quarantine(tmp_path / "out")
    assert row["path"] == "s3://photos/bad/Kiwi/1.jpg"
    assert row["code"] == "unknown-format"


def test_a_store_that_is_down_ends_the_run_and_it_goes_on_later(pomona, photos, tmp_path):
    server = Minio(tmp_path / "minio")
    config = tmp_path / "storage.toml"
    config.write_text("[storage]\nattempts = 4\n")
    try:
        server.upload(photos / "Kiwi", "raw/Kiwi")
        command = ["run", "s3://photos/raw", "--output", tmp_path / "out", *PIXELS, "--config", config]
        server.stop()
        failed = pomona(*command, env=server.environment_of(), code=1)
        assert "does not answer" in failed.stderr
        assert "run the same command again" in failed.stderr
        server.start()
        server.await_ready()
        pomona(*command, env=server.environment_of())
    finally:
        server.stop()
    run = outputs.check_accounts(tmp_path / "out")
    assert run["images_quarantined"] == 0


def test_a_store_that_goes_away_for_ten_seconds_is_waited_for(pomona, photos, tmp_path):
    server = Minio(tmp_path / "minio")
    try:
        server.upload(photos, "raw")
        proxy = FaultProxy(tmp_path, server.endpoint, "--latency", "0.1")  # so that there is a mid-run
        environment = server.environment_of(endpoint=proxy.endpoint)
        run = pomona.start("run", "s3://photos/raw", "--output", "s3://photos/out", *PIXELS,
                           env=os.environ | environment)  # fmt: skip
        while proxy.counts().get("GET", 0) < 30:
            assert run.poll() is None, run.stderr.read()
            time.sleep(0.05)
        server.stop()
        timer = threading.Timer(10, server.start)
        timer.start()
        _, said = run.communicate()
        timer.join()
        proxy.stop()
        assert run.returncode == 0, said
        output = server.download("out", tmp_path / "out")
    finally:
        server.stop()
    accounts = outputs.check_accounts(output)
    assert (accounts["images_ok"], accounts["images_quarantined"]) == (216, 0)


def test_objects_that_change_after_the_listing(pomona, bucket, tmp_path):
    """Stopped after the listing, then objects are replaced, cut, lengthened and removed; the resumed run says which."""
    for i, key in enumerate(bucket.keys("faults/Kiwi/")[:7]):
        bucket.put(f"moving/Kiwi/{i}.jpg", bucket.get(key))
    environment = bucket.environment_of()
    command = ["run", "s3://photos/moving", "--output", tmp_path / "out", *PIXELS[:4], "--max-failures", "10"]
    proxy = FaultProxy(tmp_path, bucket.endpoint, "--latency", "1")
    run = pomona.start(*command, "--threads", "1", env=os.environ | bucket.environment_of(endpoint=proxy.endpoint))
    while not (tmp_path / "out" / "_pomona" / "plan.json").exists():
        assert run.poll() is None, run.stderr.read()
        time.sleep(0.01)
    run.kill()
    run.wait()
    proxy.stop()
    same_size = bytearray(bucket.get("moving/Kiwi/0.jpg"))
    same_size[-1] ^= 1
    bucket.put("moving/Kiwi/0.jpg", bytes(same_size))
    bucket.put("moving/Kiwi/1.jpg", bucket.get("moving/Kiwi/1.jpg")[:1000])
    bucket.client.remove_object("photos", "moving/Kiwi/2.jpg")
    bucket.put("moving/Kiwi/3.jpg", bucket.get("moving/Kiwi/3.jpg") + b"more")
    pomona(*command, env=environment)
    codes = {row["path"][-5:]: row["code"] for row in outputs.quarantine(tmp_path / "out")}
    assert codes == {"0.jpg": "changed", "1.jpg": "changed", "2.jpg": "missing", "3.jpg": "changed"}
