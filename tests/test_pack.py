"""Packed shards: the same rows from far fewer requests; names inside an archive lead nowhere."""

import gzip
import io
import json
import tarfile
import urllib.parse

import outputs
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
        assert "216 images in 3 shards" in done.stdout or "216 images in" in done.stdout
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
    pomona("pack", "s3://photos/unpacked", "--output", "s3://photos/packed", env=minio_server.environment_of(), code=2)


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
