"""./dev: what is there is not made again, and a step that fails says which and why."""

import os
import subprocess
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
