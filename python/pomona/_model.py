"""Saved models: what `pomona run` leaves in model/."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import _options
from ._extractor import Extraction, FeatureExtractor, ImageFailure, vectors_table, with_model_fetched
from ._native import engine
from ._rows import answer, as_rows

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

Hosts = str | Sequence[str] | None


@dataclass(frozen=True, eq=False)
class Projection:
    """Projected images and failures; unpacks as ``components, failures``, and is an Arrow table for whoever wants one.

    Attributes
    ----------
    components : ndarray of float64, shape (n, k)
        One row an image, in their order; NaN throughout where the image could not be used.
    failures : list of ImageFailure
    """

    components: np.ndarray
    failures: list[ImageFailure]

    def __iter__(self) -> Iterator[Any]:
        return iter((self.components, self.failures))

    def to_arrow(self) -> pa.Table:
        """Return a table with the columns index, components, code and message; components are null for a failure."""
        return vectors_table(self.components, "components", self.failures)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.to_arrow().__arrow_c_stream__(requested_schema)


class _ModelExtractor(FeatureExtractor):
    """The extractor that a model was fitted with."""

    def __init__(
        self,
        model: Model,
        threads: int | None = None,
        memory: int | str | None = None,
        allow_hosts: Hosts = None,
    ) -> None:
        self.model = model
        self.threads = threads
        self.memory = memory
        self.allow_hosts = allow_hosts
        self.exif_orientation = not model.options.get("no-exif-orientation", False)

    def _options(self) -> str:
        return _options.to_json({"threads": self.threads, "memory": self.memory, "allow_hosts": self.allow_hosts})

    def _open_engine(self, options: str) -> Any:
        return with_model_fetched(lambda: self.model._saved.open_extractor(options))


class Model:
    """A fitted pipeline: images become features, features become components. Made by :func:`load`.

    Attributes
    ----------
    place : str
        Where it lies.
    options : dict
        The options of ``pomona run`` that decide features.
    plan : dict
        What the run chose: engine, precision, batch size, versions.
    extractor : FeatureExtractor
        Opened at the first use; weights are named by hash and fetched when they are not here.
    mean_, scale_ : ndarray of float64, shape (d,)
        Of the standard scaler; ``scale_`` is 0 for a constant feature, which becomes 0.
    components_ : ndarray of float64, shape (k, d)
    explained_variance_ : ndarray of float64
        Of every component known, also of those not kept.
    total_variance_ : float
    """

    def __init__(
        self, uri: str, threads: int | None = None, memory: int | str | None = None, allow_hosts: Hosts = None
    ) -> None:
        self._arguments = (uri, threads, memory, allow_hosts)
        self._saved = engine().load_model(uri)
        self._reduction = self._saved.reduction
        self.place: str = self._saved.place
        self.options: dict[str, Any] = json.loads(self._saved.options)
        self.plan: dict[str, Any] = json.loads(self._saved.plan)
        self.extractor: FeatureExtractor = _ModelExtractor(self, threads, memory, allow_hosts)

    def __reduce__(self) -> tuple[Any, ...]:
        return Model, self._arguments

    def __repr__(self) -> str:
        kept, dim = self.components_.shape
        name = json.loads(self._saved.extractor).get("name")
        return f"<pomona.Model {self.place}: {name}, {dim} features, {kept} components>"

    def extract(self, images: Any) -> Extraction:
        """Extract features of images as the model wants them; see :meth:`FeatureExtractor.extract`."""
        return self.extractor.extract(images)

    def project(self, features: Any) -> Any:
        """Standardise and project features.

        Parameters
        ----------
        features : array of shape (n, d), or Arrow table
            As :class:`StandardScaler` takes them.

        Returns
        -------
        ndarray of float64, shape (n, k), or pyarrow.Table
        """
        rows = as_rows(features)
        return answer(rows, self._reduction.project(rows.arrays, self.extractor.threads or 0), "components")

    def transform(self, images: Any) -> Projection:
        """Extract and project images, as ``pomona apply`` does.

        Parameters
        ----------
        images
            As :meth:`FeatureExtractor.extract` takes them.

        Returns
        -------
        Projection
            ``components``, float64 of shape (n, k), and ``failures``.
        """
        import numpy as np

        features, failures = self.extract(images)
        good = np.ones(len(features), dtype=bool)
        good[[failure.index for failure in failures]] = False
        components = np.full((len(features), self._reduction.kept), np.nan)
        if good.any():
            components[good] = self.project(features[good] if failures else features)
        return Projection(components, failures)

    @property
    def mean_(self) -> np.ndarray:
        return self._reduction.mean

    @property
    def scale_(self) -> np.ndarray:
        return self._reduction.scale

    @property
    def components_(self) -> np.ndarray:
        return self._reduction.components

    @property
    def explained_variance_(self) -> np.ndarray:
        return self._reduction.explained_variance

    @property
    def total_variance_(self) -> float:
        return self._reduction.total_variance


def load(
    uri: str | os.PathLike[str],
    *,
    threads: int | None = None,
    memory: int | str | None = None,
    allow_hosts: Hosts = None,
) -> Model:
    """Open a saved model.

    Parameters
    ----------
    uri : str
        The output of ``pomona run`` or ``pomona fit``, or its ``model/`` folder: a path, or a URI of a store.
    threads : int, optional
        For extraction; None takes what affinity and cgroup allow.
    memory : int or str, optional
        Bytes that the network may hold.
    allow_hosts : str or sequence of str, optional
        Hosts that the model, and URIs of images, may name; your credentials go there.

    Raises
    ------
    ValueError
        When there is no model at that place, or it is damaged or of a newer format.
    OSError
        When the place cannot be read.
    """
    return Model(os.fspath(uri), threads, memory, allow_hosts)
