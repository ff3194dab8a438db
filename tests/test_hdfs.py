"""HDFS in and out through the Python package, without Hadoop's libraries."""

import json
import os
import signal
import subprocess
import sys
import time

import hdfs_native
import pyarrow.parquet
import pytest
from hadoop_cluster import Hdfs
from outputs import run_json, same_content
from pomona._hdfs import plain
from spark_cluster import Spark

import pomona

RUN = "import json, pomona, sys; pomona.run(**json.loads(sys.argv[1]))"


class Folder:
    """A folder of HDFS, by a client of its own."""

    def __init__(self, hdfs, path):
        self.hdfs, self.client, self.path, self.uri = hdfs, hdfs.client, path, hdfs.uri + path

    def put(self, name, content):
        options = hdfs_native.WriteOptions(overwrite=True, create_parent=True)
        with self.client.create(f"{self.path}/{name}", options) as file:
            file.write(content)

    def names(self):
        listed = self.client.list_status(self.path, recursive=True)
        return sorted(status.path[len(self.path) + 1 :] for status in listed if not status.isdir)

    def has(self, name):
        try:
            return self.client.get_file_info(f"{self.path}/{name}").length > 0
        except FileNotFoundError:
            return False

    def download(self, folder):
        return self.hdfs.download(self.path, folder)


@pytest.fixture(scope="module")
def hdfs(tmp_path_factory):
    hdfs = Hdfs(Spark(), tmp_path_factory.mktemp("hdfs"))
    yield hdfs
    hdfs.stop()


@pytest.fixture(scope="module")
def fruits(hdfs, photos):
    hdfs.upload(photos, "/fruits")
    return Folder(hdfs, "/fruits")


@pytest.fixture
def out(hdfs, request):
    return Folder(hdfs, f"/out/{request.node.name}")


def start(**options):
    return subprocess.Popen(
        [sys.executable, "-c", RUN, json.dumps(options)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def test_run_gives_what_it_gives_on_a_disk(fruits, out, tmp_path):
    result = pomona.run(fruits.uri, output=out.uri, extractor="mobilenetv2-0.35", components=5)
    local = tmp_path / "local"
    pomona.run(fruits.uri, output=str(local), extractor="mobilenetv2-0.35", components=5)
    downloaded = out.download(tmp_path / "downloaded")
    same_content(downloaded, local)
    assert result.run["images_ok"] == run_json(downloaded)["images_listed"] == len(fruits.names())
    assert not [name for name in out.names() if ".part" in name]
    assert pomona.run(fruits.uri, output=out.uri, extractor="mobilenetv2-0.35", components=5).outcome == "already-done"
    model = pomona.load(out.uri)
    assert model.transform([f"{fruits.uri}/{fruits.names()[0]}"]).components.shape == (1, 5)


def killed_at_work(out, **options):
    """A run that is killed once its plan is written and before any shard is."""
    run = start(output=out.uri, extractor="mobilenetv2-0.35", image_size=224, **options)
    while not out.has("_pomona/plan.json"):
        assert run.poll() is None, run.stdout.read()
    run.send_signal(signal.SIGKILL)
    run.communicate()
    assert not out.has("_pomona/shards/00000.json")


def test_killed_run_goes_on_to_the_same_bytes(fruits, out, tmp_path):
    options = {"extractor": "mobilenetv2-0.35", "image_size": 224, "components": 5}
    killed_at_work(out, input=fruits.uri, components=5)
    pomona.run(fruits.uri, output=out.uri, **options)
    pomona.run(fruits.uri, output=str(tmp_path / "local"), **options)
    same_content(out.download(tmp_path / "downloaded"), tmp_path / "local")


def test_files_that_change_or_go_after_the_listing_are_told(hdfs, fruits, photos, out, tmp_path):
    folder = Folder(hdfs, "/changing")
    files = sorted(photos.rglob("*.jpg"))
    for number, file in enumerate(files):
        folder.put(f"{number:03d}.jpg", file.read_bytes())
    killed_at_work(out, input=folder.uri)
    folder.put("003.jpg", files[3].read_bytes()[::-1])  # of the same size
    folder.put("004.jpg", files[5].read_bytes())
    folder.client.delete("/changing/005.jpg")
    result = pomona.run(folder.uri, output=out.uri, extractor="mobilenetv2-0.35", image_size=224)
    assert result.run["images_quarantined"] == 3
    rows = pyarrow.parquet.read_table(out.download(tmp_path / "out") / "quarantine.parquet").to_pylist()
    assert [(row["path"].rpartition("/")[2], row["code"]) for row in rows] == [
        ("003.jpg", "changed"),
        ("004.jpg", "changed"),
        ("005.jpg", "missing"),
    ]


def test_one_of_several_runs_on_one_output_wins(fruits, out):
    runs = [start(input=fruits.uri, output=out.uri, extractor="pixels") for _ in range(4)]
    said = [run.communicate()[0] for run in runs]
    done = [run.returncode for run in runs]
    assert done.count(0) >= 1, said
    for code, text in zip(done, said, strict=True):
        assert code == 0 or "another run is writing here" in text
    assert "_SUCCESS" in out.names()


def test_namenode_that_restarts_is_waited_for(hdfs, fruits, out):
    run = start(input=fruits.uri, output=out.uri, extractor="mobilenetv2-0.35", image_size=224)
    while not out.has("_pomona/plan.json"):
        assert run.poll() is None, run.stdout.read()
    hdfs.files.shutdownNameNode(0)
    time.sleep(2)
    assert run.poll() is None, run.stdout.read()
    hdfs.files.restartNameNode(True)
    said, _ = run.communicate()
    assert run.returncode == 0, said
    assert "_SUCCESS" in out.names()


def test_what_is_not_there_or_not_allowed_is_said(hdfs, fruits, tmp_path):
    with pytest.raises(ValueError, match="/nothere: there is no such folder"):
        pomona.run(f"{hdfs.uri}/nothere", output=str(tmp_path / "a"), extractor="pixels")
    with pytest.raises(ValueError, match="set HADOOP_USER_NAME"):
        pomona.run(hdfs.uri.replace("//", "//me@") + "/fruits", output=str(tmp_path / "a"), extractor="pixels")
    with pytest.raises(ValueError, match=r"only \?replication=N"):
        pomona.run(f"{fruits.uri}?user=me", output=str(tmp_path / "a"), extractor="pixels")
    fruits.client.mkdirs("/closed", 0o700)
    options = {"input": fruits.uri, "output": f"{hdfs.uri}/closed/x", "extractor": "pixels"}
    somebody = os.environ | {"HADOOP_USER_NAME": "somebody"}
    done = subprocess.run(
        [sys.executable, "-c", RUN, json.dumps(options)], env=somebody, capture_output=True, text=True
    )
    assert done.returncode != 0
    assert "Permission denied: user=somebody" in done.stderr
    assert "org.apache.hadoop" not in done.stderr


def test_hadoops_messages_are_cut_to_what_they_say():
    assert plain('RPCError("org.x.AccessControlException", "Permission denied: user=a\\n\\tat org.x.Y")') == (
        "Permission denied: user=a"
    )
    assert plain("File does not exist: /nope\n\tat org.x.Y(Z.java:1)") == "File does not exist: /nope"
    assert plain("Connection refused (os error 111)") == "Connection refused (os error 111)"
