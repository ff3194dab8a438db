"""Packing that is killed at random moments and resumed gives the bytes of packing that nobody disturbed.

Ten times on disk and three times in a bucket; fifty times on each in `./dev torture kills`.
"""

import concurrent.futures
import os
import random
import shutil
import time

import outputs
import pytest
import torture
from pictures import rounds
from stores import minio_server  # noqa: F401 (fixture)

KILLS = torture.count("kills", 10, 50)
KILLS_IN_BUCKET = torture.count("kills", 3, 25)  # of each form
FORMATS = ["tar", "parquet"]
BROKEN = 4


def options_of(form):
    return ["--format", form, "--shard-bytes", "400KB", "--progress", "none"]


def content(output):
    """What two ways of packing must agree on: shards and quarantine by their bytes, the account in run.json."""
    files = {file.name: file.read_bytes() for file in output.iterdir() if file.name.startswith(("pack-", "quarantine"))}
    run = outputs.run_json(output)
    kept = ("images_listed", "images_ok", "images_quarantined", "failures_by_code", "pack", "files", "outcome")
    return files, {key: run[key] for key in kept}


def is_whole(output, expected):
    assert content(output) == expected
    run = outputs.run_json(output)
    assert run["images_listed"] == run["images_ok"] + run["images_quarantined"]
    assert run["images_quarantined"] == BROKEN
    found = {str(file.relative_to(output)) for file in output.rglob("*") if file.is_file()}
    assert {name for name in found if not name.startswith("_pomona/")} == set(run["files"])
    assert not [name for name in found if name.endswith(".part") or "lock-" in name]


def kill_at_a_random_moment(process, moments, longest):
    time.sleep(moments.uniform(0.0, longest))
    process.kill()
    process.communicate()


@pytest.fixture(scope="module")
def many_photos(photos, tmp_path_factory):
    """1,728 photographs; four of them are links that lead nowhere."""
    folder = rounds(photos, tmp_path_factory.mktemp("many"), 8)
    for file in sorted(folder.rglob("*.jpg"))[:: 1728 // BROKEN]:
        file.unlink()
        file.symlink_to("nowhere")
    return folder


@pytest.fixture(scope="module", params=FORMATS)
def undisturbed(request, pomona, many_photos, tmp_path_factory):
    """The format, what packing makes that nobody disturbs, and how long it takes."""
    output = tmp_path_factory.mktemp("undisturbed") / "out"
    start = time.monotonic()
    pomona("pack", many_photos, "--output", output, *options_of(request.param))
    return request.param, output, time.monotonic() - start


def test_killed_packing_ends_with_the_same_bytes(pomona, many_photos, undisturbed, tmp_path):
    form, whole, seconds = undisturbed
    expected = content(whole)
    assert len([name for name in expected[0] if name.startswith("pack-")]) > 20
    moments = random.Random(f"20261130 {form}")
    killed = 0
    while killed < KILLS // len(FORMATS):
        output = tmp_path / f"out-{killed}"
        command = ["pack", many_photos, "--output", output, *options_of(form)]
        for _ in range(moments.choice([1, 2, 4])):
            kill_at_a_random_moment(pomona.start(*command), moments, seconds)
            killed += 1
            if (output / "_pomona" / "options.json").exists() and not (output / "_SUCCESS").exists():
                refused = pomona("run", output, "--output", tmp_path / "run", "--extractor", "pixels", code=2)
                assert f"the packed folder {output} is not finished" in refused.stderr
                assert not (tmp_path / "run").exists()
        pomona(*command)
        is_whole(output, expected)
        shutil.rmtree(output)


@pytest.mark.parametrize("connections", [1, 7])
def test_the_number_of_readers_changes_no_byte(pomona, many_photos, undisturbed, tmp_path, connections):
    form, whole, _ = undisturbed
    (tmp_path / "storage.toml").write_text(f"[storage]\nconnections = {connections}\nread_ahead = '100kB'\n")
    pomona("pack", many_photos, "--output", tmp_path / "out", *options_of(form), "--config", tmp_path / "storage.toml")
    is_whole(tmp_path / "out", content(whole))


@pytest.fixture(scope="module")
def bucket(minio_server, photos, tmp_path_factory):  # noqa: F811
    """432 photographs in MinIO."""
    folder = rounds(photos, tmp_path_factory.mktemp("some"), 2)
    files = sorted(folder.rglob("*.jpg"))

    def put(file):
        minio_server.put(f"pack-kills/raw/{file.relative_to(folder).as_posix()}", file.read_bytes())

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(put, files))
    return minio_server


def shards_in(bucket, prefix):
    keys = [key for key in bucket.keys(prefix + "/") if "_pomona/" not in key and not key.endswith("run.json")]
    return {key.removeprefix(prefix): bucket.get(key) for key in keys}


def empty(bucket, prefix):
    for key in bucket.keys(prefix + "/"):
        bucket.client.remove_object("photos", key)


@pytest.mark.parametrize("form", torture.count("kills", FORMATS[:1], FORMATS))
def test_killed_packing_in_a_bucket_ends_with_the_same_bytes(pomona, bucket, form):
    environment, place = bucket.environment_of(), f"pack-kills/{form}"
    pack = ["pack", "s3://photos/pack-kills/raw", "--output"]
    options = ["--format", form, "--shard-bytes", "150KB", "--progress", "none"]
    start = time.monotonic()
    pomona(*pack, f"s3://photos/{place}/whole", *options, env=environment)
    seconds = time.monotonic() - start
    expected = shards_in(bucket, f"{place}/whole")
    assert len(expected) > 15 and "/_SUCCESS" in expected
    moments = random.Random(f"20261130 bucket {form}")
    killed = 0
    while killed < KILLS_IN_BUCKET:
        for _ in range(moments.choice([1, 2, 4])):
            process = pomona.start(*pack, f"s3://photos/{place}/out", *options, env=os.environ | environment)
            kill_at_a_random_moment(process, moments, seconds)
            killed += 1
        pomona(*pack, f"s3://photos/{place}/out", *options, env=environment)
        assert shards_in(bucket, f"{place}/out") == expected
        assert not [key for key in bucket.keys(f"{place}/out/") if "lock-" in key]
        empty(bucket, f"{place}/out")
