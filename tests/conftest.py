"""What the end-to-end tests share: the program, photos, weights."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torture

ROOT = Path(__file__).resolve().parent.parent
FRUITS = ROOT / "examples" / "fruits"
VGG16_FILE = "vgg16-imagenet-notop/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"


def pytest_configure(config):
    config.addinivalue_line("markers", "torture(group): runs under `./dev torture GROUP` alone (tests/torture.py)")


def pytest_collection_modifyitems(config, items):
    elsewhere = [item for item in items if any(mark.args[0] != torture.GROUP for mark in item.iter_markers("torture"))]
    config.hook.pytest_deselected(items=elsewhere)
    items[:] = [item for item in items if item not in elsewhere]


class Program:
    """Runs Pomona's program; stdout and stderr come back as text, other bytes than UTF-8 as surrogates."""

    def __init__(self, path):
        self.path = path

    def command(self, *arguments):
        return [str(self.path), *(a if isinstance(a, bytes) else str(a) for a in arguments)]

    def __call__(self, *arguments, code=0, cwd=None, env=None):
        done = subprocess.run(
            self.command(*arguments),
            cwd=cwd,
            env=os.environ | (env or {}),
            capture_output=True,
            text=True,
            errors="surrogateescape",
        )
        said = f"{arguments}\n{done.stdout[-2000:]}{done.stderr[-4000:]}"
        assert code is None or done.returncode == code, f"exit code {done.returncode}, wanted {code}: {said}"
        return done

    def start(self, *arguments, **options):
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
        return subprocess.Popen(self.command(*arguments), **pipes)

    def start_at_work(self, *arguments, **options):
        """Starts it and waits for its features: from here on it has its output for itself."""
        process = self.start(*arguments, "--progress", "json", text=True, **options)
        for line in process.stderr:
            if '"stage_started","stage":"extract"' in line:
                return process
        raise AssertionError(f"it ended early: {process.communicate()}")


@pytest.fixture(scope="session")
def build_dir():
    """The build folder under test: $POMONA_BUILD, else build/release."""
    return Path(os.environ.get("POMONA_BUILD", ROOT / "build" / "release")).resolve()


@pytest.fixture(scope="session")
def pomona(build_dir):
    program = build_dir / "pomona"
    assert program.exists(), f"{program} is not there: run ./dev build, or set POMONA_BUILD"
    return Program(program)


@pytest.fixture(scope="session")
def photos():
    """216 photographs of 100 x 100 pixels in eight folders."""
    return FRUITS / "Training"


@pytest.fixture(scope="session")
def other_photos():
    """48 photographs of the same eight fruits."""
    return FRUITS / "Test"


def beside_the_repository(variable, name):
    """A folder of real data: from the environment, else from a folder `shared` beside the repository; else None."""
    folder = Path(os.environ.get(variable, ROOT.parent / "shared" / name))
    return folder if folder.is_dir() else None


@pytest.fixture(scope="session")
def test_data():
    folder = beside_the_repository("POMONA_TEST_DATA", "data")
    return folder or pytest.skip("no real photographs: set POMONA_TEST_DATA to the folder that holds fruits360-30")


@pytest.fixture(scope="session")
def test_models():
    folder = beside_the_repository("POMONA_TEST_MODELS", "models")
    return folder or pytest.skip("no model files: set POMONA_TEST_MODELS to the folder that holds them")


@pytest.fixture(scope="session")
def vgg16(pomona):
    """Arguments that make `--extractor vgg16` work here: a weights file, or none where the model cache has them."""
    folder = beside_the_repository("POMONA_TEST_MODELS", "models")
    if folder and (folder / VGG16_FILE).exists():
        return ["--extractor", "vgg16", "--weights", folder / VGG16_FILE]
    fetched = pomona("models", "fetch", "vgg16", code=None)
    if fetched.returncode != 0:
        pytest.skip(f"the VGG16 weights cannot be had here: {fetched.stderr.strip().splitlines()[-1:]}")
    return ["--extractor", "vgg16"]


@pytest.fixture(scope="session")
def archive(tmp_path_factory):
    """What `pomona-spark package` makes, and what it says."""
    program = Path(sys.executable).with_name("pomona-spark")
    file = tmp_path_factory.mktemp("package") / "pomona.tar.gz"
    done = subprocess.run([program, "package", "--output", file], capture_output=True, text=True, check=True)
    return file, done.stdout
