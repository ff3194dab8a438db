"""The whole job on a cluster: the driver's part."""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import _jobs
from .._extractor import with_model_fetched
from .._native import engine
from ._counter import ShardCounts
from ._progress import Silent
from ._shards import FORWARDED, Assignment, run_shards

if TYPE_CHECKING:
    from pyspark import SparkContext

Task = tuple[int, list[int]]


def run_on(context: SparkContext, options: dict[str, Any], progress: Any = None) -> _jobs.RunResult:
    """Do the job of ``pomona run`` with the executors of a Spark context.

    Parameters
    ----------
    context : pyspark.SparkContext
        Of a classic session; Spark Connect has none.
    options : dict
        Of the engine, by their names there.
    progress : optional
        Hears the job, as :class:`pomona._progress.Listener`, and how many shards are done.

    Returns
    -------
    RunResult

    Raises
    ------
    ValueError, OSError, TooManyFailuresError, KeyboardInterrupt
        As ``pomona.run``; OSError where a shard failed on every try.
    """
    hears = progress or Silent()
    distributor = _Distributor(context, options, hears)
    arguments = json.dumps(options)
    native = engine()
    summary = with_model_fetched(lambda: native.run(arguments, False, hears, distributor))
    return _jobs._result(options["output"], summary)


class _Distributor:
    """Has a Spark job run the shards, one task each."""

    def __init__(self, context: SparkContext, options: dict[str, Any], hears: Any) -> None:
        self.context, self.options, self.hears = context, options, hears

    def __call__(
        self,
        tasks: list[Task],
        images: int,
        ticket: str,
        advanced: Callable[[int, int, int], bool],
        cancelled: Callable[[], bool],
    ) -> None:
        counter = self.context.accumulator({}, ShardCounts())
        assignment = self._assignment(ticket)
        group = f"pomona {ticket}"
        raised: list[BaseException] = []

        def work() -> None:
            try:
                self.context.setJobGroup(group, self._description(len(tasks), images), interruptOnCancel=True)
                shards = self.context.parallelize(tasks, len(tasks)).setName("shards of " + _shown(self.options))
                shards.mapPartitions(lambda some: run_shards(assignment, counter, some)).collect()
            except BaseException as error:
                raised.append(error)

        thread = threading.Thread(target=work, name="pomona-shards", daemon=True)
        thread.start()
        stopped = False
        done = _Done(len(tasks), advanced, self.hears)
        while thread.is_alive():
            thread.join(0.2)
            go = done.look(counter)
            stopped = stopped or cancelled() or not go
            if stopped:  # again and again: the job may not have begun yet
                self.context.cancelJobGroup(group)
                thread.join(1)
        done.look(counter)
        if raised and not stopped:
            raise OSError(_reason(raised[0])) from raised[0]

    def _assignment(self, ticket: str) -> Assignment:
        options = dict(self.options)
        local = [options[name] for name in ("input", "output") if _is_local(options[name])]
        weights, model_file = self._ship_model()
        if weights:
            options.pop("weights", None)
        return Assignment(
            options=json.dumps(options),
            ticket=ticket,
            environment={name: os.environ[name] for name in FORWARDED if os.environ.get(name)},
            folder=os.getcwd() if any(not os.path.isabs(place) for place in local) else "",
            weights=weights,
            model_file=model_file,
            memory=engine_memory(dict(self.context.getConf().getAll())),
        )

    def _ship_model(self) -> tuple[str, str]:
        """Add local files of the model to the job; each executor fetches them once. Return their names."""
        extractor = self.options.get("extractor", "vgg16")
        weights = self.options.get("weights", "") or engine().cached_weights(extractor)
        if weights and _is_local(weights):
            return self._ship(weights), ""
        if weights or engine().is_known_extractor(extractor) or not _is_local(extractor):
            return "", ""
        if extractor.endswith(".xml"):
            self._ship(str(Path(extractor).with_suffix(".bin")))
        return "", self._ship(extractor)

    def _ship(self, file: str) -> str:
        self.context.addFile(os.path.abspath(file), recursive=os.path.isdir(file))
        return os.path.basename(os.path.normpath(file))

    def _description(self, shards: int, images: int) -> str:
        extractor = os.path.basename(self.options.get("extractor", "vgg16"))
        return f"Pomona: {extractor} features of {images:,} images in {shards:,} shards, {_shown(self.options)}"


class _Done:
    """Tells of the shards that are done since the last look."""

    def __init__(self, total: int, advanced: Callable[[int, int, int], bool], hears: Any) -> None:
        self.total, self.advanced, self.hears = total, advanced, hears
        self.seen: set[int] = set()

    def look(self, counter: Any) -> bool:
        """Return whether to go on."""
        counts = dict(counter.value)
        go = True
        for shard in counts.keys() - self.seen:
            self.seen.add(shard)
            images, failed, read = counts[shard][:3]
            go = self.advanced(images, failed, read) and go
            self.hears.shards(len(self.seen), self.total)
        return go


def _shown(options: dict[str, Any]) -> str:
    """Where from and where to, without what a query may hold."""
    places = [re.sub(r"//[^/@]*@", "//", str(options[name])).partition("?")[0] for name in ("input", "output")]
    return engine().visible_text(" to ".join(places))


def _is_local(place: str) -> bool:
    return "://" not in place and not place.startswith("file:")


def engine_memory(conf: dict[str, str]) -> int:
    """Return the bytes that the engine may hold in one Python worker by Spark's settings; 0 where they do not say.

    ``spark.executor.pyspark.memory``, else ``spark.executor.memoryOverhead``, shared by the tasks that an executor runs
    at a time.
    """
    text = conf.get("spark.executor.pyspark.memory") or conf.get("spark.executor.memoryOverhead")
    if not text:
        return 0
    tasks = int(conf.get("spark.executor.cores", "1")) // int(conf.get("spark.task.cpus", "1"))
    return to_bytes(text) // max(tasks, 1)


def to_bytes(text: str) -> int:
    """Return what a size of Spark's says: ``512m``, ``2g``; without a unit, MiB."""
    match = re.fullmatch(r"(\d+)\s*([kmgt]?)i?b?", text.strip().lower())
    if match is None:
        raise ValueError(f'"{text}" is no size; wanted 900m or 2g')
    return int(match[1]) << {"k": 10, "": 20, "m": 20, "g": 30, "t": 40}[match[2]]


def _reason(error: BaseException) -> str:
    """Return why a job failed: the engine's own message, out of Spark's long one."""
    java = getattr(error, "java_exception", None)
    text = str(java.toString() if java is not None else error)
    found = re.findall(r"^(?:[\w.]+\.)?(?:\w*Error): (.+(?:\n  .+)*)", text, re.MULTILINE)
    said = found[-1].strip() if found else text.strip().splitlines()[0]
    said = engine().visible_text(said)
    return f"a shard failed on every try: {said}. The executors' logs tell more; the same command goes on"
