"""What others made may claim, or unpack to, any size: limits hold, and what exceeds them is named."""

import json
import os
import resource
import shutil
import signal
import struct
import subprocess
import sys

import outputs
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pictures import small_jpeg

import pomona as package

PIXELS = ["--extractor", "pixels", "--image-size", "8", "--progress", "none", "--max-failures", "100%"]
MEMORY = 450_000_000


@pytest.fixture
def images(tmp_path):
    folder = tmp_path / "in" / "a"
    folder.mkdir(parents=True)
    for i in range(3):
        (folder / f"{i}.jpg").write_bytes(small_jpeg((50 * i, 30, 30)))
    return folder.parent


def measured(pomona, *arguments):
    """Runs the program. Returns its exit code, what it said on stderr, and its peak resident bytes.

    A small process in between starts it: a peak counts from the fork, when all that the tests hold is still there.
    """
    between = (
        "import resource, subprocess, sys\n"
        "code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode\n"
        "print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)"
    )
    command = [sys.executable, "-S", "-c", between, *pomona.command(*arguments)]
    done = subprocess.run(command, capture_output=True, text=True, errors="surrogateescape")
    code, peak = map(int, done.stdout.split())
    return code, done.stderr, peak


def within_memory(pomona, source, output):
    code, said, peak = measured(pomona, "run", source, "--output", output, *PIXELS, "--memory", str(MEMORY))
    assert peak < MEMORY, said
    return code, said


def write(path, columns, **options):
    pq.write_table(pa.table(columns), path, compression="zstd", **options)
    return path


def bomb(column):
    """Few bytes on disk, many in memory: one long text for 20,000 rows."""
    rows = 20_000
    columns = {"path": pa.array([f"{i}.jpg" for i in range(rows)]), "label": pa.array(["x"] * rows)}
    long = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array(["y" * 131_072]))
    columns[column] = long
    return columns


@pytest.mark.parametrize("column", ["path", "label"])
@pytest.mark.parametrize("packed", [False, True])
def test_long_texts_in_parquet(pomona, tmp_path, column, packed):
    columns = bomb(column)
    if packed:
        columns["bytes"] = pa.array([b"x"] * len(columns["path"]), pa.binary())
    source = write(tmp_path / "bomb.parquet", columns)
    assert source.stat().st_size < 300_000
    code, said = within_memory(pomona, source, tmp_path / "out")
    assert code == 2 and "bomb.parquet" in said and "limit" in said
    with pytest.raises(ValueError, match="limit"):
        package.run(source, output=tmp_path / "other", extractor="pixels", image_size=8, progress="none")


def test_rows_that_take_no_bytes(pomona, tmp_path):
    """Rows without names are numbered: a file of one run of nulls would name millions of images."""
    rows = pa.array([None] * 20_000_000, pa.binary())
    source = write(tmp_path / "many.parquet", {"bytes": rows}, row_group_size=20_000_000)
    assert source.stat().st_size < 100_000
    code, said, peak = measured(pomona, "run", source, "--output", tmp_path / "out", *PIXELS, "--memory", "300MB")
    assert code == 2 and "--memory" in said and "images" in said
    assert peak < MEMORY


def test_one_cell_of_half_a_gigabyte(pomona, tmp_path):
    photo = small_jpeg()
    rows = [photo, photo, bytes(500_000_000), photo]
    paths = [f"{i}.jpg" for i in range(4)]
    source = write(tmp_path / "cell.parquet", {"path": paths, "bytes": rows}, row_group_size=1, use_dictionary=False)
    code, said = within_memory(pomona, source, tmp_path / "out")
    assert code == 0, said
    (row,) = outputs.quarantine(tmp_path / "out")
    assert row["path"].endswith("2.jpg") and row["code"] == "too-large" and "limit" in row["message"]


def test_large_images_in_a_dictionary_are_left_soon(pomona, tmp_path):
    image = small_jpeg() + bytes(4_000_000)  # what follows the image is not looked at
    rows = pa.DictionaryArray.from_arrays(pa.array([0] * 100_000, pa.int32()), pa.array([image], pa.binary()))
    source = write(tmp_path / "same.parquet", {"bytes": rows})
    command = ["run", source, "--output", tmp_path / "out", "--extractor", "pixels", "--image-size", "8"]
    process = pomona.start_at_work(*command, "--memory", str(MEMORY))
    process.send_signal(signal.SIGTERM)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130 and "interrupted" in stderr


@pytest.mark.parametrize("text", ["path,label\n" + "x" * 3_000_000 + ",a\n", "path," + "," * 1_000_000 + "\n"])
def test_long_lines_of_a_list(pomona, tmp_path, text):
    (tmp_path / "list.csv").write_text(text)
    code, said = within_memory(pomona, tmp_path / "list.csv", tmp_path / "out")
    assert code == 2 and "list.csv" in said


def test_long_names_of_a_list(pomona, tmp_path):
    for text, what in (("x" * 9000 + ",a", "path"), ("a.jpg," + "y" * 2000, "label")):
        (tmp_path / "list.csv").write_text("path,label\nok.jpg,a\n" + text + "\n")
        done = pomona("run", tmp_path / "list.csv", "--output", tmp_path / "out", *PIXELS, code=2)
        assert f"row 2 of {tmp_path}/list.csv: the {what} has" in done.stderr


def test_json_of_any_size_or_depth(pomona, images, tmp_path):
    pomona("run", images, "--output", tmp_path / "out", *PIXELS)
    model = tmp_path / "model"
    shutil.copytree(tmp_path / "out" / "model", model)
    for text in (" " * 65_000_000, '{"model_format": 1, "extractor": ' + "[" * 100_000 + "]" * 100_000 + "}"):
        (model / "pipeline.json").write_text(text)
        done = pomona("apply", model, images, "--output", tmp_path / "applied", code=1)
        assert "pipeline.json" in done.stderr


def test_a_file_of_two_terabytes(pomona, images, tmp_path):
    with open(images / "a" / "film.jpg", "w") as film:
        film.truncate(2 << 40)
    listed = tmp_path / "list.csv"
    listed.write_text("path\n" + "".join(f"in/a/{name}\n" for name in sorted(os.listdir(images / "a"))))
    for source in (images, listed):  # of a list's files nothing is known before they are opened
        output = tmp_path / f"out {source.name}"
        pomona("run", source, "--output", output, *PIXELS)
        (row,) = outputs.quarantine(output)
        assert row["path"].endswith("film.jpg") and row["code"] == "too-large" and row["stage"] == "read"
        assert outputs.check_accounts(output)["images_ok"] == 3
    _, failures = package.FeatureExtractor("pixels", image_size=8).extract([images / "a" / "film.jpg"])
    assert failures and "more than the limit" in str(failures[0])


def test_no_memory_for_one_image(pomona, images, tmp_path):
    """A file that is allowed, in an address space that does not hold it."""
    with open(images / "a" / "film.jpg", "w") as film:
        film.truncate(1_400_000_000)
    command = pomona.command("run", images, "--output", tmp_path / "out", *PIXELS, "--threads", "1", "--memory", "8GB")
    limit = 1_400_000_000
    done = subprocess.run(
        command,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    (row,) = outputs.quarantine(tmp_path / "out")
    assert row["code"] == "too-large" and "no memory to read" in row["message"]


def scans(side, count):
    """A progressive JPEG of one grey and so many empty scans."""

    def segment(marker, data):
        return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data

    blocks = ((side + 7) // 8) ** 2
    bits = ("0" + "1" * 14) * -(-blocks // 32767)
    bits += "1" * (-len(bits) % 8)
    empty = bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8)).replace(b"\xff", b"\xff\0")
    head = segment(0xDB, b"\0" + b"\1" * 64) + segment(0xC2, b"\x08" + struct.pack(">HH", side, side) + b"\1\1\x11\0")
    head += segment(0xC4, b"\x10\1" + bytes(15) + b"\xe0") + segment(0xC4, b"\0\1" + bytes(16))
    first = segment(0xDA, bytes([1, 1, 0, 0, 0, 0])) + bytes(blocks // 8 + 1)
    return b"\xff\xd8" + head + first + (segment(0xDA, bytes([1, 1, 0, 1, 63, 0])) + empty) * count + b"\xff\xd9"


def test_a_jpeg_of_many_scans(pomona, images, tmp_path):
    (images / "a" / "scans.jpg").write_bytes(scans(8000, 400))
    (images / "a" / "allowed.jpg").write_bytes(scans(64, 90))
    pomona("run", images, "--output", tmp_path / "out", *PIXELS)
    (row,) = outputs.quarantine(tmp_path / "out")
    assert row["path"].endswith("scans.jpg") and row["code"] == "corrupt" and "more than 100 scans" in row["message"]


def test_the_time_limit_is_an_option_everywhere(pomona, images, tmp_path):
    pomona("run", images, "--output", tmp_path / "out", *PIXELS, "--image-timeout", "7")
    assert outputs.run_json(tmp_path / "out")["images_ok"] == 3
    pomona("run", images, "--output", tmp_path / "none", *PIXELS, "--image-timeout", "0", code=2)
    settings = tmp_path / "pomona.toml"
    settings.write_text("image-timeout = 9\n")
    pomona("run", images, "--output", tmp_path / "config", *PIXELS, "--config", settings)
    features, _ = package.FeatureExtractor("pixels", image_size=8, image_timeout=7).extract([small_jpeg()])
    assert features.shape[0] == 1
    with pytest.raises(ValueError, match="image-timeout"):
        package.FeatureExtractor("pixels", image_size=8, image_timeout=0).extract([small_jpeg()])
    result = package.run(images, output=tmp_path / "py", extractor="pixels", image_size=8, image_timeout=5)
    assert json.loads((tmp_path / "py" / "run.json").read_text())["images_ok"] == 3 and result
