"""Kill, interruption and resume: the result is the same to the byte, and nothing is done twice."""

import random
import shutil
import signal
import time

import outputs
import pytest
from pictures import rounds

PIXELS = ["--extractor", "pixels", "--image-size", "8", "--components", "5"]


@pytest.fixture(scope="module")
def many_photos(photos, tmp_path_factory):
    """5,184 photographs, five shards and a bit; three of them are broken."""
    folder = rounds(photos, tmp_path_factory.mktemp("many"), 24)
    for file in sorted(folder.rglob("*.jpg"))[::2000]:
        half = file.read_bytes()[:1000]
        file.unlink()
        file.write_bytes(half)
    return folder


@pytest.fixture(scope="module")
def undisturbed(pomona, many_photos, tmp_path_factory):
    output = tmp_path_factory.mktemp("undisturbed") / "out"
    pomona("run", many_photos, "--output", output, *PIXELS)
    return output


@pytest.fixture(scope="module")
def run_seconds(pomona, many_photos, tmp_path_factory):
    """How long a run on one thread takes here."""
    start = time.monotonic()
    pomona("run", many_photos, "--output", tmp_path_factory.mktemp("timed") / "out", *PIXELS, "--threads", "1")
    return time.monotonic() - start


@pytest.mark.parametrize("seed", range(4))
def test_killed_at_any_moment_it_goes_on_to_the_same_bytes(
    pomona, many_photos, undisturbed, run_seconds, tmp_path, seed
):
    moments = random.Random(seed)
    output = tmp_path / "out"
    for _ in range(3):
        command = ["run", many_photos, "--output", output, *PIXELS, "--threads", moments.choice([1, 2, 3])]
        process = pomona.start(*command, "--progress", "none")
        time.sleep(moments.uniform(0.02, run_seconds))
        process.kill()
        process.communicate()
        if (output / "_SUCCESS").exists():
            break
    pomona("run", many_photos, "--output", output, *PIXELS, "--threads", moments.choice([1, 2, 3]))
    outputs.same_content(output, undisturbed)
    assert outputs.check_accounts(output)["images_quarantined"] == 3
    leftovers = [path for path in output.rglob("*") if "tmp" in path.name or "partial" in path.name]
    assert not leftovers


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_soon_and_resumably(pomona, photos, tmp_path, number):
    command = ["run", photos, "--output", tmp_path / "out", "--extractor", "mobilenetv2-0.35", "--threads", "1"]
    command += ["--image-size", "448"]  # slow enough to be caught at work
    process = pomona.start_at_work(*command)
    process.send_signal(number)
    stdout, stderr = process.communicate()
    assert process.returncode == 130
    assert "interrupted; run the same command again to go on" in stderr
    assert stdout == ""
    assert not (tmp_path / "out" / "_SUCCESS").exists()
    pomona(*command, "--image-size", "96", code=2)
    pomona(*command)
    assert outputs.check_accounts(tmp_path / "out")["images_ok"] == 216


def test_files_that_change_after_the_listing(pomona, photos, tmp_path):
    """Killed after the listing, then files are replaced, cut, lengthened and removed; the resumed run says which."""
    folder = tmp_path / "photos" / "Kiwi"
    shutil.copytree(photos / "Kiwi", folder)
    command = ["run", folder.parent, "--output", tmp_path / "out", "--extractor", "mobilenetv2-0.35", "--threads", "1"]
    command += ["--image-size", "1024", "--components", "5", "--max-failures", "10"]
    process = pomona.start_at_work(*command)
    process.kill()
    process.communicate()
    assert not list((tmp_path / "out").glob("_pomona/shards/*.json"))
    replaced, cut, removed, longer = sorted(folder.iterdir())[:4]
    replaced.write_bytes(replaced.read_bytes()[:-1] + b"!")  # as long as it was
    cut.write_bytes(cut.read_bytes()[:1000])
    removed.unlink()
    longer.write_bytes(longer.read_bytes() + b"more")
    pomona(*command)
    codes = {row["path"]: row["code"] for row in outputs.quarantine(tmp_path / "out")}
    expected = {replaced: "changed", cut: "changed", removed: "missing", longer: "changed"}
    assert codes == {f"{file}": code for file, code in expected.items()}
    assert outputs.check_accounts(tmp_path / "out")["images_ok"] == 23


def test_shards_that_are_done_are_not_extracted_again(pomona, many_photos, undisturbed, tmp_path):
    output = tmp_path / "out"
    command = ["run", many_photos, "--output", output, *PIXELS, "--threads", "1"]
    process = pomona.start(*command, "--progress", "none")
    while not list(output.glob("_pomona/shards/*.json")) and process.poll() is None:
        time.sleep(0.005)
    process.kill()
    process.communicate()
    done = pomona(*command)
    assert "done by an earlier run" in done.stderr
    outputs.same_content(output, undisturbed)


def test_a_second_run_says_so_and_does_nothing(pomona, many_photos, undisturbed):
    before = outputs.snapshot(undisturbed)
    done = pomona("run", many_photos, "--output", undisturbed, *PIXELS, "--threads", "1", "--memory", "2GB")
    assert "already" in done.stdout
    assert outputs.snapshot(undisturbed) == before


def test_other_result_options_are_refused_with_the_difference(pomona, many_photos, undisturbed):
    before = outputs.snapshot(undisturbed)
    for option, value in (("--image-size", "9"), ("--components", "4"), ("--limit", "7"), ("--resample", "nearest")):
        options = dict(zip(PIXELS[::2], PIXELS[1::2], strict=True)) | {option: value}
        arguments = [word for pair in options.items() for word in pair]
        done = pomona("run", many_photos, "--output", undisturbed, *arguments, code=2)
        assert option in done.stderr and value in done.stderr
    assert outputs.snapshot(undisturbed) == before


def test_overwrite_starts_anew(pomona, photos, tmp_path):
    shutil.copytree(photos, tmp_path / "in")
    command = ["run", tmp_path / "in", "--output", tmp_path / "out", *PIXELS]
    pomona(*command)
    shutil.copy(next((photos / "Kiwi").iterdir()), tmp_path / "in" / "Kiwi" / "new.jpg")
    pomona(*command, "--overwrite")
    assert outputs.check_accounts(tmp_path / "out")["images_ok"] == 217
