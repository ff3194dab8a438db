"""The standard scaler."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from ._estimator import Estimator
from ._native import engine
from ._params import not_fitted
from ._rows import answer


class StandardScaler(Estimator):
    """Take the mean from every feature and divide by its standard deviation.

    Fitted block by block of 1,024 rows on float64 states that merge, so a fit can go on (``partial_fit``) or be put
    together from parts (``merge``); the result does not depend on the number of threads.

    Parameters
    ----------
    with_mean : bool, default True
        Whether the mean is taken away.
    with_std : bool, default True
        Whether the standard deviation divides.
    ddof : {1, 0}, default 1
        Taken from the number of rows for the deviation: 1 as Spark and ``pomona run``, 0 as scikit-learn.
    threads : int, optional
        None takes what affinity and cgroup allow.

    Attributes
    ----------
    mean_, var_, scale_ : ndarray of float64, shape (d,)
        ``scale_`` is 0 for a constant feature, which becomes 0 (scikit-learn has 1 there).
    n_samples_seen_, n_features_in_ : int
    feature_names_in_ : ndarray of str
        Where X had named columns.

    Notes
    -----
    Rows are float32, as features are; other numbers are rounded to it. The result is float64.

    Examples
    --------
    >>> import numpy as np, pomona
    >>> scaler = pomona.StandardScaler(ddof=0).fit(np.array([[1.0], [3.0]]))
    >>> scaler.transform(np.array([[1.0], [3.0], [5.0]])).ravel()
    array([-1.,  1.,  3.])
    """

    def __init__(
        self, *, with_mean: bool = True, with_std: bool = True, ddof: int = 1, threads: int | None = None
    ) -> None:
        super().__init__(threads=threads)
        self.with_mean = with_mean
        self.with_std = with_std
        self.ddof = ddof

    def fit(self, X: Any, y: Any = None) -> Self:
        """Fit anew.

        Parameters
        ----------
        X : array of shape (n, d), or Arrow table
            See docs/python.md for what is taken.

        Raises
        ------
        ValueError
            For values that are no finite numbers, naming the row; for fewer than two rows.
        """
        rows = self._begin(X)
        if rows.count < 2:
            raise ValueError(f"a standard deviation wants at least 2 rows, got 1 sample (shape=(1, {rows.dim}))")
        state = engine().ColumnMoments(rows.dim)
        state.update(rows.arrays, self.threads or 0)
        self._state = state
        return self

    def partial_fit(self, X: Any, y: Any = None) -> Self:
        """Go on with more rows; the first call fits anew."""
        if not self.__sklearn_is_fitted__():
            rows = self._begin(X)
            self._state = engine().ColumnMoments(rows.dim)
        else:
            rows = self._read(X)
        self._state.update(rows.arrays, self.threads or 0)
        return self

    def transform(self, X: Any, copy: Any = None) -> Any:
        """Standardise rows.

        Returns
        -------
        ndarray of float64, shape (n, d), or pyarrow.Table
            A table for Arrow tables: their other columns, and ``features``.
        """
        if not self.__sklearn_is_fitted__():
            raise not_fitted(self)
        rows = self._read(X)
        scale = self.scale_
        factor = np.divide(1.0, scale, out=np.zeros_like(scale), where=scale != 0) if self.with_std else scale * 0 + 1
        mean = self.mean_ if self.with_mean else np.zeros(rows.dim)
        values = engine().standardize(rows.arrays, mean, factor, self.threads or 0)
        return answer(rows, values, rows.column or "features")

    def inverse_transform(self, X: Any) -> np.ndarray:
        """Return rows in the units of the data; a constant feature gets its value back."""
        if not self.__sklearn_is_fitted__():
            raise not_fitted(self)
        values = np.asarray(X, dtype=np.float64)
        if self.with_std:
            values = values * self.scale_
        return values + self.mean_ if self.with_mean else values

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the features: their own, else x0, x1, ..."""
        names = self.__dict__.get("feature_names_in_") if input_features is None else input_features
        if names is None:
            names = [f"x{i}" for i in range(self._mergeable().dim)]
        return np.asarray(names, dtype=object)

    @property
    def mean_(self) -> np.ndarray:
        return self._mergeable().mean

    @property
    def var_(self) -> np.ndarray:
        state = self._mergeable()
        if self.ddof not in (0, 1):
            raise ValueError(f"ddof = {self.ddof!r}; want 0 or 1")
        if state.count < 2:
            raise ValueError(f"a standard deviation wants at least 2 rows, got {state.count} so far")
        return state.m2 / (state.count - self.ddof)

    @property
    def scale_(self) -> np.ndarray:
        return np.sqrt(self.var_)
