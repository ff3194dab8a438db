"""Secrets of a job on a running Spark cluster: in no page, log, event log, command line or later task."""

import json

import outputs
import pytest
from spark_cluster import Cluster, Spark
from stores import SECRET, USER, minio_server  # noqa: F401 (fixture)

PASSWORD = "SECRETPW-4711"
KEY = "account-key-0815-2b"
SCRIPT = """
import json
import os
import sys
import urllib.request
from pathlib import Path

from pomona.spark import _arguments, _program, _run, _shards

words, pages = sys.argv[1:-1], sys.argv[-1]
arguments = _arguments.parse(words)
session = _program._session(arguments)
context = session.sparkContext
result = _run.run_on(context, arguments.options)


def look(_):
    engine = _shards._worker is not None  # it is the worker that ran shards
    yield engine, dict(os.environ), Path("/proc/self/environ").read_text(errors="replace")


(later,) = context.parallelize([0], 1).mapPartitions(look).collect()
application = f"/api/v1/applications/{context.applicationId}"
found = {}
for page in ("/environment/", "/jobs/", "/stages/", "/executors/", "/storage/", f"{application}/environment",
             f"{application}/jobs", f"{application}/stages"):
    with urllib.request.urlopen(context.uiWebUrl + page) as answer:
        found[page] = answer.read().decode()
processes = [file.read_text(errors="replace") for file in Path("/proc").glob("[0-9]*/cmdline") if file.exists()]
Path(pages).write_text(json.dumps({"pages": found, "processes": processes, "later": later}))
session.stop()
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    cluster = Cluster(Spark(), tmp_path_factory.mktemp("spark"), workers=1)
    yield cluster
    cluster.stop()


def test_secrets_stay_in_the_tasks(cluster, minio_server, photos, tmp_path):  # noqa: F811
    images = sorted((photos / "Kiwi").glob("*.jpg"))
    for image in images:
        minio_server.put(f"secrets/{image.name}", image.read_bytes())
    hidden = [f"https://u:{PASSWORD}@host/a.jpg", f"s3://photos/secrets/{images[0].name}?X-Amz-Signature={PASSWORD}"]
    rows = [f"s3://photos/secrets/{image.name}" for image in images]
    minio_server.put("secrets/list.csv", "\n".join(["path", *rows, *hidden, ""]).encode())
    (tmp_path / "job.py").write_text(SCRIPT)
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "spark-defaults.conf").write_text(f"spark.executorEnv.AZURE_STORAGE_KEY {KEY}\n")
    job = cluster.submit_script(
        "secrets", tmp_path / "job.py", "s3://photos/secrets/list.csv", "--output", "s3://photos/secrets/out",
        "--extractor", "pixels", "--image-size", "4", "--components", "3", "--max-failures", "100%",
        tmp_path / "found.json",
        conf={"spark.ui.enabled": "true", "spark.ui.port": "0", "spark.eventLog.compress": "false"},
        environment=minio_server.environment_of() | {"SPARK_CONF_DIR": str(tmp_path / "conf")},
    )  # fmt: skip
    said = job.finish()
    found = json.loads((tmp_path / "found.json").read_text())
    reused, environment, at_start = found["later"]
    assert reused
    assert environment["AZURE_STORAGE_KEY"] == KEY, "that one is the user's own setting"
    assert "AWS_SECRET_ACCESS_KEY" not in environment
    assert [page for page in found["pages"].values() if "AZURE_STORAGE_KEY" in page], "they are there to see"
    events = "".join(file.read_text() for file in cluster.events.rglob("*") if file.is_file())
    assert "SparkListenerEnvironmentUpdate" in events
    logs = "".join(file.read_text(errors="replace") for file in cluster.folder.rglob("*")
                   if file.is_file() and file.name in ("stdout", "stderr"))  # fmt: skip
    assert logs
    everywhere = [said, events, logs, *found["pages"].values(), *found["processes"]]
    for secret in (SECRET, USER, PASSWORD, KEY):
        assert not [text for text in everywhere if secret in text], secret
    assert SECRET not in at_start
    output = minio_server.download("secrets/out", tmp_path / "out")
    assert len(outputs.quarantine(output)) == len(hidden)
    assert PASSWORD not in str(outputs.quarantine(output))
