"""How far the native engine's VGG16 lies from a direct convolution in float64, on photographs, as a table.

Needs `pomona_winograd_error`, which is built with the tests, and the weights of VGG16 (`pomona models fetch vgg16`).
Every figure is the worst of all photographs: the largest difference as a share of the largest value of that image, of
the worst convolution fed with the exact activations, and of the features of the whole network.
"""

import argparse
import json
import os
import pathlib
import subprocess
import tempfile

import vgg16_weights
from PIL import Image

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent


def spread(paths, count):
    """Take so many of the paths, at even distances."""
    return [paths[i * len(paths) // count] for i in range(min(count, len(paths)))]


def write_pixels(photos, size, file):
    """Write photographs as N x N x 3 bytes, one after the other."""
    with file.open("wb") as stream:
        for photo in photos:
            with Image.open(photo) as image:
                resized = image.convert("RGB").resize((size, size), Image.Resampling.BICUBIC)
                stream.write(resized.tobytes())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=pathlib.Path)
    parser.add_argument("--probe", type=pathlib.Path, default=REPOSITORY / "build/release/library/features")
    parser.add_argument("--size", type=int, default=100)
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--targets", help="instruction sets, such as avx512,sse4; all of the processor's if not given")
    parser.add_argument("--tiles", help='tile sizes, such as plan,6; "plan" is what the planner takes')
    args = parser.parse_args()
    probe = args.probe / "pomona_winograd_error" if args.probe.is_dir() else args.probe
    photos = spread(sorted(args.photos.rglob("*.jpg")), args.images)
    with tempfile.TemporaryDirectory(prefix="pomona-error-") as folder:
        pixels = pathlib.Path(folder) / "pixels.u8"
        write_pixels(photos, args.size, pixels)
        call = [probe, vgg16_weights.cache_file(), pixels, "--size", args.size, "--threads", args.threads]
        call += ["--targets", args.targets] if args.targets else []
        call += ["--tiles", args.tiles] if args.tiles else []
        call = [str(word) for word in call]
        lines = subprocess.run(call, check=True, capture_output=True, text=True).stdout.splitlines()
    rows = {}
    for row in map(json.loads, lines):
        rows.setdefault((row["target"], row["tile"]), {})[row["layer"]] = row
    print(f"{len(photos)} photographs, {args.size}x{args.size}\n")
    print("| instruction set | tile size | worst convolution | its error | features, error | 1 - cosine |")
    print("|---|---|---|---|---|---|")
    for (target, tile), layers in rows.items():
        features = layers.pop("features")
        worst = max(layers.values(), key=lambda row: row["error"])
        figures = f"{worst['error']:.1e} | {features['error']:.1e} | {1 - features['cosine']:.0e}"
        print(f"| {target} | {tile} | {worst['layer']} | {figures} |")


if __name__ == "__main__":
    main()
