"""The inventory of libraries: whole, right, valid, and shown by program and package."""

import hashlib
import json
import re
import subprocess
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

import pomona as package

ROOT = Path(__file__).resolve().parent.parent
RELEASE = ROOT / "build" / "release"


def inventory(file):
    return json.loads(Path(file).read_text(encoding="utf-8"))


def uses(bom):
    """Returns {file: component} of the components that are files."""
    properties = [({p["name"]: p["value"] for p in one["properties"]}, one) for one in bom["components"]]
    return {found["pomona:file"]: one for found, one in properties if "pomona:file" in found}


@pytest.fixture(scope="module")
def of_program():
    return inventory(RELEASE / "sbom.cdx.json")


@pytest.fixture(scope="module")
def of_wheel():
    return inventory(Path(package.__file__).with_name("sbom.cdx.json"))


def test_they_are_valid_cyclonedx(of_program, of_wheel):
    for bom in (of_program, of_wheel):
        assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(bom)) is None
    broken = of_wheel | {"components": [{"type": "library"}]}
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(broken)) is not None


def test_every_library_that_the_program_loads_is_in_it(of_program):
    lines = subprocess.run(["ldd", RELEASE / "pomona"], capture_output=True, text=True, check=True).stdout
    files = {name: Path(path) for name, path in re.findall(r"(\S+) => (/\S+)", lines)}
    runtime = re.compile(r"(libc|libm|libdl|librt|libpthread|libresolv|libgcc_s|libstdc\+\+)\.so")
    wanted = {path.name: path for name, path in files.items() if not runtime.match(name)}
    found = uses(of_program)
    assert set(wanted) <= set(found)
    for name, path in wanted.items():
        assert found[name]["hashes"][0]["content"] == hashlib.sha256(path.read_bytes()).hexdigest(), name
    assert {"libcurl.so.4", "libjpeg.so.62", "libarrow.so.2600", "liblapack_pic.a", "libblas.a"} <= set(found)


def test_every_library_in_a_prefix_is_in_it(of_program, tmp_path):
    """Those, too, that OpenVINO opens at run time."""
    subprocess.run(["cmake", "--install", RELEASE, "--prefix", tmp_path], check=True, capture_output=True)
    files = {file.name for file in (tmp_path / "lib" / "pomona").glob("*.so*") if not file.is_symlink()}
    assert "libopenvino_intel_cpu_plugin.so" in files
    assert files <= set(uses(of_program))


def test_the_pages_libraries_are_in_it(of_program, of_wheel):
    for bom in (of_program, of_wheel):
        found = {one["name"]: one["purl"] for one in bom["components"]}
        assert found["echarts"] == "pkg:npm/echarts@6.1.0"
        assert "zrender" in found


def test_every_archive_in_the_wheel_is_in_it(of_wheel):
    link_map = (RELEASE / "python" / "libpomona.map").read_text(encoding="utf-8").split("Discarded input sections")[0]
    archives = {Path(name).name for name in re.findall(r"^(\S+\.a)\(", link_map, re.MULTILINE)}
    found = uses(of_wheel)
    assert archives - {"libc_nonshared.a", "libgcc.a"} == {name for name in found if name.endswith(".a")}


def test_versions_are_those_of_the_distribution(of_program, of_wheel):
    for bom in (of_program, of_wheel):
        names = {one["name"] for one in bom["components"]}
        assert {"pyarrow", "openvino", "nlohmann-json3-dev", "libcli11-dev"} <= names
        for one in bom["components"]:
            assert one.get("version"), one["name"]
            assert one["purl"].startswith("pkg:"), one["name"]
    openssl = uses(of_wheel)["libcrypto.a"]
    shown = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", openssl["name"]], capture_output=True, text=True)
    assert openssl["version"] == shown.stdout


def test_doctor_shows_it(pomona, of_program):
    text = pomona("doctor", "--libraries").stdout
    for one in of_program["components"]:
        assert one["name"] in text
        assert one["version"] in text
    assert "updated since the build" not in text
    assert json.loads(pomona("doctor", "--libraries", "--json").stdout) == of_program
    assert "--libraries" in pomona("doctor", "--json", code=2).stderr


def test_the_wheels_program_shows_the_wheels(of_wheel):
    program = Path(package.__file__).parent / "bin" / "pomona"
    done = subprocess.run([program, "doctor", "--libraries", "--json"], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == of_wheel


def test_python_gives_the_versions(of_wheel):
    versions = package.versions()
    assert next(iter(versions)) == "pomona"
    assert {one["name"]: one["version"] for one in of_wheel["components"]}.items() <= versions.items()
    assert versions["numpy"]
