"""Writes locks/GROUP.txt: every package of a group of ./dev, at the version of pins.txt, with the hashes of its files.

    .venv/bin/python locks/make.py GROUP PACKAGE...     (./dev locks does it for every group)

pip then installs nothing whose hash is not in it (--require-hashes). The hashes are those of the files for Linux on
x86-64 and CPython 3.11 to 3.13, and of the source archive where there is no such file.
"""

import json
import os
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FITTING = re.compile(r"-(py3|py2\.py3|cp31[123]|cp3\d+-abi3)-?\w*-(any|.*manylinux.*x86_64.*|linux_x86_64)\.whl$")


def resolve(packages):
    """Returns {name: version} of packages and of all that they need."""
    environment = {key: value for key, value in os.environ.items() if key != "PIP_FIND_LINKS"}
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet", "--report", "-"]
    done = subprocess.run(
        [*command, "--constraint", ROOT / "pins.txt", *packages], check=True, stdout=subprocess.PIPE, env=environment
    )
    found = [one["metadata"] for one in json.loads(done.stdout)["install"]]
    return {re.sub(r"[-_.]+", "-", one["name"]).lower(): one["version"] for one in found}


def index():
    command = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    asked = os.environ.get("PIP_INDEX_URL") or subprocess.run(command, capture_output=True, text=True).stdout.strip()
    from pip._internal.models.index import PyPI  # pip's own default

    return (asked or PyPI.simple_url).rstrip("/")


def hashes(name, version):
    kind = {"Accept": "application/vnd.pypi.simple.v1+json"}
    with urllib.request.urlopen(urllib.request.Request(f"{index()}/{name}/", headers=kind), timeout=60) as answer:
        files = {one["filename"]: one["hashes"]["sha256"] for one in json.load(answer)["files"]}
    mark = f"-{version}"
    of_version = {
        file: sha for file, sha in files.items() if re.search(re.escape(mark) + r"(-|\.tar\.gz$|\.zip$)", file)
    }
    wheels = [sha for file, sha in of_version.items() if FITTING.search(file)]
    return sorted(wheels or [sha for file, sha in of_version.items() if file.endswith((".tar.gz", ".zip"))])


def main():
    group, *packages = sys.argv[1:]
    lines = [f"# {' '.join(packages)}", "# Written by ./dev locks out of pins.txt."]
    for name, version in sorted(resolve(packages).items()):
        found = hashes(name, version)
        if not found:
            raise SystemExit(f"{name} {version}: no file fits")
        lines.append(f"{name}=={version}" + "".join(f" \\\n    --hash=sha256:{sha}" for sha in found))
    (ROOT / "locks" / f"{group}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
