"""What the driver of pomona-spark run holds, for jobs of more and more images (pixels of 16x16, local[2]).

    benchmarks/spark_driver.py PHOTOS COPIES...

Each job reads every photo so many times, by hard links. The driver is two processes: Python, which lists, plans, joins
and fits, and Java, which has a heap of 512 MB and is also the executor here.
"""

import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from spark_cluster import children, command_of
from spark_rate import BIN, QUIET, copies_of, peak_memory


class PeakOfDriver(threading.Thread):
    """Watches a driver's Python process and the Java below it; their peaks in MB."""

    def __init__(self, process):
        super().__init__(daemon=True)
        self.process, self.python, self.java, self.ended = process, 0, 0, threading.Event()

    def run(self):
        while not self.ended.wait(0.2):
            self.python = max(self.python, peak_memory(self.process))
            java = [child for child in children(self.process) if "java" in command_of(child)]
            self.java = max([self.java, *map(peak_memory, java)])


def main(photos, *counts):
    for count in map(int, counts):
        with tempfile.TemporaryDirectory() as folder:
            scratch = Path(folder)
            images = copies_of(Path(photos).resolve(), count, scratch)
            output = scratch / "out"
            options = ["--extractor", "pixels", "--components", "20", "--no-thumbnails", "--progress", "none"]
            words = [images, "--output", output, "--master", "local[2]", *options, *QUIET]
            words += ["--conf", "spark.driver.memory=512m"]
            start = time.monotonic()
            process = subprocess.Popen([str(word) for word in (BIN / "pomona-spark", "run", *words)])
            watch = PeakOfDriver(process.pid)
            watch.start()
            if process.wait() != 0:
                sys.exit(f"the job of {count} copies failed")
            watch.ended.set()
            watch.join()
            run = json.loads((output / "run.json").read_text())
            found = {"images": run["images_listed"], "whole s": round(time.monotonic() - start, 1)}
            print(json.dumps(found | {"Python MB": round(watch.python), "Java MB": round(watch.java)}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
