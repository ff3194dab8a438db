"""The archive for ``--archives``: what an executor needs beside Spark, and how to submit a job with it."""

from __future__ import annotations

import io
import json
import os
import re
import sys
import tarfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path, PurePosixPath

USAGE = """\
Builds the archive that spark-submit hands to every executor, and prints how to submit the job.

usage: pomona-spark package [--output FILE] [--bucket URI]

  --output FILE     The archive; job.py is written beside it. [pomona-spark.tar.gz]
  --bucket URI      Where you will put both, for the lines of EMR. [s3://BUCKET/pomona]

The archive holds pomona, pyarrow, openvino and numpy as they are installed here, without what the engine does not use,
and pandas and hdfs-native where they are installed. It holds no Python: every node needs the one that is named."""

ROOTS = ("pomona", "pandas", "hdfs-native")  # and what these ask for
NOT_NEEDED = ("openvino-telemetry", "pyspark", "py4j")  # Spark brings its own

# Settings with which a machine that hangs or dies costs little; docs/spark.md tells why.
RECOMMENDED = {
    "spark.speculation": "true",
    "spark.speculation.quantile": "0.5",
    "spark.speculation.multiplier": "2",
    "spark.network.timeout": "60s",
    "spark.executor.heartbeatInterval": "5s",
}

# What the engine never loads, as patterns on the path in site-packages. libarrow_substrait stays: pyarrow's
# libarrow_dataset asks for it.
TRIMMED = re.compile(
    r"""(^|/)__pycache__/ | \.pyi?c$ | \.pyx$ | \.pxd$ | \.pxi$ | (^|/)tests?/
    | ^pyarrow/(include|src)/ | ^pyarrow/lib(arrow_flight|arrow_python_flight|gandiva)[^/]*$ | ^pyarrow/_flight
    | ^numpy/_core/(include|lib)/ | ^numpy/(f2py|distutils|typing)/
    | ^pyarrow/libarrow_python\.so(\.2600\.1\.0)?$
    | ^openvino/(?!libs/) | ^openvino/libs/cache\.json$
    | ^openvino/libs/libopenvino_(intel_gpu|intel_npu|npu|auto|auto_batch|hetero)[^/]*$
    | ^openvino/libs/libopenvino_(paddle|pytorch|jax|gguf)_frontend[^/]*$ """,
    re.VERBOSE,
)

PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"

# The interpreter of the archive: that of the node, with the archive's packages.
LAUNCHER = """\
#!/bin/sh
# Runs the node's PYTHON with the packages of this archive.
here=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
for python in FOUND PYTHON; do
  if command -v "$python" >/dev/null 2>&1; then
    PYTHONPATH="$here/lib/PYTHON/site-packages${PYTHONPATH:+:$PYTHONPATH}"
    export PYTHONPATH
    exec "$python" "$@"
  fi
done
echo "pomona: this archive was built for PYTHON, and $(hostname) has none. Install it on every node" \\
  "(Amazon Linux 2023: dnf install PYTHON), or build the archive with the Python that is there." >&2
exit 127
"""


def launcher(found: str) -> str:
    """Return the text of ``bin/python``, which tries the interpreter `found` first."""
    return re.sub(r"\bPYTHON\b", PYTHON, LAUNCHER).replace("FOUND", found)


def main(words: list[str]) -> int:
    """Build the archive and print the lines; return the exit code."""
    if "--help" in words or "-h" in words:
        print(USAGE)
        return 0
    given = {"--output": "pomona-spark.tar.gz", "--bucket": "s3://BUCKET/pomona"}
    rest = list(words)
    while rest:
        name, equals, value = rest.pop(0).partition("=")
        if name not in given:
            print(f"error: unknown option {name}; see pomona-spark package --help", file=sys.stderr)
            return 2
        if not equals and not rest:
            print(f"error: {name} has no value; see pomona-spark package --help", file=sys.stderr)
            return 2
        given[name] = value if equals else rest.pop(0)
    archive = Path(given["--output"])
    held, packed = build(archive)
    job = archive.with_name("job.py")
    job.write_text(Path(__file__).with_name("job.py").read_text(encoding="utf-8"), encoding="utf-8")
    print(f"{archive}: {packed / 1e6:.0f} MB, {held / 1e6:.0f} MB unpacked; {job}\n")
    print(lines(str(archive), str(job), given["--bucket"].rstrip("/")))
    return 0


def build(archive: Path) -> tuple[int, int]:
    """Write the archive; return the bytes of its content and its own.

    The same environment gives the same bytes.
    """
    held = 0
    interpreter = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
    scripts = {"bin/python": launcher(interpreter)}
    part = archive.with_name(f".{archive.name}.part")
    with tarfile.open(part, "w:gz", compresslevel=6, format=tarfile.PAX_FORMAT) as tar:
        for name, text in scripts.items():
            _add(tar, name, text.encode(), 0o755)
        for name, file in sorted(_files()):
            content = file.read_bytes()
            held += len(content)
            _add(tar, f"lib/{PYTHON}/site-packages/{name}", content, 0o755 if os.access(file, os.X_OK) else 0o644)
    part.replace(archive)
    return held, archive.stat().st_size


def _add(tar: tarfile.TarFile, name: str, content: bytes, mode: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), mode
    tar.addfile(entry, io.BytesIO(content))


def _files() -> Iterator[tuple[str, Path]]:
    """Yield what the archive holds, by its path in site-packages."""
    for distribution in _distributions():
        for file in distribution.files or ():
            name = PurePosixPath(file).as_posix()
            place = Path(str(distribution.locate_file(file)))
            if name.startswith(("..", "/")) or TRIMMED.search(name) or not place.is_file():
                continue
            yield name, place


def _distributions() -> list[metadata.Distribution]:
    """Return the installed packages that are needed, those that others ask for too."""
    found: dict[str, metadata.Distribution] = {}
    wanted = list(ROOTS)
    while wanted:
        name = re.sub(r"[-_.]+", "-", wanted.pop()).lower()
        if name in found or name in NOT_NEEDED:
            continue
        try:
            found[name] = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            if name == "pomona":
                raise OSError("pomona is not installed here: pip install it, then build the archive") from None
            continue
        for requirement in found[name].requires or ():
            if "extra ==" not in requirement:
                wanted.append(re.match(r"[\w.-]+", requirement)[0])  # type: ignore[index]
    return [found[name] for name in sorted(found)]


def lines(archive: str, job: str, bucket: str) -> str:
    """Return how the job is submitted, for every kind of cluster."""
    python = "./environment/bin/python"
    there = {"spark.pyspark.python": python}
    here = there | {"spark.pyspark.driver.python": sys.executable}
    in_cluster = there | {"spark.yarn.appMasterEnv.PYSPARK_PYTHON": python, "spark.driver.memoryOverhead": "1g"}
    serverless = there | {
        "spark.emr-serverless.driverEnv.PYSPARK_PYTHON": python,
        "spark.emr-serverless.driverEnv.PYSPARK_DRIVER_PYTHON": python,
        "spark.executorEnv.PYSPARK_PYTHON": python,
    }
    run = ["run", "s3://BUCKET/photos", "--output", "s3://BUCKET/out"]
    overhead = {
        "spark.executor.cores": "1",
        "spark.executor.memory": "512m",
        "spark.executor.memoryOverhead": "1g",  # of vgg16; what a Python process holds lies outside the JVM
    }
    kept = f"{bucket}/{os.path.basename(archive)}#environment"
    script = f"{bucket}/{os.path.basename(job)}"

    def submit(master: list[str], conf: dict[str, str]) -> str:
        words = [" ".join(["spark-submit", *master]), f"--archives {archive}#environment"]
        return " \\\n  ".join([*words, *_settings(conf | RECOMMENDED), f"{job} {' '.join(run)}"])

    step = ["--deploy-mode", "cluster", "--archives", kept]
    step += [word for setting in _settings(in_cluster | overhead | RECOMMENDED) for word in setting.split()]
    driver = {
        "entryPoint": script,
        "entryPointArguments": run,
        "sparkSubmitParameters": " ".join([f"--archives {kept}", *_settings(serverless | overhead | RECOMMENDED)]),
    }
    return "\n".join(
        (
            f"# Every node needs {PYTHON}. Unset PYSPARK_PYTHON. An executor of N cores runs N shards at a time, each",
            "# in a Python process of its own; docs/spark.md says what that needs.",
            "\n# Standalone",
            submit(["--master", "spark://HOST:7077"], here),
            "\n# YARN, the driver here",
            submit(["--master", "yarn", "--deploy-mode", "client"], here | overhead),
            "\n# YARN, the driver in the cluster",
            submit(["--master", "yarn", "--deploy-mode", "cluster"], in_cluster | overhead),
            f"\n# EMR on EC2; bootstrap action: `sudo dnf install -y {PYTHON}`; copy both files to {bucket} first",
            "aws emr add-steps --cluster-id j-ID --steps \\",
            f"  'Type=Spark,Name=pomona,Args=[{','.join([*step, script, *run])}]'",
            f"\n# EMR Serverless, with an image that has {PYTHON}; copy both files to {bucket} first",
            "aws emr-serverless start-job-run --application-id ID --execution-role-arn ARN --job-driver \\",
            f"  '{json.dumps({'sparkSubmit': driver})}'",
        )
    )


def _settings(conf: dict[str, str]) -> list[str]:
    return [f"--conf {key}={value}" for key, value in conf.items()]
