"""The jobs of the command line: run, features, apply."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import _notebook, _options
from ._extractor import with_model_fetched
from ._native import engine
from ._progress import Listener, listener

if TYPE_CHECKING:
    from ._model import Model

Path = str | os.PathLike[str]


class TooManyFailuresError(ValueError):
    """More images failed than ``max_failures`` allows; ``result`` is what there is.

    Shards, quarantine and report are written; the same call with a higher limit finishes without extracting again.
    """

    def __init__(self, result: RunResult) -> None:
        super().__init__(result.message)
        self.result = result


@dataclass(frozen=True)
class RunResult:
    """How a job ended.

    Attributes
    ----------
    output : str
        Where everything is.
    outcome : str
        ``done``, ``already-done`` (an earlier call with the same result options finished it) or ``too-many-failures``.
    run : dict
        The content of run.json: images, seconds, options, plan, versions.
    report : str
        Where report.html is.
    message : str
        One line for people; empty where there is nothing to say.
    """

    output: str
    outcome: str
    run: dict[str, Any]
    report: str
    message: str

    def model(self, **options: Any) -> Model:
        """Open the model that the job saved: ``pomona.load(result.output)``."""
        from ._model import load

        return load(self.output, **options)

    def __repr__(self) -> str:
        counts = ", ".join(f"{name} {value}" for name, value in _notebook.facts(self.run))
        return f"<pomona.RunResult {self.outcome}: {self.output}, {counts}>"

    def _repr_html_(self) -> str:
        return _notebook.table(self) + _notebook.plot(self.output)


def run(
    input: Path,
    *,
    output: Path,
    label_from: str | None = None,
    bytes_column: str | None = None,
    path_column: str | None = None,
    label_column: str | None = None,
    include: str | Sequence[str] | None = None,
    exclude: str | Sequence[str] | None = None,
    include_skipped: bool | None = None,
    sample: int | None = None,
    limit: int | None = None,
    no_exif_orientation: bool | None = None,
    max_image_pixels: int | None = None,
    image_timeout: int | None = None,
    extractor: Path | None = None,
    weights: Path | None = None,
    image_size: int | tuple[int, int] | str | None = None,
    resample: str | None = None,
    pooling: str | None = None,
    precision: str | None = None,
    min_similarity: float | None = None,
    engine: str | None = None,
    output_node: str | None = None,
    input_scale: float | tuple[float, float, float] | str | None = None,
    input_mean: float | tuple[float, float, float] | str | None = None,
    channel_order: str | None = None,
    components: int | None = None,
    variance: float | None = None,
    overwrite: bool | None = None,
    update: bool | str | None = None,
    max_failures: int | str | None = None,
    no_thumbnails: bool | None = None,
    self_contained: bool | None = None,
    shard_size: int | None = None,
    threads: int | None = None,
    memory: int | str | None = None,
    allow_hosts: str | Sequence[str] | None = None,
    csv_safe: bool | None = None,
    progress: str | Listener | None = "auto",
) -> RunResult:
    """Do the whole job: list, decode, extract features, fit scaler and PCA, project, write, report.

    The same as the command ``pomona run``; docs/guide.md tells what each option does and what comes out. None leaves an
    option at its default. Weights that are not in the model cache are fetched. Ctrl-C stops the job at once; the same
    call goes on where it stopped.

    Parameters
    ----------
    input : str
        Folder or bucket prefix whose parent folder names are labels; a .csv or .parquet list; a .tar archive; or the
        manifest.json of an S3 Inventory report.
    output : str
        Path or URI where everything is written.
    update : bool or "mirror", optional
        Take up what is new or changed in the input since the output was made.
    progress : {"auto", "none"} or Listener, default "auto"
        A line on stderr where that is a terminal, a bar in Jupyter; nothing; or an object with the methods
        stage_started(stage, total, done), stage_advanced(done, failed), stage_finished(seconds) and message(text).
    label_from, bytes_column, path_column, label_column, include, exclude, include_skipped, sample, limit,
    no_exif_orientation, max_image_pixels, image_timeout, extractor, weights, image_size, resample, pooling, precision,
    min_similarity, engine, output_node, input_scale, input_mean, channel_order, components, variance, overwrite,
    max_failures, no_thumbnails, self_contained, shard_size, threads, memory, allow_hosts,
    csv_safe
        As the options of the command.

    Returns
    -------
    RunResult

    Raises
    ------
    ValueError
        Where the command would exit with 2: the message names the option and the fix.
    TooManyFailuresError
        Where it would exit with 3.
    OSError
        When something cannot be read or written.
    KeyboardInterrupt
        After Ctrl-C.
    """
    return _run(locals(), features_only=False)


def features(input: Path, *, output: Path, progress: str | Listener | None = "auto", **options: Any) -> RunResult:
    """Do the first half of the job: list, decode, extract features; the command ``pomona features``.

    Parameters
    ----------
    input, output, progress, **options
        As :func:`run` takes them, without components and variance.

    Returns
    -------
    RunResult
    """
    _refuse(options, ("components", "variance"), "features")
    return _run({"input": input, "output": output, "progress": progress, **options}, features_only=True)


def apply(
    model: Path, input: Path, *, output: Path, progress: str | Listener | None = "auto", **options: Any
) -> RunResult:
    """Project new images, or features already extracted, with a saved model; the command ``pomona apply``.

    Parameters
    ----------
    model : str
        The output of a run or fit, or its ``model/`` folder.
    input, output, progress, **options
        As :func:`run` takes them; what the model decides (extractor, sizes, components) cannot be given.

    Returns
    -------
    RunResult
    """
    _refuse(options, _OF_THE_MODEL, "apply")
    arguments = _arguments({"input": input, "output": output, **options})
    hears = listener(progress)
    place = os.fspath(model)
    return _result(output, with_model_fetched(lambda: engine().apply(place, arguments, hears)))


_OF_THE_MODEL = (
    *("extractor", "image_size", "resample", "no_exif_orientation", "pooling", "precision", "engine", "min_similarity"),
    *("output_node", "input_scale", "input_mean", "channel_order", "components", "variance", "self_contained"),
    "update",
)


def _refuse(options: dict[str, Any], names: Sequence[str], job: str) -> None:
    for name in options:
        if name in names:
            raise ValueError(f"{name} is no option of {job}")


def _arguments(keywords: dict[str, Any]) -> str:
    values = dict(keywords)
    values["image_size"] = _options.image_size(values.get("image_size"))
    for name in ("input_scale", "input_mean"):
        values[name] = _options.three(values.get(name))
    if isinstance(values.get("update"), bool):
        values["update"] = "keep" if values["update"] else None
    return _options.to_json(values)


def _run(keywords: dict[str, Any], *, features_only: bool) -> RunResult:
    keywords = dict(keywords)
    hears = listener(keywords.pop("progress"))
    arguments = _arguments(keywords)
    native = engine()
    return _result(keywords["output"], with_model_fetched(lambda: native.run(arguments, features_only, hears)))


def _result(output: Path, summary: tuple[str, str, str, str]) -> RunResult:
    outcome, run_json, report, message = summary
    result = RunResult(os.fspath(output), outcome, json.loads(run_json), report, message)
    if outcome == "too-many-failures":
        raise TooManyFailuresError(result)
    return result
