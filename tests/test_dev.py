"""./dev: what is there is not made again, and a step that fails says which and why."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def dev(*arguments, path=None):
    environment = os.environ | ({"PATH": f"{path}:{os.environ['PATH']}"} if path else {})
    command = [ROOT / "dev", *arguments]
    return subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, env=environment)


def script(folder, name, body):
    file = folder / name
    file.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    file.chmod(0o755)


def test_second_build_does_nothing():
    assert dev("build").returncode == 0  # a source may have changed since the tests were built
    done = dev("build")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "build/release/pomona\n", "a step that had something to do says so"


def test_missing_system_packages_are_named(tmp_path):
    script(tmp_path, "dpkg-query", "exit 1")  # as if nothing were installed
    script(tmp_path, "apt-get", "echo no network here; exit 100")
    script(tmp_path, "sudo", "exit 1")
    done = dev("build", path=tmp_path)
    assert done.returncode == 1
    if os.geteuid() == 0:
        assert "no network here" in done.stderr
        assert "List of system packages: failed with status 100; all of its output is in build/logs" in done.stderr
    else:
        assert done.stderr.count("\n") == 1
        assert "apt-get install" in done.stderr
        assert "libspng-dev" in done.stderr


def test_unknown_command_shows_the_commands():
    done = dev("dmeo")
    assert done.returncode == 2
    assert "demo " in done.stderr
    assert dev("help").returncode == 0


def test_torture_without_a_known_group_shows_the_groups():
    for arguments in ([], ["kill"]):
        done = dev("torture", *arguments)
        assert done.returncode == 2
        listed = re.findall(r"^  (\w+)  ", done.stderr, re.MULTILINE)
        assert listed == ["kills", "stores", "inputs", "all"]
        files = (ROOT / "tests").glob("test_*.py")
        named = {group for file in files for group in re.findall(r'torture\.\w+\("(\w+)"', file.read_text())}
        assert named <= set(listed), "a test is in a group that ./dev torture does not know"


def test_what_lives_in_torture_alone_is_no_skip(tmp_path):
    """Both sizes of a test file, as pytest counts them."""
    (tmp_path / "conftest.py").write_text("from tests.conftest import pytest_collection_modifyitems, pytest_configure")
    (tmp_path / "test_some.py").write_text(
        "import torture\n"
        'KILLS = torture.count("kills", 1, 100)\n'
        "def test_kills(): print(KILLS, 'kills')\n"
        '@torture.only("kills")\n'
        "def test_long(): pass\n"
    )
    said = {}
    for group in (None, "kills", "stores"):
        environment = {name: value for name, value in os.environ.items() if name != "POMONA_TORTURE"}
        environment |= {"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"} | ({"POMONA_TORTURE": group} if group else {})
        command = [sys.executable, "-m", "pytest", "-s", "-p", "no:cacheprovider", tmp_path]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
        said[group] = re.findall(r"\d+ kills", done.stdout) + re.findall(r"\d+ [a-z]+(?=.* in )", done.stdout)
    assert said == {
        None: ["1 kills", "1 passed", "1 deselected"],
        "kills": ["100 kills", "2 passed"],
        "stores": ["1 kills", "1 passed", "1 deselected"],
    }
