"""pomona-spark run on a standalone cluster, from MinIO to MinIO: the bytes of a run without Spark, whatever is lost."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
import urllib.request
from pathlib import Path

import numpy as np
import pyarrow.fs
import pyarrow.parquet
import pytest
from conftest import ROOT
from outputs import run_json, same_content
from pomona.spark._package import RECOMMENDED, launcher
from spark_cluster import OLD_SPARK, Cluster, Daemon, Spark, descendants, kill, maps_of
from stores import SECRET, USER, free_port, minio_server  # noqa: F401

import pomona as package

MODEL_FILE = next((ROOT / "pomona" / "models" / "embedded").glob("*.tflite"))
POMONA_SPARK = Path(sys.executable).with_name("pomona-spark")
PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"

# Shards that take some seconds each, so that a kill meets them at work.
SLOW = ["--extractor", "mobilenetv2-0.35", "--image-size", "224"]
QUICK = ["--extractor", "pixels"]
SHARDS = 5

# Makes OpenBLAS choose other code, on the executors alone: it must not show in the numbers or the plan.
OTHER_KERNELS = {"spark.executorEnv.OPENBLAS_CORETYPE": "Prescott"}


@pytest.fixture(scope="module")
def bucket(minio_server, test_data):  # noqa: F811
    """4,500 photographs of 30 fruits below s3://photos/fruits."""
    folder = test_data / "fruits360-30" / "Training"
    assert len(list(folder.glob("*/*.jpg"))) == 4500
    there = pyarrow.fs.S3FileSystem(
        endpoint_override=minio_server.endpoint, access_key=USER, secret_key=SECRET, region="us-east-1")  # fmt: skip
    pyarrow.fs.copy_files(str(folder), "photos/fruits", pyarrow.fs.LocalFileSystem(), there)
    return minio_server


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    cluster = Cluster(Spark(), tmp_path_factory.mktemp("spark"))
    yield cluster
    cluster.stop()


@pytest.fixture(scope="module")
def slow_output(pomona, bucket, tmp_path_factory):
    return reference(pomona, bucket, tmp_path_factory, "slow", SLOW)


def reference(pomona, bucket, tmp_path_factory, name, options):
    """The same job without Spark."""
    output = tmp_path_factory.mktemp(name) / "out"
    pomona("run", "s3://photos/fruits", "--output", output, *options, env=bucket.environment_of())
    return output


def submit(cluster, bucket, name, options, conf=()):
    arguments = ["s3://photos/fruits", "--output", f"s3://photos/{name}", "--progress", "json", *options]
    return cluster.submit(name, *arguments, conf=conf, environment=bucket.environment_of())


def check(bucket, name, expected, folder):
    """What the job left in the bucket is what the local run made."""
    output = bucket.download(name, folder / name)
    same_content(output, expected)
    run = run_json(output)
    assert (run["images_listed"], run["images_ok"]) == (4500, 4500)
    assert run["plan"] == run_json(expected)["plan"]
    records = bucket.keys(f"{name}/_pomona/shards/")
    assert [key.rpartition("/")[2] for key in records] == [f"{i:05d}.json" for i in range(SHARDS)]


def test_lost_python_workers_executors_and_machines_change_nothing(cluster, bucket, slow_output, tmp_path):
    job = submit(cluster, bucket, "killed", SLOW, RECOMMENDED | OTHER_KERNELS)
    job.wait_for(lambda: cluster.python_workers(0) and cluster.python_workers(1))
    for worker in cluster.python_workers(0):
        kill(worker, signal.SIGKILL)
    executor = cluster.executor(1)
    assert kill(executor, signal.SIGKILL)
    job.wait_for(lambda: cluster.python_workers(0))
    machine = cluster.daemons[0].process
    machine.kill()
    machine.wait()
    said = job.finish()
    assert "Python worker exited unexpectedly" in said
    assert said.count("Lost executor") >= 2
    assert "worker lost" in said.lower()
    check(bucket, "killed", slow_output, tmp_path)
    cluster.start_worker(0)
    cluster.await_workers(2)


def test_executor_that_hangs_is_done_without(cluster, bucket, slow_output, tmp_path):
    job = submit(cluster, bucket, "stopped", SLOW, RECOMMENDED)
    job.wait_for(lambda: cluster.python_workers(0) and cluster.python_workers(1))
    executor = cluster.executor(0)
    stopped = [executor, *descendants(executor)]
    for process in stopped:
        kill(process, signal.SIGSTOP)
    said = job.finish()
    assert f'"done": {SHARDS}, "total": {SHARDS}' in said
    check(bucket, "stopped", slow_output, tmp_path)
    for process in stopped:
        kill(process, signal.SIGKILL)


def test_history_server_tells_what_ran(bucket, cluster):
    assert len(list(cluster.events.iterdir())) == 2, "the two tests above leave their event logs"
    port = free_port()
    options = f"-Dspark.history.fs.logDirectory={cluster.events.as_uri()} -Dspark.history.ui.port={port}"
    server = Daemon(
        cluster.spark, cluster.folder, "history", ["org.apache.spark.deploy.history.HistoryServer"], port,
        {"SPARK_HISTORY_OPTS": options + " -Dspark.history.fs.update.interval=1s"})  # fmt: skip

    def ask(path):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/applications{path}") as answer:
            is_json = "json" in answer.headers.get_content_type()  # it shows a page until it is ready
            return json.load(answer) if is_json else []

    try:
        while len(applications := [app for app in ask("") if app["attempts"][0]["completed"]]) < 2:
            assert server.process.poll() is None
            time.sleep(0.2)
        assert {app["name"] for app in applications} == {"killed", "stopped"}
        for app in applications:
            (job,) = ask(f"/{app['id']}/jobs")
            assert job["status"] == "SUCCEEDED"
            assert job["description"] == (
                "Pomona: mobilenetv2-0.35 features of 4,500 images in 5 shards, "
                f"s3://photos/fruits to s3://photos/{app['name']}"
            )
            (stage,) = ask(f"/{app['id']}/stages")
            assert stage["description"] == job["description"]
            assert stage["numCompleteTasks"] >= SHARDS
            if app["name"] == "killed":
                assert job["numFailedTasks"] >= 2
    finally:
        server.stop()


STAGES = """
import os
import sys

import pyarrow as pa
from pomona.spark import PCA, ImageFeatureExtractor
from pyspark.sql import SparkSession

paths, model, output = sys.argv[1:]
spark = SparkSession.builder.getOrCreate()


def who(batches):
    for batch in batches:
        yield batch.append_column("executor", pa.array([os.getcwd()] * batch.num_rows))


photos = spark.read.text(paths).withColumnRenamed("value", "path").repartition(2)
extractor = ImageFeatureExtractor(extractor=model, outputNode="tfl.mean", imageSize=96)
rows = extractor.transform(photos).mapInArrow(who, "path string, features array<float>, error string, executor string")
PCA(k=5, standardize=True).fit(rows).transform(rows).write.parquet(output)
"""


def test_stages_read_a_store_with_a_model_of_the_driver(cluster, bucket, test_data, tmp_path):
    """Executors get their credentials as docs/spark_stages.md says, and the model's file from the driver."""
    folder = test_data / "fruits360-30" / "Training"
    photos = [path.relative_to(folder).as_posix() for path in sorted(folder.glob("*/*.jpg"))[::20]]
    names = [*photos, "Kiwi/nowhere.jpg"]
    (tmp_path / "paths.txt").write_text("".join(f"s3a://photos/fruits/{name}\n" for name in names))
    (tmp_path / "stages.py").write_text(STAGES)
    model = tmp_path / "of-the-driver.tflite"
    shutil.copy(MODEL_FILE, model)
    conf = {f"spark.executorEnv.{name}": value for name, value in bucket.environment_of().items() if value}
    conf["spark.scheduler.minRegisteredResourcesRatio"] = "1.0"  # both executors have work
    output = tmp_path / "rows"
    words = (tmp_path / "stages.py", tmp_path / "paths.txt", model, output)
    said = cluster.submit_script("stages", *words, conf=conf).finish()
    assert SECRET not in said
    written = pyarrow.parquet.read_table(output).to_pylist()
    rows = {row["path"].removeprefix("s3a://photos/fruits/"): row for row in written}
    assert sorted(rows) == sorted(names)
    missing = rows.pop("Kiwi/nowhere.jpg")
    assert (missing["features"], missing["components"]) == (None, None)
    assert missing["error"].startswith("missing: ")
    extractor = package.FeatureExtractor(str(model), output_node="tfl.mean", image_size=96)
    local = extractor.extract([folder / name for name in photos]).features
    assert np.array_equal(np.array([rows[name]["features"] for name in photos], dtype=np.float32), local)
    assert all(len(row["components"]) == 5 for row in rows.values())
    assert len({row["executor"] for row in rows.values()}) == 2


def test_archive_holds_what_an_executor_needs_and_no_more(archive, photos, tmp_path):
    file, said = archive
    with tarfile.open(file) as tar:
        names = set(tar.getnames())
        held = sum(member.size for member in tar.getmembers())
    subprocess.run(["tar", "-xf", file, "-C", tmp_path], check=True)
    packed = file.stat().st_size
    assert f"{packed / 1e6:.0f} MB, {held / 1e6:.0f} MB unpacked" in said
    assert packed < 125e6
    assert held < 385e6
    libraries = {Path(name).name for name in names if ".so" in name}
    assert {"libpomona.so", "libarrow_substrait.so.2600", "libopenvino_intel_cpu_plugin.so"} <= libraries
    assert not [name for name in libraries if any(word in name for word in ("gpu", "npu", "flight", "pytorch"))]
    assert not [name for name in names if "pyspark" in name or "/tests/" in name or "__pycache__" in name]
    photo = next((photos / "Kiwi").glob("*.jpg"))
    work = (
        "import pomona, sys; features, failures = pomona.FeatureExtractor('mobilenetv2-0.35').extract([sys.argv[1]]);"
        "print(features.shape, len(failures), pomona.__file__)"
    )
    python = tmp_path / "bin" / "python"
    done = subprocess.run([python, "-c", work, photo], env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True)
    assert done.stdout == f"(1, 1280) 0 {tmp_path}/lib/{PYTHON}/site-packages/pomona/__init__.py\n"


def test_archive_says_which_python_a_node_lacks(archive, tmp_path):
    with tarfile.open(archive[0]) as tar:
        made = tar.extractfile("bin/python").read().decode()
    assert made == launcher(os.path.realpath(sys._base_executable))
    script = tmp_path / "python"
    script.write_text(launcher("/nonexistent").replace(f"/nonexistent {PYTHON};", "/nonexistent;"))
    script.chmod(0o755)
    done = subprocess.run([script, "-c", ""], capture_output=True, text=True)
    assert done.returncode == 127
    assert f"this archive was built for {PYTHON}" in done.stderr
    assert f"dnf install {PYTHON}" in done.stderr


def test_package_prints_how_to_submit(archive):
    file, said = archive
    assert (file.parent / "job.py").read_text().count("main()") == 1
    for words in (
        "--master spark://HOST:7077",
        "--master yarn --deploy-mode client",
        "--master yarn --deploy-mode cluster",
        "aws emr add-steps",
        "aws emr-serverless start-job-run",
        f"--archives {file}#environment",
        f"Every node needs {PYTHON}",
    ):
        assert words in said
    done = subprocess.run([POMONA_SPARK, "package", "--to", "x"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (2, "error: unknown option --to; see pomona-spark package --help\n")


def test_spark_3_5_makes_the_same_with_the_engine_of_the_archive(bucket, pomona, archive, tmp_path_factory, tmp_path):
    expected = reference(pomona, bucket, tmp_path_factory, "quick", QUICK)
    spark = Spark(OLD_SPARK)
    del spark.environment["PYSPARK_PYTHON"]
    cluster = Cluster(spark, tmp_path_factory.mktemp("spark-3.5"))
    try:
        command = [spark.program("spark-submit"), "--version"]
        version = subprocess.run(command, env=spark.environment, capture_output=True, text=True)
        assert "version 3.5." in version.stderr
        conf = {
            "spark.archives": f"{archive[0]}#environment",
            "spark.pyspark.python": "./environment/bin/python",
            "spark.pyspark.driver.python": sys.executable,
        }
        job = submit(cluster, bucket, "old", QUICK, conf)
        (worker, *_) = job.wait_for(lambda: cluster.python_workers(0))
        job.wait_for(lambda: f"/environment/lib/{PYTHON}/site-packages/pomona/libpomona.so" in maps_of(worker))
        job.finish()
        check(bucket, "old", expected, tmp_path)
    finally:
        cluster.stop()
