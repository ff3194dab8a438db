"""Features of images that are at hand: paths, bytes, pixels."""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from . import _options
from ._native import engine
from ._params import Parameters

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

# Images that are gathered from an iterable before the engine gets them: bounds what is held, PIL's pixels above all.
GATHERED = 256


class ImageFailure(NamedTuple):
    """An image that could not be used, and why.

    Attributes
    ----------
    index : int
        Its place among the images of the call.
    code : str
        empty, unknown-format, corrupt, truncated, too-large, too-slow, unsupported, unreadable, changed,
        missing or non-finite.
    message : str
        What was got, what was wanted.
    stage : str
        read, decode or extract.
    path : str
        Its path or URI where it came as one, else empty.
    """

    index: int
    code: str
    message: str
    stage: str = ""
    path: str = ""


@dataclass(frozen=True, eq=False)
class Extraction:
    """Features and failures; unpacks as ``features, failures``, and is an Arrow table for whoever wants one.

    Attributes
    ----------
    features : ndarray of float32, shape (n, d)
        One row an image, in their order; NaN throughout where the image could not be used.
    failures : list of ImageFailure
        In the order of the images.
    """

    features: np.ndarray
    failures: list[ImageFailure]

    def __iter__(self) -> Iterator[Any]:
        return iter((self.features, self.failures))

    def to_arrow(self) -> pa.Table:
        """Return a table with the columns index, features, code and message; features are null for a failure."""
        return vectors_table(self.features, "features", self.failures)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.to_arrow().__arrow_c_stream__(requested_schema)


def vectors_table(vectors: np.ndarray, name: str, failures: list[ImageFailure]) -> pa.Table:
    """Return a table of rows that share the array's memory."""
    import numpy as np
    import pyarrow as pa

    count, dim = vectors.shape
    bad = np.zeros(count, dtype=bool)
    bad[[failure.index for failure in failures]] = True
    codes = {failure.index: failure for failure in failures}
    flat = pa.array(vectors.reshape(-1))
    mask = pa.array(bad) if failures else None
    lists = pa.FixedSizeListArray.from_arrays(flat, dim, mask=mask)
    return pa.table(
        {
            "index": pa.array(np.arange(count)),
            name: lists,
            "code": pa.array([codes[i].code if i in codes else None for i in range(count)], pa.string()),
            "message": pa.array([codes[i].message if i in codes else None for i in range(count)], pa.string()),
        }
    )


class FeatureExtractor(Parameters):
    """Turn images into features, as ``pomona run`` does, to the bit.

    Parameters
    ----------
    extractor : str, default "vgg16"
        ``vgg16``, ``mobilenetv2-0.35``, ``pixels``, another name that ``pomona models list`` shows, or a model file
        (.onnx, .tflite, .xml, or a SavedModel folder). Weights that are not in the model cache are fetched.
    image_size : int or (width, height), optional
        Pixels that images are resized to; None takes the extractor's own (224 for vgg16, 16 for pixels).
    pooling : {"max", "avg", "none"}, default "max"
        What is taken from the last feature map.
    precision : {"f32", "bf16"}, default "f32"
        Arithmetic of the network. int8 and auto are measured on the images of a run: see :func:`pomona.run` and
        :func:`pomona.load`.
    engine : {"auto", "native", "openvino"}, default "auto"
        What runs the network.
    resample : {"bicubic", "nearest", "bilinear", "lanczos"}, default "bicubic"
        Filter of the resize, as in Pillow.
    weights : str, optional
        URI of a Keras .h5 or .safetensors file; None takes the model cache.
    exif_orientation : bool, default True
        Turn images as their EXIF orientation says.
    max_image_pixels : int, default 178956970
        Larger files are refused before they are decoded.
    image_timeout : int, default 60
        Seconds after which the decoding of one image is given up.
    output_node, input_scale, input_mean, channel_order : optional
        For a model file: as the options of ``pomona run`` of the same names.
    threads : int, optional
        None takes what affinity and cgroup allow.
    memory : int or str, optional
        Bytes that the network may hold, such as ``"2GB"``; None takes what the cgroup allows.
    allow_hosts : str or sequence of str, optional
        Hosts that URIs of images may name; your credentials go there. See docs/storage.md.

    Notes
    -----
    Nothing is opened before the first use. Pickling and copying carry the parameters alone; a copy opens its own.
    Calls from several threads may run together.

    Examples
    --------
    >>> extractor = pomona.FeatureExtractor("vgg16", image_size=100)  # doctest: +SKIP
    >>> features, failures = extractor.extract(["a.jpg", open("b.jpg", "rb").read()])  # doctest: +SKIP
    >>> features.shape  # doctest: +SKIP
    (2, 512)
    """

    def __init__(
        self,
        extractor: str = "vgg16",
        *,
        image_size: int | tuple[int, int] | None = None,
        pooling: str = "max",
        precision: str = "f32",
        engine: str = "auto",
        resample: str = "bicubic",
        weights: str | os.PathLike[str] | None = None,
        exif_orientation: bool = True,
        max_image_pixels: int = 178_956_970,
        image_timeout: int = 60,
        output_node: str | None = None,
        input_scale: float | tuple[float, float, float] | None = None,
        input_mean: float | tuple[float, float, float] | None = None,
        channel_order: str | None = None,
        threads: int | None = None,
        memory: int | str | None = None,
        allow_hosts: str | Sequence[str] | None = None,
    ) -> None:
        self.extractor = extractor
        self.image_size = image_size
        self.pooling = pooling
        self.precision = precision
        self.engine = engine
        self.resample = resample
        self.weights = weights
        self.exif_orientation = exif_orientation
        self.max_image_pixels = max_image_pixels
        self.image_timeout = image_timeout
        self.output_node = output_node
        self.input_scale = input_scale
        self.input_mean = input_mean
        self.channel_order = channel_order
        self.threads = threads
        self.memory = memory
        self.allow_hosts = allow_hosts

    def _options(self) -> str:
        keywords = self.get_params()
        keywords["no_exif_orientation"] = not keywords.pop("exif_orientation")
        keywords["image_size"] = _options.image_size(keywords["image_size"])
        for name in ("input_scale", "input_mean"):
            keywords[name] = _options.three(keywords[name])
        return _options.to_json(keywords)

    def open(self) -> FeatureExtractor:
        """Open the network now instead of at the first use.

        Raises
        ------
        ValueError
            For parameters that do not fit, with the engine's message.
        OSError
            When weights are neither in the model cache nor to be fetched.
        """
        self._opened()
        return self

    def _opened(self) -> Any:
        options = self._options()
        with _OPENING:
            opened = self.__dict__.get("_open")
            if opened is None or opened[0] != options:
                opened = self.__dict__["_open"] = (options, self._open_engine(options))
        return opened[1]

    def _open_engine(self, options: str) -> Any:
        return with_model_fetched(lambda: engine().open_extractor(options))

    @property
    def n_features_out_(self) -> int:
        """Features an image."""
        return self._opened().dim

    @property
    def input_size_(self) -> tuple[int, int]:
        """Width and height in pixels that images are resized to."""
        opened = self._opened()
        return opened.image_width, opened.image_height

    @property
    def description_(self) -> dict[str, Any]:
        """What the extractor says of itself: engine, weights, preprocessing."""
        return json.loads(self._opened().description)

    def _plan(self, images: int) -> str:
        """Return, as JSON, the plan of a run that makes the features of so many images."""
        return self._opened().plan(images)

    def extract(self, images: Any) -> Extraction:
        """Extract the features of images.

        Parameters
        ----------
        images : iterable, array or Arrow array
            Any mixture of paths and URIs (str or os.PathLike), files as bytes, PIL images, uint8 arrays of shape
            (h, w, 3) in RGB, and None; or one uint8 array of shape (n, h, w, 3); or an Arrow array of binary (files) or
            string (paths) type, from any library that speaks the Arrow PyCapsule interface. One path, file or PIL
            image alone counts as a list of one.

        Returns
        -------
        Extraction
            ``features``, float32 of shape (n, d), and ``failures``. A bad image is no error: its row is NaN, and its
            failure has the reason.

        Raises
        ------
        ValueError
            For something that is no image at all.
        OSError
            When a store is down.
        """
        opened = self._opened()
        if is_pil(images):
            images = [images]
        if is_pixels(images):
            return gathered([opened.extract_pixels(contiguous(images))], opened.dim)
        if hasattr(images, "__arrow_c_array__") or hasattr(images, "__arrow_c_stream__"):
            parts = (opened.extract_arrow(*chunk.__arrow_c_array__()) for chunk in arrow_chunks(images))
            return gathered(parts, opened.dim)
        if isinstance(images, str | bytes | bytearray | memoryview | os.PathLike):
            images = [images]
        lists = (opened.extract_list(part) for part in self._lists(images))
        return gathered(lists, opened.dim)

    def transform(self, images: Any) -> np.ndarray:
        """Return the features alone, for pipelines.

        Raises
        ------
        ValueError
            For the first image that cannot be used.
        """
        features, failures = self.extract(images)
        if failures:
            first = failures[0]
            raise ValueError(
                f"{len(failures)} of {len(features)} images cannot be used; the first is image {first.index}"
                f"{f' ({engine().visible_text(first.path)})' if first.path else ''}, {first.code}: {first.message}"
            )
        return features

    def fit(self, images: Any = None, y: Any = None) -> FeatureExtractor:
        """Do nothing; for pipelines."""
        return self

    def fit_transform(self, images: Any, y: Any = None) -> np.ndarray:
        """Return ``transform(images)``."""
        return self.transform(images)

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.input_tags.two_d_array = False
        return tags

    def _lists(self, images: Iterable[Any]) -> Iterator[list[Any]]:
        part: list[Any] = []
        for index, image in enumerate(images):
            part.append(self._item(index, image))
            if len(part) == GATHERED:
                yield part
                part = []
        if part:
            yield part

    def _item(self, index: int, image: Any) -> Any:
        if image is None or isinstance(image, str | bytes):
            return str(image) if isinstance(image, str) else image  # NumPy has strings of its own
        if isinstance(image, os.PathLike):
            return os.fsdecode(os.fspath(image))
        if isinstance(image, bytearray | memoryview):
            return bytes(image)
        if is_pil(image):
            import numpy as np
            from PIL import ImageOps

            turned = ImageOps.exif_transpose(image) if self.exif_orientation else image
            return np.asarray(turned.convert("RGB"))
        if hasattr(image, "as_py") and hasattr(image, "type"):  # a scalar of pyarrow
            return self._item(index, image.as_py())
        if is_array(image) and getattr(image, "ndim", 0) == 3 and image.shape[2] == 3 and is_uint8(image):
            return contiguous(image)
        kind = (
            f"an array of shape {tuple(image.shape)} and type {image.dtype}" if is_array(image) else repr(type(image))
        )
        raise ValueError(
            f"image {index} is {kind}; a path or URI, the bytes of a file, a PIL image or a uint8 array of shape "
            "(h, w, 3) is wanted"
        )


_OPENING = threading.RLock()


def with_model_fetched(open_model: Any) -> Any:
    """Call again once weights that are missing have been fetched."""
    native = engine()
    try:
        return open_model()
    except native.MissingModel as missing:
        logging.getLogger("pomona").info("fetching the weights of %s", missing.model)
        native.fetch_model(missing.model, os.environ.get("POMONA_PYTHON") or sys.executable)
        return open_model()


def is_array(value: Any) -> bool:
    return hasattr(value, "__array_interface__") or hasattr(value, "__dlpack__")


def is_pil(value: Any) -> bool:
    return "PIL.Image" in sys.modules and isinstance(value, sys.modules["PIL.Image"].Image)


def is_pixels(value: Any) -> bool:
    """Tell whether this is one array of images: uint8, (n, h, w, 3)."""
    if not is_array(value) or is_pil(value) or getattr(value, "ndim", 0) != 4:
        return False
    if value.shape[3] != 3 or not is_uint8(value):
        raise ValueError(f"images of shape {tuple(value.shape)} and type {value.dtype}; uint8 (n, h, w, 3) is wanted")
    return True


def contiguous(value: Any) -> np.ndarray:
    import numpy as np

    return np.ascontiguousarray(np.asarray(value))


def is_uint8(value: Any) -> bool:
    return str(value.dtype).rpartition(".")[2] == "uint8"  # "torch.uint8" too


def arrow_chunks(value: Any) -> Iterator[pa.Array]:
    import pyarrow as pa

    if hasattr(value, "__arrow_c_stream__"):
        chunked = pa.chunked_array(value)
        if pa.types.is_struct(chunked.type):
            raise ValueError("a whole table was given for images; choose its column of paths or file contents")
        yield from chunked.chunks
    else:
        yield pa.array(value)


def gathered(parts: Iterable[tuple[np.ndarray, list[tuple[Any, ...]]]], dim: int) -> Extraction:
    """Put the parts of a call together."""
    import numpy as np

    arrays, failures, first = [], [], 0
    for array, failed in parts:
        arrays.append(array)
        failures += [
            ImageFailure(first + index, code, message, stage, path) for index, path, stage, code, message in failed
        ]
        first += len(array)
    if not arrays:
        return Extraction(np.empty((0, dim), np.float32), [])
    return Extraction(arrays[0] if len(arrays) == 1 else np.concatenate(arrays), failures)
