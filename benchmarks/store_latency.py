"""What 30 ms of latency per request cost a VGG16 run: the same photographs from a folder and from MinIO.

usage: .venv/bin/python benchmarks/store_latency.py [--latency SECONDS] [--rounds N] [--photos FOLDER] [-- OPTION...]

Prints images a second, in turns, and the ratio. The server and the relay take their processor time from the same
machine: the second ratio is that of a run to which it is given back, every processor having taken an equal part of it
off the clock. Wants what `./dev test` installs.
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


def processor_seconds(process):
    """What a process has used so far, user and system."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def images_per_second(program, source, folder, options, environment, others):
    """As measured, and with the processor time of the other processes given back."""
    output = Path(folder) / "out"
    before = sum(processor_seconds(process) for process in others)
    subprocess.run(
        [program, "features", source, "--output", output, "--overwrite", *options],
        check=True, capture_output=True, env=os.environ | environment)  # fmt: skip
    taken = sum(processor_seconds(process) for process in others) - before
    run = json.loads((output / "run.json").read_text())
    speed, images = run["images_per_second"], run["images_ok"]
    return speed, images / (images / speed - taken / len(os.sched_getaffinity(0)))


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
                    others = [server.process, proxy.process]
                    measured = images_per_second(
                        arguments.program, source, folder, arguments.options, environment, others)  # fmt: skip
                    speeds[name].append(measured)
        finally:
            proxy.stop()
            server.stop()
    local, _ = (statistics.median(values) for values in zip(*speeds["folder"], strict=True))
    for name, values in speeds.items():
        speed, alone = (statistics.median(column) for column in zip(*values, strict=True))
        each = ", ".join(f"{measured:.1f}" for measured, _ in values)
        print(f"{name:20} {speed:8.1f} images/s  {speed / local:6.3f} of the folder's, "
              f"{alone / local:6.3f} without the servers' processor time  ({each})")  # fmt: skip


if __name__ == "__main__":
    main()
