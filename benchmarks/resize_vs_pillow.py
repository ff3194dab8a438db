"""Pomona's resize beside Pillow's: the same photo to the same size, in turn, on one thread, to the same bytes.

Called by benchmarks/compare.py; needs `pomona_image_probe`, which is built with the tests. Figures are microseconds of
processor time, medians over the rounds; the ratio is the median of each round's own ratio.
"""

import argparse
import hashlib
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

import numpy as np
from PIL import Image, __version__

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
FILTERS = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
SIZES = [((100, 100), (224, 224)), ((348, 348), (224, 224)), ((1920, 1080), (224, 224)), ((100, 100), (16, 16))]
SECONDS_A_MEASUREMENT = 0.1


class Probe:
    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, *fields):
        self.process.stdin.write("\t".join(map(str, fields)) + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().split()


def pillow_seconds(image, size, resample, count):
    start = time.process_time()
    for _ in range(count):
        image.resize(size, resample)
    return (time.process_time() - start) / count


def compare(probe, path, image, size, name, rounds):
    """Return the medians of both in seconds, and the median ratio."""
    resample = FILTERS[name]
    expected = hashlib.sha256(np.asarray(image.resize(size, resample)).tobytes()).hexdigest()
    answer = probe.ask("resize", path, *size, name)
    assert answer[-1] == expected, f"{image.size} to {size}, {name}: other bytes than Pillow's"
    count = max(1, round(SECONDS_A_MEASUREMENT / pillow_seconds(image, size, resample, 3)))
    theirs, ours = [], []
    for _ in range(rounds):
        theirs.append(pillow_seconds(image, size, resample, count))
        ours.append(float(probe.ask("time", path, *size, name, count)[1]))
    ratio = statistics.median(their / our for their, our in zip(theirs, ours, strict=True))
    return statistics.median(ours), statistics.median(theirs), ratio


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    build = pathlib.Path(os.environ.get("POMONA_BUILD", REPOSITORY / "build" / "release"))
    programs = sorted(path for path in build.glob("**/pomona_image_probe") if path.is_file())
    if not programs:
        parser.error(f"no pomona_image_probe below {build}: build that target, or set POMONA_BUILD")
    probe = Probe(programs[0])
    photo = min((REPOSITORY / "examples" / "fruits" / "Training").glob("*/*.jpg"))
    print(f"| photo | to | filter | Pomona, us | Pillow {__version__}, us | ratio |\n|---|---|---|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        for shape, size in SIZES:
            path = pathlib.Path(folder) / "photo.bmp"
            image = Image.open(photo).convert("RGB").resize(shape, Image.Resampling.BICUBIC)
            image.save(path)
            for name in FILTERS:
                ours, theirs, ratio = compare(probe, path, image, size, name, args.rounds)
                shapes = f"{shape[0]}x{shape[1]} | {size[0]}x{size[1]}"
                print(f"| {shapes} | {name} | {ours * 1e6:.1f} | {theirs * 1e6:.1f} | {ratio:.1f} |")


if __name__ == "__main__":
    main()
