"""What the stages share: parameters with getters and setters, and how they are saved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self, TypeVar

import pyspark
from pyspark.ml.param import Param, Params, TypeConverters
from pyspark.ml.param.shared import HasInputCol, HasOutputCol
from pyspark.ml.util import DefaultParamsReader, DefaultParamsWriter, MLReadable, MLReader, MLWritable, MLWriter
from pyspark.sql import SparkSession

# What an output column may hold.
OUTPUT_TYPES = ("array<float>", "array<double>", "vector")

# Where the metadata of a saved stage has what a fit has found.
FITTED = "fitted"


def parameter(name: str, doc: str, convert: Callable[[Any], Any] = TypeConverters.toString) -> Param:
    """Return a parameter of a stage, to be bound to a class attribute of the same name."""
    return Param(Params._dummy(), name, doc, typeConverter=convert)


def one_of(*choices: str) -> Callable[[Any], str]:
    """Return a converter that takes these words only."""

    def convert(value: Any) -> str:
        if value not in choices:
            raise TypeError(f"{value!r}; one of {', '.join(choices)} is wanted")
        return str(value)

    return convert


Stage = TypeVar("Stage", bound=type)


def stage(kind: Stage) -> Stage:
    """Finish a public class: ``setX`` and ``getX`` for each of its parameters, and the name it is saved under."""
    for name in dir(kind):
        if not isinstance(getattr(kind, name, None), Param):
            continue
        title = name[0].upper() + name[1:]
        for accessor in (_getter(name, title), _setter(name, title)):
            if not hasattr(kind, accessor.__name__):
                accessor.__qualname__ = f"{kind.__name__}.{accessor.__name__}"
                setattr(kind, accessor.__name__, accessor)
    kind.__module__ = "pomona.spark"  # a saved stage names its class, wherever that lives
    return kind


def _getter(name: str, title: str) -> Callable[[Params], Any]:
    def get(self: Params) -> Any:
        return self.getOrDefault(name)

    get.__name__ = f"get{title}"
    get.__doc__ = f"Return the value of :py:attr:`{name}` or its default."
    return get


def _setter(name: str, title: str) -> Callable[[Params, Any], Params]:
    def set_value(self: Params, value: Any) -> Params:
        return self._set(**{name: value})  # type: ignore[attr-defined]

    set_value.__name__ = f"set{title}"
    set_value.__doc__ = f"Set the value of :py:attr:`{name}`."
    return set_value


class SavedStage(MLReadable, MLWritable):
    """Saved as Spark ML saves its own: ``metadata`` with the parameters, and what the stage adds beside it."""

    def write(self) -> MLWriter:
        """Return what saves the stage: ``write().overwrite().save(path)``."""
        return StageWriter(self)

    @classmethod
    def read(cls) -> MLReader:
        """Return what loads a stage: ``read().load(path)``."""
        return StageReader(cls)

    def _fitted_values(self) -> dict[str, Any]:
        """Return what is no parameter and fits into JSON."""
        return {}

    def _save_arrays(self, path: str, session: SparkSession) -> None:
        """Save what is large."""

    def _load_fitted(self, values: dict[str, Any], path: str, session: SparkSession) -> None:
        """Take back what ``_fitted_values`` and ``_save_arrays`` saved."""


class Columns(HasInputCol, HasOutputCol):
    """A stage that reads one column and adds one."""

    outputType = parameter(
        "outputType",
        f"type of the output column: {', '.join(OUTPUT_TYPES)}; a vector is what Spark's own stages read",
        one_of(*OUTPUT_TYPES),
    )

    def setParams(self, **params: Any) -> Self:
        """Set parameters by name.

        Raises
        ------
        ValueError
            For a name that is none.
        """
        for name in params:
            if not self.hasParam(name):
                known = ", ".join(param.name for param in self.params)
                raise ValueError(f"{type(self).__name__} has no parameter {name!r}; it has {known}")
        return self._set(**params)

    def _set_given(self, given: dict[str, Any]) -> None:
        """Set what a constructor was given: its keywords, None meaning the default."""
        self._set(**{name: value for name, value in given.items() if self.hasParam(name) and value is not None})


class StageWriter(MLWriter):
    """Saves a stage, in classic Spark and over Spark Connect."""

    def __init__(self, instance: Any) -> None:
        super().__init__()
        self._instance = instance

    def _handleOverwrite(self, path: str) -> None:
        if _is_remote():
            from pyspark.ml.connect.readwrite import RemoteMLWriter

            RemoteMLWriter.handleOverwrite(path, True)
        else:
            super()._handleOverwrite(path)

    def saveImpl(self, path: str) -> None:
        session = self.sparkSession
        extra = {FITTED: self._instance._fitted_values()}
        DefaultParamsWriter.saveMetadata(self._instance, path, _context(session), extraMetadata=extra)
        self._instance._save_arrays(path, session)


class StageReader(MLReader):
    """Loads a stage, in classic Spark and over Spark Connect."""

    def __init__(self, kind: type) -> None:
        super().__init__()
        self._kind = kind

    def load(self, path: str) -> Any:
        session = self.sparkSession
        name = f"{self._kind.__module__}.{self._kind.__name__}"
        metadata = DefaultParamsReader.loadMetadata(path, _context(session), name)
        instance = self._kind()
        instance._resetUid(metadata["uid"])
        DefaultParamsReader.getAndSetParams(instance, metadata)
        instance._load_fitted(metadata[FITTED], path, session)
        return instance


def _is_remote() -> bool:
    from pyspark.sql.utils import is_remote

    return is_remote()


def _context(session: SparkSession) -> Any:
    """Return what this Spark's helpers for metadata take: a session, or in Spark 3.5 its context."""
    return session.sparkContext if pyspark.__version__.startswith("3.") else session
