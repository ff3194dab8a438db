"""The command ``pomona-spark``: run, package."""

from __future__ import annotations

import os
import sys
from typing import Any

from .. import _jobs, _notebook
from .._native import engine

USAGE = """\
The whole job of `pomona run` on a Spark cluster.

usage: pomona-spark COMMAND

  run INPUT --output URI   list, decode, extract, fit, project, write, report; the options of `pomona run`
  package [OPTIONS]        build the archive for --archives, and print how to submit the job

pomona-spark COMMAND --help tells more; docs/spark.md tells all."""

# Settings whose values Spark hides in pages and event logs. Its own pattern knows neither AWS_ACCESS_KEY_ID nor
# AZURE_STORAGE_KEY, which may be given as spark.executorEnv settings.
REDACTED = "(?i)secret|password|token|credential|(access|account|storage|api)[._]?key|connection[._]?string"

DONE, FAILED, WRONG_USAGE, TOO_MANY_FAILURES, INTERRUPTED = 0, 1, 2, 3, 130


def main(words: list[str] | None = None) -> None:
    """Do what the command line says, and end the process with its exit code."""
    words = sys.argv[1:] if words is None else words
    command, rest = (words[0], words[1:]) if words else ("", [])
    if command not in ("run", "package"):
        print(USAGE, file=sys.stdout if command in ("--help", "-h") else sys.stderr)
        sys.exit(DONE if command in ("--help", "-h") else WRONG_USAGE)
    try:
        sys.exit(_run(rest) if command == "run" else _package(rest))
    except engine().UsageError as error:
        _fail(WRONG_USAGE, error)
    except (ValueError, OSError) as error:
        _fail(FAILED, error)
    except KeyboardInterrupt:
        print("interrupted; run the same command again to go on", file=sys.stderr)
        sys.exit(INTERRUPTED)


def _fail(code: int, error: BaseException) -> None:
    print(f"error: {engine().visible_text(str(error))}", file=sys.stderr)
    sys.exit(code)


def _package(words: list[str]) -> int:
    from ._package import main as package

    return package(words)


def _run(words: list[str]) -> int:
    from . import _arguments, _progress

    if "--help" in words or "-h" in words:
        print(_arguments.usage())
        return DONE
    try:
        arguments = _arguments.parse(words)
        for name, wanted in (("input", "INPUT"), ("output", "--output")):
            if name not in arguments.options:
                raise ValueError(f"{wanted} is missing; see pomona-spark run --help")
    except ValueError as error:
        _fail(WRONG_USAGE, error)
    session = _session(arguments)
    try:
        from ._run import run_on

        result = run_on(session.sparkContext, arguments.options, _progress.listener(arguments.progress))
    except _jobs.TooManyFailuresError as error:
        _say(error.result)
        return TOO_MANY_FAILURES
    finally:
        session.stop()
    _say(result)
    return DONE


def _session(arguments: Any) -> Any:
    from pyspark import SparkConf, SparkContext
    from pyspark.sql import SparkSession

    if "PYSPARK_GATEWAY_PORT" in os.environ:  # of spark-submit, whose settings are read over it
        SparkContext._ensure_initialized()
    conf = SparkConf()
    for key, value in arguments.conf.items():
        conf.set(key, value)
    if arguments.master:
        conf.setMaster(arguments.master)
    elif not conf.contains("spark.master"):
        conf.setMaster("local[*]")
    if not conf.contains("spark.app.name") or arguments.name != "pomona":
        conf.setAppName(arguments.name)
    # Spark's own default is whatever python3 is on the executors' path.
    os.environ.setdefault("PYSPARK_PYTHON", conf.get("spark.pyspark.python", sys.executable))
    conf.setIfMissing("spark.ui.showConsoleProgress", "false")  # the driver shows its own
    conf.setIfMissing("spark.redaction.regex", REDACTED)
    return SparkSession.builder.config(conf=conf).getOrCreate()


def _say(result: _jobs.RunResult) -> None:
    run = result.run
    if result.message:
        print(result.message)
    print()
    codes = _notebook.counts(run.get("failures_by_code", {}))
    print(
        f"  images      {run.get('images_listed', 0):,} listed, {run.get('images_ok', 0):,} ok, "
        f"{run.get('images_quarantined', 0):,} quarantined{f' ({codes})' if codes else ''}"
    )
    skipped = run.get("files_skipped", {})
    if skipped:
        files = f"{sum(skipped.values()):,} files: {_notebook.counts(skipped)}"
        print(f"  skipped     {files}; --include-skipped brings them in")
    if run.get("images_per_second"):
        print(f"  speed       {run['images_per_second']:,.0f} images/s")
    stages = ", ".join(f"{stage} {took:.1f} s" for stage, took in run.get("seconds", {}).items() if stage != "total")
    print(f"  time        {run.get('seconds', {}).get('total', 0):.1f} s ({stages})")
    print(f"  report      {engine().visible_text(result.report)}\n")
