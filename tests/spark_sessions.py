"""Spark sessions for tests: classic, or a client of a Spark Connect server."""

import os
import shutil
import sys

import pytest


def one_session(kind, folder):
    """Yields a session with two task slots on this machine; what it sets in the environment goes with it."""
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        pytest.skip("Spark needs Java, and there is none: install openjdk-17-jre-headless")
    before = dict(os.environ)
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.appName("pomona").config("spark.sql.shuffle.partitions", "2")
    if kind == "connect":
        builder = builder.remote("local[2]")
    else:
        builder = (
            builder.master("local[2]").config("spark.driver.host", "127.0.0.1").config("spark.driver.memory", "1g")
        )
        builder = builder.config("spark.ui.enabled", "false").config("spark.ui.showConsoleProgress", "false")
        builder = builder.config("spark.sql.warehouse.dir", str(folder))
    session = builder.getOrCreate()
    if kind == "classic":
        session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()
    os.environ.clear()
    os.environ.update(before)
