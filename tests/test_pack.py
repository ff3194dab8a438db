"""Packed shards: the same rows from far fewer requests; names inside an archive lead nowhere."""

import gzip
import io
import json
import resource
import shutil
import signal
import tarfile
import urllib.parse

import outputs
import pytest
from stores import FaultProxy, minio_server  # noqa: F401 (fixture)

PIXELS = ["--extractor", "pixels", "--image-size", "4", "--components", "3"]


def requests_of(proxy, before):
    after = proxy.counts()
    return {kind: after.get(kind, 0) - before.get(kind, 0) for kind in ("GET", "PUT", "HEAD")}


def test_a_run_on_packed_photos_is_the_same_with_fewer_requests(pomona, photos, minio_server, tmp_path):  # noqa: F811
    minio_server.upload(photos, "unpacked")
    proxy = FaultProxy(tmp_path, minio_server.endpoint)
    environment = minio_server.environment_of(endpoint=proxy.endpoint)
    try:
        pomona("run", "s3://photos/unpacked", "--output", tmp_path / "one", *PIXELS, env=environment)
        unpacked = proxy.counts()["GET"]
        done = pomona("pack", "s3://photos/unpacked", "--output", "s3://photos/packed", "--shard-bytes", "500KB",
                      env=environment)  # fmt: skip
        assert "216 images in 3 shards" in done.stdout
        assert "read back and compared" in done.stdout
        before = proxy.counts()
        pomona("run", "s3://photos/packed", "--output", tmp_path / "two", *PIXELS, env=environment)
        packed = requests_of(proxy, before)["GET"]
    finally:
        proxy.stop()
    outputs.same_content(tmp_path / "one", tmp_path / "two")
    pomona("run", "s3://photos/packed", "--include", "**/Kiwi/*", "--output", tmp_path / "kiwis", *PIXELS,
           env=minio_server.environment_of())  # fmt: skip
    assert outputs.check_accounts(tmp_path / "kiwis")["images_ok"] == 27
    assert unpacked >= 216
    assert packed < 40
    pack = ["pack", "s3://photos/unpacked", "--output", "s3://photos/packed"]
    again = pomona(*pack, "--shard-bytes", "500KB", env=minio_server.environment_of())
    assert "s3://photos/packed is finished already; nothing was done" in again.stdout
    refused = pomona(*pack, env=minio_server.environment_of(), code=2)
    assert "--shard-bytes: made with 500000, now 256000000" in refused.stderr

    minio_server.client.remove_object("photos", "packed/_SUCCESS")
    for input_ in ("s3://photos/packed", "s3://photos/packed/pack-00000.tar"):
        refused = pomona("run", input_, "--output", tmp_path / "three", *PIXELS, env=minio_server.environment_of(),
                         code=2)  # fmt: skip
        assert "the packed folder s3://photos/packed is not finished" in refused.stderr
        assert "`pomona pack s3://photos/unpacked --output s3://photos/packed`" in refused.stderr
    pomona(*pack, "--shard-bytes", "500KB", env=minio_server.environment_of())
    pomona("run", "s3://photos/packed", "--output", tmp_path / "three", *PIXELS, env=minio_server.environment_of())
    outputs.same_content(tmp_path / "one", tmp_path / "three")


@pytest.fixture
def some_photos(photos, tmp_path):
    """54 photographs of two fruits in `raw`; one more is a link that leads nowhere."""
    for label in ("Kiwi", "Lemon"):
        shutil.copytree(photos / label, tmp_path / "raw" / label)
    (tmp_path / "raw" / "Kiwi" / "gone.jpg").symlink_to("nowhere")
    return tmp_path / "raw"


def packed_files(folder):
    return {file.name: file.read_bytes() for file in folder.glob("pack-*")}


@pytest.mark.parametrize("form", ["tar", "parquet"])
def test_only_the_images_of_a_packed_folder_are_read(pomona, some_photos, tmp_path, form):
    """Its records, quarantine.parquet and run.json, are neither images nor tables, in whatever folder above it."""
    pack = ["--format", form, "--shard-bytes", "100KB"]
    pomona("pack", some_photos, "--output", tmp_path / "in" / "packed", *pack)
    assert outputs.run_json(tmp_path / "in" / "packed")["failures_by_code"] == {"missing": 1}
    assert [row["path"] for row in outputs.quarantine(tmp_path / "in" / "packed")] == [f"{some_photos}/Kiwi/gone.jpg"]
    (some_photos / "Kiwi" / "gone.jpg").unlink()
    pomona("run", some_photos, "--output", tmp_path / "out", *PIXELS)
    pomona("pack", tmp_path / "in", "--output", tmp_path / "again", *pack)
    assert packed_files(tmp_path / "again") == packed_files(tmp_path / "in" / "packed")
    for number, folder in enumerate((tmp_path / "in" / "packed", tmp_path / "in", tmp_path / "again")):
        output = tmp_path / f"out-{number}"
        pomona("run", folder, "--output", output, *PIXELS)
        assert outputs.check_accounts(output)["images_quarantined"] == 0
        outputs.same_content(output, tmp_path / "out")


def test_a_packed_folder_of_an_older_version_is_read(pomona, some_photos, tmp_path):
    """It holds shards alone, like WebDataset archives of others."""
    pomona("pack", some_photos, "--output", tmp_path / "packed", "--shard-bytes", "100KB")
    (tmp_path / "old").mkdir()
    for file in (tmp_path / "packed").glob("pack-*"):
        shutil.copy(file, tmp_path / "old")
    pomona("run", tmp_path / "old", "--output", tmp_path / "out", *PIXELS)
    assert outputs.check_accounts(tmp_path / "out")["images_ok"] == 54
    done = pomona("pack", some_photos, "--output", tmp_path / "old", "--overwrite", code=2)
    assert "holds files that are not Pomona's" in done.stderr


def test_a_packed_folder_is_refused_by_name_until_it_is_whole(pomona, some_photos, tmp_path):
    packed = tmp_path / "in" / "packed"
    pack = ["pack", some_photos, "--output", packed, "--shard-bytes", "100KB"]
    pomona(*pack)
    (packed / "_SUCCESS").unlink()
    model = tmp_path / "model"
    pomona("run", some_photos, "--exclude", "gone.jpg", "--output", model, *PIXELS)
    commands = [
        ["run", tmp_path / "in", *PIXELS],
        ["run", packed, "--include", "**/Kiwi/*", *PIXELS],
        ["features", packed, *PIXELS[:4]],
        ["apply", model, packed],
        ["run", packed / "pack-00001.tar", *PIXELS],
        ["pack", packed],
    ]
    for command in commands:
        refused = pomona(*command, "--output", tmp_path / "out", code=2)
        assert f"the packed folder {packed} is not finished: it has no _SUCCESS" in refused.stderr, command
        assert f"`pomona pack {some_photos} --output {packed}`" in refused.stderr
        assert not (tmp_path / "out").exists()
    pomona(*pack)
    (packed / "pack-00001.tar").unlink()
    refused = pomona("run", packed, "--output", tmp_path / "out", *PIXELS, code=2)
    assert f"the packed folder {packed} lacks pack-00001.tar" in refused.stderr
    pomona("run", packed / "pack-00000.tar", "--output", tmp_path / "out", *PIXELS)


def test_too_many_failures_are_exit_code_3_and_cost_nothing_again(pomona, some_photos, tmp_path):
    pack = ["pack", some_photos, "--output", tmp_path / "packed", "--shard-bytes", "100KB", "--max-failures"]
    done = pomona(*pack, "0", code=3)
    assert "55 listed, 54 ok, 1 quarantined (1 missing)" in done.stdout
    assert "finishes without packing again" in done.stdout
    assert not (tmp_path / "packed" / "_SUCCESS").exists()
    before = packed_files(tmp_path / "packed")
    pomona("run", tmp_path / "packed", "--output", tmp_path / "out", *PIXELS, code=2)
    pomona(*pack, "1")
    run = outputs.run_json(tmp_path / "packed")
    assert (run["images_listed"], run["images_ok"], run["images_quarantined"], run["images_read"]) == (55, 54, 1, 0)
    assert packed_files(tmp_path / "packed") == before
    assert (tmp_path / "packed" / "_SUCCESS").exists()


def test_other_commands_leave_a_packed_folder_alone(pomona, some_photos, tmp_path):
    pomona("pack", some_photos, "--output", tmp_path / "packed")
    before = outputs.snapshot(tmp_path / "packed")
    done = pomona("run", some_photos, "--output", tmp_path / "packed", *PIXELS, code=2)
    assert "was made by `pomona pack`, not by `pomona run`" in done.stderr
    done = pomona("retry-failed", tmp_path / "packed", code=2)
    assert "was made by `pomona pack`; retry-failed is for" in done.stderr
    pomona("fit", tmp_path / "packed", code=2)
    assert outputs.snapshot(tmp_path / "packed") == before


def start_packing(pomona, *arguments):
    """Starts `pack` and waits until it has its output for itself."""
    process = pomona.start("pack", *arguments, "--progress", "json", text=True)
    for line in process.stderr:
        if '"stage_started","stage":"pack"' in line:
            return process
    raise AssertionError(f"it ended early: {process.communicate()}")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_packing_soon_and_the_same_command_goes_on(pomona, photos, tmp_path, number):
    command = [photos, "--output", tmp_path / "packed", "--shard-bytes", "20KB"]  # many shards: enough to be caught
    process = start_packing(pomona, *command)
    process.send_signal(number)
    stdout, stderr = process.communicate()
    assert process.returncode == 130
    assert "interrupted; run the same command again to go on" in stderr
    assert stdout == ""
    assert not (tmp_path / "packed" / "_SUCCESS").exists()
    assert not list((tmp_path / "packed").rglob("*.part"))
    pomona("pack", *command, "--limit", "5", code=2)
    assert "216 images in " in pomona("pack", *command).stdout


def test_the_second_of_two_names_the_first_and_changes_nothing(pomona, photos, tmp_path):
    command = [photos, "--output", tmp_path / "packed", "--shard-bytes", "20KB"]
    first = start_packing(pomona, *command)
    first.send_signal(signal.SIGSTOP)
    try:
        for overwrite in ([], ["--overwrite"]):
            second = pomona("pack", *command, *overwrite, code=1)
            assert "another run is writing here" in second.stderr and f"process {first.pid}" in second.stderr
    finally:
        first.send_signal(signal.SIGCONT)
        first.communicate()
    assert first.returncode == 0
    assert outputs.run_json(tmp_path / "packed")["images_ok"] == 216


def test_a_full_disk_is_a_clear_error_and_packing_goes_on_later(pomona, photos, tmp_path):
    command = ["pack", photos, "--output", tmp_path / "packed", "--shard-bytes", "100KB", "--progress", "none"]
    full = pomona.start(*command, text=True, preexec_fn=small_files, restore_signals=False)
    _, stderr = full.communicate()
    assert full.returncode == 1
    assert "cannot be written: File too large" in stderr and str(tmp_path / "packed") in stderr
    pomona(*command)
    assert outputs.run_json(tmp_path / "packed")["images_ok"] == 216
    assert not list((tmp_path / "packed").rglob("*.part"))


def small_files():
    """In the child: no file may grow beyond 60 kB, and reaching that is an error, not a signal."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))


def test_hostile_names_inside_an_archive(pomona, photos, tmp_path):
    several = [file.read_bytes() for file in sorted((photos / "Kiwi").glob("*.jpg"))[:5]]
    names = ["../../escape.jpg", "/absolute.jpg", "a\nb\x01.jpg", "<b>.jpg", "x" * 900 + ".jpg"]
    with tarfile.open(tmp_path / "hostile.tar", "w") as tar:
        for name, data in zip(names, several, strict=True):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    pomona("run", tmp_path / "hostile.tar", "--output", tmp_path / "deep" / "out", *PIXELS)
    assert outputs.check_accounts(tmp_path / "deep" / "out")["images_ok"] == 5
    assert sorted(file.name for file in tmp_path.iterdir()) == ["deep", "hostile.tar"]
    assert [file.name for file in (tmp_path / "deep").iterdir()] == ["out"]
    _, rows = outputs.csv_rows(tmp_path / "deep" / "out" / "projection.csv")
    assert all(len(row) == 5 for row in rows)
    assert len(rows) == 5


def test_an_inventory_spares_the_listing(pomona, photos, minio_server, tmp_path):  # noqa: F811
    """A report as S3 writes it: gzipped CSV with encoded keys; old versions, markers and skipped names are left out."""
    rows = []
    for number, photo in enumerate(sorted((photos / "Kiwi").glob("*.jpg"))[:6]):
        key = f"listed/{'Ki wi' if number else '_x_'}/{photo.name}"
        minio_server.put(key, photo.read_bytes())
        etag = minio_server.client.stat_object("photos", key).etag
        encoded = urllib.parse.quote(key)
        rows.append(f'"photos","{encoded}","true","false","{photo.stat().st_size}","{etag}"')
    rows.append('"photos","listed/Ki%20wi/old.jpg","false","false","5","x"')
    rows.append('"photos","listed/Ki%20wi/gone.jpg","true","true","","x"')
    rows.append('"photos","listed/.hidden/x.jpg","true","false","5","x"')
    minio_server.put("reports/data/one.csv.gz", gzip.compress("\n".join(rows).encode()))
    manifest = {
        "sourceBucket": "photos",
        "destinationBucket": "arn:aws:s3:::photos",
        "fileFormat": "CSV",
        "fileSchema": "Bucket, Key, IsLatest, IsDeleteMarker, Size, ETag",
        "files": [{"key": "reports/data/one.csv.gz", "size": 1, "MD5checksum": ""}],
    }
    minio_server.put("reports/2026-11-22T01-00Z/manifest.json", json.dumps(manifest).encode())
    pomona("run", "s3://photos/reports/2026-11-22T01-00Z/manifest.json", "--output", tmp_path / "out", *PIXELS,
           env=minio_server.environment_of())  # fmt: skip
    run = outputs.check_accounts(tmp_path / "out")
    assert (run["images_ok"], run["images_quarantined"]) == (6, 0)
    table = outputs.table(tmp_path / "out", "features")
    assert table["label"].to_pylist() == ["Ki wi"] * 5 + ["_x_"]
    assert table["path"][0].as_py().startswith("s3://photos/listed/Ki wi/")
    assert run["files_skipped"] == {"hidden": 1}


def test_a_list_of_images_in_several_buckets(pomona, photos, minio_server, tmp_path):  # noqa: F811
    minio_server.client.make_bucket("second")
    lines = ["path,label"]
    for i, photo in enumerate(sorted((photos / "Kiwi").glob("*.jpg"))[:6]):
        bucket = ("photos", "second")[i % 2]
        minio_server.put(f"several/{photo.name}", photo.read_bytes(), bucket)
        lines.append(f"s3://{bucket}/several/{photo.name},Kiwi")
    (tmp_path / "list.csv").write_text("\n".join(lines))
    pomona("run", tmp_path / "list.csv", "--output", tmp_path / "out", *PIXELS, env=minio_server.environment_of())
    assert outputs.check_accounts(tmp_path / "out")["images_ok"] == 6
