"""Features of images in a column."""

from __future__ import annotations

from typing import Any

from pyspark import keyword_only
from pyspark.ml import Transformer
from pyspark.ml.param import TypeConverters
from pyspark.sql import DataFrame
from pyspark.sql.types import ArrayType, FloatType, StringType, StructField

from .._extractor import FeatureExtractor
from .._native import engine
from . import _columns as columns
from ._delivery import DELIVERY, network
from ._stage import Columns, SavedStage, one_of, parameter, stage
from ._tasks import Extract

# Parameters that are keywords of pomona.FeatureExtractor, by their names there.
KEYWORDS = {
    "extractor": "extractor",
    "imageSize": "image_size",
    "pooling": "pooling",
    "precision": "precision",
    "engine": "engine",
    "resample": "resample",
    "weights": "weights",
    "exifOrientation": "exif_orientation",
    "maxImagePixels": "max_image_pixels",
    "imageTimeout": "image_timeout",
    "outputNode": "output_node",
    "inputScale": "input_scale",
    "inputMean": "input_mean",
    "channelOrder": "channel_order",
    "threads": "threads",
    "memory": "memory",
    "allowHosts": "allow_hosts",
}

# Those that decide no feature.
OF_THE_MACHINE = ("threads", "memory", "allow_hosts")


def number_or_text(value: Any) -> int | str:
    """Convert "10" or 10; other text stays: "200x100", "2GB"."""
    if isinstance(value, tuple | list):  # width, height
        width, height = value
        return f"{int(width)}x{int(height)}"
    return value if isinstance(value, str) else TypeConverters.toInt(value)


def one_or_three(value: Any) -> list[float]:
    """Convert one number or three."""
    numbers = TypeConverters.toListFloat(value) if isinstance(value, tuple | list) else [TypeConverters.toFloat(value)]
    if len(numbers) not in (1, 3):
        raise TypeError(f"{value!r}; one number or three are wanted")
    return numbers


@stage
class ImageFeatureExtractor(Transformer, Columns, SavedStage):
    """Turns images into features: the rows of ``pomona run``, to the bit, in a column of a DataFrame.

    A bad image gives null and, in ``errorCol``, the reason: a code of quarantine.parquet and a message. Tasks fail for
    what is not the image's fault only: a store that is down, weights that cannot be had.

    Parameters
    ----------
    inputCol : str, default "path"
        Paths or URIs (string), which executors read by themselves, or the contents of image files (binary).
    outputCol : str, default "features"
    errorCol : str, default "error"
        Column of reasons, null for a good image; "" adds none.
    outputType : {"array<float>", "array<double>", "vector"}, default "array<float>"
        A vector is what Spark's own stages read.
    handleInvalid : {"keep", "skip"}, default "keep"
        "skip" leaves rows of bad images out.
    extractor : str, default "vgg16"
        As ``pomona.FeatureExtractor`` takes it, like all that follow.
    imageSize : int, (width, height) or "WxH", optional
    pooling, precision, engine, resample, weights, exifOrientation, maxImagePixels, imageTimeout, outputNode, \
inputScale, inputMean, channelOrder : optional
    threads : int, optional
        None takes spark.task.cpus.
    memory : int or str, optional
        Bytes that a Python worker may hold; None shares spark.executor.pyspark.memory, else
        spark.executor.memoryOverhead, out among the tasks of an executor.
    allowHosts : str, optional
        Hosts that URIs of images may name; the executors' credentials go there. See docs/storage.md.
    delivery : {"auto", "always", "never"}, default "auto"
        Whether model files and cached weights of the driver's machine are sent to executors; "auto" sends them unless
        Spark runs on this machine alone.

    Examples
    --------
    >>> extractor = ImageFeatureExtractor(extractor="vgg16", imageSize=100)  # doctest: +SKIP
    >>> extractor.transform(spark.createDataFrame([("/photos/1.jpg",)], "path string"))  # doctest: +SKIP
    """

    errorCol = parameter("errorCol", "column of reasons why an image could not be used; empty for none")
    handleInvalid = parameter("handleInvalid", "keep or skip rows of bad images", one_of("keep", "skip"))
    extractor = parameter("extractor", "vgg16, pixels, another name of `pomona models list`, or a model file")
    imageSize = parameter("imageSize", "N or WxH pixels after the resize; None: the extractor's own", number_or_text)
    pooling = parameter("pooling", "max, avg or none over the last feature map", one_of("max", "avg", "none"))
    precision = parameter("precision", "f32 or bf16", one_of("f32", "bf16"))
    engine = parameter("engine", "what runs the network", one_of("auto", "native", "openvino"))
    resample = parameter("resample", "filter of the resize", one_of("nearest", "bilinear", "bicubic", "lanczos"))
    weights = parameter("weights", "file or URI of Keras .h5 or .safetensors weights; None: the model cache")
    exifOrientation = parameter("exifOrientation", "turn images as their EXIF says", TypeConverters.toBoolean)
    maxImagePixels = parameter("maxImagePixels", "larger images are refused undecoded", TypeConverters.toInt)
    imageTimeout = parameter("imageTimeout", "seconds that decoding one image may take", TypeConverters.toInt)
    outputNode = parameter("outputNode", "for a model file: where features are read")
    inputScale = parameter("inputScale", "for a model file: factor after the mean", one_or_three)
    inputMean = parameter("inputMean", "for a model file: taken from pixels", one_or_three)
    channelOrder = parameter("channelOrder", "for a model file: rgb or bgr", one_of("rgb", "bgr"))
    threads = parameter("threads", "threads a task; None: spark.task.cpus", TypeConverters.toInt)
    memory = parameter("memory", "bytes that a Python worker may hold, such as 2GB", number_or_text)
    allowHosts = parameter("allowHosts", "hosts, separated by commas, that URIs of images may name")
    delivery = parameter("delivery", "whether files of the driver are sent to executors", one_of(*DELIVERY))

    @keyword_only
    def __init__(
        self,
        *,
        inputCol: str | None = None,
        outputCol: str | None = None,
        errorCol: str | None = None,
        outputType: str | None = None,
        handleInvalid: str | None = None,
        extractor: str | None = None,
        imageSize: int | tuple[int, int] | str | None = None,
        pooling: str | None = None,
        precision: str | None = None,
        engine: str | None = None,
        resample: str | None = None,
        weights: str | None = None,
        exifOrientation: bool | None = None,
        maxImagePixels: int | None = None,
        imageTimeout: int | None = None,
        outputNode: str | None = None,
        inputScale: float | tuple[float, float, float] | None = None,
        inputMean: float | tuple[float, float, float] | None = None,
        channelOrder: str | None = None,
        threads: int | None = None,
        memory: int | str | None = None,
        allowHosts: str | None = None,
        delivery: str | None = None,
    ) -> None:
        super().__init__()
        self._setDefault(**dict.fromkeys(KEYWORDS))
        self._setDefault(
            inputCol="path",
            outputCol="features",
            errorCol="error",
            outputType="array<float>",
            handleInvalid="keep",
            extractor="vgg16",
            pooling="max",
            precision="f32",
            engine="auto",
            resample="bicubic",
            exifOrientation=True,
            maxImagePixels=178_956_970,
            imageTimeout=60,
            delivery="auto",
        )
        self._set_given(self._input_kwargs)

    def _transform(self, dataset: DataFrame) -> DataFrame:
        source, output, error = (self.getOrDefault(name) for name in ("inputCol", "outputCol", "errorCol"))
        output_type = self.getOrDefault("outputType")
        columns.check_images(self, dataset, source)
        columns.check_new(self, dataset, [output, *([error] if error else [])])
        keywords = self._keywords()
        engine().check_options(FeatureExtractor(**keywords)._options())
        opened = network(dataset, keywords, self.getOrDefault("delivery"))

        made = columns.Made({name: value for name, value in keywords.items() if name not in OF_THE_MACHINE})
        kind = ArrayType(columns.element(output_type, FloatType()))
        fields = [StructField(output, kind, metadata=columns.metadata(made))]
        if error:
            fields.append(StructField(error, StringType()))
        schema = columns.extended(dataset.schema, fields)
        task = Extract(
            opened,
            column=dataset.columns.index(source),
            names=schema.names,
            double=output_type == "array<double>",
            skip=self.getOrDefault("handleInvalid") == "skip",
        )
        return columns.finish(dataset.mapInArrow(task, schema), output, output_type, made)

    def _keywords(self) -> dict[str, Any]:
        """Return the keywords of pomona.FeatureExtractor that are set."""
        values = {keyword: self.getOrDefault(name) for name, keyword in KEYWORDS.items()}
        for name in ("input_scale", "input_mean"):
            if values[name] is not None and len(values[name]) == 1:
                values[name] = values[name][0]
        return {name: value for name, value in values.items() if value is not None}
