"""What a job shows of itself while it runs."""

from __future__ import annotations

import sys
import time
from typing import Protocol, TextIO


class Listener(Protocol):
    """What a job tells; calls come from the engine's threads, one at a time. An exception ends the job."""

    def stage_started(self, stage: str, total: int, done: int) -> None: ...
    def stage_advanced(self, done: int, failed: int) -> None: ...
    def stage_finished(self, seconds: float) -> None: ...
    def message(self, text: str) -> None: ...


class Line:
    """One line on a terminal, or under a notebook's cell, that is written anew, at most ten times a second."""

    def __init__(self, stream: TextIO, bar: bool = False) -> None:
        self.stream, self.bar = stream, bar
        self.stage, self.total, self.shown, self.width = "", 0, 0.0, 0

    def stage_started(self, stage: str, total: int, done: int) -> None:
        self.stage, self.total = stage, total
        self.stage_advanced(done, 0)

    def stage_advanced(self, done: int, failed: int) -> None:
        now = time.monotonic()
        if now - self.shown < 0.1:
            return
        self.shown = now
        share = f" of {self.total:,} ({done / self.total:.0%})" if self.total else ""
        bar = ""
        if self.bar and self.total:
            filled = 30 * done // self.total
            bar = f" {'█' * filled}{'░' * (30 - filled)}"
        self._write(f"{self.stage}{bar}: {done:,}{share}{f', {failed:,} failed' if failed else ''}")

    def stage_finished(self, seconds: float) -> None:
        self._write("")

    def message(self, text: str) -> None:
        self._write("")
        print(text, file=self.stream, flush=True)

    def _write(self, text: str) -> None:
        self.stream.write(f"\r{text:<{self.width}}\r{text}")
        self.stream.flush()
        self.width = len(text)


def listener(progress: str | Listener | None) -> Listener | None:
    """Return what hears a job: "auto" is a line on a terminal and a bar in Jupyter, "none" and None are silence.

    Raises
    ------
    ValueError
        For another word.
    """
    if progress is None or progress == "none":
        return None
    if progress == "auto" and "ipykernel" in sys.modules:
        return Line(sys.stdout, bar=True)
    if progress == "auto":
        return Line(sys.stderr) if sys.stderr is not None and sys.stderr.isatty() else None
    if isinstance(progress, str):
        raise ValueError(f'progress: "{progress}" is none of auto, none; an object with the methods of a listener is')
    return progress
