"""Limits that a shared server sets (ulimit): a run ends with the right numbers or with advice."""

import resource
import subprocess
import sys

import outputs
import pytest

PIXELS = ["--extractor", "pixels", "--image-size", "32", "--components", "5", "--progress", "none"]


def limited(kind, value):
    """In the child: what `ulimit` does."""
    return lambda: resource.setrlimit(kind, (value, value))


def run_limited(command, kind, value):
    """Signals have their default actions, as in a shell. A run that hangs fails the test."""
    return subprocess.run(command, preexec_fn=limited(kind, value), capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def free(pomona, photos, tmp_path_factory):
    output = tmp_path_factory.mktemp("free") / "out"
    pomona("run", photos, "--output", output, *PIXELS, "--threads", "2")
    return output


@pytest.mark.parametrize("megabytes", [150, 200, 250, 300, 350, 450, 700, 3000])
def test_a_small_address_space(pomona, photos, free, tmp_path, megabytes):
    """Whatever is the first to find no memory, no thread and no library crashes or waits for ever.

    How much is reserved depends on the moment: each thread that meets another one in malloc takes 64 MB of addresses.
    With 3 GB there is room for all of them.
    """
    command = pomona.command("run", photos, "--output", tmp_path / "out", *PIXELS, "--threads", "2")
    done = run_limited(command, resource.RLIMIT_AS, megabytes * 1_000_000)
    if megabytes >= 3000:
        assert done.returncode == 0, done.stderr
    if done.returncode == 0:
        outputs.same_content(tmp_path / "out", free)
        return
    assert done.returncode == 1, done.stderr
    assert f"{megabytes} MB (RLIMIT_AS)" in done.stderr
    assert "ulimit -v unlimited" in done.stderr
    pomona("run", photos, "--output", tmp_path / "out", *PIXELS)  # nothing is left that would be in its way
    outputs.same_content(tmp_path / "out", free)


def test_a_small_address_space_in_python(photos, tmp_path):
    work = "import numpy, pomona; pomona.PCA(3).fit(numpy.random.default_rng(1).normal(size=(900, 400)))"
    done = run_limited([sys.executable, "-c", work], resource.RLIMIT_AS, 4_000_000_000)
    assert done.returncode == 0, done.stderr


def test_files_that_may_not_grow(pomona, photos, free, tmp_path):
    output = tmp_path / "out"
    command = pomona.command("run", photos, "--output", output, *PIXELS)
    done = run_limited(command, resource.RLIMIT_FSIZE, 40_000)
    assert done.returncode == 1, done.stderr
    assert str(output) in done.stderr and "cannot be written: File too large" in done.stderr
    pomona(*command[1:])
    outputs.same_content(output, free)


def test_doctor_names_the_limits(pomona):
    for kind, value, words in (
        (resource.RLIMIT_AS, 2_000_000_000, "beyond 2.0 GB (RLIMIT_AS"),
        (resource.RLIMIT_FSIZE, 1_000_000_000, "beyond 1.0 GB (RLIMIT_FSIZE"),
        (resource.RLIMIT_NOFILE, 100, "Only 100 files and connections may be open at once (RLIMIT_NOFILE"),
    ):
        assert words in run_limited(pomona.command("doctor"), kind, value).stdout
