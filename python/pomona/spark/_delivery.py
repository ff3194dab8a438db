"""Brings files of the driver to executors, once a session."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from .._native import engine
from ._run import engine_memory
from ._tasks import Network

# What may decide whether files travel: "auto" sends none to executors that are on this machine.
DELIVERY = ("auto", "always", "never")


def network(dataset: DataFrame, keywords: dict[str, Any], delivery: str) -> Network:
    """Return what executors open, after sending them the files that they may lack.

    A model or weights file of this machine is sent; so are the cached weights of a registry model, which executors
    that have them leave aside. What a URI names, and what the program carries, stays where it is.

    Raises
    ------
    ValueError
        For a file that is not there, and for a folder, which cannot be sent.
    """
    session = dataset.sparkSession
    if keywords.get("memory") is None and (memory := engine_memory(_settings(session))):
        keywords = keywords | {"memory": memory}
    own = {name: keywords[name] for name in ("extractor", "weights") if _is_own_file(name, keywords.get(name))}
    if delivery == "never":
        return Network(keywords, {})
    for name, value in own.items():
        if not Path(value).exists():
            what = "neither a name that `pomona models list` shows nor" if name == "extractor" else "not"
            raise ValueError(f"{name} {value!r} is {what} a file here; file:///... names one that executors have")
    if delivery == "auto" and _is_local(session):
        return Network(keywords, {})
    files = {name: _send_with_companion(session, Path(value)) for name, value in own.items()}
    spare = ""
    if not own and keywords.get("weights") is None and engine().is_known_extractor(keywords["extractor"]):
        cached = engine().cached_weights(keywords["extractor"])
        spare = _send(session, Path(cached)) if cached else ""
    return Network(keywords, files, spare)


def _is_own_file(name: str, value: str | None) -> bool:
    """Tell whether a keyword names a file of this machine, not a place that executors can open by themselves."""
    return value is not None and "://" not in value and not (name == "extractor" and engine().is_known_extractor(value))


def _settings(session: SparkSession) -> dict[str, str]:
    """Return the settings that decide a Python worker's memory."""
    names = ("pyspark.memory", "memoryOverhead", "cores")
    settings = {f"spark.executor.{name}": session.conf.get(f"spark.executor.{name}", "") for name in names}
    settings["spark.task.cpus"] = session.conf.get("spark.task.cpus", "")
    return {name: value for name, value in settings.items() if value}


def _is_local(session: SparkSession) -> bool:
    master = session.conf.get("spark.master", "") or ""
    return master.split("[")[0] == "local"


def _send_with_companion(session: SparkSession, file: Path) -> str:
    if file.is_dir():
        raise ValueError(
            f"{file} is a folder, which Spark does not bring to executors: put it where they can read it, name that "
            "place by a URI (file:///... for a folder that every node has), or convert the model to one file"
        )
    weights = file.with_suffix(".bin")
    if file.suffix == ".xml" and weights.exists():
        _send(session, weights)
    return _send(session, file)


def _send(session: SparkSession, file: Path) -> str:
    """Add a file to a session, if it is not there yet, and return its name for SparkFiles."""
    place = str(file.absolute())
    status = os.stat(place)
    sent = (place, status.st_size, status.st_mtime_ns)
    key = session.session_id if hasattr(session, "session_id") else session.sparkContext.applicationId
    if sent not in _SENT.setdefault(key, set()):
        if hasattr(session, "addArtifacts") and _is_connect(session):
            session.addArtifacts(place, file=True)
        else:
            session.sparkContext.addFile(place)
        _SENT[key].add(sent)
    return file.name


def _is_connect(session: SparkSession) -> bool:
    return "connect" in type(session).__module__


_SENT: dict[str, set[tuple[str, int, int]]] = {}
