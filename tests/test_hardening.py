"""Every object that is built or shipped: no library from the current folder, and the compiler's protections."""

import re
import subprocess
from pathlib import Path

import pytest

import pomona

ROOT = Path(__file__).resolve().parent.parent
RELEASE = ROOT / "build" / "release"


def read(file, *options):
    return subprocess.run(["readelf", *options, "--wide", file], capture_output=True, text=True, check=True).stdout


def is_object(file):
    if not file.is_file() or file.is_symlink():
        return False
    with file.open("rb") as opened:
        return opened.read(4) == b"\x7fELF"


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prefix")
    subprocess.run(["cmake", "--install", RELEASE, "--prefix", folder], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def ours(prefix):
    """Every object of ours: as built, in a prefix, and in the wheel, whose folder the archive for Spark holds."""
    files = [RELEASE / "pomona", RELEASE / "libpomona.so", prefix / "bin" / "pomona", prefix / "lib" / "libpomona.so"]
    files += [*(RELEASE / "python").glob("bin/pomona"), *(RELEASE / "python").glob("pomona/*.so")]
    wheel = [file for file in Path(pomona.__file__).parent.rglob("*") if is_object(file)]
    assert len(wheel) == 3
    return files + wheel


def run_path(file):
    return re.findall(r"\((?:RPATH|RUNPATH)\).*\[(.*)\]", read(file, "--dynamic"))


def test_the_loader_never_looks_into_the_current_folder(ours, prefix):
    others = [file for file in prefix.rglob("*") if is_object(file)]
    assert len(others) > 10, "Arrow and OpenVINO are in the prefix"
    for file in [*ours, *others]:
        for path in run_path(file):
            for part in path.split(":"):
                assert re.match(r"/|\$ORIGIN(/|$)", part), f"{file} looks into {path!r}"


def test_what_is_installed_looks_beside_itself_alone(ours, prefix):
    installed = [file for file in ours if RELEASE not in file.parents]
    assert len(installed) == 5
    for file in installed:
        (path,) = run_path(file)
        assert all(part.startswith("$ORIGIN") for part in path.split(":")), f"{file} looks into {path!r}"


def test_a_library_in_the_current_folder_is_not_loaded(tmp_path):
    for name in ("libcurl.so.4", "libjpeg.so.62", "libarrow.so.2600", "libopenvino.so.2641"):
        (tmp_path / name).write_text("no", encoding="utf-8")
    done = subprocess.run([RELEASE / "pomona", "--version"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_object_has_the_compilers_protections(ours):
    for file in ours:
        dynamic, segments = read(file, "--dynamic"), read(file, "--program-headers")
        assert re.search(r"BIND_NOW|\(FLAGS_1\).*\bNOW\b", dynamic), f"{file} binds functions late"
        assert "GNU_RELRO" in segments, f"{file} can be written to where it should not"
        assert re.search(r"GNU_STACK.* RW +0x", segments), f"{file} has an executable stack"
        assert "TEXTREL" not in dynamic, file
        kind = re.search(r"Type: +(\w+)", read(file, "--file-header")).group(1)
        assert kind == "DYN", f"{file} is not position-independent"
        names = read(file, "--dyn-syms")
        assert "__stack_chk_fail" in names, f"{file} has no stack protector"


def test_the_libraries_built_for_the_wheel_have_them_too():
    archives = sorted((RELEASE / "python" / "libraries" / "lib").glob("*.a"))
    assert len(archives) == 5
    for archive in archives:
        names = subprocess.run(["nm", "--undefined-only", archive], capture_output=True, text=True, check=True).stdout
        assert re.search(r"__stack_chk_fail|__\w+_chk\b", names), f"{archive.name} is not protected"


def test_checked_functions_are_called(ours):
    """_FORTIFY_SOURCE: where the size of a buffer is known, memcpy and the like are the checking ones."""
    for file in ours:
        if file.name == "libpomona.so":
            assert re.search(
                r"__(memcpy|memmove|memset|snprintf|vsnprintf|read|pread64)_chk", read(file, "--dyn-syms")
            ), file


def test_assertions_of_the_standard_library_are_on(ours):
    for file in ours:
        if file.name == "libpomona.so":
            assert b"__n < this->size()" in file.read_bytes(), f"{file} reads past the end of a vector in silence"
