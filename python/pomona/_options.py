"""Keywords of Python as options of the engine: the same names, with ``_`` for ``-``."""

from __future__ import annotations

import json
import os
from typing import Any


def to_json(keywords: dict[str, Any]) -> str:
    """Return the options as the JSON object that the engine reads; None leaves an option out."""
    options = {name.replace("_", "-"): _plain(value) for name, value in keywords.items() if value is not None}
    return json.dumps(options)


def _plain(value: Any) -> Any:
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if hasattr(value, "item") and not isinstance(value, str | bytes):  # a NumPy number
        return value.item()
    return value


def image_size(size: int | tuple[int, int] | str | None) -> int | str | None:
    """Return N, or "WxH" for a pair (width, height)."""
    if isinstance(size, tuple | list):
        width, height = size
        return f"{width}x{height}"
    return size


def three(value: float | tuple[float, float, float] | str | None) -> str | None:
    """Return one number or three as the engine reads them."""
    if value is None or isinstance(value, str):
        return value
    numbers = value if isinstance(value, tuple | list) else (value,)
    return ",".join(repr(float(number)) for number in numbers)
