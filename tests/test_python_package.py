"""The wheel: what is in it, what it loads, and that it works where nothing else of Pomona is."""

import json
import os
import re
import subprocess
import sys
import venv
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PINS = ROOT / "pins.txt"

# Libraries that the wheel may hold, each with its licence in NOTICE.
SHIPPED = {"libpomona.so"}

# What its objects may ask of others: pyarrow, openvino, and what docs/python.md says a machine must have.
FROM_PYARROW = {"libarrow.so.2600", "libparquet.so.2600", "libarrow_s3.so.2600"}
FROM_OPENVINO = {"libopenvino.so.2641"}
BASE = re.compile(r"(libstdc\+\+|libm|libgcc_s|libc|ld-linux-x86-64|libpthread|libdl)\.so[.0-9]*$")
REFUSED = re.compile(r"jbig|ldap|krb5|gssapi|rtmp|sasl|gnutls|readline|gmp", re.IGNORECASE)


@pytest.fixture(scope="module")
def wheel():
    found = sorted((ROOT / "build" / "wheel").glob("pomona-*.whl"), key=os.path.getmtime)
    assert found, "there is no wheel in build/wheel: run ./dev test, which packs build/release"
    return found[-1]


@pytest.fixture(scope="module")
def unpacked(wheel, tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    zipfile.ZipFile(wheel).extractall(folder)
    return folder


def objects(folder):
    return [file for file in folder.rglob("*") if file.is_file() and file.read_bytes()[:4] == b"\x7fELF"]


def documented_libraries():
    """Names of the libraries that docs/python.md says a machine must have."""
    text = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    return set(re.findall(r"`(lib[\w.+-]+\.so[.0-9]*)`", text)) - SHIPPED


def needed(file):
    dynamic = subprocess.run(["objdump", "-p", file], capture_output=True, text=True, check=True).stdout
    return set(re.findall(r"NEEDED +(\S+)", dynamic)), re.findall(r"RUNPATH +(\S+)|RPATH +(\S+)", dynamic)


def test_wheel_holds_what_it_should_and_nothing_else(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    info = f"pomona-{metadata.version('pomona')}.dist-info/"
    sources = {f"pomona/{file.relative_to(ROOT / 'python/pomona')}" for file in (ROOT / "python/pomona").rglob("*.py")}
    made = {name for name in names if not name.startswith(info)} - sources
    module = {name for name in made if re.fullmatch(r"pomona/_engine\.cpython-\d+-[\w-]+\.so", name)}
    assert len(module) == 1
    assert made - module == {"pomona/_engine.pyi", "pomona/py.typed", "pomona/bin/pomona", "pomona/libpomona.so"}
    licences = {f"{info}licenses/LICENSE", f"{info}licenses/NOTICE"}
    assert licences <= names
    assert wheel.stat().st_size < 12_000_000


def test_shipped_libraries_are_allowed_and_none_is_copyleft(unpacked):
    shipped = {file.name for file in objects(unpacked)} - {"pomona"}
    modules = {name for name in shipped if name.startswith("_engine.")}
    assert shipped - modules == SHIPPED
    assert not [file.name for file in unpacked.rglob("*") if REFUSED.search(file.name)]


def test_objects_ask_for_documented_libraries_only_and_look_beside_themselves(unpacked):
    asked = set()
    for file in objects(unpacked):
        names, paths = needed(file)
        asked |= names
        words = [word for pair in paths for path in pair for word in path.split(":") if word]
        assert words, f"{file.name} has no path to pyarrow"
        assert all(word.startswith("$ORIGIN") for word in words), f"{file.name} looks into {words}"
    assert {"libarrow.so.2600", "libopenvino.so.2641"} <= asked
    others = {name for name in asked if not BASE.match(name)} - FROM_PYARROW - FROM_OPENVINO - SHIPPED
    stems = [{name.split(".so")[0] for name in names} for names in (others, documented_libraries())]
    assert stems[0] == stems[1], "docs/python.md must name exactly what the machine has to bring"


def test_symbols_are_those_of_gcc_11_and_glibc_2_34_at_most(unpacked):
    """Amazon Linux 2023 and EMR 7 have these."""
    most = {"GLIBC": (2, 34), "GLIBCXX": (3, 4, 29), "CXXABI": (1, 3, 13)}
    seen = set()
    for file in objects(unpacked):
        symbols = subprocess.run(["objdump", "-T", file], capture_output=True, text=True, check=True).stdout
        for name, version in set(re.findall(r"\((GLIBC|GLIBCXX|CXXABI)_([\d.]+)\)", symbols)):
            seen.add(name)
            assert tuple(map(int, version.split("."))) <= most[name], f"{file.name} asks for {name}_{version}"
    assert seen == set(most)


def test_pins_agree_with_the_package():
    pins = dict(re.findall(r"^([\w-]+)==(\S+)$", PINS.read_text(encoding="utf-8"), re.MULTILINE))
    requires = metadata.requires("pomona")
    assert f"openvino=={pins['openvino']}" in requires
    assert "pyarrow<26.1,>=26.0.1" in requires
    assert "numpy" in requires
    assert {r.split(";")[0].strip() for r in requires if "spark" in r} == {"pyspark<5,>=3.5", "pandas<3,>=2.2"}
    from pomona._native import WANTED

    assert pins["pyarrow"].startswith(WANTED["pyarrow"])
    assert pins["openvino"].startswith(WANTED["openvino"])
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for name in ("pyarrow", "openvino"):
        assert f'"{name}=={pins[name]}"' in project


def run_python(code, python=sys.executable, **environment):
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, cwd="/", env=os.environ | environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_import_loads_next_to_nothing():
    code = """
import sys
before = set(sys.modules)
import pomona
assert "FeatureExtractor" in dir(pomona) and pomona.__doc__
print("\\n".join(sorted(set(sys.modules) - before)))
"""
    loaded = set(run_python(code).split())
    heavy = {"numpy", "pyarrow", "openvino", "sklearn", "pandas", "json", "pomona._engine", "pomona._native"}
    assert not loaded & heavy
    assert len(loaded) < 10, loaded


def test_names_of_the_package_are_there():
    import pomona

    for name in pomona.__all__:
        assert getattr(pomona, name).__doc__, name
    assert pomona.__version__ == metadata.version("pomona")
    with pytest.raises(AttributeError, match="has no attribute 'extract'"):
        pomona.extract  # noqa: B018
    stub = (Path(pomona.__file__).parent / "_engine.pyi").read_text(encoding="utf-8")
    for name in ("class ImageFeatures", "class ScatterState", "class ColumnMoments", "class Reduction", "def run"):
        assert name in stub


def test_a_wrong_version_of_a_library_is_named():
    code = """
from importlib import metadata
real = metadata.version
metadata.version = lambda name: "27.0.0" if name == "pyarrow" else real(name)
import pomona
try:
    pomona.PCA().fit([[0.0], [1.0]])
except ImportError as error:
    print(error)
"""
    said = run_python(code)
    assert "pyarrow 26.0" in said
    assert "27.0.0" in said


def test_arrow_is_loaded_once_and_from_pyarrow():
    code = """
import re, pomona, pyarrow
pomona.FeatureExtractor("pixels").extract([b""])
print("\\n".join({line.split()[-1] for line in open("/proc/self/maps") if ".so" in line}))
print(pyarrow.get_library_dirs()[0])
"""
    *libraries, folder = run_python(code).split("\n")[:-1]
    for stem in ("libarrow.so", "libparquet.so"):
        found = {Path(path) for path in libraries if Path(path).name.startswith(stem)}
        assert [path.parent for path in found] == [Path(folder)], f"{stem}: {found}"


USE = """
import json, sys, pomona
result = pomona.run(sys.argv[1], output=sys.argv[2], extractor="mobilenetv2-0.35", components=3)
model = pomona.load(sys.argv[2])
projected, failures = model.transform([sys.argv[3]])
scaler = pomona.StandardScaler().fit([[0.0], [2.0]])
print(json.dumps([result.outcome, projected.shape, len(failures), scaler.mean_.tolist(), pomona.__file__]))
"""


def test_wheel_works_in_a_clean_environment(wheel, other_photos, tmp_path):
    """Only what the wheel's metadata asks for is installed, and the clone is not on the path."""
    folder = tmp_path / "clean"
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    install = [python, "-m", "pip", "install", "--quiet", "--constraint", PINS, wheel]
    subprocess.run(install, check=True, capture_output=True, text=True, cwd="/")
    photo = next(iter(sorted(other_photos.rglob("*.jpg"))))
    command = [python, "-c", USE, other_photos, tmp_path / "out", photo]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/")
    assert done.returncode == 0, done.stderr
    outcome, shape, failures, mean, place = json.loads(done.stdout.splitlines()[-1])
    assert (outcome, shape, failures, mean) == ("done", [1, 3], 0, [1.0])
    assert Path(place).is_relative_to(folder)
    program = subprocess.run([folder / "bin" / "pomona", "--version"], capture_output=True, text=True, cwd="/")
    assert program.stdout == f"pomona {metadata.version('pomona')}\n"
    applied = [folder / "bin" / "pomona", "apply", tmp_path / "out", other_photos, "--output", tmp_path / "applied"]
    subprocess.run(applied, check=True, capture_output=True, cwd="/")
    assert (tmp_path / "applied" / "_SUCCESS").exists()


def test_examples_of_the_guide_run(other_photos, tmp_path):
    """Every Python block of docs/python.md, one after the other, in a folder with photos/."""
    text = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(blocks) >= 4
    (tmp_path / "photos").symlink_to(other_photos)
    done = subprocess.run([sys.executable, "-c", "\n".join(blocks)], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
