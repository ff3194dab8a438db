"""Pomona on Apache Spark: stages of pyspark.ml, and the whole job.

Needs the extra ``spark``: pyspark from 3.5 on, and pandas. Everything is loaded when it is first used.

>>> from pomona.spark import ImageFeatureExtractor
>>> extractor = ImageFeatureExtractor(inputCol="path", extractor="vgg16", imageSize=100)  # doctest: +SKIP
>>> extractor.transform(spark.read.parquet("photos.parquet"))  # doctest: +SKIP
"""

from __future__ import annotations

import importlib

TYPE_CHECKING = False  # without loading the module typing
if TYPE_CHECKING:
    from ._extractor import ImageFeatureExtractor
    from ._pca import PCA, PCAModel
    from ._scaler import StandardScaler, StandardScalerModel

_HOMES = {
    "ImageFeatureExtractor": "_extractor",
    "PCA": "_pca",
    "PCAModel": "_pca",
    "StandardScaler": "_scaler",
    "StandardScalerModel": "_scaler",
}

__all__ = [  # noqa: RUF022 (kept as the table above has it)
    "ImageFeatureExtractor",
    "PCA",
    "PCAModel",
    "StandardScaler",
    "StandardScalerModel",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
