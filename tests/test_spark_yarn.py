"""pomona-spark run on YARN, from HDFS to HDFS, by the lines that `pomona-spark package` prints and with its archive."""

import shlex
import shutil
import signal
import subprocess
import sys
import tarfile

import pytest
from hadoop_cluster import Yarn
from outputs import run_json, same_content
from spark_cluster import Spark, kill

PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
EXTRACTOR, IMAGE_SIZE = "mobilenetv2-0.35", 128
OPTIONS = ["--extractor", EXTRACTOR, "--image-size", str(IMAGE_SIZE), "--progress", "json"]
PHOTOS, SHARDS = 2100, 3

# A variable that makes OpenBLAS choose other code, on one side alone: it must not show in the numbers or the plan.
ON_EXECUTORS = ["spark.executorEnv.OPENBLAS_CORETYPE=Prescott"]
ON_DRIVER = ["spark.yarn.appMasterEnv.OPENBLAS_CORETYPE=Prescott"]


@pytest.fixture(scope="module")
def fruits(test_data, tmp_path_factory):
    """2,100 photographs of 14 fruits, two in folders and the others in tar archives."""
    folder = tmp_path_factory.mktemp("photos")
    for number, fruit in enumerate(sorted((test_data / "fruits360-30" / "Training").iterdir())[:14]):
        assert len(list(fruit.glob("*.jpg"))) == 150
        if number < 2:
            shutil.copytree(fruit, folder / fruit.name)
        else:
            with tarfile.open(folder / f"{fruit.name}.tar", "w") as tar:
                tar.add(fruit, fruit.name)
    return folder


@pytest.fixture(scope="module")
def yarn(archive, fruits, tmp_path_factory):
    """The cluster, with the photographs in /photos and the archive in /apps: so nodes unpack it once for all jobs."""
    yarn = Yarn(Spark(), tmp_path_factory.mktemp("yarn"))
    try:
        yarn.upload(fruits, "/photos")
        yarn.upload(archive[0], "/apps/pomona.tar.gz")
        yield yarn
    finally:
        yarn.stop()


@pytest.fixture(scope="module")
def expected(yarn, tmp_path_factory):
    """The same job without Spark, from HDFS to the disk of this machine."""
    output = tmp_path_factory.mktemp("expected") / "out"
    options = {"extractor": EXTRACTOR, "image_size": IMAGE_SIZE}
    work = f"import pomona; pomona.run({yarn.uri + '/photos'!r}, output={str(output)!r}, **{options})"
    subprocess.run([sys.executable, "-c", work], check=True)
    return output


def submit(yarn, archive, title, output, conf):
    """Give the line that is printed below a title; only the places in it are changed, and settings added."""
    file, said = archive
    printed = said.partition(f"# {title}\n")[2].partition("\n\n")[0]
    places = {
        f"{file}#environment": f"{yarn.uri}/apps/pomona.tar.gz#environment",
        "s3://BUCKET/photos": f"{yarn.uri}/photos",
        "s3://BUCKET/out": output,
    }
    program, *words = [places.pop(word, word) for word in shlex.split(printed.replace("\\\n", " "))]
    assert (program, places) == ("spark-submit", {})
    settings = [word for setting in conf for word in ("--conf", setting)]
    return yarn.submit(title.replace(", ", "-").replace(" ", "-"), [*settings, *words, *OPTIONS])


def at_work(yarn, but=frozenset()):
    """The executors that run the engine, beside some: it is that of the archive, which their node unpacked."""
    engines = {executor: yarn.engines(executor) for executor in yarn.executors() if executor not in but}
    for file in set().union(*engines.values()):
        assert file.startswith(f"{yarn.folder}/yarn/")
        assert file.endswith(f"/pomona.tar.gz/lib/{PYTHON}/site-packages/pomona/libpomona.so")
    return {executor for executor, files in engines.items() if files}


def check(yarn, place, expected, folder):
    output = yarn.download(place, folder)
    same_content(output, expected)
    run = run_json(output)
    assert (run["images_listed"], run["images_ok"]) == (PHOTOS, PHOTOS)
    assert run["plan"] == run_json(expected)["plan"]
    records = sorted(record.name for record in output.glob("_pomona/shards/[0-9]*"))
    assert records == [f"{i:05d}.json" for i in range(SHARDS)]


def test_driver_here(yarn, archive, expected, tmp_path):
    job = submit(yarn, archive, "YARN, the driver here", f"{yarn.uri}/here", ON_EXECUTORS)
    job.wait_for(lambda: len(at_work(yarn)) == 2)
    said = job.finish()
    assert f'"done": {SHARDS}, "total": {SHARDS}' in said
    check(yarn, "/here", expected, tmp_path)


def test_driver_in_the_cluster_and_executors_that_are_lost(yarn, archive, expected, tmp_path):
    job = submit(yarn, archive, "YARN, the driver in the cluster", "hdfs:///there", ON_DRIVER)
    job.wait_for(lambda: len(at_work(yarn)) == 2)
    lost = at_work(yarn)
    for executor in lost:
        assert kill(executor, signal.SIGKILL)
    job.wait_for(lambda: at_work(yarn, but=lost))  # nobody else is left to do the work
    job.finish()
    said = yarn.container_logs()
    assert f'"done": {SHARDS}, "total": {SHARDS}' in said
    assert said.count("Exit status: 137") >= 2
    check(yarn, "/there", expected, tmp_path)
