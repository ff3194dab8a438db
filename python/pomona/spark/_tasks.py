"""What runs in the Python workers of executors: rows of images or features in, Arrow batches out.

A task is an object that is pickled by the name of its class, so an executor needs this package and nothing else.
"""

from __future__ import annotations

import json
import threading
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .._extractor import FeatureExtractor
from .._native import engine
from .._rows import as_rows

# Rows of images that are extracted and given to Spark at once: bounds what features take beside Spark's own batch.
IMAGES_AT_ONCE = 512

# Compiled networks that a worker keeps: a pipeline has one, rarely two.
NETWORKS = 2


def task_threads() -> int:
    """Return the processors that Spark has counted for the task under way: spark.task.cpus."""
    from pyspark import TaskContext

    context = TaskContext.get()
    return 1 if context is None else max(1, int(context.cpus()))


@dataclass(frozen=True)
class Network:
    """What an executor opens: keywords of ``pomona.FeatureExtractor``, and files that Spark brought along.

    Attributes
    ----------
    keywords : dict
    files : dict
        Keywords (``extractor`` or ``weights``) whose value is a file that was added to the session, by its name there.
    spare : str
        Name of such a file with the weights of a registry model, for executors whose model cache has none.
    """

    keywords: dict[str, Any]
    files: dict[str, str]
    spare: str = ""

    def opened(self) -> FeatureExtractor:
        """Return the extractor: one a worker process, which Spark uses again for tasks and jobs to come."""
        key = json.dumps([self.keywords, self.files, self.spare], sort_keys=True)
        with _OPENING:
            extractor = _OPENED.pop(key, None) or FeatureExtractor(**self._resolved()).open()
            _OPENED[key] = extractor
            while len(_OPENED) > NETWORKS:
                _OPENED.popitem(last=False)
        return extractor

    def _resolved(self) -> dict[str, Any]:
        from pyspark import SparkFiles

        keywords = dict(self.keywords)
        keywords |= {name: SparkFiles.get(file) for name, file in self.files.items()}
        if self.spare and not engine().cached_weights(keywords["extractor"]):
            keywords["weights"] = SparkFiles.get(self.spare)
        if keywords.get("threads") is None:
            keywords["threads"] = task_threads()
        return keywords


_OPENING = threading.Lock()
_OPENED: OrderedDict[str, FeatureExtractor] = OrderedDict()


@dataclass(frozen=True)
class Extract:
    """Adds the features of images, and why an image could not be used.

    Attributes
    ----------
    network : Network
    column : int
        Place of the column of images.
    names : list of str
        Of all columns, those added at the end: features, then reasons unless they are not wanted.
    double : bool
        Whether features are given as float64.
    skip : bool
        Whether rows of images that cannot be used are left out.
    """

    network: Network
    column: int
    names: list[str]
    double: bool
    skip: bool

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for first in range(0, batch.num_rows, IMAGES_AT_ONCE):
                yield self._extract(batch.slice(first, IMAGES_AT_ONCE))

    def _extract(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        images = batch.column(self.column)
        if pa.types.is_string(images.type) or pa.types.is_large_string(images.type):
            # Spark's binaryFile source has paths like file:/folder/a b%.jpg, which are no URIs: nothing is escaped.
            images = pc.replace_substring_regex(images, r"^file:(/[^/])", r"\1")
        features, failures = self.network.opened().extract(images)
        good = np.ones(len(features), dtype=bool)
        good[[failure.index for failure in failures]] = False
        columns = [*batch.columns, nullable_lists(features[good] if failures else features, good, self.double)]
        if len(self.names) > len(columns):
            reasons: list[str | None] = [None] * len(features)
            for failure in failures:
                reasons[failure.index] = f"{failure.code}: {failure.message}"
            columns.append(pa.array(reasons, pa.string()))
        answer = pa.RecordBatch.from_arrays(columns, self.names)
        return answer.filter(pa.array(good)) if self.skip and failures else answer


def nullable_lists(rows: np.ndarray, present: np.ndarray, double: bool) -> pa.ListArray:
    """Return a list a row, null where ``present`` is false; ``rows`` are those that are present."""
    dim = rows.shape[1]
    ends = np.concatenate([[0], np.cumsum(present, dtype=np.int64) * dim])
    if ends[-1] > np.iinfo(np.int32).max:
        raise ValueError(f"{len(rows)} rows of {dim} numbers are more than a batch of Arrow lists holds")
    kind = np.float64 if double else np.float32
    values = pa.array(np.ascontiguousarray(rows, dtype=kind).reshape(-1))
    mask = None if present.all() else pa.array(~present)
    return pa.ListArray.from_arrays(pa.array(ends.astype(np.int32)), values, mask=mask)


@dataclass(frozen=True)
class Describe:
    """Gives the plan of a run that makes the features of a network, as JSON, once."""

    network: Network
    images: int

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            plans = [self.network.opened()._plan(self.images)] * batch.num_rows
            yield pa.RecordBatch.from_arrays([pa.array(plans, pa.string())], ["plan"])


class Transform(ABC):
    """Replaces the last column, array<float>, by what a fitted model makes of it; null stays null."""

    names: list[str]
    double: bool
    dim: int

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            lists = batch.column(batch.num_columns - 1)
            present = lists.is_valid().to_numpy(zero_copy_only=False)
            columns = [*batch.columns[:-1], nullable_lists(self._values(lists.drop_null()), present, self.double)]
            yield pa.RecordBatch.from_arrays(columns, self.names)

    def _values(self, lists: pa.Array) -> np.ndarray:
        if len(lists) == 0:
            return np.empty((0, 1))
        rows = as_rows(lists)
        if rows.dim != self.dim:
            raise ValueError(f"vectors of {rows.dim} numbers; the model was fitted to {self.dim}")
        return self._transformed(rows.arrays)

    @abstractmethod
    def _transformed(self, arrays: list[np.ndarray]) -> np.ndarray:
        """Return what the model makes of float32 rows."""


@dataclass(frozen=True)
class Standardize(Transform):
    """(x - mean) * factor."""

    names: list[str]
    double: bool
    mean: np.ndarray
    factor: np.ndarray

    @property
    def dim(self) -> int:  # type: ignore[override]
        return len(self.mean)

    def _transformed(self, arrays: list[np.ndarray]) -> np.ndarray:
        return engine().standardize(arrays, self.mean, self.factor, task_threads())


@dataclass(frozen=True)
class Project(Transform):
    """Principal components."""

    names: list[str]
    double: bool
    reduction: Any

    @property
    def dim(self) -> int:  # type: ignore[override]
        return self.reduction.dim

    def _transformed(self, arrays: list[np.ndarray]) -> np.ndarray:
        return self.reduction.project(arrays, task_threads())


@dataclass(frozen=True)
class WriteModel:
    """Writes a model folder where Spark has written beside it, and gives what went wrong, or nothing."""

    folder: str
    plan: str
    reduction: Any

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for _ in range(batch.num_rows):
                problem = ""
                try:
                    engine().write_model(self.folder, self.plan, self.reduction)
                except (OSError, ValueError) as error:
                    problem = str(error)
                yield pa.RecordBatch.from_arrays([pa.array([problem], pa.string())], ["problem"])
