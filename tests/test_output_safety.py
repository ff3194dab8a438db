"""What is not Pomona's is never written to and never deleted."""

import shutil

import outputs
import pytest

PIXELS = ["--extractor", "pixels", "--image-size", "4", "--limit", "12"]


@pytest.mark.parametrize("overwrite", [[], ["--overwrite"]])
def test_a_folder_of_somebody_else_is_refused(pomona, photos, tmp_path, overwrite):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("years of work")
    done = pomona("run", photos, "--output", tmp_path / "out", *PIXELS, *overwrite, code=2)
    assert str(tmp_path / "out") in done.stderr
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["thesis.txt"]


def test_a_file_as_output_is_refused(pomona, photos, tmp_path):
    (tmp_path / "out").write_text("a file")
    pomona("run", photos, "--output", tmp_path / "out", *PIXELS, code=2)
    assert (tmp_path / "out").read_text() == "a file"


def test_an_empty_folder_is_taken(pomona, photos, tmp_path):
    (tmp_path / "out").mkdir()
    pomona("run", photos, "--output", tmp_path / "out", *PIXELS)
    assert outputs.check_accounts(tmp_path / "out")["images_ok"] == 12


def test_overwrite_deletes_only_what_pomona_named(pomona, photos, tmp_path):
    output = tmp_path / "out"
    pomona("run", photos, "--output", output, *PIXELS)
    for place in ("notes.txt", "features/notes.txt", "model/mine.bin", "projection/part-00009.parquet"):
        (output / place).write_text("mine")
    pomona("run", photos, "--output", output, "--extractor", "pixels", "--image-size", "5", "--overwrite")
    for place in ("notes.txt", "features/notes.txt", "model/mine.bin", "projection/part-00009.parquet"):
        assert (output / place).read_text() == "mine"
    (output / "projection" / "part-00009.parquet").unlink()
    assert outputs.features(output).shape == (216, 75)


@pytest.mark.parametrize(
    ("input_", "output"),
    [
        ("in", "in"),
        ("in", "in/"),
        ("in", "./in"),
        ("in", "in/out"),
        ("in", "in/Kiwi"),
        ("in/Kiwi", "in"),
        ("in", "link"),
        ("link", "in/out"),
        ("in", "in/../in/x"),
    ],
)
def test_output_and_input_may_not_hold_each_other(pomona, photos, tmp_path, input_, output):
    shutil.copytree(photos / "Kiwi", tmp_path / "in" / "Kiwi")
    (tmp_path / "link").symlink_to("in")
    before = outputs.snapshot(tmp_path)
    for overwrite in ([], ["--overwrite"]):
        pomona("run", input_, "--output", output, *PIXELS, *overwrite, code=2, cwd=tmp_path)
    assert outputs.snapshot(tmp_path) == before


def test_neighbours_with_the_same_beginning_are_fine(pomona, photos, tmp_path):
    shutil.copytree(photos / "Kiwi", tmp_path / "in" / "Kiwi")
    pomona("run", "in", "--output", "in-out", *PIXELS, cwd=tmp_path)
    assert (tmp_path / "in-out" / "_SUCCESS").exists()


def test_success_goes_first_when_the_output_changes(pomona, photos, tmp_path):
    """A finished output with more failures than a new limit allows loses _SUCCESS with a new run, not before."""
    pomona("run", photos, "--output", tmp_path / "out", *PIXELS)
    pomona("run", photos, "--output", tmp_path / "out", "--extractor", "pixels", code=2)
    assert (tmp_path / "out" / "_SUCCESS").exists(), "a refused command changes nothing"


def test_fit_and_apply_keep_to_the_same_rules(pomona, photos, tmp_path):
    pomona("run", photos, "--output", tmp_path / "out", *PIXELS)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    pomona("fit", tmp_path / "out", "--output", tmp_path / "mine", "--overwrite", code=2)
    pomona("apply", tmp_path / "out", photos, "--output", tmp_path / "mine", "--overwrite", code=2)
    pomona("apply", tmp_path / "out", photos, "--output", photos / "new", code=2)
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"
    assert not (photos / "new").exists()


@pytest.mark.parametrize("overwrite", [[], ["--overwrite"]])
def test_pack_keeps_to_the_same_rules(pomona, photos, tmp_path, overwrite):
    shutil.copytree(photos / "Kiwi", tmp_path / "in" / "Kiwi")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    (tmp_path / "file").write_text("a file")
    before = outputs.snapshot(tmp_path)
    for output in ("mine", "file", "in", "in/out", "in/Kiwi/..", "."):
        pomona("pack", "in", "--output", output, *overwrite, code=2, cwd=tmp_path)
    assert outputs.snapshot(tmp_path) == before


def test_pack_overwrites_only_what_pomona_named(pomona, photos, tmp_path):
    output = tmp_path / "packed"
    pomona("pack", photos, "--output", output, "--shard-bytes", "200KB")
    assert len(list(output.glob("pack-*.tar"))) == 8
    for place in ("notes.txt", "pack-00008.tar", "_pomona/notes.txt"):
        (output / place).write_text("mine")
    pomona("pack", photos, "--output", output, "--overwrite")
    for place in ("notes.txt", "pack-00008.tar", "_pomona/notes.txt"):
        assert (output / place).read_text() == "mine"
    assert len(list(output.glob("pack-*.tar"))) == 2
