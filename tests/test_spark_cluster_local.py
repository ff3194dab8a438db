"""pomona-spark run on local[2]: its arguments, and that the driver's and the executors' halves make the whole job."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from outputs import check_accounts, quarantine, run_json, same, same_content, snapshot
from spark_cluster import descendants, maps_of, read_process

POMONA_SPARK = Path(sys.executable).with_name("pomona-spark")
NETWORK = Path(__file__).resolve().parent.parent / "pomona" / "models" / "embedded" / "mobilenetv2-0.35.tflite"
PIXELS = {"extractor": "pixels", "image-size": 4}


@pytest.fixture(scope="module")
def context():
    from pyspark import SparkConf, SparkContext

    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    conf = SparkConf().setMaster("local[2]").setAppName("tests").set("spark.ui.enabled", "false")
    with SparkContext(conf=conf) as context:
        yield context
    del os.environ["PYSPARK_PYTHON"]


@pytest.fixture(scope="module")
def many(photos, tmp_path_factory):
    """2,170 images in three shards; ten of them are none."""
    folder = tmp_path_factory.mktemp("many") / "photos"
    for copy in range(10):
        shutil.copytree(photos, folder / f"{copy}", copy_function=os.link)
        (folder / f"{copy}" / "Kiwi" / "broken.jpg").write_bytes(b"no photograph")
    return folder


@pytest.fixture(scope="module")
def here(pomona, many, tmp_path_factory):
    """The same job without Spark."""
    output = tmp_path_factory.mktemp("here") / "out"
    pomona("run", many, "--output", output, "--extractor", "pixels", "--image-size", 4, "--threads", 2)
    return output


def run(context, images, output, **options):
    from pomona.spark._run import run_on

    return run_on(context, {"input": str(images), "output": str(output), **PIXELS, **options})


def refused(*arguments):
    done = subprocess.run([POMONA_SPARK, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 2, done.stderr
    return done.stderr


def test_output_is_that_of_a_run_without_spark(context, many, here, tmp_path):
    result = run(context, many, tmp_path / "out")
    assert result.outcome == "done"
    assert result.run["images_extracted"] == 2170
    same_content(tmp_path / "out", here)
    check_accounts(tmp_path / "out")
    again = run(context, many, tmp_path / "out")
    assert again.outcome == "already-done"


def test_skipped_names_are_counted_as_without_spark(context, photos, tmp_path, capsys):
    from pomona.spark import _program

    shutil.copytree(photos / "Kiwi", tmp_path / "in" / "_Kiwi_")
    for name in ("._1.jpg", ".DS_Store", "Thumbs.db", "_DSC0001.JPG"):
        shutil.copy(photos / "Lemon" / sorted(os.listdir(photos / "Lemon"))[0], tmp_path / "in" / name)
    result = run(context, tmp_path / "in", tmp_path / "out")
    assert (result.run["images_ok"], result.run["files_skipped"]) == (28, {"macos": 2, "windows": 1})
    _program._say(result)
    assert "\n  skipped     3 files: 2 macos, 1 windows; --include-skipped brings them in\n" in capsys.readouterr().out
    result = run(context, tmp_path / "in", tmp_path / "all", **{"include-skipped": True})
    assert (result.run["images_ok"], result.run["files_skipped"]) == (31, {})
    _program._say(result)
    assert "  skipped " not in capsys.readouterr().out


def test_relative_places_begin_where_the_driver_is(context, many, here, tmp_path, pomona, monkeypatch):
    monkeypatch.chdir(many.parent)
    output = os.path.relpath(tmp_path / "spark", many.parent)
    assert run(context, "photos", output).run["images_ok"] == 2160
    pomona("run", "photos", "--output", tmp_path / "out", "--extractor", "pixels", "--image-size", 4, cwd=many.parent)
    same_content(tmp_path / "spark", tmp_path / "out")


def test_what_one_kind_of_run_began_the_other_finishes(context, many, here, tmp_path, pomona):
    from pomona import TooManyFailuresError

    output = tmp_path / "out"
    arguments = ("run", many, "--output", output, "--extractor", "pixels", "--image-size", 4, "--max-failures")
    with pytest.raises(TooManyFailuresError, match="higher --max-failures"):
        run(context, many, output, **{"max-failures": 5})
    assert len(quarantine(output)) == 10
    pomona(*arguments, 10)
    same_content(output, here)
    assert run_json(output)["images_extracted"] == 0


def test_weights_travel_with_the_job_and_a_worker_stays_small(context, photos, vgg16, tmp_path, pomona):
    pomona("run", photos, "--output", tmp_path / "here", *vgg16, "--image-size", 100, "--limit", 48)
    options = dict(zip((word[2:] for word in vgg16[::2]), map(str, vgg16[1::2]), strict=True))
    run(context, photos, tmp_path / "spark", **options, **{"image-size": 100, "limit": 48})
    same_content(tmp_path / "spark", tmp_path / "here")
    peaks = [
        int(re.search(r"VmHWM:\s+(\d+) kB", read_process(process, "status"))[1])
        for process in descendants(os.getpid())
        if "pomona/_engine" in maps_of(process)
    ]
    assert peaks
    assert max(peaks) < 900_000


def test_model_file_travels_with_the_job(context, photos, tmp_path, pomona):
    from pyspark import SparkFiles

    model = shutil.copy(NETWORK, tmp_path / "own.tflite")
    outputs = [tmp_path / "here", tmp_path / "spark"]
    pomona("run", photos, "--output", outputs[0], "--extractor", model, "--image-size", 96, "--limit", 48)
    run(context, photos, outputs[1], extractor=str(model), **{"image-size": 96, "limit": 48})
    same_content(*outputs)
    assert Path(SparkFiles.get("own.tflite")).read_bytes() == NETWORK.read_bytes()


def test_update_takes_up_what_is_new(context, photos, other_photos, tmp_path, pomona):
    images = tmp_path / "photos"
    shutil.copytree(photos, images)
    outputs = [tmp_path / "here", tmp_path / "spark"]
    for output in outputs:
        pomona("run", images, "--output", output, "--extractor", "pixels", "--image-size", 4)
    shutil.copytree(other_photos, images / "new")
    (images / "Kiwi" / "empty.jpg").touch()
    pomona("run", images, "--output", outputs[0], "--extractor", "pixels", "--image-size", 4, "--update")
    assert run(context, images, outputs[1], update="keep").run["images_extracted"] == 49
    same(*outputs)


def test_errors_of_executors_reach_the_user(context, many, tmp_path, monkeypatch):
    from pomona.spark import _run

    real = _run._Distributor._assignment

    def elsewhere(self, ticket):
        return real(self, "lock-9999.json " + "0" * 32)

    monkeypatch.setattr(_run._Distributor, "_assignment", elsewhere)
    with pytest.raises(OSError, match=r"a shard failed on every try: .*the run that handed this work out has ended"):
        run(context, many, tmp_path / "out")
    monkeypatch.undo()
    assert run(context, many, tmp_path / "out").outcome == "done"


def test_ctrl_c_stops_it_and_the_same_job_goes_on(context, many, here, tmp_path):
    output = tmp_path / "out"
    command = [POMONA_SPARK, "run", many, "--output", output, "--extractor", "pixels", "--image-size", "4",
               "--master", "local[1]", "--conf", "spark.ui.enabled=false", "--progress", "json"]  # fmt: skip
    environment = os.environ | {"SPARK_LOCAL_IP": "127.0.0.1"}
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
    for line in process.stderr:
        if '"stage_started", "stage": "extract"' in line:
            process.send_signal(signal.SIGINT)
            break
    _, said = process.communicate()
    assert process.returncode == 130, said
    assert "interrupted; run the same command again to go on" in said
    assert run(context, many, output).outcome == "done"
    same_content(output, here)


def test_arguments_are_those_of_the_program(photos, tmp_path):
    output = tmp_path / "out"
    assert "unknown option --extractr; did you mean --extractor?" in refused("run", photos, "--extractr", "pixels")
    assert "--output has no value; wanted --output URI" in refused("run", photos, "--output")
    assert "--threads is given 2 times; wanted once" in refused("run", photos, "--threads", 1, "--threads", 2)
    assert "unexpected argument 'more'" in refused("run", photos, "more", "--output", output)
    assert "--image-size" in refused("run", photos, "--output", output, "--image-size", "small")
    assert "INPUT is missing" in refused("run", "--output", output)
    assert "--conf" in refused("run", photos, "--output", output, "--conf", "spark.task.cpus")
    assert "usage: pomona-spark COMMAND" in refused("runn")


def test_help_names_every_option_of_the_program(pomona):
    shown = subprocess.run([POMONA_SPARK, "run", "--help"], capture_output=True, text=True, check=True).stdout
    wanted = set(re.findall(r"^  (--[a-z-]+)", pomona("run", "--help").stdout, re.MULTILINE)) - {"--help"}
    assert wanted <= set(re.findall(r"^  (--[a-z-]+)", shown, re.MULTILINE))


def test_configuration_file_gives_options_and_places_of_stores(photos, tmp_path):
    from pomona.spark import _arguments

    file = tmp_path / "run.toml"
    file.write_text('image_size = 4\ninclude = ["*.jpg", "*.png"]\n[run]\nmaster = "local[3]"\n')
    arguments = _arguments.parse([str(photos), "--config", str(file), "--output", "out", "--image-size=8"])
    assert arguments.options == {
        "input": str(photos), "output": "out", "image-size": "8", "include": ["*.jpg", "*.png"]}  # fmt: skip
    assert arguments.master == "local[3]"
    file.write_text("extractr = 1\n")
    assert "unknown key extractr; did you mean --extractor?" in refused("run", photos, "--config", file)
    file.write_text('[storage]\nrole = "arn"\n')
    assert "[storage] role cannot be handed to the executors" in refused("run", photos, "--config", file)
    assert f"cannot read '{tmp_path / 'none'}'" in refused("run", photos, "--config", tmp_path / "none")


def test_size_of_spark_bounds_the_engine():
    from pomona.spark._run import engine_memory

    assert engine_memory({}) == 0
    assert engine_memory({"spark.executor.memoryOverhead": "900"}) == 900 << 20
    assert engine_memory({"spark.executor.pyspark.memory": "2g", "spark.executor.cores": "4"}) == 512 << 20
    assert engine_memory({"spark.executor.memoryOverhead": "2g", "spark.task.cpus": "4"}) == 2 << 30
    with pytest.raises(ValueError, match='"much" is no size'):
        engine_memory({"spark.executor.memoryOverhead": "much"})


def test_refused_output_stays_as_it_is(context, photos, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    before = snapshot(tmp_path)
    with pytest.raises(ValueError, match="holds files that are not Pomona's"):
        run(context, photos, tmp_path / "out")
    assert snapshot(tmp_path) == before
