"""The standard scaler."""

from __future__ import annotations

from typing import Any

import numpy as np
from pyspark import keyword_only
from pyspark.ml import Estimator, Model
from pyspark.ml.linalg import DenseVector
from pyspark.ml.param import Params, TypeConverters
from pyspark.sql import DataFrame, SparkSession

from . import _columns as columns
from ._arrays import read_arrays, write_arrays
from ._fitted import transformed
from ._stage import Columns, SavedStage, parameter, stage
from ._states import MOMENTS, fitted_state
from ._tasks import Standardize


class _ScalerParams(Columns, Params):
    withMean = parameter("withMean", "whether the mean is taken away", TypeConverters.toBoolean)
    withStd = parameter("withStd", "whether the standard deviation divides", TypeConverters.toBoolean)

    def _set_defaults(self) -> None:
        self._setDefault(
            inputCol="features", outputCol="scaled", outputType="array<float>", withMean=True, withStd=True
        )


@stage
class StandardScaler(Estimator, _ScalerParams, SavedStage):
    """Takes the mean from every feature and divides by its sample standard deviation (n - 1).

    Fitted in one pass to a state of two numbers a feature and partition. Null vectors are left out of a fit, and stay
    null. A constant feature becomes 0. Numbers are read as float32, the type of features.

    Parameters
    ----------
    inputCol : str, default "features"
        array<float>, array<double> or vector.
    outputCol : str, default "scaled"
    outputType : {"array<float>", "array<double>", "vector"}, default "array<float>"
    withMean : bool, default True
        Spark ML's own has False here.
    withStd : bool, default True

    Examples
    --------
    >>> model = StandardScaler(inputCol="features", outputCol="scaled").fit(features)  # doctest: +SKIP
    """

    @keyword_only
    def __init__(
        self,
        *,
        inputCol: str | None = None,
        outputCol: str | None = None,
        outputType: str | None = None,
        withMean: bool | None = None,
        withStd: bool | None = None,
    ) -> None:
        super().__init__()
        self._set_defaults()
        self._set_given(self._input_kwargs)

    def _fit(self, dataset: DataFrame) -> StandardScalerModel:
        source = self.getOrDefault("inputCol")
        state = fitted_state(dataset, columns.vectors(self, dataset, source), MOMENTS)
        if state.count < 2:
            raise ValueError(f"{self.uid}: a standard deviation wants at least 2 vectors, got {state.count}")
        model = StandardScalerModel()
        model._arrays = {"mean": state.mean, "std": np.sqrt(state.m2 / (state.count - 1))}
        model._count = state.count
        return self._copyValues(model._resetUid(self.uid))


@stage
class StandardScalerModel(Model, _ScalerParams, SavedStage):
    """A fitted :class:`StandardScaler`.

    Attributes
    ----------
    mean, std : DenseVector
        ``std`` is 0 for a constant feature, which becomes 0.
    count : int
        Vectors that the fit has seen.
    """

    def __init__(self) -> None:
        super().__init__()
        self._set_defaults()
        self._arrays: dict[str, np.ndarray] = {}
        self._count = 0

    @property
    def mean(self) -> DenseVector:
        return DenseVector(self._arrays["mean"])

    @property
    def std(self) -> DenseVector:
        return DenseVector(self._arrays["std"])

    @property
    def count(self) -> int:
        return self._count

    def _transform(self, dataset: DataFrame) -> DataFrame:
        std = self._arrays["std"]
        mean = self._arrays["mean"] if self.getOrDefault("withMean") else np.zeros_like(std)
        scale = std if self.getOrDefault("withStd") else np.ones_like(std)
        factor = np.divide(1.0, scale, out=np.zeros_like(scale), where=scale != 0)
        before = columns.how_made(columns.column(self, dataset, self.getOrDefault("inputCol")))
        made = None if before is None else before.scaled(mean, scale)

        def task(names: list[str], double: bool) -> Any:
            return Standardize(names, double, mean, factor)

        return transformed(self, dataset, task, made)

    def _fitted_values(self) -> dict[str, Any]:
        return {"count": self._count}

    def _save_arrays(self, path: str, session: SparkSession) -> None:
        write_arrays(session, path, self._arrays)

    def _load_fitted(self, values: dict[str, Any], path: str, session: SparkSession) -> None:
        self._arrays = read_arrays(session, path)
        self._count = values["count"]
