"""Pomona: from photographs to features, a standardised and PCA-reduced table, and a report.

The engine is C++; this package is a thin layer over it. Everything is loaded when it is first used.

>>> import pomona
>>> features, failures = pomona.FeatureExtractor("pixels").extract(["photos/1.jpg"])  # doctest: +SKIP
"""

from __future__ import annotations

import importlib

TYPE_CHECKING = False  # without loading the module typing
if TYPE_CHECKING:
    from ._extractor import Extraction, FeatureExtractor, ImageFailure
    from ._jobs import RunResult, TooManyFailuresError, apply, features, run
    from ._model import Model, Projection, load
    from ._pca import PCA
    from ._scaler import StandardScaler
    from ._versions import versions

_HOMES = {
    "Extraction": "_extractor",
    "FeatureExtractor": "_extractor",
    "ImageFailure": "_extractor",
    "Model": "_model",
    "PCA": "_pca",
    "Projection": "_model",
    "RunResult": "_jobs",
    "StandardScaler": "_scaler",
    "TooManyFailuresError": "_jobs",
    "apply": "_jobs",
    "features": "_jobs",
    "load": "_model",
    "run": "_jobs",
    "versions": "_versions",
}

__all__ = [  # noqa: RUF022 (kept as the table above has it)
    "Extraction",
    "FeatureExtractor",
    "ImageFailure",
    "Model",
    "PCA",
    "Projection",
    "RunResult",
    "StandardScaler",
    "TooManyFailuresError",
    "apply",
    "features",
    "load",
    "run",
    "versions",
]


def __getattr__(name: str) -> object:
    if name == "__version__":
        from importlib.metadata import version

        value: object = version("pomona")
    elif name in _HOMES:
        value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})
