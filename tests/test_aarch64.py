"""The native engine's kernels for Arm: cross-compiled, and run on one small case by an emulated processor."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
COMPILER = "aarch64-linux-gnu-g++"
EMULATOR = "qemu-aarch64-static"
PARTS = [
    "base/simd_target",
    "features/winograd/float_buffer",
    "features/winograd/interpolation_points",
    "features/winograd/weight_transform",
    "features/winograd/matrix_kernel",
    "features/winograd/tile_transforms",
    "features/winograd/convolution_layer",
]
OPTIONS = "-std=c++20 -O2 -Wall -Wextra -Werror -ffp-contract=off -static -march=armv8-a+crypto"


def test_neon_convolves(tmp_path):
    for tool in (COMPILER, EMULATOR):
        if not shutil.which(tool):
            pytest.skip(f"{tool} is not installed: ./dev test installs it on Debian and Ubuntu")
    headers = tmp_path / "include"
    headers.mkdir()
    (headers / "hwy").symlink_to("/usr/include/hwy")  # the other headers there are this processor's
    sources = [ROOT / f"pomona/{part}.cc" for part in PARTS]
    program = tmp_path / "probe"
    options = [*OPTIONS.split(), f"-I{ROOT}", f"-I{headers}", "-o", program]
    subprocess.run([COMPILER, *options, *sources, ROOT / "tests/winograd_probe.cc"], check=True)
    printed = subprocess.run([EMULATOR, program], check=True, capture_output=True, text=True).stdout
    rows = [line.split() for line in printed.splitlines()]
    assert [(name, int(tile)) for name, tile, _ in rows] == [("neon", tile) for tile in range(2, 7)]
    for _, tile, error in rows:
        assert float(error) < 1e-5, f"tile {tile}: {error}"
