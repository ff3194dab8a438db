"""Requests that S3 bills, for photographs as single objects and packed: counted before MinIO, told per million images.

usage: .venv/bin/python benchmarks/store_requests.py [--rounds N] [--shard-bytes SIZE]

Uploads N times the sample photographs, runs on them, packs them as tar and as Parquet, and runs on those. PUT class are
PUT, POST and LIST, GET class are GET and HEAD; DELETE costs nothing. Wants what `./dev test` installs.
"""

import argparse
import concurrent.futures
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from stores import FaultProxy, Minio  # noqa: E402

# US dollars for a thousand requests, S3 Standard, us-east-1.
PUT_CLASS, GET_CLASS = 0.005, 0.0004


def upload(server, photos, rounds):
    files = sorted(Path(photos).rglob("*.jpg"))

    def put(number):
        file = files[number % len(files)]
        server.put(f"raw/{file.parent.name}/{number // len(files)}-{file.name}", file.read_bytes())

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(put, range(rounds * len(files))))
    return rounds * len(files)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--shard-bytes", default="20MB")
    parser.add_argument("--program", default=ROOT / "build" / "release" / "pomona")
    parser.add_argument("--photos", default=ROOT / "examples" / "fruits" / "Training")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = Minio(Path(folder) / "minio")
        images = upload(server, arguments.photos, arguments.rounds)
        proxy = FaultProxy(folder, server.endpoint)
        environment = os.environ | server.environment_of(endpoint=proxy.endpoint)
        pixels = ["--extractor", "pixels", "--progress", "none"]
        run = [arguments.program, "run", *pixels]
        pack = [
            arguments.program,
            "pack",
            "s3://photos/raw",
            "--progress",
            "none",
            "--shard-bytes",
            arguments.shard_bytes,
        ]
        steps = {
            "run on single objects": [*run, "s3://photos/raw", "--output", f"{folder}/one"],
            "pack as tar": [*pack, "--output", "s3://photos/tar"],
            "run on tar": [*run, "s3://photos/tar", "--output", f"{folder}/tar"],
            "pack as Parquet": [*pack, "--format", "parquet", "--output", "s3://photos/parquet"],
            "run on Parquet": [*run, "s3://photos/parquet", "--output", f"{folder}/parquet"],
            "run on single objects, output in S3": [*run, "s3://photos/raw", "--output", "s3://photos/out"],
        }
        print(f"{images} images; per million images:")
        print(f"{'':36}{'LIST':>10}{'GET, HEAD':>12}{'PUT, POST':>12}{'US dollars':>12}")
        try:
            for name, command in steps.items():
                before = proxy.counts()
                subprocess.run(command, check=True, capture_output=True, env=environment)
                after = proxy.counts()
                count = {
                    kind: after.get(kind, 0) - before.get(kind, 0) for kind in ("LIST", "GET", "HEAD", "PUT", "POST")
                }
                lists = count["LIST"]
                reads = count["GET"] - lists + count["HEAD"]
                writes = count["PUT"] + count["POST"]
                million = 1e6 / images
                dollars = ((lists + writes) * PUT_CLASS + reads * GET_CLASS) / 1000 * million
                print(f"{name:36}{lists * million:10.0f}{reads * million:12.0f}{writes * million:12.0f}{dollars:12.3f}")
        finally:
            proxy.stop()
            server.stop()


if __name__ == "__main__":
    main()
