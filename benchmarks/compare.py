"""Pomona beside other systems: the same work on the same machine, in turn, in one sitting.

`./dev compare` runs this. Every round runs each system once, one after the other, so that a machine whose speed drifts
treats all alike; figures are medians over the rounds, ratios are medians of each round's own ratio. The tables are
printed as Markdown; docs/benchmarks.md holds a run of it.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parent


class Bench:
    """Runs the systems on one folder of photos and keeps their scratch files."""

    def __init__(self, args, scratch):
        self.pomona = args.pomona
        self.photos = args.photos
        self.threads = args.threads
        self.rounds = args.rounds
        self.scratch = scratch

    def scratch_folder(self, name):
        folder = self.scratch / name
        shutil.rmtree(folder, ignore_errors=True)
        return folder

    def run_pomona(self, command, *options):
        """Run a Pomona job; return its run.json with the seconds of the whole process added."""
        output = self.scratch_folder("pomona")
        call = [self.pomona, command, self.photos, "--output", output, "--threads", self.threads, "--progress", "none"]
        seconds, _ = timed([*call, *options])
        run = json.loads((output / "run.json").read_text())
        return run | {"process_seconds": seconds}

    def run_framework(self, framework, size, limit):
        """Extract features by one framework; return what it prints."""
        call = [sys.executable, HERE / "framework_features.py", framework, self.photos]
        _, output = timed([*call, "--size", size, "--limit", limit, "--threads", self.threads])
        return json.loads(output.splitlines()[-1])

    def run_spark(self, *options):
        """Run the Spark job; return what it prints with the seconds of the whole process added."""
        call = [sys.executable, HERE / "spark_job.py", self.photos.resolve(), self.scratch_folder("spark")]
        seconds, output = timed([*call, *options])
        return json.loads(output.splitlines()[-1]) | {"process_seconds": seconds}


def timed(call):
    """Run a program; return its wall seconds and standard output, or stop with what it said."""
    start = time.perf_counter()
    done = subprocess.run([str(word) for word in call], capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, call))}\nexited with {done.returncode}:\n{done.stderr[-3000:]}")
    return seconds, done.stdout


def table(title, unit, rounds, better="higher"):
    """Print medians of each system and Pomona's ratio to it; `rounds` is a list of {system: figure}."""
    print(f"\n### {title}\n\n| system | {unit}, median (min to max) | Pomona against it |\n|---|---|---|")
    for system in rounds[0]:
        figures = [one[system] for one in rounds]
        ratios = [one["Pomona"] / one[system] if better == "higher" else one[system] / one["Pomona"] for one in rounds]
        ratio = "" if system == "Pomona" else f"{statistics.median(ratios):.2f}x"
        print(
            f"| {system} | {statistics.median(figures):,.4g} ({min(figures):,.4g} to {max(figures):,.4g}) | {ratio} |"
        )
    sys.stdout.flush()


def features(bench, size, limit):
    """VGG16 in float32, decode included; the network built before the clock starts, for every system."""
    rounds = []
    options = ["--image-size", size, "--limit", limit, "--no-thumbnails"]
    for _ in range(bench.rounds):
        run = bench.run_pomona("features", *options)
        rounds.append({"Pomona": run["images_ok"] / run["seconds"]["extract"]})
        for name, framework in (("TensorFlow", "tensorflow"), ("ONNX Runtime", "onnxruntime"), ("PyTorch", "pytorch")):
            rounds[-1][name] = bench.run_framework(framework, size, limit)["images_per_second"]
    table(f"VGG16 features, f32, {size}x{size}, {limit} photos", "images/s", rounds)


def whole_job(bench, extractor, size, components):
    """The job from photos to CSV as whole processes, and against Spark's job without its start."""
    with_start, without_start, images_per_second, peak = [], [], [], []
    options = ["--extractor", extractor, "--image-size", size, "--components", components]
    for _ in range(bench.rounds):
        run = bench.run_pomona("run", *options)
        spark = bench.run_spark("--extractor", extractor, "--size", size, "--components", components)
        with_start.append({"Pomona": run["process_seconds"], "Spark": spark["process_seconds"]})
        without_start.append({"Pomona": run["process_seconds"], "Spark, job alone": spark["job_seconds"]})
        images_per_second.append(run["images_listed"] / run["process_seconds"])
        peak.append(run["peak_rss_bytes"] / 1e6)
    title = f"Whole job, {extractor} {size}x{size}, {run['images_listed']:,} photos, PCA {components}, CSV"
    table(title, "s", with_start, better="lower")
    table(f"{title}, Spark's start not counted", "s", without_start, better="lower")
    print(f"\nPomona: {statistics.median(images_per_second):,.0f} images/s over the whole process (start to exit),")
    print(f"peak resident memory {statistics.median(peak):,.0f} MB.")


def fit(bench):
    """Scaler and PCA over features in memory: its own script, which holds the data."""
    call = [sys.executable, HERE / "fit_vs_sklearn.py", "--rounds", bench.rounds, "--spark"]
    _, output = timed(call)
    print(f"\n### Scaler and PCA fit, 67,692 x 512 float32 in memory\n\n{output.strip()}")


def resize(bench):
    """Resize against Pillow: its own script."""
    _, output = timed([sys.executable, HERE / "resize_vs_pillow.py"])
    print(f"\n### Resize against Pillow\n\n{output.strip()}")


def engines(bench):
    """The native engine against OpenVINO inside Pomona: its own script."""
    call = [sys.executable, HERE / "engines.py", bench.photos, "--pomona", bench.pomona]
    _, output = timed([*call, "--threads", bench.threads, "--rounds", bench.rounds])
    print(f"\n### Native engine against OpenVINO, f32, through `pomona features`\n\n{output.strip()}")


WORK = {
    "features-100": lambda bench: features(bench, 100, 512),
    "features-224": lambda bench: features(bench, 224, 160),
    "engines": engines,
    "job-vgg16": lambda bench: whole_job(bench, "vgg16", 100, 30),
    "job-pixels": lambda bench: whole_job(bench, "pixels", 16, 30),
    "fit": fit,
    "resize": resize,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", nargs="*", help=f"any of {', '.join(WORK)}; all when none is named")
    default = os.environ.get("POMONA_TEST_DATA", REPOSITORY.parent / "shared" / "data")
    default = pathlib.Path(default) / "fruits360-30" / "Training"
    if not default.exists():
        default = REPOSITORY / "examples" / "fruits" / "Training"
    parser.add_argument("--photos", type=pathlib.Path, default=default)
    parser.add_argument("--pomona", type=pathlib.Path, default=REPOSITORY / "build" / "release" / "pomona")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    unknown = [name for name in args.work if name not in WORK]
    if unknown:
        parser.error(f"unknown work {', '.join(unknown)}; there is {', '.join(WORK)}")

    with tempfile.TemporaryDirectory(prefix="pomona-compare-") as scratch:
        bench = Bench(args, pathlib.Path(scratch))
        for name in args.work or WORK:
            WORK[name](bench)


if __name__ == "__main__":
    main()
