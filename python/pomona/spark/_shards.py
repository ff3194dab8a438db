"""What an executor does: runs shards of an output that the driver has planned."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

# What tells the stores who and where they are; the driver's reach the executors that have no others. As Spark itself
# does it with the keys of S3, they travel inside the tasks: no command line, event log or page shows them, and the
# settings that encrypt what Spark sends and spills cover them (docs/spark.md).
FORWARDED = (
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION"),
    *("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_EC2_METADATA_DISABLED"),
    *("GOOGLE_OAUTH_ACCESS_TOKEN", "GOOGLE_CLOUD_PROJECT", "STORAGE_EMULATOR_HOST"),
    *("AZURE_STORAGE_ACCOUNT", "AZURE_STORAGE_KEY", "AZURE_STORAGE_SAS_TOKEN", "AZURE_STORAGE_CONNECTION_STRING"),
    "HADOOP_USER_NAME",
)


@dataclass(frozen=True)
class Assignment:
    """What the tasks of a job have in common.

    Attributes
    ----------
    options : str
        Of the engine, as JSON.
    ticket : str
        Of the driver's claim on the output: nothing is committed once that is gone.
    environment : dict
        Variables that the driver has; they may hold secrets, so nothing prints them.
    folder : str
        Where relative local paths begin; empty where there are none.
    weights, model_file : str
        Names of files that the driver has added to the job; empty where there are none.
    memory : int
        Bytes that the engine may hold in a Python worker; 0 for what the machine allows.
    """

    options: str
    ticket: str
    environment: dict[str, str] = field(repr=False)
    folder: str = ""
    weights: str = ""
    model_file: str = ""
    memory: int = 0

    def local_options(self, threads: int) -> str:
        """Return the options for this process."""
        from pyspark import SparkFiles

        options = json.loads(self.options) | {"threads": threads}
        if self.weights:
            options["weights"] = SparkFiles.get(self.weights)
        if self.memory and "memory" not in options:
            options["memory"] = self.memory
        return json.dumps(options)


_worker: tuple[Any, Any] | None = None  # of the latest job: a compiled model is used again from task to task


def run_shards(
    assignment: Assignment, counter: Any, shards: Iterable[tuple[int, list[int]]]
) -> Iterator[tuple[int, ...]]:
    """Run the shards of one task, and count what became of them."""
    from pyspark import TaskContext

    context = TaskContext.get()
    threads = context.cpus() if context else 1
    with _variables(assignment.environment):
        for shard, thumbnails in shards:
            images, failed, read, seconds = _open(assignment, threads).run(shard, thumbnails)
            counter.add({shard: (images, failed, read, *seconds, socket.gethostname())})
    return iter(())


@contextmanager
def _variables(wanted: dict[str, str]) -> Iterator[None]:
    """Have the driver's variables for the length of a task.

    A Python worker lives on and may run tasks of others; neither they nor what they start finds the variables. The
    worker's open store is forgotten when another job comes; Spark ends workers that were idle for a minute.
    """
    from .._native import engine

    added = {name: value for name, value in wanted.items() if not os.environ.get(name)}
    os.environ.update(added)
    engine().read_environment()
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)
        engine().read_environment()


def _open(assignment: Assignment, threads: int) -> Any:
    """Return this process's worker for a job; Python workers live from task to task."""
    global _worker
    wanted = (assignment, threads)
    if _worker is not None and _worker[0] == wanted:
        return _worker[1]
    _worker = None  # before the next model is opened
    if assignment.folder:
        try:
            os.chdir(assignment.folder)
        except OSError as error:
            raise OSError(
                f"{error}: INPUT or --output is a local path that begins in the driver's folder, and this executor "
                "has no such folder; name places that every machine sees, such as s3://, hdfs:// or a shared disk"
            ) from error
    from pyspark import SparkFiles

    from .._native import engine

    model_file = SparkFiles.get(assignment.model_file) if assignment.model_file else ""
    _worker = wanted, engine().ShardWorker(assignment.local_options(threads), model_file, assignment.ticket)
    return _worker[1]
