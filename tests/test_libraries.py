"""The program loads the very libraries that it was linked with."""

import os
import re
import subprocess
from pathlib import Path

import openvino
import pyarrow
import pytest

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "build" / "release" / "pomona"


@pytest.fixture(scope="module")
def linked():
    """Names that the program and the libraries it links directly ask for: {libarrow.so.2600, ...}."""
    dynamic = subprocess.run(["objdump", "-p", PROGRAM], capture_output=True, text=True, check=True).stdout
    return set(re.findall(r"NEEDED +(\S+)", dynamic))


@pytest.fixture(scope="module")
def loaded():
    """What the loader finds for them: {name: path}."""
    environment = {key: value for key, value in os.environ.items() if key != "LD_LIBRARY_PATH"}
    lines = subprocess.run(["ldd", PROGRAM], capture_output=True, text=True, check=True, env=environment).stdout
    return dict(re.findall(r"(\S+) => (.+?)(?: \(0x|\n|$)", lines))


def test_every_library_is_found(loaded):
    assert not [name for name, path in loaded.items() if path == "not found"]


def test_arrow_and_openvino_come_from_the_pinned_wheels(linked, loaded):
    """A wheel of another version has other names, so that a wrong one fails to load instead of misbehaving."""
    pins = dict(re.findall(r"^([\w-]+)==(\S+)$", (ROOT / "pins.txt").read_text(encoding="utf-8"), re.MULTILINE))
    assert pyarrow.__version__ == pins["pyarrow"]
    assert openvino.__version__.startswith(pins["openvino"])

    year, minor, patch = pins["openvino"].split(".")
    openvino_name = f"libopenvino.so.{year[2:]}{minor}{patch}"
    arrow_name = f"libarrow.so.{pins['pyarrow'].split('.')[0]}00"
    assert {openvino_name, arrow_name} <= linked

    assert Path(loaded[openvino_name]).parent.resolve() == Path(openvino.__file__).parent / "libs"
    assert Path(loaded[arrow_name]).parent.resolve() == Path(pyarrow.__file__).parent


def test_no_blas_of_the_system_is_loaded(loaded):
    """Which one a machine has, and which code it picks for a processor, must not decide the numbers."""
    assert not [name for name in loaded if re.search("blas|lapack|atlas|mkl", name)]


def test_no_library_is_loaded_in_two_versions(loaded):
    stems = [name.split(".so")[0] for name in loaded]
    assert len(stems) == len(set(stems)), sorted(loaded)
