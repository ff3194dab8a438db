"""The accumulator that gathers what tasks did."""

from __future__ import annotations

from typing import Any

from pyspark.accumulators import AccumulatorParam


class ShardCounts(AccumulatorParam[dict[int, tuple[Any, ...]]]):
    """By shard: images, failed, read; seconds of reading, decoding, resizing, extracting, writing; the host."""

    def zero(self, value: dict[int, tuple[Any, ...]]) -> dict[int, tuple[Any, ...]]:
        return {}

    def addInPlace(
        self, value1: dict[int, tuple[Any, ...]], value2: dict[int, tuple[Any, ...]]
    ) -> dict[int, tuple[Any, ...]]:
        value1.update(value2)
        return value1
