"""Pomona's native engine beside its OpenVINO one: `pomona features` in float32, each engine once a round, in turn.

Called by benchmarks/compare.py. Figures are images a second of the stage extract as run.json tells it, decoding
included, the network built before; the ratio is the median of each round's own ratio.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import tempfile

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
ENGINES = ("native", "openvino")


def images_per_second(pomona, photos, engine, size, limit, threads):
    """Run `pomona features` once and return the speed of its stage extract."""
    with tempfile.TemporaryDirectory(prefix="pomona-engines-") as folder:
        output = pathlib.Path(folder) / "out"
        call = [pomona, "features", photos, "--output", output, "--engine", engine, "--image-size", size]
        call += ["--limit", limit, "--threads", threads, "--no-thumbnails", "--progress", "none"]
        done = subprocess.run([str(word) for word in call], capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{' '.join(map(str, call))}\nexited with {done.returncode}:\n{done.stderr[-3000:]}")
        run = json.loads((output / "run.json").read_text())
    return run["images_ok"] / run["seconds"]["extract"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=pathlib.Path)
    parser.add_argument("--pomona", type=pathlib.Path, default=REPOSITORY / "build" / "release" / "pomona")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--work", nargs="+", default=["100:512", "224:160"], help="SIZE:PHOTOS, one or several")
    args = parser.parse_args()
    print("| pixels | photos | native, images/s | OpenVINO f32, images/s | ratio |\n|---|---|---|---|---|")
    for work in args.work:
        size, limit = map(int, work.split(":"))
        rounds = []
        for _ in range(args.rounds):
            speeds = [images_per_second(args.pomona, args.photos, name, size, limit, args.threads) for name in ENGINES]
            rounds.append(speeds)
        native, openvino = (statistics.median(one[i] for one in rounds) for i in (0, 1))
        ratio = statistics.median(one[0] / one[1] for one in rounds)
        print(f"| {size} | {limit} | {native:.1f} | {openvino:.1f} | {ratio:.2f} |", flush=True)


if __name__ == "__main__":
    main()
