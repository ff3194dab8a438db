"""Principal component analysis."""

from __future__ import annotations

import json
import warnings
from typing import Any

from pyspark import keyword_only
from pyspark.errors import PySparkException
from pyspark.ml import Estimator, Model
from pyspark.ml.linalg import DenseMatrix, DenseVector
from pyspark.ml.param import Params, TypeConverters
from pyspark.sql import DataFrame, SparkSession

from .._native import engine
from . import _columns as columns
from ._arrays import read_arrays, write_arrays
from ._delivery import network
from ._fitted import transformed
from ._pomona_model import make_reduction, write_model
from ._stage import Columns, SavedStage, parameter, stage
from ._states import SCATTER, fitted_state
from ._tasks import Describe, Project


class _PCAParams(Columns, Params):
    k = parameter(
        "k", "components kept; None: as variance says, else the smaller of 15 and the rank", TypeConverters.toInt
    )
    variance = parameter("variance", "keep the fewest components that explain this share", TypeConverters.toFloat)
    standardize = parameter(
        "standardize", "divide by the standard deviation first, in the same pass", TypeConverters.toBoolean
    )

    def _set_defaults(self) -> None:
        self._setDefault(
            inputCol="features",
            outputCol="components",
            outputType="array<double>",
            k=None,
            variance=None,
            standardize=False,
        )


@stage
class PCA(Estimator, _PCAParams, SavedStage):
    """Principal components of the centred vectors, exact, in one pass.

    A partition's state is a float64 matrix of d x d, so up to 2,048 features are taken. Null vectors are left out of a
    fit, and stay null. Numbers are read as float32, the type of features.

    Parameters
    ----------
    inputCol : str, default "features"
        array<float>, array<double> or vector.
    outputCol : str, default "components"
    outputType : {"array<double>", "array<float>", "vector"}, default "array<double>"
    k : int, optional
        Components kept; more than the rank is refused. None: as ``variance`` says, else the smaller of 15 and the rank.
    variance : float, optional
        The fewest components that explain this share, 0 < share <= 1.
    standardize : bool, default False
        Divide each feature by its standard deviation first: scaler and PCA in one pass over the data, instead of one
        each.

    Notes
    -----
    Where features come from an :class:`ImageFeatureExtractor`, with or without a :class:`StandardScaler` between, the
    model is saved as Pomona's own too: below the stage's folder lies ``model/``, which ``pomona apply`` and
    ``pomona.load`` open without Spark.

    Spark ML's own PCA does not take the mean away when it transforms; this one does.

    Examples
    --------
    >>> model = PCA(inputCol="features", k=15, standardize=True).fit(features)  # doctest: +SKIP
    """

    @keyword_only
    def __init__(
        self,
        *,
        inputCol: str | None = None,
        outputCol: str | None = None,
        outputType: str | None = None,
        k: int | None = None,
        variance: float | None = None,
        standardize: bool | None = None,
    ) -> None:
        super().__init__()
        self._set_defaults()
        self._set_given(self._input_kwargs)

    def _fit(self, dataset: DataFrame) -> PCAModel:
        source = self.getOrDefault("inputCol")
        k, variance = self.getOrDefault("k"), self.getOrDefault("variance")
        if k is not None and variance is not None:
            raise ValueError(f"{self.uid}: k={k} and variance={variance} exclude each other; set one of them")
        state = fitted_state(dataset, columns.vectors(self, dataset, source), SCATTER)
        model = PCAModel()
        model._reduction = engine().reduce_state(state, k, variance, self.getOrDefault("standardize"))
        for warning in model._reduction.warnings:
            warnings.warn(f"{self.uid}: {warning}", stacklevel=2)
        made = columns.how_made(columns.column(self, dataset, source))
        if made is not None:
            model._made = made.to_json()
            model._plan = _plan(dataset, made, state.count)
        return self._copyValues(model._resetUid(self.uid))


def _plan(dataset: DataFrame, made: columns.Made, images: int) -> str:
    """Return the plan of a run that makes these features, from an executor, which has the network open."""
    task = Describe(network(dataset, made.extractor, "auto"), images)
    try:
        rows = dataset.sparkSession.range(0, 1, 1, 1).mapInArrow(task, "plan string").collect()
    except PySparkException as error:
        warnings.warn(
            f"the model will not be saved as Pomona's own: its extractor cannot be opened: {error}", stacklevel=2
        )
        return ""
    plan = json.loads(rows[0]["plan"])
    plan["recipe"]["extractor"] = made.extractor["extractor"]  # not the place that Spark brought it to
    return json.dumps(plan)


@stage
class PCAModel(Model, _PCAParams, SavedStage):
    """A fitted :class:`PCA`.

    Attributes
    ----------
    pc : DenseMatrix
        Of d x k: a component a column, largest variance first; each one's loading of largest magnitude is positive.
    explainedVariance : DenseVector
        Share of the total variance that each component explains, as Spark ML has it.
    mean, std : DenseVector
        Of the features; ``std`` is 1 throughout unless ``standardize`` is set, and 0 for a constant feature.
    count : int
        Vectors that the fit has seen.
    """

    def __init__(self) -> None:
        super().__init__()
        self._set_defaults()
        self._reduction: Any = None
        self._made = ""
        self._plan = ""

    @property
    def pc(self) -> DenseMatrix:
        components = self._reduction.components
        return DenseMatrix(components.shape[1], components.shape[0], components.ravel())

    @property
    def explainedVariance(self) -> DenseVector:
        total = self._reduction.total_variance
        kept = self._reduction.explained_variance[: self._reduction.kept]
        return DenseVector(kept / total if total > 0 else kept * 0)

    @property
    def mean(self) -> DenseVector:
        return DenseVector(self._reduction.mean)

    @property
    def std(self) -> DenseVector:
        return DenseVector(self._reduction.scale)

    @property
    def count(self) -> int:
        return self._reduction.rows

    def _transform(self, dataset: DataFrame) -> DataFrame:
        def task(names: list[str], double: bool) -> Any:
            return Project(names, double, self._reduction)

        return transformed(self, dataset, task, None)

    def _fitted_values(self) -> dict[str, Any]:
        r = self._reduction
        return {"count": r.rows, "total_variance": r.total_variance, "made": self._made, "plan": self._plan}

    def _save_arrays(self, path: str, session: SparkSession) -> None:
        r = self._reduction
        arrays = {"mean": r.mean, "scale": r.scale, "components": r.components, "variance": r.explained_variance}
        write_arrays(session, path, arrays)
        if self._plan:
            write_model(session, path, self._plan, columns.Made.from_json(self._made), r)

    def _load_fitted(self, values: dict[str, Any], path: str, session: SparkSession) -> None:
        self._reduction = make_reduction(values["count"], values["total_variance"], **read_arrays(session, path))
        self._made, self._plan = values["made"], values["plan"]
