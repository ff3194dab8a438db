"""A fitted reduction as the engine has it, and as Pomona's own saved model beside a saved stage."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from .._native import engine
from ._columns import Made
from ._tasks import WriteModel


def make_reduction(
    rows: int, total_variance: float, mean: np.ndarray, scale: np.ndarray, components: np.ndarray, variance: np.ndarray
) -> Any:
    """Return the engine's reduction, components being row-major (k, d) and flat."""
    kind = engine().Reduction
    reduction = kind.__new__(kind)
    data = np.ascontiguousarray(components, dtype=np.float64).tobytes()
    values = (rows, mean.tolist(), scale.tolist(), data, variance.tolist(), total_variance, False, 0, 0.0, [])
    reduction.__setstate__(values)
    return reduction


def write_model(session: SparkSession, path: str, plan: str, made: Made, reduction: Any) -> None:
    """Write path/model: pipeline.json and arrays.safetensors, which open without Spark.

    A task writes them, where and as Spark's tasks have written the rest of the stage. Where the engine knows no such
    place, a warning says so and the stage is saved all the same.
    """
    mean, scale = reduction.mean, reduction.scale
    if made.mean is not None and made.scale is not None:
        mean, scale = made.mean + made.scale * mean, made.scale * scale
    whole = make_reduction(
        reduction.rows,
        reduction.total_variance,
        mean,
        scale,
        reduction.components.ravel(),
        reduction.explained_variance,
    )
    place = session.read.text(f"{path}/metadata").select(F.col("_metadata.file_path")).first()[0]  # a whole URI
    folder = place[: place.rindex("/metadata/")] + "/model"
    rows = session.range(0, 1, 1, 1).mapInArrow(WriteModel(folder, plan, whole), "problem string").collect()
    if rows[0]["problem"]:
        shown = engine().visible_text(folder)
        warnings.warn(
            f"{shown}, Pomona's own form of the model, could not be written: {rows[0]['problem']}", stacklevel=2
        )
