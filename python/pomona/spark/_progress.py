"""What a job on a cluster shows of itself in the driver's terminal."""

from __future__ import annotations

import json
import sys
import time
from typing import Any, TextIO

from .._progress import Line


class Bar(Line):
    """One line that is written anew, with the shards that are done."""

    def shards(self, done: int, total: int) -> None:
        self.stage = f"extract, {done:,} of {total:,} shards"


class Plain:
    """Lines for a log."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.stage, self.total, self.done, self.failed, self.said = "", 0, 0, 0, 0.0

    def stage_started(self, stage: str, total: int, done: int) -> None:
        self.stage, self.total, self.done, self.failed, self.said = stage, total, done, 0, time.monotonic()

    def stage_advanced(self, done: int, failed: int) -> None:
        self.done, self.failed = done, failed

    def stage_finished(self, seconds: float) -> None:
        self._say(f"{self.stage}:{self._counts()} in {seconds:.1f} s")

    def shards(self, done: int, total: int) -> None:
        if done < total and time.monotonic() - self.said < 5:
            return
        self.said = time.monotonic()
        self._say(f"{self.stage}: {done:,}/{total:,} shards,{self._counts()}")

    def message(self, text: str) -> None:
        self._say(text)

    def _counts(self) -> str:
        if not self.done:
            return ""
        of = f"/{self.total:,}" if self.total else ""
        return f" {self.done:,}{of}" + (f", {self.failed:,} failed" if self.failed else "")

    def _say(self, text: str) -> None:
        print(text, file=self.stream, flush=True)


class JsonLines:
    """One JSON object a line."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.stage = ""

    def stage_started(self, stage: str, total: int, done: int) -> None:
        self.stage = stage
        self._say(event="stage_started", stage=stage, total=total, done=done)

    def stage_advanced(self, done: int, failed: int) -> None:
        self._say(event="stage_advanced", stage=self.stage, done=done, failed=failed)

    def stage_finished(self, seconds: float) -> None:
        self._say(event="stage_finished", stage=self.stage, seconds=seconds)

    def shards(self, done: int, total: int) -> None:
        self._say(event="shards", done=done, total=total)

    def message(self, text: str) -> None:
        self._say(event="message", text=text)

    def _say(self, **values: Any) -> None:
        print(json.dumps(values), file=self.stream, flush=True)


class Silent:
    """Messages and nothing else."""

    def stage_started(self, stage: str, total: int, done: int) -> None: ...
    def stage_advanced(self, done: int, failed: int) -> None: ...
    def stage_finished(self, seconds: float) -> None: ...
    def shards(self, done: int, total: int) -> None: ...

    def message(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)


def listener(mode: str) -> Bar | Plain | JsonLines | Silent:
    """Return what hears a job."""
    stream = sys.stderr
    if mode == "bar" or (mode == "auto" and stream.isatty()):
        return Bar(stream, bar=True)
    if mode == "none":
        return Silent()
    return JsonLines(stream) if mode == "json" else Plain(stream)
