"""What a notebook shows of a finished job: a small table, and a map of the first two components."""

from __future__ import annotations

import csv
from html import escape
from pathlib import Path
from typing import Any

SHOWN = ("images_listed", "images_ok", "images_quarantined", "images_per_second", "peak_rss_bytes")
POINTS = 1000  # at most this many are drawn, evenly over the rows
SIDE = 320  # pixels

# Okabe and Ito's colours, told apart by most people.
COLOURS = ("#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#f0e442", "#000000")


def counts(by_name: dict[str, int]) -> str:
    """Return counts for people: ``1,200 hidden, 6 macos``."""
    return ", ".join(f"{count:,} {name}" for name, count in by_name.items())


def facts(run: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return what is shown of run.json; skipped files only where there are some."""
    rows = [(name, run[name]) for name in SHOWN if name in run]
    skipped = run.get("files_skipped")
    if skipped:
        rows.append(("files_skipped", f"{sum(skipped.values()):,} ({counts(skipped)})"))
    return rows


def table(result: Any) -> str:
    """Return the table of a RunResult as HTML."""
    rows = [("output", result.output), ("outcome", result.outcome)]
    rows += [(name.replace("_", " "), value) for name, value in facts(result.run)]
    rows += [("report", result.report)]
    cells = (f"<tr><th style='text-align:left'>{escape(k)}</th><td>{escape(str(v))}</td></tr>" for k, v in rows)
    return f"<table>{''.join(cells)}</table>"


def plot(output: str) -> str:
    """Return a scatter plot of the projection as SVG; nothing where there is none, or it lies in a store."""
    file = Path(output) / "projection.csv"
    if not file.is_file():
        return ""
    with file.open(encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text))
    if not rows or "pc2" not in rows[0]:
        return ""
    rows = rows[:: -(-len(rows) // POINTS)]
    places = [[float(row["pc1"]) for row in rows], [-float(row["pc2"]) for row in rows]]
    x, y = (_scaled(values) for values in places)
    labels = sorted({row["label"] for row in rows})
    colours = {label: COLOURS[i % len(COLOURS)] for i, label in enumerate(labels)}
    dots = "".join(
        f"<circle cx='{px:.1f}' cy='{py:.1f}' r='3' fill='{colours[row['label']]}' fill-opacity='0.7'>"
        f"<title>{escape(row['label'])}: {escape(row['path'])}</title></circle>"
        for px, py, row in zip(x, y, rows, strict=True)
    )
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{SIDE}' height='{SIDE}' role='img' "
        f"aria-label='The first two principal components of {len(rows)} images'>"
        f"<rect width='100%' height='100%' fill='white' stroke='#ccc'/>{dots}</svg>"
    )


def _scaled(values: list[float]) -> list[float]:
    least, span = min(values), (max(values) - min(values)) or 1.0
    return [8 + (value - least) / span * (SIDE - 16) for value in values]
