"""Principal component analysis."""

from __future__ import annotations

import numbers
from typing import Any, Self

import numpy as np

from ._estimator import Estimator
from ._native import engine
from ._params import not_fitted
from ._rows import answer

# Up to so many features the state is a matrix of d x d that merges; above, a randomised range finder reads the rows.
EXACT_FEATURES = 2048


class PCA(Estimator):
    """Principal components of the centred rows.

    Exact up to 2,048 features: one pass over the rows into a float64 state (count, mean, scatter matrix) that merges.
    Beyond, a randomised range finder with a fixed seed reads the rows several times; there ``partial_fit`` and
    ``merge`` are refused.

    Parameters
    ----------
    n_components : int, float or None, default None
        How many are kept: a number; the fewest that explain a share of the variance, 0 < share < 1; or None for all of
        them up to the rank (15 on the randomised path).
    threads : int, optional
        None takes what affinity and cgroup allow.

    Attributes
    ----------
    components_ : ndarray of float64, shape (k, d)
        Orthonormal rows, largest variance first; each one's loading of largest magnitude is positive.
    explained_variance_, explained_variance_ratio_, singular_values_ : ndarray of float64, shape (k,)
    mean_ : ndarray of float64, shape (d,)
    n_components_, n_samples_, n_samples_seen_, n_features_in_ : int
    noise_variance_ : float
        Mean variance of the components left out.

    Notes
    -----
    Rows are float32, as features are; other numbers are rounded to it. The result is float64. More components than the
    rank are refused, with the rank named.

    Examples
    --------
    >>> import numpy as np, pomona
    >>> pca = pomona.PCA(1).fit(np.array([[0.0, 0.0], [1.0, 2.0], [2.0, 4.0]]))
    >>> pca.explained_variance_ratio_
    array([1.])
    """

    def __init__(self, n_components: float | None = None, *, threads: int | None = None) -> None:
        super().__init__(threads=threads)
        self.n_components = n_components

    def fit(self, X: Any, y: Any = None) -> Self:
        """Fit anew.

        Parameters
        ----------
        X : array of shape (n, d), or Arrow table
            See docs/python.md for what is taken.

        Raises
        ------
        ValueError
            For values that are no finite numbers, naming the row; for more components than the rank, naming it.
        """
        rows = self._begin(X)
        if rows.count < 2:
            raise ValueError(f"scaler and PCA want at least 2 rows, got 1 sample (shape=(1, {rows.dim}))")
        if rows.dim > EXACT_FEATURES:
            components, share = self._wanted(None, rows.count, rows.dim)
            threads = self.threads or 0
            self._reduction = engine().reduce_rows(rows.arrays, components, share, False, threads)
            self._state = None
            return self
        state = engine().ScatterState(rows.dim)
        state.update(rows.arrays, self.threads or 0)
        self._state = state
        self._changed()
        self._solved()
        return self

    def partial_fit(self, X: Any, y: Any = None) -> Self:
        """Go on with more rows; the first call fits anew. The components are computed when they are next wanted."""
        if not self.__sklearn_is_fitted__():
            rows = self._begin(X)
            self._refuse_many(rows.dim)
            self._state = engine().ScatterState(rows.dim)
        else:
            rows = self._read(X)
        self._mergeable().update(rows.arrays, self.threads or 0)
        self._changed()
        return self

    def transform(self, X: Any) -> Any:
        """Project rows on the components.

        Returns
        -------
        ndarray of float64, shape (n, k), or pyarrow.Table
            A table for Arrow tables: their other columns, and ``components``.
        """
        reduction = self._solved()
        rows = self._read(X)
        values = reduction.project(rows.arrays, self.threads or 0)
        return answer(rows, values, "components")

    def inverse_transform(self, X: Any) -> np.ndarray:
        """Return the rows of shape (n, d) that projections of shape (n, k) stand for."""
        return np.asarray(X, dtype=np.float64) @ self.components_ + self.mean_

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return pca0, pca1, ..."""
        return np.asarray([f"pca{i}" for i in range(self.n_components_)], dtype=object)

    def _wanted(self, state: Any, count: int, dim: int) -> tuple[int | None, float | None]:
        """Return the number of components or the share of variance that the engine is asked for."""
        wanted = self.n_components
        if wanted is None:
            return (None, None) if state is None else (None, 1.0)
        if isinstance(wanted, numbers.Integral) and not isinstance(wanted, bool) and wanted >= 1:
            return int(wanted), None
        if isinstance(wanted, numbers.Real) and 0 < wanted < 1:
            return None, float(wanted)
        raise ValueError(f"n_components={wanted!r}; a whole number from 1 on, a share between 0 and 1, or None")

    def _solved(self) -> Any:
        if not self.__sklearn_is_fitted__():
            raise not_fitted(self)
        if self.__dict__.get("_reduction") is None:
            state = self._state
            components, share = self._wanted(state, state.count, state.dim)
            self._reduction = engine().reduce_state(state, components, share, False)
        return self._reduction

    def _mergeable(self) -> Any:
        if self.__sklearn_is_fitted__():
            self._refuse_many(self.n_features_in_)
        return super()._mergeable()

    @staticmethod
    def _refuse_many(dim: int) -> None:
        if dim > EXACT_FEATURES:
            raise ValueError(
                f"{dim} features: more than {EXACT_FEATURES} have no state that merges; give all rows to fit at once"
            )

    def _changed(self) -> None:
        self._reduction = None

    def __sklearn_is_fitted__(self) -> bool:
        return self.__dict__.get("_state") is not None or self.__dict__.get("_reduction") is not None

    @property
    def components_(self) -> np.ndarray:
        return self._solved().components

    @property
    def mean_(self) -> np.ndarray:
        return self._solved().mean

    @property
    def explained_variance_(self) -> np.ndarray:
        reduction = self._solved()
        return reduction.explained_variance[: reduction.kept]

    @property
    def explained_variance_ratio_(self) -> np.ndarray:
        total = self._solved().total_variance
        return self.explained_variance_ / total if total > 0 else self.explained_variance_ * 0

    @property
    def singular_values_(self) -> np.ndarray:
        return np.sqrt(self.explained_variance_ * (self.n_samples_ - 1))

    @property
    def noise_variance_(self) -> float:
        reduction = self._solved()
        left = min(reduction.dim, reduction.rows) - reduction.kept
        return float(reduction.total_variance - self.explained_variance_.sum()) / left if left > 0 else 0.0

    @property
    def n_components_(self) -> int:
        return self._solved().kept

    @property
    def n_samples_(self) -> int:
        return self._solved().rows

    @property
    def n_samples_seen_(self) -> int:
        return self.n_samples_
