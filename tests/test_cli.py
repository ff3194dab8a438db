"""The command line itself: help, nearest words, configuration files, progress, exit codes."""

import json
import os
import pty
import re
import subprocess

import outputs
import pytest


@pytest.mark.parametrize("command", ["run", "features", "fit", "apply", "pack", "models", "doctor"])
def test_every_command_has_help(pomona, command):
    done = pomona(command, "--help")
    assert f"usage: pomona {command}" in done.stdout
    assert done.stderr == ""
    assert f"\n  {command} " in pomona("--help").stdout


def test_help_is_grouped_and_has_examples(pomona):
    text = pomona("run", "--help").stdout
    for group in ("Input", "Features", "Reduction", "Output", "Machine", "Options", "Examples"):
        assert f"\n{group}:\n" in text
    documented = (
        "extractor weights image-size resample no-exif-orientation max-image-pixels image-timeout pooling precision "
        "engine components variance label-from include exclude include-skipped sample limit shard-size threads memory "
        "max-failures overwrite config progress output output-node input-scale input-mean channel-order min-similarity"
    )
    for option in documented.split():
        assert re.search(rf"^  --{option}\b", text, re.MULTILINE), option
    assert "\n  pomona run " in text.split("Examples:")[1]
    assert max(map(len, text.splitlines())) <= 110


def test_version(pomona):
    assert re.fullmatch(r"pomona \d+\.\d+\.\d+\n", pomona("--version").stdout)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "usage: pomona"),
        (["rnu", "x"], "unknown command 'rnu'; did you mean 'run'?"),
        (["run", "x", "--thread", "2"], "unknown option --thread; did you mean --threads?"),
        (["run", "x", "--image_size", "2"], "unknown option --image_size; did you mean --image-size?"),
        (["run", "x", "--output=", "--no-thumbnails"], "--output: a value is wanted"),
        (["run", "x", "--output", "y", "--config=", "--overwrite"], "--config: a value is wanted"),
        (["run", "x", "--output"], "--output has no value; wanted --output URI"),
        (["run", "x", "--output", "y", "--output", "z"], "--output is given 2 times; wanted once"),
        (["run", "--output", "y"], "INPUT is missing"),
        (["run", "x"], "--output is missing"),
        (["run", "x", "--output", "y", "--threads", "many"], '--threads: "many" is no whole number'),
        (["run", "x", "--output", "y", "--pooling", "mean"], "--pooling"),
        (["run", "x", "--output", "y", "--label-from", "regex:a(b)(c)"], "--label-from"),
        (["run", "x", "--output", "y", "--label-from", "regex:("], "--label-from"),
        (["run", "x", "--output", "y", "--components", "0"], "--components"),
        (["run", "x", "--output", "y", "--components", "3", "--variance", "0.9"], "--variance"),
        (["run", "x", "--output", "y", "--variance", "1.5"], "--variance"),
        (["run", "x", "--output", "y", "--shard-size", "1000"], "1,024"),
        (["run", "x", "--output", "y", "--memory", "lots"], "--memory"),
        (["run", "x", "--output", "y", "--max-failures", "2%%"], "--max-failures"),
        (["run", "x", "--output", "y", "--image-size", "0"], "--image-size"),
        (["run", "x", "--output", "y", "--progress", "loud"], "--progress"),
        (["run", "x", "--output", "y", "--config", "missing.toml"], "--config"),
        (["fit"], "FEATURES is missing"),
        (["pack", "--output", "y"], "INPUT is missing"),
        (["pack", "x"], "--output is missing"),
        (["pack", "x", "--output", "y", "--shard-bytes", "0"], "--shard-bytes: 0 is no size"),
        (["pack", "x", "--output", "y", "--format", "zip"], "--format"),
        (["pack", "x", "--output", "y", "--update"], "unknown option --update"),
        (["apply"], "MODEL is missing"),
    ],
)
def test_wrong_usage_is_exit_code_2_and_names_the_option(pomona, arguments, said, tmp_path):
    done = pomona(*arguments, code=2, cwd=tmp_path)
    assert said in done.stderr
    assert done.stdout == ""
    assert not list(tmp_path.iterdir()), "nothing is written before the command line is understood"


def test_an_unknown_extractor_brings_the_nearest_name(pomona, photos, tmp_path):
    done = pomona("run", photos, "--output", tmp_path / "out", "--extractor", "vgg61", code=2)
    assert "vgg16" in done.stderr
    done = pomona("run", photos, "--output", tmp_path / "out", "--extractor", "pixel", code=2)
    assert "pixels" in done.stderr


def test_a_missing_input_is_named(pomona, tmp_path):
    done = pomona("run", tmp_path / "no", "--output", tmp_path / "out", "--extractor", "pixels", code=2)
    assert str(tmp_path / "no") in done.stderr
    assert not (tmp_path / "out").exists()


def test_config_file_gives_what_the_command_line_leaves_out(pomona, photos, tmp_path):
    config = tmp_path / "job.toml"
    config.write_text(
        f"""
        input = "{photos}"
        output = "{tmp_path / "out"}"
        extractor = "pixels"
        image-size = "12x8"
        components = 7
        limit = 20
        [fit]
        components = 2
        """
    )
    pomona("run", "--config", config, "--components", "3", "--progress", "none")
    assert outputs.features(tmp_path / "out").shape == (20, 12 * 8 * 3)
    assert outputs.components(tmp_path / "out").shape == (20, 3)
    done = pomona("fit", tmp_path / "out", "--output", tmp_path / "fit", "--config", config)
    assert outputs.components(tmp_path / "fit").shape == (20, 2), done.stderr


def test_config_file_with_an_unknown_key(pomona, tmp_path):
    (tmp_path / "job.toml").write_text("imagesize = 100\n")
    done = pomona("run", "x", "--output", "y", "--config", tmp_path / "job.toml", code=2)
    assert "job.toml: unknown key imagesize (line 1); did you mean image-size?" in done.stderr


def test_progress_as_json(pomona, photos, tmp_path):
    done = pomona("run", photos, "--output", tmp_path / "out", "--extractor", "pixels", "--progress", "json")
    events = [json.loads(line) for line in done.stderr.splitlines()]
    finished = {event["stage"]: event for event in events if event["event"] == "stage_finished"}
    assert {"list", "extract", "fit", "project", "report"} <= set(finished)
    assert finished["extract"]["done"] == finished["extract"]["total"] == 216
    assert finished["extract"]["failed"] == 0


def test_progress_modes_write_to_stderr_and_the_summary_to_stdout(pomona, photos, tmp_path):
    common = ["run", photos, "--extractor", "pixels", "--limit", "40"]
    plain = pomona(*common, "--output", tmp_path / "plain")
    assert re.search(r"^extract: 40/40, .*in ", plain.stderr, re.MULTILINE)
    silent = pomona(*common, "--output", tmp_path / "none", "--progress", "none")
    assert "extract" not in silent.stderr
    for done, name in ((plain, "plain"), (silent, "none")):
        assert "40 listed, 40 ok, 0 quarantined" in done.stdout
        assert str(tmp_path / name / "report.html") in done.stdout
        assert "components" in done.stdout and "images/s" in done.stdout


def on_terminal(command, env):
    """Runs a command on a pseudo-terminal of 80 columns and returns what it wrote there."""
    leader, follower = pty.openpty()
    subprocess.run(["stty", "cols", "80"], stdin=follower, check=True)
    with subprocess.Popen(command, stdin=follower, stdout=follower, stderr=follower, env=os.environ | env) as process:
        os.close(follower)
        written = b""
        while True:
            try:
                written += os.read(leader, 65536)
            except OSError:  # Linux ends a pseudo-terminal with EIO
                break
        assert process.wait() == 0
    os.close(leader)
    return written.decode()


def test_the_bar_is_drawn_on_a_terminal_and_erased(pomona, photos, tmp_path):
    common = ["run", photos, "--extractor", "pixels", "--output"]
    env = {"TERM": "xterm", "NO_COLOR": ""}
    coloured = on_terminal(pomona.command(*common, tmp_path / "a"), env)
    assert "\x1b[1mextract" in coloured and "/216" in coloured
    shown = re.split(r"\r\x1b\[K|\r\n", coloured)
    assert not [line for line in shown if "/216" in line and "\r" not in line], "the bar stays on the screen"

    plain = on_terminal(pomona.command(*common, tmp_path / "b"), env | {"NO_COLOR": "1"})
    assert "\x1b" not in plain and "/216" in plain
    assert "216 listed, 216 ok" in plain
    for drawn in re.split(r"[\r\n]", re.sub(r"\x1b\[\d*[mK]", "", coloured + plain)):
        if "/216" in drawn:
            assert len(drawn) < 80


def test_a_closed_pipe_does_not_end_a_run(pomona, photos, tmp_path):
    process = pomona.start("run", photos, "--output", tmp_path / "out", "--extractor", "pixels")
    process.stdout.close()
    process.stderr.close()
    assert process.wait() == 0
    assert (tmp_path / "out" / "_SUCCESS").exists()


def test_an_input_may_be_named_like_a_command(pomona, photos, tmp_path):
    (tmp_path / "fit").symlink_to(photos)
    pomona("run", "fit", "--output", "apply", "--extractor", "pixels", "--limit", "4", cwd=tmp_path)
    assert outputs.paths(tmp_path / "apply")[0].startswith("fit/Apple Braeburn/")
