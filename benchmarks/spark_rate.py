"""pomona-spark run beside pomona run: images a second between shard commits, on the same photos, in turn.

    benchmarks/spark_rate.py PHOTOS SYSTEM... [--weights FILE] [--copies N]

Systems: program (pomona run on two threads), local (local[2]), one and two (standalone workers of one core each). The
clock runs from the commit of the shards that warm up, one a worker, to the last commit, as the files of the commit
records have it; the whole process is timed beside it, Spark's start included. The photos are cut to an even number of
whole shards, so that no worker waits for another at the end of the list.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from spark_cluster import Cluster, Spark, descendants, maps_of, read_process

BIN = Path(sys.executable).parent
SHARD = 1024
QUIET = ["--conf", "spark.ui.enabled=false", "--conf", "spark.executor.memory=512m"]


def copies_of(photos, count, scratch):
    """Return a folder with every photo so many times, by hard links where they can be had."""
    folder = scratch / "photos"
    files = sorted(photos.rglob("*.jpg"))
    for copy in range(count):
        for file in files:
            place = folder / f"{copy}" / file.relative_to(photos)
            place.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(file, place)
            except OSError:
                shutil.copyfile(file, place)
    return folder


def peak_memory(process):
    """MB that a process held at most so far; 0 when it has ended."""
    found = re.search(r"VmHWM:\s+(\d+) kB", read_process(process, "status"))
    return int(found[1]) / 1000 if found else 0


class PeakMemory(threading.Thread):
    """Watches the Python workers below a process; the largest peak of one in MB."""

    def __init__(self, roots):
        super().__init__(daemon=True)
        self.roots, self.peak, self.ended = roots, 0, threading.Event()

    def run(self):
        while not self.ended.wait(15):  # the peak is the kernel's; to look for it takes processor time from the workers
            for process in (below for root in self.roots for below in descendants(root)):
                if "pyspark.daemon" in read_process(process, "cmdline") and "_engine" in maps_of(process):
                    self.peak = max(self.peak, peak_memory(process))


def rate(output, warm):
    """Images a second after so many shards were committed."""
    records = sorted((output / "_pomona" / "shards").glob("*.json"), key=lambda file: file.stat().st_mtime_ns)
    took = (records[-1].stat().st_mtime_ns - records[warm - 1].stat().st_mtime_ns) / 1e9
    images = sum(json.loads(file.read_text())["ok"] for file in records[warm:])
    return images / took, took


def measure(system, photos, options, scratch):
    output = scratch / system
    arguments = [photos, "--output", output, "--image-size", "100", *options]
    workers = 1 if system == "one" else 2
    cluster, roots = None, []
    if system == "program":
        command = [BIN / "pomona", "run", *arguments, "--threads", "2", "--progress", "none"]
    else:
        master = "local[2]"
        if system != "local":
            folder = scratch / f"cluster-{system}"
            folder.mkdir()
            cluster = Cluster(Spark(), folder, workers)
            master, roots = cluster.url, [daemon.process.pid for daemon in cluster.daemons.values()]
        command = [BIN / "pomona-spark", "run", *arguments, "--master", master, "--progress", "none", *QUIET]
    environment = os.environ | {"SPARK_LOCAL_IP": "127.0.0.1"}
    start = time.monotonic()
    with (scratch / f"{system}.log").open("wb") as log:
        process = subprocess.Popen(list(map(str, command)), stdout=log, stderr=log, env=environment)
    watch = PeakMemory([process.pid, *roots])
    watch.start()
    code = process.wait()
    seconds = time.monotonic() - start
    watch.ended.set()
    watch.join()
    if cluster:
        cluster.stop()
    if code != 0:
        sys.exit((scratch / f"{system}.log").read_text()[-3000:])
    speed, took = rate(output, workers)
    return {"images/s": round(speed, 1), "over s": round(took, 1), "whole s": round(seconds, 1),
            "worker peak MB": round(watch.peak)}  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("systems", nargs="+", choices=["program", "local", "one", "two"])
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--copies", type=int, default=4)
    parser.add_argument("--memory")
    args = parser.parse_args()
    options = ["--weights", args.weights.resolve()] if args.weights else []
    options += ["--memory", args.memory] if args.memory else []
    with tempfile.TemporaryDirectory() as folder:
        photos = copies_of(args.photos.resolve(), args.copies, Path(folder))
        images = sum(1 for _ in photos.rglob("*.jpg"))
        rounds = images // (2 * SHARD)
        if rounds < 2:
            parser.error(f"{images:,} photos are too few; wanted {4 * SHARD:,} or more: give more --copies")
        options += ["--limit", rounds * 2 * SHARD]
        for turn, system in enumerate(args.systems):
            scratch = Path(folder) / str(turn)
            scratch.mkdir()
            print(json.dumps({"system": system, **measure(system, photos, options, scratch)}), flush=True)


if __name__ == "__main__":
    main()
