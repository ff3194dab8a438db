"""Outputs, models and files of strangers: what they say is never obeyed as if the user had said it."""

import json
import os
import shutil
import signal
import subprocess
import time

import pytest

PIXELS = ["--extractor", "pixels", "--image-size", "8"]


@pytest.fixture
def photos_of(photos, tmp_path):
    folder = tmp_path / "in" / "A"
    folder.mkdir(parents=True)
    for file in sorted((photos / "Kiwi").glob("*.jpg"))[:3]:
        shutil.copy(file, folder)
    return folder.parent


@pytest.fixture
def output(pomona, photos_of, tmp_path):
    def make(name):
        pomona("run", photos_of, "--output", tmp_path / name, *PIXELS)
        return tmp_path / name

    return make


def edit(file, change):
    value = json.loads(file.read_text(encoding="utf-8"))
    change(value)
    file.write_text(json.dumps(value), encoding="utf-8")


def tree(folder):
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("name", ["../outside.txt", "/ABSOLUTE/outside.txt", "features/../../outside.txt", "..", ""])
def test_overwrite_deletes_nothing_outside(pomona, photos_of, output, tmp_path, name):
    made = output("out")
    outside = tmp_path / "outside.txt"
    outside.write_text("precious", encoding="utf-8")
    edit(made / "_pomona" / "files.json", lambda j: j["files"].append(name.replace("/ABSOLUTE", str(tmp_path))))
    before = tree(tmp_path)
    for command in (["run", photos_of, "--output", made, *PIXELS, "--overwrite"], ["retry-failed", made]):
        done = pomona(*command, code=1)
        assert "not a file inside the folder" in done.stderr
        assert "_pomona/files.json" in done.stderr
    assert tree(tmp_path) == before


def test_a_crafted_generation_writes_and_deletes_nothing_outside(pomona, output, tmp_path):
    (tmp_path / "a").mkdir()
    made = output("a/write")
    (tmp_path / "written.txt").write_text("good", encoding="utf-8")
    (tmp_path / "gone.txt").write_text("precious", encoding="utf-8")
    staged = made / "_pomona" / "generation-2"
    staged.mkdir()
    record = json.loads((made / "run.json").read_text(encoding="utf-8"))
    record |= {"generation": 2, "files": ["../../written.txt", *record["files"]]}
    (staged / "run.json").write_text(json.dumps(record), encoding="utf-8")
    (made / "written.txt").write_text("of a stranger", encoding="utf-8")
    current = {"format_version": 1, "generation": 2, "files": record["files"], "obsolete": ["../../gone.txt"]}
    (made / "_pomona" / "current.json").write_text(json.dumps(current), encoding="utf-8")
    change = {"format_version": 1, "generation": 2, "command": "update", "details": None}
    (made / "_pomona" / "change.json").write_text(json.dumps(change), encoding="utf-8")
    assert "not a file inside the folder" in pomona("retry-failed", made, code=1).stderr
    assert (tmp_path / "written.txt").read_text(encoding="utf-8") == "good"
    assert (tmp_path / "gone.txt").read_text(encoding="utf-8") == "precious"


@pytest.mark.parametrize("linked", ["features", "projection", "model", "_pomona/shards", "_pomona"])
def test_no_link_in_an_output_is_followed_out_of_it(pomona, photos_of, output, tmp_path, linked):
    made = output("out")
    other = output("other")
    shutil.rmtree(made / linked)
    (made / linked).symlink_to(other / linked)
    before = tree(other)
    command = ["run", photos_of, "--output", made, *PIXELS]
    refused = pomona(*command, "--overwrite", code=1).stderr
    assert "a link leads out of" in refused
    assert tree(other) == before, "nothing is deleted or written there"


def test_a_link_in_place_of_a_file_is_replaced_not_followed(pomona, photos_of, output, tmp_path):
    made = output("out")
    outside = tmp_path / "outside.csv"
    outside.write_text("precious", encoding="utf-8")
    (made / "projection.csv").unlink()
    (made / "projection.csv").symlink_to(outside)
    pomona("run", photos_of, "--output", made, *PIXELS, "--overwrite")
    assert outside.read_text(encoding="utf-8") == "precious"
    assert not (made / "projection.csv").is_symlink()


def test_an_output_named_through_a_link_works(pomona, photos_of, tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "disk")
    pomona("run", photos_of, "--output", tmp_path / "link" / "out", *PIXELS)
    (tmp_path / "empty").mkdir()
    (tmp_path / "named").symlink_to(tmp_path / "empty")
    pomona("run", photos_of, "--output", tmp_path / "named", *PIXELS)
    assert (tmp_path / "empty" / "_SUCCESS").exists()


def foreign_options(output):
    mine = output("mine")
    return [("output", str(mine)), ("overwrite", True), ("input", "/etc"), ("memory", 1), ("weights", "x.h5"),
            ("limit", 1), ("threads", 64), ("include", ["*"]), ("components", 1), ("allow-hosts", "127.0.0.1"),
            ("no-such-option", 1)]  # fmt: skip


def test_a_model_sets_no_option_but_those_that_make_features(pomona, photos_of, output, tmp_path):
    import pomona as package

    made, mine = output("made"), output("mine")
    before = tree(mine)
    for name, value in foreign_options(output):
        model = tmp_path / f"model-{name}"
        shutil.copytree(made / "model", model)
        edit(model / "pipeline.json", lambda j, name=name, value=value: j["options"].update({name: value}))
        done = pomona("apply", model, photos_of, "--output", tmp_path / "x", code=1)
        assert f'"options" sets "{name}"' in done.stderr
        with pytest.raises(ValueError, match=f'"options" sets "{name}"'):
            package.load(str(model))
    assert tree(mine) == before
    assert not (tmp_path / "x").exists()
    pomona("apply", made / "model", photos_of, "--output", tmp_path / "x")


def test_an_output_says_nothing_but_how_its_rows_were_made(pomona, output, tmp_path):
    made, mine = output("made"), output("mine")
    before, options = tree(mine), (made / "_pomona" / "options.json")
    kept = options.read_text(encoding="utf-8")
    for name, value in (("output", str(mine)), ("overwrite", True), ("allow-hosts", "127.0.0.1"), ("memory", 1)):
        edit(options, lambda j, name=name, value=value: j["options"].update({name: value}))
        assert f'options.json sets "{name}"' in pomona("retry-failed", made, code=1).stderr
        options.write_text(kept, encoding="utf-8")
    assert tree(mine) == before


def test_folders_nested_without_end(pomona, photos_of, tmp_path):
    deep = photos_of / "deep"
    deep.mkdir()
    folder = os.open(deep, os.O_RDONLY)
    for _ in range(12000):
        os.mkdir("d", dir_fd=folder)
        below = os.open("d", os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = below
    os.close(folder)
    try:
        done = pomona("run", photos_of, "--output", tmp_path / "out", *PIXELS, code=1)
        assert "nested more than 500 deep" in done.stderr
    finally:
        subprocess.run(["rm", "-rf", deep], check=True)


@pytest.fixture
def pipe(tmp_path):
    def make(name):
        os.mkfifo(tmp_path / name)
        return tmp_path / name

    return make


def test_a_pipe_is_refused_and_never_waited_for(pomona, photos_of, pipe, tmp_path):
    out = ["--output", "OUT"]
    commands = {
        "list.csv": lambda file: ["run", file, *out, *PIXELS],
        "list.parquet": lambda file: ["run", file, *out, *PIXELS],
        "images.tar": lambda file: ["run", file, *out, *PIXELS],
        "run.toml": lambda file: ["run", photos_of, *out, *PIXELS, "--config", file],
        "net.onnx": lambda file: ["run", photos_of, *out, "--extractor", file],
        "weights.h5": lambda file: ["run", photos_of, *out, "--extractor", "vgg16", "--weights", file],
        "weights.safetensors": lambda file: ["run", photos_of, *out, "--extractor", "vgg16", "--weights", file],
    }
    for name, command in commands.items():
        words = [tmp_path / f"out-{name}" if word == "OUT" else word for word in command(pipe(name))]
        done = subprocess.run(pomona.command(*words), capture_output=True, text=True, timeout=60)
        assert done.returncode in (1, 2), f"{name}: {done.stderr}"
        assert "not a regular file" in done.stderr, f"{name}: {done.stderr}"


def test_two_runs_at_once_in_an_output_whose_folders_are_swapped(pomona, photos_of, tmp_path):
    """Somebody swaps a folder of the output for a link while runs come and go: nothing outside changes."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "part-00000.parquet").write_text("precious", encoding="utf-8")
    before = tree(outside)
    out = tmp_path / "out"
    pomona("run", photos_of, "--output", out, *PIXELS)
    command = ["run", photos_of, "--output", out, *PIXELS, "--overwrite", "--progress", "none"]
    runs = []
    for _ in range(6):
        runs += [pomona.start(*command), pomona.start(*command)]
        end = time.monotonic() + 1
        while time.monotonic() < end and any(run.poll() is None for run in runs):
            for folder in ("features", "projection", "_pomona/shards"):
                place = out / folder
                try:
                    place.rename(tmp_path / "aside")
                    place.symlink_to(outside)
                    place.unlink()
                    (tmp_path / "aside").rename(place)
                except OSError:
                    continue
        shutil.rmtree(tmp_path / "aside", ignore_errors=True)
    for run in runs:
        try:
            run.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            run.send_signal(signal.SIGKILL)
            raise
    assert tree(outside) == before
