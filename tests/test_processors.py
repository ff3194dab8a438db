"""Scaler and PCA have the same bytes on every processor with fused multiply-add, whatever the environment says.

Other processors are emulated: Intel's Haswell of 2013 has AVX2, AMD's EPYC the same with caches of other sizes. This
one may have AVX-512.
"""

import os
import shutil
import subprocess

import numpy as np
import pytest
from test_learn_parity import fit, probe_program

EMULATOR = "qemu-x86_64-static"
FUSED = {"fma", "avx2"}
ARRAYS = ("mean", "scale", "variance", "components", "projection")

# What makes OpenBLAS, MKL and glibc choose other code.
VARIABLES = [{"OPENBLAS_CORETYPE": core} for core in ("Haswell", "Prescott", "SkylakeX", "Zen")] + [
    {"MKL_CBWR": "COMPATIBLE", "MKL_DEBUG_CPU_TYPE": "5", "OMP_NUM_THREADS": "7"}
]


def processor_flags():
    with open("/proc/cpuinfo") as lines:
        return set(next(line for line in lines if line.startswith("flags")).split())


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """The exact path with more columns than LAPACK takes at a time, and the randomised one."""
    folder = tmp_path_factory.mktemp("here")
    causes = np.random.default_rng(20261130).normal(size=(700, 9))
    loadings = np.random.default_rng(1).normal(size=(9, 150))
    rows = (causes @ loadings + np.random.default_rng(2).normal(size=(700, 150))).astype(np.float32)
    found = {}
    for name, options in PATHS.items():
        (folder / name).mkdir()
        found[name] = fit(rows, folder / name, *options)
    return folder, found


PATHS = {
    "exact": ["--components", 40],
    "randomised": ["--components", 5, "--exact-limit", 100],
}


def run_again(here, name, target, command, environment):
    """Give the program the same rows in another way; its arrays as bytes."""
    folder, _ = here
    words = [*command, folder / name / "rows.f32", "--dim", 150, "--output", target / "fit", *PATHS[name]]
    subprocess.run([str(word) for word in words], env=environment, check=True)
    return {array: (target / f"fit.{array}.f64").read_bytes() for array in ARRAYS}


def expected(here, name):
    return {array: getattr(here[1][name], array).astype("<f8").tobytes() for array in ARRAYS}


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize("processor", ["Haswell", "EPYC"])
def test_another_processor_gives_the_same_bytes(here, name, processor, tmp_path):
    if not shutil.which(EMULATOR):
        pytest.skip(f"{EMULATOR} is not installed: ./dev test installs it on Debian and Ubuntu")
    if not processor_flags() >= FUSED:
        pytest.skip("needs a processor with AVX2 and FMA")
    command = [EMULATOR, "-cpu", processor, probe_program()]
    assert run_again(here, name, tmp_path, command, dict(os.environ)) == expected(here, name)


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize("variables", VARIABLES, ids=lambda variables: "-".join(variables.values()))
def test_the_environment_changes_no_bit(here, name, variables, tmp_path):
    again = run_again(here, name, tmp_path, [probe_program()], os.environ | variables)
    assert again == expected(here, name)
