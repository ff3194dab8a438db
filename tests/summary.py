"""Prints the totals of JUnit files and every skipped test with its reason, as the last words of a test run.

Exit status 1 when a test failed, when no test ran, or, on a build server (CI set), when a test was skipped for anything
but an instruction set that the processor lacks: there everything else is installed, so a skip hides a broken set-up.
"""

import os
import re
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

PROCESSOR_LACKS = re.compile("needs a processor with|the processor lacks")  # the one excuse that always counts


def read_cases(folder):
    """Yields (name, outcome, reason) of every test in the JUnit files of a folder."""
    for file in sorted(Path(folder).rglob("*.xml")):
        for case in ElementTree.parse(file).iter("testcase"):
            name = f"{case.get('classname')}.{case.get('name')}"
            skipped = case.find("skipped")
            if case.find("failure") is not None or case.find("error") is not None:
                yield name, "failed", ""
            elif skipped is not None:
                reason = skipped.get("message") or skipped.text or "no reason given"
                yield name, "skipped", " ".join(reason.split())
            elif case.get("status") != "notrun":
                yield name, "passed", ""


def main(folder):
    cases = list(read_cases(folder))
    failed = [name for name, outcome, _ in cases if outcome == "failed"]
    skipped = [(name, reason) for name, outcome, reason in cases if outcome == "skipped"]
    refused = [name for name, reason in skipped if not PROCESSOR_LACKS.search(reason)] if os.environ.get("CI") else []

    if skipped:
        print("\nSkipped:")
        for name, reason in skipped:
            print(f"  {name}: {reason}")
    for name in failed:
        print(f"Failed: {name}")
    if refused:
        print(f"{len(refused)} of the skipped tests must run on a build server.")
    passed = len(cases) - len(failed) - len(skipped)
    print(f"{passed} passed, {len(failed)} failed, {len(skipped)} skipped")
    return 1 if failed or refused or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
