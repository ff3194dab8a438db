"""What a decoder makes of an odd file depends on nothing but its bytes: not on what memory held before.

A small program that decodes one file after another reads them twice, with other bytes in fresh memory and in another
order, and once under valgrind. In `./dev torture inputs` valgrind reads all of them, and Pillow's own odd images too,
which come with its sources.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import torture
from odd_images import write_odd_images

ROOT = Path(__file__).resolve().parent.parent
# Twice the rows are there: a JPEG of one pixel has a block of 8 x 8, and raw rows go on into the second page.
HAS_MORE = {"taller-jpeg_one_pixel.jpg", "taller-tiff_pages.tif"}
# Read under valgrind in every run: what each codec of TIFF does where rows are missing, and a few of the others.
CHOSEN = re.compile(
    r"taller-tiff_(?!exif|pages|rgba|premult|white|palette|cmyk|grey_16|1bit\.).*"
    r"|(cut-2|damaged-1)-(jpeg_420|jpeg_progressive|png_interlaced|gif_interlaced|webp_lossy|webp_lossless)\..*"
)


@pytest.fixture(scope="module")
def probe(build_dir):
    programs = sorted(build_dir.glob("**/pomona_image_probe"))
    if not programs:
        pytest.skip(f"no pomona_image_probe below {build_dir}: build the target of that name, or set POMONA_BUILD")
    return programs[0]


@pytest.fixture(scope="module")
def odd_images(tmp_path_factory):
    return write_odd_images(tmp_path_factory.mktemp("odd"))


def answers(command, files, **environment):
    """File -> what the probe says of it: `ok WIDTH HEIGHT SHA256`, or the code and message of its failure."""
    done = subprocess.run(
        command,
        input="".join(f"decode\t{file}\n" for file in files),
        capture_output=True,
        text=True,
        env=os.environ | environment,
    )
    assert done.returncode == 0, f"exit code {done.returncode}\n{done.stderr[-6000:]}"
    lines = done.stdout.splitlines()
    assert len(lines) == len(files)
    return dict(zip(files, lines, strict=True))


def same_whatever_memory_held(probe, files):
    """Returns the answers, after a second reading that gives the same ones."""
    first = answers([probe], files, MALLOC_PERTURB_="85")
    second = answers([probe], files[::-1], MALLOC_PERTURB_="200")
    assert {file: (answer, second[file]) for file, answer in first.items() if answer != second[file]} == {}
    return first


def test_no_answer_depends_on_what_memory_held(probe, odd_images):
    assert len(odd_images) > 1000
    got = same_whatever_memory_held(probe, odd_images)
    codes = {file.name: answer.split()[0] for file, answer in got.items()}
    assert {*codes.values()} <= {"ok", "truncated", "corrupt", "unsupported", "too-large"}
    assert [name for name, code in codes.items() if name.startswith("whole-") and code != "ok"] == []
    taller = {name: code for name, code in codes.items() if name.startswith("taller-") and name not in HAS_MORE}
    assert len(taller) > 90
    assert {name: code for name, code in taller.items() if code not in ("truncated", "corrupt")} == {}
    assert {name for name, code in taller.items() if "tiff" in name and code != "truncated"} == set()


def test_missing_rows_and_damaged_jpeg_data_in_tiff(probe, test_data):
    cases = test_data / "field-cases"
    if not cases.is_dir():
        pytest.skip(f"no {cases}")
    whole = cases / "02-damaged-jpeg-in-tiff" / "whole.tif"
    bad = [cases / "01-short-strips" / "jpeg.tif", cases / "02-damaged-jpeg-in-tiff" / "cut.tif"]
    got = same_whatever_memory_held(probe, [whole, *bad])
    assert got[whole].startswith("ok 96 64 ")
    assert [got[file].split()[0] for file in bad] == ["truncated", "truncated"]


WHEEL = """
import hashlib, json, sys
import pomona
features, failures = pomona.FeatureExtractor("pixels", image_size=16).extract(sys.stdin.read().splitlines())
codes = {failure.index: failure.code for failure in failures}
print(json.dumps([codes.get(i) or hashlib.sha256(row.tobytes()).hexdigest() for i, row in enumerate(features)]))
"""


def test_the_wheels_own_decoders_say_the_same(probe, odd_images):
    """They are other builds, some without what the system's are made with: libtiff has no libdeflate there."""
    said = []
    for perturb in "85", "200":
        environment = os.environ | {"MALLOC_PERTURB_": perturb}
        text = "\n".join(map(str, odd_images))
        command = [sys.executable, "-c", WHEEL]
        done = subprocess.run(command, input=text, capture_output=True, text=True, env=environment, check=True)
        said.append(json.loads(done.stdout))
    assert said[0] == said[1]
    expected = [answer.split()[0] for answer in answers([probe], odd_images).values()]
    codes = ["ok" if len(answer) == 64 else answer for answer in said[0]]
    got = zip(odd_images, codes, expected, strict=True)
    assert [(file.name, ours, theirs) for file, ours, theirs in got if ours != theirs] == []


def under_valgrind(probe, files):
    if shutil.which("valgrind") is None:
        pytest.skip("valgrind is not installed: apt-get install valgrind")
    assert answers(["valgrind", "--quiet", "--error-exitcode=99", probe], files) == answers([probe], files)


def test_valgrind_sees_no_byte_used_that_was_not_written(probe, odd_images):
    chosen = [file for file in odd_images if CHOSEN.fullmatch(file.name)]
    assert 30 < len(chosen) <= 40
    under_valgrind(probe, torture.count("inputs", chosen, odd_images))


@pytest.fixture(scope="module")
def pillow_images(tmp_path_factory):
    """The images of Pillow's own tests, out of its sources, in build/odd-images; 47 MB are fetched once."""
    pins = (ROOT / "pins.txt").read_text(encoding="utf-8")
    version = re.search(r"^pillow==(\S+)$", pins, re.MULTILINE).group(1)
    folder = ROOT / "build" / "odd-images" / f"pillow-{version}"
    if not folder.is_dir():
        fetched = tmp_path_factory.mktemp("pillow")
        pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary", "pillow", f"pillow=={version}"]
        subprocess.run([*pip, "--dest", fetched], check=True)
        (archive,) = fetched.glob("pillow-*.tar.gz")
        with tarfile.open(archive) as sources:
            images = [member for member in sources if "/Tests/images/" in member.name and member.isfile()]
            sources.extractall(fetched, members=images, filter="data")
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(fetched / folder.name / "Tests" / "images", folder)
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    assert len(files) > 900
    return files


@torture.only("inputs")
def test_pillows_odd_images(probe, pillow_images):
    same_whatever_memory_held(probe, pillow_images)
    under_valgrind(probe, pillow_images)
