"""What models that turn a column of vectors into another share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql.types import ArrayType, DoubleType, StructField

from . import _columns as columns


def transformed(
    model: Any, dataset: DataFrame, task: Callable[[list[str], bool], Any], made: columns.Made | None
) -> DataFrame:
    """Return the dataset with the column that a task makes of the input column.

    Parameters
    ----------
    model
        With the parameters inputCol, outputCol and outputType.
    task
        Makes the task of the names of its columns and of whether it gives float64.
    made
        How the new column comes to be.
    """
    output, output_type = model.getOrDefault("outputCol"), model.getOrDefault("outputType")
    vectors = columns.vectors(model, dataset, model.getOrDefault("inputCol"))
    columns.check_new(model, dataset, [output])
    kind = ArrayType(columns.element(output_type, DoubleType()))
    schema = columns.extended(dataset.schema, [StructField(output, kind, metadata=columns.metadata(made))])
    rows = dataset.select("*", vectors.alias(output))  # replaced by what the model makes of it
    answer = rows.mapInArrow(task(schema.names, output_type != "array<float>"), schema)
    return columns.finish(answer, output, output_type, made)
