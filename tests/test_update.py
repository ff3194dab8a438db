"""A finished output changes: what is new is taken up, what failed is tried again, and readers see no mixture."""

import json
import os
import shutil
import signal
import threading
from pathlib import Path

import numpy as np
import outputs
import pyarrow.parquet as pq
import pytest
from outputs import listed_table, no_leftovers, same

PIXELS = ["--extractor", "pixels", "--image-size", "8", "--components", "5"]
MOBILE = ["--extractor", "mobilenetv2-0.35", "--image-size", "96", "--components", "5"]


def link_tree(source, target):
    shutil.copytree(source, target, copy_function=os.link, dirs_exist_ok=True)
    return target


@pytest.fixture
def growing(photos, tmp_path):
    """Five of the eight fruits, and the folder from which more can come."""
    for label in sorted(photos.iterdir())[:5]:
        link_tree(label, tmp_path / "in" / label.name)
    return tmp_path / "in"


def rewrite(file, content):
    """Replaces a file as a copy does: other bytes, another time."""
    file.unlink()
    file.write_bytes(content)


def fresh(pomona, folder, tmp_path, options, command="run"):
    output = tmp_path / "fresh"
    pomona(command, folder, "--output", output, *options)
    return output


@pytest.mark.parametrize("options", [PIXELS, MOBILE], ids=["pixels", "mobilenet"])
def test_update_equals_a_fresh_run(pomona, photos, growing, tmp_path, options):
    output = tmp_path / "out"
    bad = growing / "0-bad" / "bad.jpg"
    bad.parent.mkdir()
    bad.write_bytes(b"no image")
    pomona("run", growing, "--output", output, *options)
    for label in sorted(photos.iterdir())[5:]:
        link_tree(label, growing / label.name)
    first = sorted(growing.glob("*/*.jpg"))[1]
    rewrite(first, (photos / "Kiwi" / sorted(os.listdir(photos / "Kiwi"))[0]).read_bytes())
    done = pomona("run", growing, "--output", output, *options, "--update", "--threads", "1")
    assert "81 new, 1 changed to be read; 135 taken over without reading them again" in done.stderr
    run = outputs.run_json(output)
    assert (run["generation"], run["images_extracted"], run["images_listed"]) == (2, 82, 217)
    assert run["change"] == run["change"] | {"added": 81, "changed": 1, "reused": 135, "gone": 0}
    same(output, fresh(pomona, growing, tmp_path, options))
    no_leftovers(output)
    assert (output / "_SUCCESS").exists()
    again = pomona("run", growing, "--output", output, *options, "--update")
    assert "holds all that is listed; nothing was done" in again.stdout
    assert "already" in pomona("run", growing, "--output", output, *options).stdout
    pomona("run", growing, "--output", output, *options, "--image-size", "9", "--update", code=2)


def test_gone_images_are_kept_or_dropped(pomona, growing, tmp_path):
    output = tmp_path / "out"
    pomona("run", growing, "--output", output, *PIXELS)
    gone = sorted(growing.glob("*/*.jpg"))[::3]
    for file in gone:
        file.unlink()
    before = outputs.snapshot(output)
    kept = pomona("run", growing, "--output", output, *PIXELS, "--update")
    assert f"{len(gone)} images are gone and stay in the output; --update=mirror drops them" in kept.stdout
    assert outputs.snapshot(output) == before
    link_tree(sorted(growing.iterdir())[0], growing / "more")
    pomona("run", growing, "--output", output, *PIXELS, "--update")
    assert set(map(str, gone)) <= set(listed_table(output, "features")["path"].to_pylist())
    done = pomona("run", growing, "--output", output, *PIXELS, "--update=mirror")
    assert f"{len(gone)} gone, and dropped" in done.stderr
    same(output, fresh(pomona, growing, tmp_path, PIXELS))
    assert outputs.run_json(output)["generation"] == 3
    assert outputs.run_json(output)["images_extracted"] == 0
    no_leftovers(output)


def test_retry_failed_gives_what_would_have_been(pomona, growing, tmp_path):
    output = tmp_path / "out"
    files = sorted(growing.glob("*/*.jpg"))
    whole = {file: file.read_bytes() for file in files[5:50:5]}
    for file, content in whole.items():
        rewrite(file, content[:700])
    pomona("run", growing, "--output", output, *PIXELS)
    assert outputs.run_json(output)["images_quarantined"] == 9
    still = list(whole)[-1]
    for file, content in whole.items():
        if file != still:
            rewrite(file, content)
    done = pomona("retry-failed", output)
    assert "9 from quarantine to be read; 126 taken over" in done.stderr
    assert "8 of those from quarantine are other files by now" in done.stderr
    run = outputs.run_json(output)
    assert (run["images_extracted"], run["images_quarantined"]) == (9, 1)
    same(output, fresh(pomona, growing, tmp_path, PIXELS))
    no_leftovers(output)
    rewrite(still, whole[still])
    pomona("retry-failed", output)
    assert outputs.run_json(output)["generation"] == 3
    assert "nothing in quarantine" in pomona("retry-failed", output).stdout
    shutil.rmtree(tmp_path / "fresh")
    same(output, fresh(pomona, growing, tmp_path, PIXELS))


def test_retry_failed_says_what_it_cannot_do(pomona, growing, tmp_path):
    pomona("retry-failed", code=2)
    pomona("retry-failed", tmp_path / "none", code=2)
    pomona("run", growing, "--output", tmp_path / "out", *PIXELS)
    pomona("apply", tmp_path / "out", growing, "--output", tmp_path / "applied")
    assert "apply" in pomona("retry-failed", tmp_path / "applied", code=2).stderr
    for file in sorted(growing.glob("*/*.jpg"))[:11]:
        rewrite(file, b"no image")
    pomona("run", growing, "--output", tmp_path / "failed", *PIXELS, code=3)
    before = outputs.snapshot(tmp_path / "failed")
    refused = pomona("retry-failed", tmp_path / "failed", code=2).stderr
    assert "is not finished" in refused and "--max-failures" in refused
    assert outputs.snapshot(tmp_path / "failed") == before
    growing.rename(tmp_path / "moved")
    assert "--input" in pomona("retry-failed", tmp_path / "out", code=2).stderr
    pomona("retry-failed", tmp_path / "out", "--input", tmp_path / "moved")


def test_features_alone_can_be_updated_and_fitted(pomona, photos, growing, tmp_path):
    features, output = tmp_path / "features", tmp_path / "out"
    options = PIXELS[:4]
    pomona("features", growing, "--output", features, *options)
    link_tree(sorted(photos.iterdir())[6], growing / "z")
    pomona("features", growing, "--output", features, *options, "--update")
    pomona("fit", features, "--output", output, "--components", "5")
    both = fresh(pomona, growing, tmp_path, PIXELS)
    assert (output / "projection.csv").read_bytes() == (both / "projection.csv").read_bytes()
    pomona("fit", features / "features", "--output", tmp_path / "other", "--components", "5")
    pomona("apply", both, features, "--output", tmp_path / "applied")
    assert (tmp_path / "applied" / "projection.csv").read_bytes() == (both / "projection.csv").read_bytes()


def test_an_interrupted_update_goes_on_and_others_wait(pomona, photos, growing, tmp_path):
    """Killed at work, the old generation is whole; another command is refused; the same one finishes."""
    output = tmp_path / "out"
    slow = ["--extractor", "mobilenetv2-0.35", "--image-size", "320", "--components", "5", "--threads", "1"]
    pomona("run", growing, "--output", output, *slow)
    before = {name: Path(output, name).read_bytes() for name in ("projection.csv", "quarantine.parquet")}
    old_features = listed_table(output, "features")
    for label in sorted(photos.iterdir())[5:]:
        link_tree(label, growing / label.name)
    process = pomona.start_at_work("run", growing, "--output", output, *slow, "--update")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not (output / "_SUCCESS").exists()
    for name, content in before.items():
        assert Path(output, name).read_bytes() == content
    assert listed_table(output, "features").equals(old_features)
    for command in (["run", growing, *slow, "--output"], ["retry-failed"]):
        refused = pomona(*command, output, code=2)
        assert "`pomona run --update`, which was interrupted" in refused.stderr
    pomona("run", growing, "--output", output, *slow, "--update")
    same(output, fresh(pomona, growing, tmp_path, slow))
    no_leftovers(output)


def test_too_many_failures_leave_the_old_generation(pomona, growing, tmp_path):
    output = tmp_path / "out"
    pomona("run", growing, "--output", output, *PIXELS)
    old = (output / "projection.csv").read_bytes()
    (growing / "bad").mkdir()
    for i in range(20):
        (growing / "bad" / f"{i}.jpg").write_bytes(b"no image")
    pomona("run", growing, "--output", output, *PIXELS, "--update", code=3)
    assert (output / "projection.csv").read_bytes() == old
    assert not (output / "_SUCCESS").exists()
    pomona("run", growing, "--output", output, *PIXELS, "--update", "--max-failures", "30")
    same(output, fresh(pomona, growing, tmp_path, [*PIXELS, "--max-failures", "30"]))


def test_wrong_usage_of_update(pomona, growing, tmp_path):
    output = tmp_path / "out"
    assert "--overwrite" in pomona("run", growing, "--output", output, "--update", "--overwrite", code=2).stderr
    assert "mirror" in pomona("run", growing, "--output", output, "--update", "--limit", "3", code=2).stderr
    assert "mirror" in pomona("run", growing, "--output", output, "--update=x", code=2).stderr
    assert not output.exists()
    pomona("run", growing, "--output", output, *PIXELS, "--update")  # the first run of all
    assert outputs.run_json(output)["generation"] == 1


def read_by_list(output):
    """What a careful reader gets: (rows of features, rows of projection, rows of the CSV), or nothing: try again."""
    try:
        run = outputs.run_json(output)
        names = run["files"]
        features = sum(pq.read_metadata(output / n).num_rows for n in names if n.startswith("features/"))
        projection = sum(pq.read_metadata(output / n).num_rows for n in names if n.startswith("projection/"))
        (csv,) = [name for name in names if Path(name).name == "projection.csv"]
        rows = len((output / csv).read_bytes().splitlines()) - 1
        ok = run["images_ok"]
    except FileNotFoundError:
        return None
    return None if outputs.run_json(output)["generation"] != run["generation"] else (features, projection, rows, ok)


def test_who_reads_by_the_list_sees_one_generation(pomona, photos, growing, tmp_path):
    output = tmp_path / "out"
    pomona("run", growing, "--output", output, *PIXELS)
    seen, end = [], threading.Event()

    def read():
        while not end.is_set():
            seen.append(read_by_list(output))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for step, label in enumerate(sorted(photos.iterdir())[5:]):
            link_tree(label, growing / label.name)
            link_tree(label, growing / f"again-{step}")
            pomona("run", growing, "--output", output, *PIXELS, "--update")
    finally:
        end.set()
        reader.join()
    whole = [numbers for numbers in seen if numbers is not None]
    assert len({numbers[0] for numbers in whole}) >= 2, "the reader met several generations"
    assert all(len(set(numbers)) == 1 for numbers in whole), whole
    assert np.all(np.diff([numbers[0] for numbers in whole]) >= 0)


def test_an_output_of_the_first_format_is_read_and_updated(pomona, growing, tmp_path):
    """What a version without generations wrote: no generation in run.json, no current.json."""
    output = tmp_path / "out"
    pomona("run", growing, "--output", output, *PIXELS)
    run = json.loads((output / "run.json").read_text())
    del run["generation"]
    (output / "run.json").write_text(json.dumps(run))
    link_tree(sorted(growing.iterdir())[0], growing / "more")
    pomona("run", growing, "--output", output, *PIXELS, "--update")
    same(output, fresh(pomona, growing, tmp_path, PIXELS))


def test_an_old_output_stays_readable(pomona, tmp_path):
    """tests/golden/output was written by version 0.1.0 before there were generations, and is never written anew."""
    root = Path(__file__).resolve().parent.parent
    output = shutil.copytree(root / "tests" / "golden" / "output", tmp_path / "out")
    before = outputs.snapshot(output)
    options = ["--extractor", "pixels", "--image-size", "2", "--limit", "40", "--components", "3"]
    done = pomona("run", "examples/fruits/Training", "--output", output, *options, cwd=root)
    assert "finished already" in done.stdout
    assert "nothing in quarantine" in pomona("retry-failed", output, cwd=root).stdout
    assert {name: content for name, (content, _) in outputs.snapshot(output).items()} == {
        name: content for name, (content, _) in before.items()
    }
    pomona("fit", output, "--output", tmp_path / "fit", "--components", "3")
    _, wanted = outputs.csv_rows(output / "projection.csv")
    _, got = outputs.csv_rows(tmp_path / "fit" / "projection.csv")
    assert [row[:2] for row in got] == [row[:2] for row in wanted]
    numbers = [np.array([row[2:] for row in rows], dtype=np.float64) for rows in (got, wanted)]
    np.testing.assert_allclose(*numbers, rtol=1e-6, atol=1e-9)
