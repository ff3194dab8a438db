"""Parameters after scikit-learn's conventions, without needing scikit-learn."""

from __future__ import annotations

import functools
import inspect
import sys
from typing import Any, Self


@functools.cache
def _defaults(kind: type) -> dict[str, Any]:
    parameters = inspect.signature(kind.__init__).parameters.values()
    return {parameter.name: parameter.default for parameter in parameters if parameter.name != "self"}


class Parameters:
    """What is constructed from keywords that it keeps as attributes of the same names."""

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters by name; ``deep`` is there for scikit-learn."""
        return {name: getattr(self, name) for name in _defaults(type(self))}

    def set_params(self, **params: Any) -> Self:
        """Set parameters by name.

        Raises
        ------
        ValueError
            For a name that is none.
        """
        for name in params:
            if name not in _defaults(type(self)):
                known = ", ".join(_defaults(type(self)))
                raise ValueError(f"Invalid parameter {name!r} for {type(self).__name__}; it has {known}")
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def __repr__(self, N_CHAR_MAX: int = 700) -> str:
        defaults = _defaults(type(self))
        changed = [f"{name}={value!r}" for name, value in self.get_params().items() if value is not defaults[name]]
        return f"{type(self).__name__}({', '.join(changed)})"

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_open"}

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import InputTags, Tags, TargetTags, TransformerTags

        return Tags(
            estimator_type="transformer",
            target_tags=TargetTags(required=False),
            transformer_tags=TransformerTags(),
            classifier_tags=None,
            regressor_tags=None,
            input_tags=InputTags(),
        )


class NotFittedError(ValueError, AttributeError):
    """Something was asked of an estimator that has not been fitted."""


def not_fitted(estimator: object) -> Exception:
    """Return the exception for that: scikit-learn's own where it is loaded."""
    module = sys.modules.get("sklearn.exceptions")
    kind = NotFittedError if module is None else module.NotFittedError
    return kind(f"This {type(estimator).__name__} instance is not fitted yet: call fit or partial_fit first")
