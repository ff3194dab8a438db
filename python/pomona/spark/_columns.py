"""Columns of a DataFrame: what a stage reads, what it adds, and what is known of how a column was made."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pyspark.ml.functions import array_to_vector, vector_to_array
from pyspark.ml.linalg import VectorUDT
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import (
    ArrayType,
    BinaryType,
    DataType,
    DoubleType,
    FloatType,
    IntegralType,
    StringType,
    StructField,
    StructType,
)

# Where a column says how it was made, among its metadata.
KEY = "pomona"


def column(stage: Any, dataset: DataFrame, name: str) -> StructField:
    """Return a column of the dataset.

    Raises
    ------
    ValueError
        When there is none of that name, naming those that there are.
    """
    fields = {field.name: field for field in dataset.schema.fields}
    if name not in fields:
        raise ValueError(f"{stage.uid}: there is no column {name!r} for inputCol; there are {', '.join(fields)}")
    return fields[name]


def check_new(stage: Any, dataset: DataFrame, names: Sequence[str]) -> None:
    """Refuse to add columns that are there already.

    Raises
    ------
    ValueError
        Naming the column.
    """
    for name in names:
        if name in dataset.columns:
            raise ValueError(
                f"{stage.uid}: the output column {name!r} is there already; name another, or drop it first"
            )
    if len(set(names)) < len(names):
        raise ValueError(f"{stage.uid}: two output columns have one name: {', '.join(names)}")


def check_images(stage: Any, dataset: DataFrame, name: str) -> None:
    """Make sure that a column can hold images.

    Raises
    ------
    TypeError
        Saying what it holds.
    """
    kind = column(stage, dataset, name).dataType
    if not isinstance(kind, StringType | BinaryType):
        raise TypeError(
            f"{stage.uid}: inputCol {name!r} is of type {kind.simpleString()}; string (paths and URIs) or binary (the "
            "contents of image files) is wanted"
        )


def vectors(stage: Any, dataset: DataFrame, name: str) -> Column:
    """Return a column of vectors as array<float>, the type of features.

    Raises
    ------
    TypeError
        When it holds something else.
    """
    kind = column(stage, dataset, name).dataType
    place = F.col(f"`{name}`")
    if isinstance(kind, VectorUDT):
        return F.when(place.isNotNull(), vector_to_array(place, "float32"))  # it takes no null
    if isinstance(kind, ArrayType) and isinstance(kind.elementType, FloatType | DoubleType | IntegralType):
        return place.cast(ArrayType(FloatType()))
    raise TypeError(
        f"{stage.uid}: inputCol {name!r} is of type {kind.simpleString()}; array<float>, array<double> or vector is "
        "wanted"
    )


def element(output_type: str, vector: DataType) -> DataType:
    """Return the type of the numbers that a task makes: vectors are made of arrays of the type given."""
    return {"array<float>": FloatType(), "array<double>": DoubleType(), "vector": vector}[output_type]


def finish(dataset: DataFrame, name: str, output_type: str, made: Made | None) -> DataFrame:
    """Turn the arrays of a new column into vectors where these are wanted, and note how it was made."""
    if output_type != "vector":
        return dataset
    place = F.col(f"`{name}`")
    vector = F.when(place.isNotNull(), array_to_vector(place)).alias(name, metadata=metadata(made))
    return dataset.select(*[vector if other == name else F.col(f"`{other}`") for other in dataset.columns])


def extended(schema: StructType, fields: Sequence[StructField]) -> StructType:
    """Return a schema with more columns at its end."""
    return StructType([*schema.fields, *fields])


@dataclass(frozen=True)
class Made:
    """How features came to be: an extractor's keywords, then (x - mean) / scale, where a scale of 0 gives 0."""

    extractor: dict[str, Any]
    mean: np.ndarray | None = None
    scale: np.ndarray | None = None

    def scaled(self, mean: np.ndarray, scale: np.ndarray) -> Made:
        """Return how (y - mean) / scale of these features came to be."""
        if self.mean is None or self.scale is None:
            return Made(self.extractor, mean, scale)
        return Made(self.extractor, self.mean + self.scale * mean, self.scale * scale)

    def to_json(self) -> str:
        values: dict[str, Any] = {"extractor": self.extractor}
        if self.mean is not None and self.scale is not None:
            values |= {"mean": _encode(self.mean), "scale": _encode(self.scale)}
        return json.dumps(values)

    @staticmethod
    def from_json(text: str) -> Made:
        values = json.loads(text)
        if "mean" not in values:
            return Made(values["extractor"])
        return Made(values["extractor"], _decode(values["mean"]), _decode(values["scale"]))


def metadata(made: Made | None) -> dict[str, Any]:
    """Return the metadata of a column that was made so."""
    return {} if made is None else {KEY: made.to_json()}


def how_made(field: StructField) -> Made | None:
    """Return how a column was made, as its metadata tell; None where they do not."""
    text = (field.metadata or {}).get(KEY)
    return None if text is None else Made.from_json(text)


def _encode(values: np.ndarray) -> str:
    return base64.b64encode(np.asarray(values, "<f8").tobytes()).decode()


def _decode(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), "<f8")
