"""Names and headings that a terminal, a log or a reader would obey."""

import json
import os
import shutil
import subprocess
import sys

import outputs
import pytest

PIXELS = ["--extractor", "pixels", "--image-size", "4", "--components", "3"]
HOSTILE = "\033[2J\033]0;title\007x\nerror: not from the program\r\u202e\u2066\u009b2J\u2028"
SHOWN = "␛[2J␛]0;title␇x␊error: not from the program␍[U+202E][U+2066][U+009B]2J[U+2028]"


def is_harmless(text):
    assert not [c for c in text if c != "\n" and (ord(c) < 32 or 127 <= ord(c) < 160)], repr(text)
    assert not set(text) & set("\u202e\u2066\u2028"), repr(text)
    assert not [line for line in text.splitlines() if line.startswith("error: not")], text
    return text


@pytest.fixture
def folder(photos, tmp_path):
    """Photographs below a folder of such a name, one of them a pipe, one broken."""
    shutil.copytree(photos / "Kiwi", tmp_path / "in" / HOSTILE)
    os.mkfifo(tmp_path / "in" / HOSTILE / f"{HOSTILE}.jpg")
    (tmp_path / "in" / HOSTILE / f"broken{HOSTILE}.jpg").write_bytes(b"no image")
    return tmp_path


@pytest.mark.parametrize("progress", ["plain", "json", "none", "bar"])
def test_the_program_shows_names_and_does_not_obey_them(pomona, folder, progress):
    done = pomona("run", f"in/{HOSTILE}", "--output", f"out{HOSTILE}", *PIXELS, "--progress", progress, cwd=folder)
    if progress == "bar":  # that moves the cursor itself
        shown = done.stderr.replace("\r", "").replace("\x1b[K", "").replace("\x1b[2K", "")
        assert "\x1b]0" not in shown and "\x1b[2J" not in shown
    else:
        is_harmless(done.stderr)
    is_harmless(done.stdout)
    assert "it is a pipe" in done.stderr
    assert f"out{SHOWN}" in done.stdout
    if progress in ("plain", "none"):
        assert SHOWN in done.stderr
    (row,) = outputs.quarantine(folder / f"out{HOSTILE}")
    assert row["path"].endswith(f"broken{HOSTILE}.jpg"), "data stay as they are"
    page = (folder / f"out{HOSTILE}" / "report.html").read_text(encoding="utf-8")
    assert "\033" not in page and "\u202e" not in page and "\u2066" not in page


def test_errors_show_names_and_headings(pomona, folder):
    (folder / "list.csv").write_text(f'"a{HOSTILE}",label\nx,y\n', encoding="utf-8")
    (folder / "bad.toml").write_text("a = 1\n")
    shutil.copytree(next((folder / "in").iterdir()), folder / "images", ignore=shutil.ignore_patterns("*[!0-9].jpg"))
    pomona("run", "images", "--output", f"o{HOSTILE}", *PIXELS, cwd=folder)
    for words in (
        ["run", "list.csv", "--output", "out"],
        ["run", f"nowhere{HOSTILE}", "--output", "out"],
        ["run", "images", "--output", "out", "--extractor", f"a{HOSTILE}"],
        ["run", "images", "--output", f"o{HOSTILE}", *PIXELS[:4], "--components", "2", "--sample", "9"],
        ["run", "images", "--output", "out", f"--x{HOSTILE}"],
        ["run", "images", "--output", "out", "--progress", HOSTILE],
        ["run", "images", "--output", "out", "--config", f"c{HOSTILE}"],
        ["run", f"x{HOSTILE}://host/", "--output", "out"],
        ["apply", f"m{HOSTILE}", "images", "--output", "out"],
        ["retry-failed", f"m{HOSTILE}"],
        ["doctor", f"m{HOSTILE}"],
        [f"x{HOSTILE}"],
    ):
        done = pomona(*words, cwd=folder, code=None)
        assert done.returncode in (1, 2), words
        is_harmless(done.stdout)
        assert SHOWN[:12] in is_harmless(done.stderr) + done.stdout, words


def test_python_shows_names_and_does_not_obey_them(folder):
    script = """
import json, sys, pomona
place, missing = json.load(sys.stdin)
heard = []
class Listener:
    def stage_started(self, *_): pass
    def stage_advanced(self, *_): pass
    def stage_finished(self, *_): pass
    def message(self, text): heard.append(text)
result = pomona.run(place, output="out", extractor="pixels", image_size=4, progress=Listener())
raised = []
for call in (lambda: pomona.run(missing, output="x"), lambda: pomona.load(missing),
             lambda: pomona.FeatureExtractor("pixels").transform([missing])):
    try:
        call()
    except Exception as error:
        raised.append(str(error))
json.dump([heard, raised, result.message], sys.stdout)
"""
    done = subprocess.run([sys.executable, "-c", script], input=json.dumps([f"in/{HOSTILE}", f"no{HOSTILE}"]),
                          text=True, capture_output=True, cwd=folder)  # fmt: skip
    assert done.returncode == 0, done.stderr
    heard, raised, message = json.loads(done.stdout)
    assert len(raised) == 3
    assert any(SHOWN in text for text in heard)
    for text in [*heard, *raised, message]:
        assert "\n" not in is_harmless(text)
    for text in raised:
        assert SHOWN in text
