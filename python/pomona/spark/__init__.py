"""Pomona on Apache Spark. Everything is loaded when it is first used; needs pyspark, of the extra ``spark``."""
