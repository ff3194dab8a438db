"""Fits by DataFrame operations: a state a partition, merged by levels, of which the driver receives one.

Nothing collects rows and nothing uses RDDs, so a fit works in Spark Connect too. States are those of the engine: count,
mean and squares (a scatter matrix for PCA) in float64.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pyspark.sql import Column, DataFrame

from .._native import engine
from .._pca import EXACT_FEATURES
from .._rows import as_rows
from ._tasks import task_threads

SCHEMA = "group bigint, index bigint, state binary"

# States that one task merges hold so many bytes at most, if two do.
BYTES_AT_ONCE = 128 << 20


@dataclass(frozen=True)
class Kind:
    """A state of the engine, and how many levels of merging its size asks for.

    With a fan-in of at least ``fan_in`` every level but the last has groups of one size; the last takes what is left.
    """

    name: str
    most: int
    levels: int
    most_features: int | None = None

    def make(self, dim: int) -> Any:
        if self.most_features is not None and dim > self.most_features:
            raise ValueError(
                f"vectors of {dim} numbers; a matrix that merges is kept for up to {self.most_features}: take "
                "pooling='max' or 'avg', or `pomona-spark run`, which reads its features several times"
            )
        return getattr(engine(), self.name)(dim)

    def read(self, data: bytes) -> Any:
        kind = getattr(engine(), self.name)
        state = kind.__new__(kind)
        state.__setstate__(data)
        return state

    def fan_in(self, size: int) -> int:
        """Return how many states of so many bytes are merged at once."""
        return max(2, min(self.most, BYTES_AT_ONCE // max(size, 1)))

    def group(self, index: int, size: int, level: int) -> int:
        """Return the group in which a state of this index is merged at this level, counted from 1."""
        return 0 if level >= self.levels else index // self.fan_in(size)


# Two numbers a feature: 4,096 partitions in two equal levels. A matrix: 4,096 up to 1,447 features, and 2,401 at 2,048.
MOMENTS = Kind("ColumnMoments", 64, 2)
SCATTER = Kind("ScatterState", 16, 4, EXACT_FEATURES)


def fitted_state(dataset: DataFrame, vectors: Column, kind: Kind) -> Any:
    """Return the state of all vectors of a dataset that are not null.

    Raises
    ------
    ValueError
        When there is none.
    """
    states = dataset.select(vectors.alias("vectors")).mapInArrow(PartialState(kind), SCHEMA)
    for level in range(1, kind.levels + 1):
        states = _merged(states, kind, level)
    rows = states.collect()
    if not rows:
        raise ValueError("there are no vectors to fit to: the dataset is empty, or its vectors are all null")
    return kind.read(bytes(rows[0]["state"]))


@dataclass(frozen=True)
class PartialState:
    """Gives the state of a partition's vectors; nothing where it has none."""

    kind: Kind

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        from pyspark import TaskContext

        state = None
        for batch in batches:
            lists = batch.column(0).drop_null()
            if len(lists) == 0:
                continue
            rows = as_rows(lists)
            if state is None:
                state = self.kind.make(rows.dim)
            state.update(rows.arrays, task_threads())
        if state is not None:
            index = TaskContext.get().partitionId()
            yield pa.RecordBatch.from_pylist([_row(self.kind, index, state.__getstate__(), 1)], ARROW)


ARROW = pa.schema([("group", pa.int64()), ("index", pa.int64()), ("state", pa.binary())])


def _row(kind: Kind, index: int, data: bytes, level: int) -> dict[str, Any]:
    """Return a row that goes into the merging at this level."""
    return {"group": kind.group(index, len(data), level), "index": index, "state": data}


def merge_rows(kind: Kind, level: int, group: int, indices: Sequence[int], states: Sequence[bytes]) -> dict[str, Any]:
    """Return the row of the states merged in the order of their indices."""
    order = sorted(range(len(indices)), key=indices.__getitem__)
    state = kind.read(bytes(states[order[0]]))
    for place in order[1:]:
        other = kind.read(bytes(states[place]))
        if other.dim != state.dim:
            raise ValueError(f"vectors of {state.dim} and of {other.dim} numbers in one column cannot be fitted to")
        state.merge(other)
    return _row(kind, group, state.__getstate__(), level + 1)


def _merged(states: DataFrame, kind: Kind, level: int) -> DataFrame:
    groups = states.groupBy("group")

    def merge_table(table):  # type: ignore[no-untyped-def]  # Spark reads the hints of what it is given
        columns = table.column("index").to_pylist(), table.column("state").to_pylist()
        return pa.Table.from_pylist([merge_rows(kind, level, table.column("group")[0].as_py(), *columns)], ARROW)

    if hasattr(groups, "applyInArrow"):
        return groups.applyInArrow(merge_table, SCHEMA)

    def merge_frame(frame):  # type: ignore[no-untyped-def]  # before Spark 4
        import pandas as pd

        row = merge_rows(kind, level, int(frame["group"].iloc[0]), list(frame["index"]), list(frame["state"]))
        return pd.DataFrame([row], columns=["group", "index", "state"])

    return groups.applyInPandas(merge_frame, SCHEMA)
