"""Arrays of a fitted model as a small Parquet file beside its parameters, through Spark's own file systems."""

from __future__ import annotations

import numpy as np
from pyspark.sql import SparkSession

SCHEMA = "name string, part int, values binary"

# Bytes a row: a matrix of 2,048 x 2,048 is many rows, because messages of Spark Connect have a limit.
BYTES_A_ROW = 1 << 22


def write_arrays(session: SparkSession, path: str, arrays: dict[str, np.ndarray]) -> None:
    """Write one-dimensional or row-major arrays of float64 below path/data."""
    rows = []
    for name, array in arrays.items():
        data = np.ascontiguousarray(array, dtype="<f8").tobytes()
        for part, first in enumerate(range(0, max(len(data), 1), BYTES_A_ROW)):
            rows.append((name, part, data[first : first + BYTES_A_ROW]))
    session.createDataFrame(rows, SCHEMA).coalesce(1).write.parquet(f"{path}/data")


def read_arrays(session: SparkSession, path: str) -> dict[str, np.ndarray]:
    """Read what ``write_arrays`` wrote, flat."""
    parts: dict[str, list[tuple[int, bytes]]] = {}
    for row in session.read.parquet(f"{path}/data").collect():
        parts.setdefault(row["name"], []).append((row["part"], bytes(row["values"])))
    joined = {name: b"".join(data for _, data in sorted(rows)) for name, rows in parts.items()}
    return {name: np.frombuffer(data, "<f8").copy() for name, data in joined.items()}
