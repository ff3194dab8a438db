"""`./dev install PREFIX`: the prefix works alone, wherever it is moved and whatever becomes of the clone."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PHOTO = ROOT / "examples" / "fruits" / "Test" / "Kiwi" / "4_100.jpg"
ENVIRONMENT = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    """An installed prefix that was moved after the installation."""
    folder = tmp_path_factory.mktemp("install")
    command = ["cmake", "--install", ROOT / "build" / "release", "--prefix", folder / "first"]
    subprocess.run(command, check=True, capture_output=True)
    return (folder / "first").rename(folder / "moved")


def hide_the_clone():
    """Returns the words before a command that make the clone an empty folder for it, where the system allows that."""
    hide = f'mount -t tmpfs none {str(ROOT)!r} && cd / && exec "$@"'
    words = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", hide, "sh"]
    allowed = shutil.which("unshare") and subprocess.run([*words, "true"], capture_output=True).returncode == 0
    return words if allowed else []


def run_alone(command, **environment):
    """Runs a command out of sight of the clone, and checks which libraries it loaded."""
    words = [*hide_the_clone(), *map(str, command)]
    done = subprocess.run(words, capture_output=True, text=True, cwd="/", env=ENVIRONMENT | environment)
    assert done.returncode == 0, done.stderr[-3000:]
    return done


def test_nothing_in_the_prefix_leads_to_the_clone(prefix):
    """The binaries may hold the names of headers for messages of OpenVINO, but no folder to look into."""
    path = re.compile(re.escape(os.fsencode(ROOT)) + rb"[^\0\n]*")
    found = {}
    for file in prefix.rglob("*"):
        for text in path.findall(file.read_bytes()) if file.is_file() else []:
            if not text.endswith((b".h", b".hpp", b".cc")):
                found[file.name] = text
    assert not found


def test_program_runs_without_the_clone(prefix, tmp_path):
    shutil.copytree(ROOT / "examples" / "fruits" / "Training", tmp_path / "photos")
    command = [prefix / "bin" / "pomona", "run", tmp_path / "photos", "--output", tmp_path / "out"]
    done = run_alone([*command, "--extractor", "mobilenetv2-0.35", "--limit", "32"], LD_DEBUG="files")
    assert json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))["images_ok"] == 32
    opened = set(re.findall(r"calling init: (\S+)", done.stderr))
    assert any("openvino_intel_cpu_plugin" in path for path in opened), "the processor's plugin was never loaded"
    assert not [path for path in opened if path.startswith(str(ROOT))]
    for library in ("libarrow.so", "libparquet.so", "libopenvino.so", "libtbb.so"):
        where = {str(Path(path).resolve().parent) for path in opened if Path(path).name.startswith(library)}
        assert where == {str(prefix / "lib" / "pomona")}, f"{library}* came from {where}"


def test_example_builds_against_the_package(prefix, tmp_path):
    shutil.copytree(ROOT / "examples" / "library", tmp_path / "source")
    shutil.copy(PHOTO, tmp_path / "photo.jpg")
    build = tmp_path / "build"
    configure = ["cmake", "-S", tmp_path / "source", "-B", build, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}"]
    run_alone([*configure, "-DCMAKE_BUILD_TYPE=Release"])
    run_alone(["cmake", "--build", build])
    features = run_alone([build / "features_of_one_photo", tmp_path / "photo.jpg"]).stdout.split()
    assert len(features) > 100
    assert any(float(feature) > 0 for feature in features)


def test_licences_come_along(prefix):
    licences = [str(file.relative_to(prefix / "lib" / "pomona" / "licences")) for file in prefix.rglob("licences/**/*")]
    for wanted in ("arrow/LICENSE.txt", "arrow/NOTICE.txt", "openvino/LICENSE"):
        assert wanted in licences
    assert (prefix / "share" / "doc" / "pomona" / "NOTICE").exists()


def test_no_plugin_for_other_devices(prefix):
    names = [file.name for file in (prefix / "lib" / "pomona").iterdir()]
    assert not [name for name in names if re.search("gpu|npu|python", name)]
