"""A real Spark cluster on this machine, for the tests: a master and workers, and jobs that are submitted to it."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from stores import await_port, free_port

ROOT = Path(__file__).resolve().parent.parent
OLD_SPARK = ROOT / "build" / "servers" / "pyspark-3.5"


class Spark:
    """An installed version of Spark, with the environment to start its programs in."""

    def __init__(self, site=None):
        if site is None:
            import pyspark

            self.home = Path(pyspark.__file__).parent
        else:
            self.home = Path(site) / "pyspark"
            if not self.home.exists():
                pytest.skip(f"{self.home} is not installed: ./dev test does that")
        self.environment = os.environ | {
            "SPARK_HOME": str(self.home),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_LOCAL_HOSTNAME": "127.0.0.1",
            "PYSPARK_PYTHON": sys.executable,
            "PYSPARK_DRIVER_PYTHON": sys.executable,
            "PYTHONPATH": str(site or ""),
            "SPARK_DAEMON_MEMORY": "256m",
            "SPARK_DAEMON_JAVA_OPTS": "-Dspark.worker.timeout=20",  # of master and workers alike
        }

    def program(self, name):
        return self.home / "bin" / name


class Daemon:
    """One of Spark's own processes."""

    def __init__(self, spark, folder, name, words, port, environment=None):
        self.log = Path(folder) / f"{name}.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [str(spark.program("spark-class")), *map(str, words)], stdout=log, stderr=log,
                stdin=subprocess.DEVNULL, cwd=folder, env=spark.environment | (environment or {}))  # fmt: skip
        await_port(port, self.process, self.log)

    def stop(self):
        self.process.kill()
        self.process.wait()


class Job:
    """A job that spark-submit runs; what it says goes to a file."""

    def __init__(self, command, log, environment):
        self.log = Path(log)
        with self.log.open("wb") as file:
            self.process = subprocess.Popen(
                [str(word) for word in command], stdout=file, stderr=file, stdin=subprocess.DEVNULL, env=environment,
                cwd=self.log.parent)  # fmt: skip

    @property
    def said(self):
        return self.log.read_text(encoding="utf-8", errors="replace")

    def wait_for(self, condition):
        """Return what the condition gives once it is something; the job must be under way until then."""
        while True:
            found = condition()
            if found:
                return found
            assert self.process.poll() is None, f"the job ended early: {self.said[-6000:]}"
            time.sleep(0.05)

    def finish(self, code=0):
        assert self.process.wait() == code, self.said[-6000:]
        return self.said


class Cluster:
    """A standalone cluster: a master, and workers of one core each."""

    def __init__(self, spark, folder, workers=2):
        self.spark, self.folder = spark, Path(folder)
        self.port, self.pages = free_port(), free_port()
        self.events = self.folder / "events"
        self.events.mkdir()
        self.daemons = {}
        master = "org.apache.spark.deploy.master.Master"
        self.daemons["master"] = Daemon(
            spark, folder, "master",
            [master, "--host", "127.0.0.1", "--port", self.port, "--webui-port", self.pages], self.pages)  # fmt: skip
        for number in range(workers):
            self.start_worker(number)
        self.await_workers(workers)

    @property
    def url(self):
        return f"spark://127.0.0.1:{self.port}"

    def start_worker(self, number):
        work, pages = self.folder / f"worker-{number}", free_port()
        worker = "org.apache.spark.deploy.worker.Worker"
        self.daemons[number] = Daemon(
            self.spark, self.folder, work.name,
            [worker, "--host", "127.0.0.1", "--webui-port", pages, "--cores", 1, "--memory", "1g",
             "--work-dir", work, self.url], pages)  # fmt: skip

    def await_workers(self, count):
        while True:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.pages}/json/") as answer:
                if json.load(answer)["aliveworkers"] == count:
                    return
            time.sleep(0.1)

    def submit(self, name, *arguments, conf=(), environment=None):
        """Start `pomona-spark run` with these arguments."""
        import pomona

        script = Path(pomona.__file__).parent / "spark" / "job.py"
        return self.submit_script(name, script, "run", *arguments, conf=conf, environment=environment)

    def submit_script(self, name, script, *arguments, conf=(), environment=None):
        """Start a Python program with spark-submit."""
        settings = {
            "spark.executor.cores": 1,
            "spark.executor.memory": "512m",
            "spark.driver.memory": "512m",
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.ui.enabled": "false",
            "spark.app.name": name,
            "spark.eventLog.enabled": "true",
            "spark.eventLog.dir": self.events.as_uri(),
        } | dict(conf)
        words = [word for key, value in settings.items() for word in ("--conf", f"{key}={value}")]
        command = [self.spark.program("spark-submit"), "--master", self.url, *words, script, *arguments]
        return Job(command, self.folder / f"{name}.log", self.spark.environment | (environment or {}))

    def executor(self, number):
        """The process of the executor that a worker runs; None while there is none."""
        found = [pid for pid in children(self.daemons[number].process.pid) if "CoarseGrained" in command_of(pid)]
        return found[-1] if found else None

    def python_workers(self, number):
        """The Python processes of a worker's executor that have opened Pomona's engine."""
        executor = self.executor(number)
        daemons = [pid for pid in children(executor) if "pyspark.daemon" in command_of(pid)] if executor else []
        return [pid for daemon in daemons for pid in children(daemon) if "pomona/_engine" in maps_of(pid)]

    def stop(self):
        for daemon in reversed(self.daemons.values()):
            for process in [daemon.process.pid, *descendants(daemon.process.pid)]:
                kill(process, 9)
            daemon.process.wait()


def all_children():
    """The processes of this machine by the one that started them."""
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (stat := read_process(entry, "stat")):  # else it has ended
            found.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(entry))
    return found


def children(parent):
    return sorted(all_children().get(parent, []))


def descendants(parent):
    every = all_children()
    found = sorted(every.get(parent, []))
    for process in found:  # grows meanwhile
        found += sorted(every.get(process, []))
    return found


def read_process(pid, name):
    try:
        return Path("/proc", str(pid), name).read_text(errors="replace")
    except OSError:
        return ""


def command_of(pid):
    return read_process(pid, "cmdline").replace("\0", " ")


def maps_of(pid):
    return read_process(pid, "maps")


def kill(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True
