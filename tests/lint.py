"""The checks of form: clang-format, clang-tidy, ruff, structure. Called by ./dev lint.

clang-tidy takes ten seconds a file, so it reads the sources that changed since the branch left origin/main (on main
itself: in the last commit), or every one with --all.
"""

import argparse
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# A test that sets the environment has one thread, one that throws before main() is seen to, speed is not its aim, and
# the random numbers of a test must be the same every day.
NOT_IN_TESTS = (
    "concurrency-mt-unsafe",
    "bugprone-throwing-static-initialization",
    "bugprone-random-generator-seed",
    "bugprone-command-processor",
    "performance-inefficient-vector-operation",
    "performance-unnecessary-value-param",
    "misc-const-correctness",
)

ROOT = Path(__file__).resolve().parent.parent
TOOLS = Path(sys.executable).parent


def output(*command):
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout.strip()


def tracked(*patterns):
    listed = output("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *patterns)
    return [name for name in listed.split("\0") if name and (ROOT / name).exists()]


def base_commit():
    """Returns the commit that the changes are counted from; empty where everything is new."""
    head = output("git", "rev-parse", "HEAD")
    base = output("git", "merge-base", "HEAD", "origin/main")
    if base and base != head:
        return base
    return output("git", "rev-parse", "--verify", "--quiet", "HEAD~1")


def sources_to_tidy(everything):
    sources = tracked("pomona/*.cc", "cli/*.cc")
    if everything:
        commands = json.loads((ROOT / "build/release/compile_commands.json").read_text())
        compiled = {Path(command["file"]) for command in commands}
        return [source for source in sources if ROOT / source in compiled]
    sources = [source for source in sources if not re.search(r"_(test|benchmark|fuzz)\.cc$", source)]
    base = base_commit()
    if not base:
        return sources
    changed = {*output("git", "diff", "--name-only", base).splitlines()}
    changed.update(output("git", "ls-files", "--others", "--exclude-standard").splitlines())
    if ".clang-tidy" in changed:
        return sources
    return [source for source in sources if changed & {source, source.removesuffix(".cc") + ".h"}]


def tidy(sources):
    """Runs clang-tidy over sources, one a core, printing what it finds; returns whether it found nothing."""

    def one(source):
        command = [TOOLS / "clang-tidy", "-p", "build/release", "--quiet", "--extra-arg=-Wno-unknown-warning-option"]
        if source.endswith("_test.cc"):
            command.append(f"--checks={','.join('-' + name for name in NOT_IN_TESTS)}")
        return subprocess.run([*command, source], cwd=ROOT, capture_output=True, text=True)

    ok = True
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as threads:
        for done in threads.map(one, sources):
            if done.returncode:
                ok = False
                print(done.stdout or done.stderr, flush=True)
    print(f"clang-tidy, {len(sources)} files: {'ok' if ok else 'failed'}")
    return ok


def check(title, findings):
    print(f"{title}: {'failed' if findings else 'ok'}", flush=True)
    if findings:
        print(findings.rstrip(), flush=True)
    return not findings


def run(*command):
    """Returns what a command printed if it failed, else nothing."""
    done = subprocess.run([str(part) for part in command], cwd=ROOT, capture_output=True, text=True)
    return (done.stdout + done.stderr or f"{command[0]} failed") if done.returncode else ""


def main():
    parser = argparse.ArgumentParser(prog="./dev lint")
    parser.add_argument("--all", action="store_true", help="clang-tidy over every compiled source, tests too")
    parser.add_argument("--fix", action="store_true", help="format every source and check nothing (./dev format)")
    arguments = parser.parse_args()

    cpp, python = tracked("*.h", "*.cc"), tracked("*.py")
    if arguments.fix:
        failed = [
            run(TOOLS / "clang-format", "-i", *cpp),
            run(TOOLS / "ruff", "check", "--fix-only", "--quiet", *python),
            run(TOOLS / "ruff", "format", "--quiet", *python),
        ]
        print("\n".join(filter(None, failed)), end="")
        return 1 if any(failed) else 0
    ok = check(f"clang-format, {len(cpp)} files", run(TOOLS / "clang-format", "--dry-run", "-Werror", *cpp))
    ok &= check(f"ruff check, {len(python)} files", run(TOOLS / "ruff", "check", *python))
    ok &= check("ruff format", run(TOOLS / "ruff", "format", "--check", *python))
    ok &= check("structure", run(sys.executable, "-m", "pytest", "-q", "tests/test_structure.py"))
    ok &= tidy(sources_to_tidy(arguments.all))
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
