"""How fast ImageFeatureExtractor is beside the same extractor without Spark, and what a Python worker holds.

.venv/bin/python benchmarks/spark_stages.py FOLDER [IMAGES] [EXTRACTOR] [SIZE]

Both do the same images with as many threads as there are processors: Spark as so many tasks of one thread. The stage is
measured on its second job, when the workers have their networks. More threads than processors would show as a lower
ratio and as more threads in a worker than the engine's one beside Python's own.
"""

import os
import sys
import time
from itertools import cycle, islice
from pathlib import Path

import pyarrow as pa

os.environ.setdefault("PYSPARK_PYTHON", sys.executable)

from pomona.spark import ImageFeatureExtractor
from pomona.spark._tasks import Network
from pyspark.sql import SparkSession
from pyspark.sql.functions import size

import pomona


def rate(count, work):
    start = time.perf_counter()
    done = work()
    assert done == count, f"{done} of {count} images"
    return count / (time.perf_counter() - start)


def main(folder, images="1200", extractor="vgg16", side="100"):
    count, cores = int(images), len(os.sched_getaffinity(0))
    paths = list(islice(cycle(sorted(str(path) for path in Path(folder).rglob("*.jpg"))), count))
    builder = SparkSession.builder.master(f"local[{cores}]").config("spark.ui.enabled", "false")
    spark = builder.config("spark.driver.host", "127.0.0.1").getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")

    local = pomona.FeatureExtractor(extractor, image_size=int(side), threads=cores).open()
    local.extract(paths[:32])
    alone = rate(count, lambda: len(local.extract(paths).features))

    rows = spark.createDataFrame([(path,) for path in paths], "path string").repartition(cores)
    stage = ImageFeatureExtractor(extractor=extractor, imageSize=int(side))

    def extract(rows):
        return stage.transform(rows).where(size("features") > 0).count()

    extract(rows.limit(64).repartition(cores))
    with_spark = rate(count, lambda: extract(rows))

    network = Network(stage._keywords(), {})

    def look(batches):
        for _ in batches:
            network.opened()
            status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
            values = [os.getpid(), int(status["Threads"]), int(status["VmHWM"].split()[0]) // 1024]
            yield pa.RecordBatch.from_arrays([pa.array([value]) for value in values], ["pid", "threads", "peak"])

    seen = spark.range(0, cores, 1, cores).mapInArrow(look, "pid long, threads long, peak long").distinct().collect()
    print(f"{extractor} {side}x{side}, {count} images, {cores} processors")
    print(f"without Spark, {cores} threads: {alone:.1f} images/s")
    print(f"ImageFeatureExtractor, local[{cores}]: {with_spark:.1f} images/s, {with_spark / alone:.3f} of that")
    for worker in seen:
        print(f"Python worker {worker.pid}: {worker.threads} threads, at most {worker.peak} MB")
    spark.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
