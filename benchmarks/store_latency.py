"""What 30 ms of latency per request cost a VGG16 run: the same photographs from a folder and from MinIO.

usage: .venv/bin/python benchmarks/store_latency.py [--latency SECONDS] [--images N] [--weights FILE]

Prints images a second, in turns, and the ratio; the server and the relay take their processor time from the same
machine. Wants what `./dev test` installs.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from stores import Minio, Server  # noqa: E402


def images_per_second(program, source, folder, options, environment):
    output = Path(folder) / "out"
    subprocess.run(
        [program, "features", source, "--output", output, "--overwrite", *options],
        check=True, capture_output=True, env=os.environ | environment)  # fmt: skip
    return json.loads((output / "run.json").read_text())["images_per_second"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--latency", type=float, default=0.03)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--skip-direct", action="store_true", help="leave out the store without latency")
    parser.add_argument("--program", default=ROOT / "build" / "release" / "pomona")
    parser.add_argument("--photos", default=ROOT / "examples" / "fruits" / "Training")
    parser.add_argument("options", nargs="*", default=["--extractor", "vgg16", "--image-size", "100"])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = Minio(Path(folder) / "minio")
        server.upload(arguments.photos, "raw")
        relay = [sys.executable, ROOT / "benchmarks" / "latency_relay.py", "PORT", server.port, arguments.latency]
        proxy = Server("relay", folder, relay)
        places = {
            "folder": (arguments.photos, {}),
            "s3": ("s3://photos/raw", server.environment_of()),
            "s3 behind latency": ("s3://photos/raw", server.environment_of(endpoint=f"http://127.0.0.1:{proxy.port}")),
        }
        if arguments.skip_direct:
            del places["s3"]
        speeds = {name: [] for name in places}
        try:
            for _ in range(arguments.rounds):
                for name, (source, environment) in places.items():
                    speed = images_per_second(arguments.program, source, folder, arguments.options, environment)
                    speeds[name].append(speed)
        finally:
            proxy.stop()
            server.stop()
    local = statistics.median(speeds["folder"])
    for name, values in speeds.items():
        median = statistics.median(values)
        print(f"{name:20} {median:8.1f} images/s  {median / local:6.3f} of the folder's  ({values})")


if __name__ == "__main__":
    main()
