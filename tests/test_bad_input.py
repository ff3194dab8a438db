"""Bad images become rows of quarantine.parquet; odd but legal input works; every listed image is accounted for."""

import os
import shutil
import struct
import zlib

import outputs
import pytest
from odd_images import SAMPLES, taller_tiff
from pictures import encoded, small_jpeg
from PIL import Image

PIXELS = ["--extractor", "pixels", "--image-size", "4"]
WEIRD = [
    "with space.jpg",
    "ümläut-日本.jpg",
    "100%.jpg",
    "%41.jpg",
    "a=b.jpg",
    "a,b.jpg",
    'quo"te.jpg',
    "apo'strophe.jpg",
    "back\\slash.jpg",
    "new\nline.jpg",
    "tab\t.jpg",
    "#hash?query.jpg",
    "-dash.jpg",
    "no extension",
    "*.jpg",
    "<b>&.jpg",
]


def run(pomona, source, output, *arguments, code=0):
    """Runs the job with `pixels`; checks the accounts. Returns what the program said."""
    done = pomona("run", source, "--output", output, *PIXELS, *arguments, code=code)
    if code == 0:
        outputs.check_accounts(output)
    if code == 3:
        run = outputs.run_json(output)
        assert run["images_listed"] == run["images_ok"] + run["images_quarantined"]
        assert run["images_quarantined"] == len(outputs.quarantine(output))
        assert not (output / "_SUCCESS").exists()
    return done


def png_header(width, height):
    """A PNG that claims a size and holds nothing."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))


def bad_files(photo):
    """Name -> (bytes, code) of files that are no good images."""
    jpeg = photo.read_bytes()
    return {
        "zero.jpg": (b"", "empty"),
        "page.jpg": (b"<!DOCTYPE html><html><body>404 not found</body></html>", "unknown-format"),
        "notes.txt": (b"not an image at all\n", "unknown-format"),
        "half.jpg": (jpeg[: len(jpeg) // 2], "truncated"),
        "no-end.jpg": (jpeg[:-2], None),
        "huge.png": (png_header(100_000, 100_000), "too-large"),
        "absurd.png": (png_header(0, 5), "corrupt"),
        "noise.jpg": (jpeg[:20] + bytes(range(256)) * 3, None),
    }


def test_every_bad_image_is_a_row_with_a_reason(pomona, photos, tmp_path):
    shutil.copytree(photos / "Kiwi", tmp_path / "in" / "Kiwi")
    bad = bad_files(sorted((photos / "Kiwi").iterdir())[0])
    for name, (data, _) in bad.items():
        (tmp_path / "in" / "Kiwi" / name).write_bytes(data)
    (tmp_path / "in" / "Kiwi" / "gone.jpg").symlink_to("nowhere")
    done = run(pomona, tmp_path / "in", tmp_path / "out", "--max-failures", "20")

    rows = {os.path.basename(row["path"]): row for row in outputs.quarantine(tmp_path / "out")}
    assert set(rows) - {"no-end.jpg"} == {*bad, "gone.jpg"} - {"no-end.jpg"}
    for name, (data, code) in bad.items():
        if name in rows:
            assert code in (None, rows[name]["code"]), rows[name]
            assert rows[name]["size_bytes"] == len(data)
            assert rows[name]["label"] == "Kiwi"
            assert rows[name]["message"] and rows[name]["stage"] in ("read", "decode")
    assert rows["gone.jpg"]["code"] == "missing"
    for code in ("empty", "truncated", "too-large", "unknown-format"):
        assert code in done.stdout, "the summary counts failures by code"
    report = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "page.jpg" in report


def test_tiff_rows_that_are_not_there_are_truncated(pomona, tmp_path):
    """However the rows are compressed; what is whole among them gives the same features whatever memory held."""
    (tmp_path / "in" / "a").mkdir(parents=True)
    for sample in sorted(SAMPLES.glob("tiff_*.tif")):
        data = sample.read_bytes()
        (tmp_path / "in" / "a" / sample.name).write_bytes(data)
        if sample.name not in ("tiff_big.tif", "tiff_pages.tif"):
            (tmp_path / "in" / "a" / f"short-{sample.name}").write_bytes(taller_tiff(data))
    features = []
    for perturb in "85", "200":
        output = tmp_path / f"out-{perturb}"
        pomona(
            *("run", tmp_path / "in", "--output", output, *PIXELS, "--max-failures", "100%"),
            env={"MALLOC_PERTURB_": perturb},
        )
        outputs.check_accounts(output)
        features.append(outputs.table(output, "features"))
        rows = {os.path.basename(row["path"]): row["code"] for row in outputs.quarantine(output)}
        assert len(rows) > 30
        assert {name: code for name, code in rows.items() if not name.startswith("short-")} == {}
        assert {*rows.values()} == {"truncated"}
    assert features[0].equals(features[1])


def test_short_strips_and_cut_jpeg_data_in_tiff(pomona, test_data, tmp_path):
    cases = test_data / "field-cases"
    if not cases.is_dir():
        pytest.skip(f"no {cases}")
    (tmp_path / "in" / "a").mkdir(parents=True)
    for case in "01-short-strips/jpeg.tif", "02-damaged-jpeg-in-tiff/cut.tif", "02-damaged-jpeg-in-tiff/whole.tif":
        shutil.copy(cases / case, tmp_path / "in" / "a")
    run(pomona, tmp_path / "in", tmp_path / "out", "--max-failures", "100%")
    codes = {os.path.basename(row["path"]): row["code"] for row in outputs.quarantine(tmp_path / "out")}
    assert codes == {"jpeg.tif": "truncated", "cut.tif": "truncated"}
    assert [os.path.basename(path) for path in outputs.paths(tmp_path / "out")] == ["whole.tif"]


def test_a_file_that_may_not_be_read(pomona, photos, tmp_path):
    shutil.copytree(photos / "Kiwi", tmp_path / "in" / "Kiwi")
    secret = tmp_path / "in" / "Kiwi" / "secret.jpg"
    secret.write_bytes(small_jpeg())
    secret.chmod(0)
    if os.access(secret, os.R_OK):  # root may read everything; a broken link stands in for the same error
        secret.unlink()
        secret.symlink_to("nowhere")
    run(pomona, tmp_path / "in", tmp_path / "out")
    (row,) = outputs.quarantine(tmp_path / "out")
    assert (row["code"], row["stage"]) == ("missing" if secret.is_symlink() else "unreadable", "read")
    assert row["path"].endswith("secret.jpg")


def test_legal_images_of_every_kind(pomona, tmp_path):
    picture = Image.linear_gradient("L").resize((40, 30))
    colour = Image.merge("RGB", (picture, picture.rotate(90), picture.rotate(180)))
    kinds = {
        "cmyk.jpg": encoded(colour.convert("CMYK"), "JPEG"),
        "grey.jpg": encoded(picture, "JPEG"),
        "progressive.jpg": encoded(colour, "JPEG", progressive=True),
        "palette.gif": encoded(colour, "GIF"),
        "moving.gif": encoded(colour, "GIF", save_all=True, append_images=[colour.rotate(90)]),
        "palette.png": encoded(colour.convert("P"), "PNG"),
        "alpha.png": encoded(colour.convert("RGBA"), "PNG"),
        "bits.png": encoded(picture.convert("1"), "PNG"),
        "plain.webp": encoded(colour, "WEBP"),
        "plain.tiff": encoded(colour, "TIFF"),
        "plain.bmp": encoded(colour, "BMP"),
        "really-a-png.jpg": encoded(colour, "PNG"),
    }
    (tmp_path / "in" / "a").mkdir(parents=True)
    for name, data in kinds.items():
        (tmp_path / "in" / "a" / name).write_bytes(data)
    run(pomona, tmp_path / "in", tmp_path / "out")
    assert outputs.quarantine(tmp_path / "out") == []
    assert [os.path.basename(path) for path in outputs.paths(tmp_path / "out")] == sorted(kinds)


def test_odd_names(pomona, tmp_path):
    folder = tmp_path / "in" / "label, with % and \n newline"
    folder.mkdir(parents=True)
    for i, name in enumerate(WEIRD):
        (folder / name).write_bytes(small_jpeg(colour=(15 * i, 99, 255 - i)))
    (folder / "bad,\n%.jpg").write_bytes(b"")
    run(pomona, tmp_path / "in", tmp_path / "out")
    wanted = sorted((f"{folder}/{name}" for name in WEIRD), key=str.encode)
    assert outputs.paths(tmp_path / "out") == outputs.paths(tmp_path / "out", "projection") == wanted
    assert [row[0] for row in outputs.csv_rows(tmp_path / "out" / "projection.csv")[1]] == wanted
    assert set(outputs.table(tmp_path / "out", "features")["label"].to_pylist()) == {folder.name}
    (row,) = outputs.quarantine(tmp_path / "out")
    assert (row["path"], row["label"]) == (f"{folder}/bad,\n%.jpg", folder.name)


def test_bytes_that_are_not_utf_8(pomona, tmp_path):
    folder = os.fsencode(tmp_path) + b"/in \xe9/K\xfcche"
    os.makedirs(folder)
    for name in (b"\xff.jpg", b"caf\xe9.jpg", b"fine.jpg"):
        with open(folder + b"/" + name, "wb") as file:
            file.write(small_jpeg())
    output = tmp_path / "out"
    pomona("run", os.fsencode(tmp_path) + b"/in \xe9", "--output", output, *PIXELS)
    outputs.check_accounts(output)
    names = [path.rsplit("/", 1)[1] for path in outputs.paths(output)]
    assert names == ["%FF.jpg", "caf%E9.jpg", "fine.jpg"]
    assert outputs.paths(output)[0] == f"{tmp_path}/in %E9/K%FCche/%FF.jpg"
    assert set(outputs.table(output, "features")["label"].to_pylist()) == {"K%FCche"}
    again = pomona("run", os.fsencode(tmp_path) + b"/in \xe9", "--output", output, *PIXELS)
    assert "already" in again.stdout

    with open(folder + b"/%FF.jpg", "wb") as file:
        file.write(small_jpeg())
    clash = pomona("run", os.fsencode(tmp_path) + b"/in \xe9", "--output", tmp_path / "clash", *PIXELS, code=2)
    assert r'"K\xFCche/%FF.jpg" and "K\xFCche/\xFF.jpg" would both be called' in clash.stderr


def test_symbolic_links(pomona, photos, tmp_path):
    (tmp_path / "in" / "a").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    for name in ("in/a/one.jpg", "elsewhere/two.jpg"):
        (tmp_path / name).write_bytes(small_jpeg())
    (tmp_path / "in" / "linked folder").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "in" / "a" / "linked file.jpg").symlink_to("one.jpg")
    (tmp_path / "in" / "a" / "loop").symlink_to(tmp_path / "in")
    (tmp_path / "in" / "a" / "self").symlink_to("self")
    done = run(pomona, tmp_path / "in", tmp_path / "out")
    names = [os.path.relpath(path, tmp_path / "in") for path in outputs.paths(tmp_path / "out")]
    assert names == ["a/linked file.jpg", "a/one.jpg", "linked folder/two.jpg"]
    assert "loop" in done.stderr


def test_an_empty_folder_is_a_clear_error(pomona, tmp_path):
    (tmp_path / "in" / "empty").mkdir(parents=True)
    done = run(pomona, tmp_path / "in", tmp_path / "out", code=2)
    assert str(tmp_path / "in") in done.stderr
    assert not (tmp_path / "out" / "_SUCCESS").exists()
    (tmp_path / "list.csv").write_text("path,label\n")
    assert "list.csv" in run(pomona, tmp_path / "list.csv", tmp_path / "out", code=2).stderr


def test_globs_that_leave_nothing_are_a_clear_error(pomona, photos, tmp_path):
    done = run(pomona, photos, tmp_path / "out", "--include", "*.nothing", code=2)
    assert "--include" in done.stderr or "*.nothing" in done.stderr


def test_a_list_that_names_missing_images(pomona, photos, tmp_path):
    good = sorted((photos / "Kiwi").iterdir())[:5]
    lines = ["path,label", *(f"{file},Kiwi" for file in good), f"{tmp_path}/missing.jpg,Kiwi"]
    (tmp_path / "list.csv").write_text("\n".join(lines))
    run(pomona, tmp_path / "list.csv", tmp_path / "out")
    (row,) = outputs.quarantine(tmp_path / "out")
    assert (row["path"], row["label"], row["code"]) == (f"{tmp_path}/missing.jpg", "Kiwi", "missing")


def test_a_list_with_duplicates_is_refused_with_both_rows(pomona, photos, tmp_path):
    one, two = sorted((photos / "Kiwi").iterdir())[:2]
    (tmp_path / "list.csv").write_text(f"path\n{one}\n{two}\n{one}\n")
    done = run(pomona, tmp_path / "list.csv", tmp_path / "out", code=2)
    assert str(one) in done.stderr and "1" in done.stderr and "3" in done.stderr


def test_a_list_with_relative_paths_quotes_and_no_labels(pomona, tmp_path):
    (tmp_path / "pictures" / "red").mkdir(parents=True)
    for name in ('a "quoted", name.jpg', "new\nline.jpg", "plain.jpg"):
        (tmp_path / "pictures" / "red" / name).write_bytes(small_jpeg())
    text = 'path\npictures/red/plain.jpg\n"pictures/red/a ""quoted"", name.jpg"\n"pictures/red/new\nline.jpg"\n'
    (tmp_path / "list.csv").write_text(text)
    run(pomona, tmp_path / "list.csv", tmp_path / "out")
    assert set(outputs.table(tmp_path / "out", "features")["label"].to_pylist()) == {"red"}
    assert len(outputs.paths(tmp_path / "out")) == 3


def test_a_list_without_a_path_column(pomona, tmp_path):
    (tmp_path / "list.csv").write_text("file,label\na.jpg,b\n")
    done = run(pomona, tmp_path / "list.csv", tmp_path / "out", code=2)
    assert "path" in done.stderr and "file" in done.stderr


def test_max_image_pixels(pomona, tmp_path):
    (tmp_path / "in" / "a").mkdir(parents=True)
    (tmp_path / "in" / "a" / "large.jpg").write_bytes(small_jpeg(size=(100, 50)))
    for i in range(3):
        (tmp_path / "in" / "a" / f"small{i}.jpg").write_bytes(small_jpeg())
    run(pomona, tmp_path / "in", tmp_path / "out", "--max-image-pixels", "4999")
    (row,) = outputs.quarantine(tmp_path / "out")
    assert row["code"] == "too-large" and "--max-image-pixels" in row["message"]


def broken_share(photos, folder, good, bad):
    """A folder with so many good and empty files."""
    (folder / "a").mkdir(parents=True)
    photo = sorted((photos / "Kiwi").iterdir())[0].read_bytes()
    (folder / "a" / "good 0000.jpg").write_bytes(photo)
    for i in range(1, good):
        os.link(folder / "a" / "good 0000.jpg", folder / "a" / f"good {i:04d}.jpg")
    for i in range(bad):
        (folder / "a" / f"bad {i:04d}.jpg").touch()
    return folder


def test_too_many_failures_is_exit_code_3_and_a_higher_limit_finishes(pomona, photos, tmp_path):
    source, output = broken_share(photos, tmp_path / "in", 40, 12), tmp_path / "out"
    done = run(pomona, source, output, code=3)
    assert "--max-failures" in done.stdout + done.stderr
    assert not (output / "_SUCCESS").exists()
    assert (output / "report.html").exists() and len(outputs.quarantine(output)) == 12
    assert outputs.run_json(output)["images_quarantined"] == 12
    again = run(pomona, source, output, "--max-failures", "11", code=3)
    assert "extract: 52/52" not in again.stderr.replace("done by an earlier run", "")
    run(pomona, source, output, "--max-failures", "12")
    assert (output / "_SUCCESS").exists()
    run(pomona, source, tmp_path / "share", "--max-failures", "25%")


def test_never_fewer_than_ten_failures_are_allowed_by_a_share(pomona, photos, tmp_path):
    run(pomona, broken_share(photos, tmp_path / "in", 5, 10), tmp_path / "out", "--max-failures", "1%")
    run(pomona, tmp_path / "in", tmp_path / "zero", "--max-failures", "0", code=3)


def test_failures_are_counted_from_a_thousand_images_on(pomona, photos, tmp_path):
    """A bucket of the wrong thing ends early: 4,000 empty files, not all of them read."""
    source = broken_share(photos, tmp_path / "in", 2, 4000)
    done = pomona("run", source, "--output", tmp_path / "out", *PIXELS, "--threads", "1", code=3)
    assert "--max-failures" in done.stdout + done.stderr


def test_images_that_are_all_alike(pomona, tmp_path):
    (tmp_path / "in" / "a").mkdir(parents=True)
    for i in range(3):
        (tmp_path / "in" / "a" / f"{i}.jpg").write_bytes(small_jpeg())
    run(pomona, tmp_path / "in", tmp_path / "out")
    assert (tmp_path / "out" / "_SUCCESS").exists()
    if (tmp_path / "out" / "projection").exists():
        assert len(outputs.components(tmp_path / "out")) == 3


def test_a_fit_of_one_image_is_skipped_and_said_once(pomona, photos, tmp_path):
    done = run(pomona, photos, tmp_path / "out", "--limit", "1")
    assert (done.stdout + done.stderr).count("the fit was skipped: it needs two good images at least") == 1
    assert [m for m in outputs.run_json(tmp_path / "out")["messages"] if "the fit was skipped" in m]


def test_no_good_image_at_all(pomona, photos, tmp_path):
    source = broken_share(photos, tmp_path / "in", 1, 5)
    (source / "a" / "good 0000.jpg").unlink()
    run(pomona, source, tmp_path / "out")
    assert outputs.run_json(tmp_path / "out")["images_ok"] == 0
    assert not (tmp_path / "out" / "model").exists()


def test_a_hundred_thousand_files_in_one_folder(pomona, photos, tmp_path):
    count = 100_000
    (tmp_path / "files").mkdir()
    (tmp_path / "in" / "a").mkdir(parents=True)
    for i in range(count):
        original = tmp_path / "files" / f"{i // 30_000}.jpg"  # a file may have some 65,000 names at most
        if not original.exists():
            original.write_bytes(small_jpeg(colour=(i % 256, 90, 20)))
        os.link(original, tmp_path / "in" / "a" / f"{i:06d}.jpg")
    done = run(pomona, tmp_path / "in", tmp_path / "out", "--components", "2")
    assert outputs.run_json(tmp_path / "out")["images_ok"] == count
    assert "100,000 listed, 100,000 ok" in done.stdout
    assert (tmp_path / "out" / "report.html").stat().st_size < 15_000_000


def test_labels_do_not_break_the_report(pomona, tmp_path):
    folder = tmp_path / "in" / "<img src=x onerror=alert(1)> <" / "script><script>alert(1)<"
    folder.mkdir(parents=True)
    for i in range(3):
        (folder / f"{i}.jpg").write_bytes(small_jpeg())
    run(pomona, tmp_path / "in", tmp_path / "out")
    text = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "<script>alert(1)" not in text and "<img src=x" not in text
