"""The native engine against a direct convolution in float64: real weights and photographs, every instruction set.

benchmarks/winograd_error.py does the same with more photographs and every tile size; docs/winograd.md has its figures.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest
from PIL import Image

SIZE = 100
ERROR = 2e-5  # as a share of an image's largest value
COSINE = 0.9999999


@pytest.fixture(scope="module")
def weights(vgg16, pomona):
    if "--weights" in vgg16:
        return vgg16[-1]
    lines = pomona("models", "info", "vgg16").stdout.splitlines()
    return next(line.split(maxsplit=1)[1] for line in lines if line.startswith("file "))


def test_features_and_layers_lie_near_the_exact_ones(build_dir, photos, weights, tmp_path):
    probe = next(path for path in build_dir.glob("**/pomona_winograd_error") if path.is_file())
    chosen = sorted(photos.rglob("*.jpg"))[::80]
    with (tmp_path / "pixels.u8").open("wb") as stream:
        for photo in chosen:
            with Image.open(photo) as image:
                assert image.size == (SIZE, SIZE)
                stream.write(image.convert("RGB").tobytes())
    threads = len(os.sched_getaffinity(0))
    call = [probe, weights, tmp_path / "pixels.u8", "--size", SIZE, "--tiles", "plan", "--threads", threads]
    printed = subprocess.run([str(word) for word in call], check=True, capture_output=True, text=True).stdout
    rows = [json.loads(line) for line in printed.splitlines()]
    targets = {row["target"] for row in rows}
    assert "generic" in targets
    assert len(rows) == len(targets) * 13, "12 convolutions and the features"
    for row in rows:
        assert row["images"] == len(chosen) == 3
        assert 0 < row["error"] <= ERROR, row
        assert row["cosine"] >= COSINE, row
    assert Path(weights).exists()
