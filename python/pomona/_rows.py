"""Rows of features as the engine takes them: arrays, Arrow tables and what can be turned into either."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass
class Rows:
    """Float32 arrays of shape (n_i, d) that are one after the other, and what else came with them."""

    arrays: list[np.ndarray]
    names: list[str] | None = None  # of the features, where the input has named columns
    others: Any = None  # Arrow table of the columns that are no features; None where the input was no Arrow table
    column: str | None = None  # of the features, where they are one column of vectors
    dim: int = field(init=False)
    count: int = field(init=False)

    def __post_init__(self) -> None:
        self.dim = self.arrays[0].shape[1]
        self.count = sum(len(array) for array in self.arrays)


def as_rows(rows: Any) -> Rows:
    """Return rows of features, without a copy where they are float32 and row-major already.

    Parameters
    ----------
    rows : array of shape (n, d), or Arrow data
        Anything NumPy reads; or what speaks the Arrow PyCapsule interface (pyarrow, Polars, DuckDB, pandas from 3.0
        on): a table whose column ``features``, or only column of lists, has the vectors, or all of whose columns are
        numbers; or an array of lists.

    Raises
    ------
    ValueError
        Saying what was got and what is wanted.
    """
    if not isinstance(rows, np.ndarray) and (hasattr(rows, "__arrow_c_stream__") or hasattr(rows, "__arrow_c_array__")):
        return _from_arrow(rows)
    names = _column_names(rows)
    return Rows([_matrix(rows)], names)


def _column_names(rows: Any) -> list[str] | None:
    columns = getattr(rows, "columns", None)
    if columns is None or isinstance(rows, np.ndarray):
        return None
    names = list(columns)
    return names if names and all(isinstance(name, str) for name in names) else None


def _matrix(rows: Any) -> np.ndarray:
    if "scipy.sparse" in sys.modules and sys.modules["scipy.sparse"].issparse(rows):
        raise TypeError("Sparse data was passed, but dense data is required: use .toarray()")
    array = np.asarray(rows)
    if array.dtype.kind == "c":
        raise ValueError(f"Complex data not supported: got an array of type {array.dtype}")
    if array.ndim != 2:
        raise ValueError(
            f"Expected 2D array, got {'scalar array' if array.ndim == 0 else f'{array.ndim}D array'} instead: shape "
            f"{array.shape}. Reshape your data: rows are images, columns are features"
        )
    if array.shape[1] == 0:
        raise ValueError(f"0 feature(s) (shape={array.shape}) while a minimum of 1 is required.")
    if array.dtype.kind not in "fiub":
        try:
            array = array.astype(np.float64)
        except TypeError as error:
            raise TypeError(f"argument must be numbers: {error}") from error
    return to_float32(array)


def to_float32(array: np.ndarray) -> np.ndarray:
    """Return a row-major float32 array; refuses finite numbers that float32 has no place for."""
    if array.dtype == np.float32 and array.flags.c_contiguous and array.dtype.isnative:
        return array
    with np.errstate(over="ignore"):
        converted = np.ascontiguousarray(array, dtype=np.float32)
    if array.dtype.kind == "f" and array.dtype.itemsize > 4:
        beyond = np.isinf(converted) & np.isfinite(array)
        if beyond.any():
            row, column = np.argwhere(beyond)[0]
            raise ValueError(f"row {row}: feature {column} is {array[row, column]}, more than float32 holds (3.4e38)")
    return converted


def _from_arrow(data: Any) -> Rows:
    import pyarrow as pa

    if isinstance(data, pa.Array | pa.ChunkedArray):
        chunks = data.chunks if isinstance(data, pa.ChunkedArray) else [data]
        return _of_lists(chunks, data.type, None, None)
    stream = hasattr(data, "__arrow_c_stream__")
    if stream and not _is_table(data):
        chunked = pa.chunked_array(data)
        if not pa.types.is_struct(chunked.type):
            return _of_lists(chunked.chunks, chunked.type, None, None)
    table = data if isinstance(data, pa.Table) else pa.table(data)
    lists = [name for name, kind in zip(table.column_names, table.schema.types, strict=True) if _is_list(kind)]
    name = "features" if "features" in lists else lists[0] if len(lists) == 1 else None
    if name is not None:
        column = table.column(name)
        return _of_lists(column.chunks, column.type, table.drop_columns([name]), name)
    numbers = [n for n, k in zip(table.column_names, table.schema.types, strict=True) if _is_number(k)]
    if lists or len(numbers) < table.num_columns:
        raise ValueError(
            f"a table with the columns {', '.join(f'{f.name} {f.type}' for f in table.schema)}; a column `features` of "
            "lists of floats, one such column alone, or columns of numbers only are wanted"
        )
    if any(column.null_count for column in table.columns):
        raise ValueError("the table holds nulls; every row must have all features (NaN is refused too)")
    return Rows([to_float32(np.column_stack([c.to_numpy() for c in table.columns]))], numbers, table.select([]))


def _is_table(data: Any) -> bool:
    return hasattr(data, "columns") or hasattr(data, "column_names") or hasattr(data, "schema")


def _is_list(kind: Any) -> bool:
    import pyarrow as pa

    is_list = pa.types.is_fixed_size_list(kind) or pa.types.is_list(kind) or pa.types.is_large_list(kind)
    return is_list and _is_number(kind.value_type)


def _is_number(kind: Any) -> bool:
    import pyarrow as pa

    return pa.types.is_floating(kind) or pa.types.is_integer(kind)


def _of_lists(chunks: list[Any], kind: Any, others: Any, name: str | None) -> Rows:
    import pyarrow as pa

    if not _is_list(kind):
        raise ValueError(f"Arrow data of type {kind}; lists of floats of one length are wanted")
    dim = kind.list_size if pa.types.is_fixed_size_list(kind) else _length(chunks)
    arrays = []
    for chunk in chunks:
        values = chunk.flatten()  # of the slice alone; null lists are left out
        if chunk.null_count or values.null_count or len(values) != len(chunk) * dim:
            raise ValueError(f"the column holds nulls or lists of other lengths than {dim}; drop those rows first")
        arrays.append(to_float32(values.to_numpy(zero_copy_only=False).reshape(len(chunk), dim)))
    return Rows(arrays or [np.empty((0, dim), np.float32)], None, others, name)


def _length(chunks: list[Any]) -> int:
    for chunk in chunks:
        for row in chunk:
            if row.is_valid:
                return len(row)
    raise ValueError("there are no rows to learn the number of features from")


def answer(rows: Rows, values: np.ndarray, name: str) -> Any:
    """Return the values as they were asked for: an array, or an Arrow table beside the columns that came along."""
    if rows.others is None:
        return values
    import pyarrow as pa

    flat = pa.array(np.ascontiguousarray(values).reshape(-1))
    vectors = pa.FixedSizeListArray.from_arrays(flat, values.shape[1])
    if rows.others.num_columns == 0:
        return pa.table({name: vectors})
    return rows.others.append_column(name, vectors)
