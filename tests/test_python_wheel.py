"""The wheel: what is in it, under which licences, what it asks of a machine, and that it works on a bare one."""

import http.server
import json
import os
import re
import shutil
import ssl
import struct
import subprocess
import sys
import threading
import zipfile
from importlib import metadata
from pathlib import Path

import h5py
import numpy as np
import pyarrow
import pytest
from bare_root import BareRoot
from PIL import Image
from stores import make_certificates

ROOT = Path(__file__).resolve().parent.parent
LINK_MAP = ROOT / "build" / "release" / "python" / "libpomona.map"

# What is linked into libpomona.so, by the archive's name, and what NOTICE and licences.txt call it.
LINKED = {
    "libaec.a": "libaec",
    "libcrypto.a": "OpenSSL",
    "libcurl.a": "libcurl",
    "libgif.a": "giflib",
    "libhdf5_serial.a": "HDF5",
    "libhdf5_serial_hl.a": "HDF5",
    "libhwy.a": "Google Highway",
    "libblas.a": "LAPACK",
    "libjpeg.a": "libjpeg-turbo",
    "liblapack_pic.a": "LAPACK",
    "liblzma.a": "liblzma",
    "libspng.a": "libspng",
    "libssl.a": "OpenSSL",
    "libsz.a": "libaec",
    "libtiff.a": "libtiff",
    "libwebp.a": "libwebp",
    "libwebpdemux.a": "libwebp",
    "libz.a": "zlib",
    "libzip.a": "libzip",
    "libzstd.a": "Zstandard",
}
COMPILERS_OWN = {"libc_nonshared.a", "libgcc.a"}  # of glibc and GCC, in whatever they compile

# What the wheel's objects may ask of others: pyarrow, openvino, and the C and C++ runtimes.
FROM_PYARROW = {"libarrow.so.2600", "libparquet.so.2600", "libarrow_s3.so.2600"}
FROM_OPENVINO = {"libopenvino.so.2641"}
BASE = re.compile(r"(libstdc\+\+|libm|libgcc_s|libc|ld-linux-x86-64|libpthread|libdl|librt)\.so[.0-9]*$")

# Words in libraries that must not be in it. Under the GPL or LGPL, some with exceptions: JBIG-KIT, GMP, librtmp and
# Fortran's runtime. Nothing that Pomona uses: OpenLDAP, Kerberos, SASL, libssh2, libidn2, GnuTLS.
REFUSED = [b"JBIG-KIT", b"__gmp", b"RTMP_", b"Fortran runtime error", b"quadmath"]
REFUSED += [b"ldap_", b"krb5_", b"gss_", b"sasl_", b"libssh2_", b"idn2_", b"gnutls_"]


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


@pytest.fixture(scope="module")
def objects(unpacked):
    return [file for file in unpacked.rglob("*") if file.is_file() and file.read_bytes()[:4] == b"\x7fELF"]


def test_wheel_holds_what_it_should_and_nothing_else(wheel, objects):
    names = set(zipfile.ZipFile(wheel).namelist())
    info = f"pomona-{metadata.version('pomona')}.dist-info/"
    sources = {f"pomona/{file.relative_to(ROOT / 'python/pomona')}" for file in (ROOT / "python/pomona").rglob("*.py")}
    made = {name for name in names if not name.startswith(info)} - sources
    module = {name for name in made if re.fullmatch(r"pomona/_engine\.cpython-\d+-[\w-]+\.so", name)}
    assert len(module) == 1
    libraries = {"pomona/bin/pomona", "pomona/libpomona.so", "pomona/sbom.cdx.json"}
    assert made - module == {"pomona/_engine.pyi", "pomona/py.typed"} | libraries
    assert {f"{info}licenses/{name}" for name in ("LICENSE", "NOTICE", "python/static/licences.txt")} <= names
    assert len(objects) == 3


def test_wheel_is_as_large_as_the_documentation_says(wheel, unpacked):
    text = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    packed, whole = map(int, re.search(r"(\d+) MB, (\d+) MB unpacked", text).groups())
    assert abs(wheel.stat().st_size / 1e6 - packed) < 2
    assert abs(sum(file.stat().st_size for file in unpacked.rglob("*") if file.is_file()) / 1e6 - whole) < 5


def linked_archives():
    """Archives of which at least one member went into libpomona.so."""
    members = LINK_MAP.read_text(encoding="utf-8").split("Discarded input sections")[0]
    return {Path(archive).name for archive in re.findall(r"^(\S+\.a)\(", members, re.MULTILINE)}


def test_what_is_linked_is_on_the_list_and_its_licence_in_the_wheel(unpacked):
    assert linked_archives() - COMPILERS_OWN == set(LINKED), "nothing but this, and nothing for nothing"
    licences = next(unpacked.rglob("licences.txt")).read_text(encoding="utf-8")
    notice = next(unpacked.rglob("NOTICE")).read_text(encoding="utf-8")
    carried = notice.split("What the Python package carries")[1].split("\n\n")[0]
    for name in {*LINKED.values(), "LAPACK", "nanobind", "CLI11", "nlohmann-json", "toml++"}:
        assert name in licences, f"{name} has no licence in licences.txt"
        assert name in carried, f"{name} is not in NOTICE"
    assert "GPL" not in licences + notice


def test_nothing_under_the_gpl_and_no_network_library_is_in_it(objects):
    for file in objects:
        content = file.read_bytes()
        found = [word for word in REFUSED if word in content]
        assert not found, f"{file.name} has {found}"


def test_the_systems_libraries_have_all_of_that(build_dir):
    """So the words are the right ones."""
    libraries = subprocess.run(["ldd", build_dir / "libpomona.so"], capture_output=True, text=True, check=True).stdout
    files = [Path(path) for path in re.findall(r"=> (/\S+)", libraries)]
    files += [*Path("/usr/lib").rglob("libgfortran.so.5"), *Path("/usr/lib").rglob("libquadmath.so.0")]  # LAPACK's
    contents = [file.read_bytes() for file in files]
    assert not [word for word in REFUSED if not any(word in content for content in contents)]


def test_objects_ask_for_arrow_openvino_and_the_runtimes_only(objects):
    asked = set()
    for file in objects:
        dynamic = subprocess.run(["objdump", "-p", file], capture_output=True, text=True, check=True).stdout
        asked |= set(re.findall(r"NEEDED +(\S+)", dynamic))
        words = re.search(r"(?:RUNPATH|RPATH) +(\S+)", dynamic).group(1).split(":")
        assert all(word.startswith("$ORIGIN") for word in words if word), f"{file.name} looks into {words}"
    arrow_and_openvino = FROM_PYARROW | FROM_OPENVINO
    assert arrow_and_openvino <= asked
    others = {name for name in asked if not BASE.match(name)} - arrow_and_openvino
    assert others == {"libpomona.so"}


def test_symbols_are_those_of_gcc_11_and_glibc_2_34_at_most(objects):
    """Amazon Linux 2023 and EMR 7 have these."""
    most = {"GLIBC": (2, 34), "GLIBCXX": (3, 4, 29), "CXXABI": (1, 3, 13)}
    seen = set()
    for file in objects:
        symbols = subprocess.run(["objdump", "-T", file], capture_output=True, text=True, check=True).stdout
        for name, version in set(re.findall(r"\((GLIBC|GLIBCXX|CXXABI)_([\d.]+)\)", symbols)):
            seen.add(name)
            assert tuple(map(int, version.split("."))) <= most[name], f"{file.name} asks for {name}_{version}"
    assert seen == set(most)


def test_linked_libraries_show_to_nobody(objects):
    """Else they could take the place of another copy in the same process, or it theirs."""
    library = next(file for file in objects if file.name == "libpomona.so")
    symbols = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, text=True, check=True).stdout
    names = {line.split()[-1] for line in symbols.splitlines()}
    assert len(names) > 1000
    plain = {name for name in names if not name.startswith("_Z")}
    assert not {name for name in plain if "pomona" not in name}


@pytest.fixture(scope="module")
def bare(wheel, other_photos, tmp_path_factory):
    """A bare machine with the wheel in a virtual environment, /env, and photographs in /photos.

    pyarrow, openvino and numpy are the very files of the environment that the tests run in.
    """
    if not shutil.which("dpkg-query"):
        pytest.skip("the bare root is made of Debian's packages, and there is no dpkg here")
    version = subprocess.run(["/usr/bin/python3", "-V"], capture_output=True, text=True).stdout.split()[1]
    if version.split(".")[:2] != sys.version.split()[0].split(".")[:2]:
        pytest.skip(f"the wheel is for Python {sys.version.split()[0]}, and the system has {version}")
    allowed = subprocess.run(["unshare", "--mount", "--map-root-user", "true"], capture_output=True)
    if os.geteuid() != 0 and allowed.returncode != 0:
        pytest.skip("neither root nor allowed to have a user namespace of one's own")
    root = BareRoot(tmp_path_factory.mktemp("bare"))
    root.run("python3", "-m", "venv", "/env")
    shutil.copy(wheel, root.path / "tmp")
    root.run("/env/bin/pip", "install", "--no-index", "--no-deps", f"/tmp/{wheel.name}")
    site = next((root.path / "env").glob("lib/python3*/site-packages"))
    installed = Path(pyarrow.__file__).parent.parent
    names = [f"{name}*" for name in ("pyarrow", "openvino", "numpy")]
    for folder in (folder for name in names for folder in installed.glob(name)):
        shutil.copytree(folder, site / folder.name, copy_function=link, dirs_exist_ok=True)
    shutil.copytree(other_photos, root.path / "photos")
    yield root
    assert not os.path.ismount(root.path / "proc")  # what a command mounts is seen by that command alone
    shutil.rmtree(root.path)


def link(source, target):
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)


def test_bare_root_is_bare(bare):
    libraries = {file.name for file in (bare.path / "usr" / "lib").rglob("*.so*")}
    assert not [name for name in libraries if re.match(r"lib(jpeg|tiff|spng|webp|lapack|blas|curl|hdf5|zip|hwy)", name)]
    assert not (bare.path / "usr" / "include").exists()
    assert "No broken requirements found" in bare.run("/env/bin/pip", "check")


USE = """
import json, sys, pomona
result = pomona.run("/photos", output="/out", extractor="mobilenetv2-0.35", components=3)
model = pomona.load("/out")
projected, failures = model.transform([sys.argv[1]])
pixels = pomona.FeatureExtractor("pixels", image_size=8).extract(sys.argv[2:])
loaded = sorted({line.split()[-1] for line in open("/proc/self/maps") if ".so" in line})
print(json.dumps([result.outcome, projected.shape, len(failures), [f.message for f in pixels.failures],
                  pixels.features.tolist(), loaded]))
"""


def pictures(folder, photo):
    """One photograph in every format and compression that goes another way."""
    image = Image.open(photo)
    kinds = [("jpg", {}), ("png", {}), ("webp", {}), ("bmp", {}), ("gif", {})]
    kinds += [("tiff", {"compression": name}) for name in ("tiff_lzw", "tiff_adobe_deflate", "jpeg", "zstd", "lzma")]
    for index, (kind, options) in enumerate(kinds):
        image.save(folder / f"{index}.{kind}", **options)
    return [f"{index}.{kind}" for index, (kind, _) in enumerate(kinds)]


def test_wheel_works_on_a_bare_machine(bare, other_photos):
    photo = sorted(other_photos.rglob("*.jpg"))[0]
    names = pictures(bare.path / "tmp", photo)
    inside = [f"/tmp/{name}" for name in names]
    said = bare.run("/env/bin/python", "-c", USE, f"/photos/{photo.relative_to(other_photos)}", *inside)
    outcome, shape, failures, refused, pixels, loaded = json.loads(said.splitlines()[-1])
    assert (outcome, shape, failures, refused) == ("done", [1, 3], 0, [])

    import pomona  # the same wheel, on a machine that has everything

    expected = pomona.FeatureExtractor("pixels", image_size=8).extract([bare.path / "tmp" / name for name in names])
    assert pixels == expected.features.tolist()

    names = {Path(path).name for path in loaded}
    assert FROM_PYARROW | FROM_OPENVINO | {"libpomona.so"} <= names
    ours = {path for path in loaded if path.startswith("/env/")}
    assert {path for path in ours if "/libarrow.so" in path} == {
        path for path in ours if path.endswith("/site-packages/pyarrow/libarrow.so.2600")
    }

    version = bare.run("/env/bin/pomona", "--version")
    assert version == f"pomona {metadata.version('pomona')}\n"
    bare.run("/env/bin/pomona", "apply", "/out", "/photos", "--output", "/applied")
    assert (bare.path / "applied" / "_SUCCESS").exists()


@pytest.mark.parametrize("compression", [34661, 34887], ids=["JBIG", "LERC"])
def test_what_libtiff_was_built_without_is_refused(compression, photos, tmp_path):
    import pomona

    file = tmp_path / "a.tiff"
    Image.open(next(photos.rglob("*.jpg"))).save(file)
    tag = struct.Struct("<HHIH")  # 259, compression; one number of 16 bits
    content = file.read_bytes()
    assert content.count(tag.pack(259, 3, 1, 1)) == 1
    file.write_bytes(content.replace(tag.pack(259, 3, 1, 1), tag.pack(259, 3, 1, compression)))
    failure = pomona.FeatureExtractor("pixels", image_size=8).extract([file]).failures[0]
    assert (failure.code, str(compression) in failure.message) == ("unsupported", True), failure


def test_hdf5_is_read_on_a_bare_machine(bare):
    with h5py.File(bare.path / "tmp" / "weights.h5", "w") as file:
        file.attrs["layer_names"] = np.array(["block1_conv1"], "S")
        group = file.create_group("block1_conv1")
        group.attrs["weight_names"] = np.array(["block1_conv1_W_1:0"], "S")
        group.create_dataset("block1_conv1_W_1:0", data=np.zeros((3, 3, 3, 7), np.float32), compression="gzip")
    said = bare.run("/env/bin/pomona", "models", "import", "vgg19", "/tmp/weights.h5", code=1)
    assert "block1_conv1" in said


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(404)
        self.end_headers()

    def log_message(self, *_):
        pass


def test_https_finds_the_certificates_of_the_machine(bare, tmp_path):
    """At the place that Amazon Linux and RHEL have; then with none, and the server is not believed."""
    certificates = make_certificates(tmp_path / "certificates", "DNS:localhost")
    server = http.server.HTTPServer(("127.0.0.1", 0), Answer)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "public.crt", certificates / "private.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    fetch = ["/env/bin/pomona", "models", "fetch", "vgg16", "--from", f"https://localhost:{server.server_port}/x.h5"]
    place = bare.path / "etc" / "pki" / "tls" / "certs" / "ca-bundle.crt"
    place.parent.mkdir(parents=True)
    shutil.copy(certificates / "ca.crt", place)
    assert "404" in bare.run(*fetch, code=1)
    place.unlink()
    assert "cannot be verified" in bare.run(*fetch, code=1)
    server.shutdown()
