"""The package: what importing it loads, its names and versions, and that its guide runs."""

import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PINS = ROOT / "pins.txt"


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


def test_examples_of_the_guide_run(other_photos, tmp_path):
    """Every Python block of docs/python.md, one after the other, in a folder with photos/."""
    text = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(blocks) >= 4
    (tmp_path / "photos").symlink_to(other_photos)
    done = subprocess.run([sys.executable, "-c", "\n".join(blocks)], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_a_packed_folder_that_is_not_finished_is_refused_in_python_too(pomona, photos, tmp_path):
    import pomona as package

    pomona("pack", photos, "--output", tmp_path / "packed")
    result = package.run(tmp_path / "packed", output=tmp_path / "out", extractor="pixels", image_size=4)
    assert (result.run["images_ok"], result.run["images_quarantined"]) == (216, 0)
    (tmp_path / "packed" / "_SUCCESS").unlink()
    for job in (package.run, package.features):
        with pytest.raises(ValueError, match=r"the packed folder .* is not finished: it has no _SUCCESS"):
            job(tmp_path / "packed", output=tmp_path / "out2", extractor="pixels")
