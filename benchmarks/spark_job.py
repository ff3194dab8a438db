"""The same job as a Spark notebook does it: features in a pandas UDF, StandardScaler, PCA, CSV; on local[2].

Photos are read with `binaryFile`, the label is the parent folder, weights are broadcast, the UDF gets Arrow batches of
1,024. `vgg16` runs Keras in the UDF; `pixels` resizes with Pillow. Prints one JSON object with the seconds of Spark's
start and of the job.
"""

import argparse
import io
import json
import os
import pathlib
import sys
import time
from collections.abc import Iterator

START = time.perf_counter()

import numpy as np  # noqa: E402  (the clock starts before the imports, as it does for a notebook)
import pandas as pd  # noqa: E402
import vgg16_weights  # noqa: E402
from PIL import Image  # noqa: E402
from pyspark.ml.feature import PCA, StandardScaler  # noqa: E402
from pyspark.ml.functions import array_to_vector, vector_to_array  # noqa: E402
from pyspark.sql import SparkSession  # noqa: E402
from pyspark.sql.functions import col, concat_ws, element_at, pandas_udf, split, transform  # noqa: E402


def vgg16_udf(spark, size, threads):
    """Return a UDF from JPEG bytes to 512 features; each Python worker builds the network once."""
    weights = spark.sparkContext.broadcast(vgg16_weights.load())

    @pandas_udf("array<float>")
    def features(contents: Iterator[pd.Series]) -> Iterator[pd.Series]:
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
        import tensorflow as tf
        from tensorflow.keras.applications.vgg16 import preprocess_input

        if threads:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(threads)
        model = vgg16_weights.keras_model(size, weights.value)
        for batch in contents:
            pixels = np.stack([np.asarray(read(content, size)) for content in batch])
            rows = model.predict(preprocess_input(pixels.astype(np.float32)), batch_size=32, verbose=0)
            yield pd.Series(list(rows))

    return features


def pixels_udf(size):
    """Return a UDF from JPEG bytes to the values of the resized pixels."""

    @pandas_udf("array<float>")
    def features(contents: Iterator[pd.Series]) -> Iterator[pd.Series]:
        for batch in contents:
            yield pd.Series([np.asarray(read(content, size), np.float32).ravel() for content in batch])

    return features


def read(content, size):
    image = Image.open(io.BytesIO(content)).convert("RGB")
    return image if image.size == (size, size) else image.resize((size, size), Image.Resampling.BICUBIC)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path, help="folder for the CSV part files; must not exist")
    parser.add_argument("--extractor", choices=["vgg16", "pixels"], default="vgg16")
    parser.add_argument("--size", type=int, default=100)
    parser.add_argument("--components", type=int, default=30)
    parser.add_argument("--tensorflow-threads", type=int, default=0, help="a Python worker; 0: the default")
    args = parser.parse_args()

    os.environ["PYSPARK_PYTHON"] = sys.executable
    spark = (
        SparkSession.builder.master("local[2]")
        .appName("fruit features")
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", 1024)
        .config("spark.driver.memory", "4g")
        .config("spark.ui.enabled", "false")
        .config("spark.log.level", "ERROR")
        .getOrCreate()
    )
    spark.sparkContext.addPyFile(vgg16_weights.__file__)
    started = time.perf_counter()

    photos = (
        spark.read.format("binaryFile")
        .option("pathGlobFilter", "*.jpg")
        .option("recursiveFileLookup", "true")
        .load(str(args.photos))
        .withColumn("label", element_at(split(col("path"), "/"), -2))
    )
    udf = vgg16_udf(spark, args.size, args.tensorflow_threads) if args.extractor == "vgg16" else pixels_udf(args.size)
    table = photos.select("path", "label", array_to_vector(udf("content")).alias("features")).cache()
    scaler = StandardScaler(inputCol="features", outputCol="scaled", withMean=True, withStd=True).fit(table)
    scaled = scaler.transform(table)
    pca = PCA(k=args.components, inputCol="scaled", outputCol="components").fit(scaled)
    components = transform(vector_to_array("components"), lambda value: value.cast("string"))
    rows = pca.transform(scaled).select("path", "label", concat_ws(",", components).alias("components"))
    rows.write.csv(str(args.output), header=True)
    count = table.count()
    finished = time.perf_counter()
    spark.stop()
    print(
        json.dumps(
            {
                "images": count,
                "start_seconds": started - START,
                "job_seconds": finished - started,
                "images_per_second": count / (finished - started),
            }
        )
    )


if __name__ == "__main__":
    main()
