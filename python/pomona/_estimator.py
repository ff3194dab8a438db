"""What the estimators share: states that merge, and the attributes that scikit-learn wants."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from ._params import Parameters, not_fitted
from ._rows import Rows, as_rows


class Estimator(Parameters):
    """An estimator over a state of the engine that merges, in ``_state``."""

    _state: Any

    def __init__(self, *, threads: int | None = None) -> None:
        self.threads = threads

    def fit_transform(self, X: Any, y: Any = None) -> Any:
        """Fit, then transform the same rows."""
        return self.fit(X).transform(X)  # type: ignore[attr-defined]

    def merge(self, *others: Self) -> Self:
        """Take in what other estimators of the same kind have seen, as if their rows had been added here.

        The order of merging moves the last bits only; the relative difference stays below 1e-9.

        Parameters
        ----------
        *others
            Fitted estimators; they stay as they are.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            When the numbers of features differ, or an estimator has no state that merges.
        """
        states = [other._mergeable() for other in others]
        mine = self._mergeable()
        if any(state.dim != mine.dim for state in states):
            raise ValueError(f"estimators of {mine.dim} and of {[s.dim for s in states]} features cannot be merged")
        for state in states:
            mine.merge(state)
        self._changed()
        return self

    def _mergeable(self) -> Any:
        if not self.__sklearn_is_fitted__():
            raise not_fitted(self)
        return self._state

    def _changed(self) -> None:
        """Forget what was derived from the state."""

    def __sklearn_is_fitted__(self) -> bool:
        return self.__dict__.get("_state") is not None

    @property
    def n_samples_seen_(self) -> int:
        """Rows that the fit has seen."""
        return self._mergeable().count

    def _begin(self, X: Any) -> Rows:
        """Read rows for a fit from nothing."""
        rows = as_rows(X)
        self._check_count(rows)
        self.n_features_in_ = rows.dim
        self.__dict__.pop("feature_names_in_", None)
        if rows.names is not None:
            self.feature_names_in_ = np.asarray(rows.names, dtype=object)
        return rows

    @staticmethod
    def _check_count(rows: Rows) -> None:
        if rows.count == 0:
            raise ValueError(f"Found array with 0 sample(s) (shape=(0, {rows.dim})) while a minimum of 1 is required.")

    def _read(self, X: Any) -> Rows:
        """Read rows that must be like those of the fit."""
        rows = as_rows(X)
        self._check_count(rows)
        self._check_names(rows)
        if rows.dim != self.n_features_in_:
            raise ValueError(
                f"X has {rows.dim} features, but {type(self).__name__} is expecting {self.n_features_in_} features as "
                "input"
            )
        return rows

    def _check_names(self, rows: Rows) -> None:
        known = self.__dict__.get("feature_names_in_")
        if known is None or rows.names is None or list(known) == rows.names:
            return
        message = "The feature names should match those that were passed during fit.\n"
        unseen = sorted(set(rows.names) - set(known))
        missing = sorted(set(known) - set(rows.names))
        for title, names in (
            ("Feature names unseen at fit time", unseen),
            ("Feature names seen at fit time, yet now missing", missing),
        ):
            if names:
                message += f"{title}:\n" + "".join(f"- {name}\n" for name in names[:5])
        if not unseen and not missing:
            message += "Feature names must be in the same order as they were in fit.\n"
        raise ValueError(message)
