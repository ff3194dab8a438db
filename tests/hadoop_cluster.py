"""HDFS and YARN on this machine, for the tests: a namenode, two datanodes, a resource manager and two node managers.

All of them live in one Java process, which is led from here through py4j, as Spark's Python leads its driver. A class
or a setting that is missing is therefore an exception here; the process ends with the one that started it.
"""

import os
import re
import unittest.mock
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from py4j.java_gateway import GatewayParameters, JavaGateway, launch_gateway
from py4j.protocol import Py4JError
from spark_cluster import Job, command_of, descendants, kill, maps_of
from stores import SERVERS

JARS = SERVERS / "hadoop"
QUICK_START = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"  # most of what these processes do is to start
CHEAP_CHMOD = "-Djdk.lang.Process.launchMechanism=VFORK"  # a node calls it for each file of an archive

HDFS_SETTINGS = {"dfs.replication": 2}
YARN_SETTINGS = {
    # The least that the scheduler wants to know, and masters of jobs that may have nearly all of the cluster.
    "yarn.scheduler.capacity.root.queues": "default",
    "yarn.scheduler.capacity.root.default.capacity": 100,
    "yarn.scheduler.capacity.maximum-am-resource-percent": 0.9,
    "yarn.scheduler.minimum-allocation-mb": 256,
    "yarn.nodemanager.resource.memory-mb": 4096,
    "yarn.nodemanager.vmem-check-enabled": "false",
    "yarn.nodemanager.disk-health-checker.max-disk-utilization-per-disk-percentage": 99.9,
}


class Hdfs:
    """A running HDFS: `uri` names it, and so do the files in the folder `configuration`, for HADOOP_CONF_DIR."""

    def __init__(self, spark, folder):
        jars = [str(jar) for jar in sorted(JARS.glob("*.jar"))]
        if not jars:
            pytest.skip(f"{JARS} is empty: ./dev test fills it")
        (version,) = (re.search(r"minicluster-(.*)\.jar", jar)[1] for jar in jars if "minicluster" in jar)
        client = spark.home / "jars" / f"hadoop-client-api-{version}.jar"
        assert client.exists(), f"pins.txt: hadoop-client-minicluster {version} needs a Spark with {client.name}"
        names = ("hadoop-client", "slf4j-api", "jcl-over-slf4j", "log4j")  # more would be searched for web pages
        borrowed = [jar for name in names for jar in (spark.home / "jars").glob(f"{name}*.jar")]
        self.spark, self.folder = spark, Path(folder)
        self.configuration = self.folder / "conf"
        self.configuration.mkdir()
        self.log = self.folder / "hadoop.log"
        log = self.log.open("w", buffering=1, encoding="utf-8")  # py4j writes and closes it
        options = [
            *("-Xmx768m", *QUICK_START.split(), CHEAP_CHMOD, "-Dlog4j2.level=WARN"),
            *(f"-Dtest.build.data={self.folder}", f"-Dhadoop.log.dir={self.folder}/logs"),
        ]
        with unittest.mock.patch.dict(os.environ, {"HADOOP_CONF_DIR": str(self.configuration)}):  # containers have it
            port, token, self.process = launch_gateway(
                jarpath=str(next((spark.home / "jars").glob("py4j-*.jar"))),
                classpath=os.pathsep.join([*jars, *map(str, borrowed)]), javaopts=options, die_on_exit=True,
                redirect_stdout=log, redirect_stderr=log, enable_auth=True, return_proc=True)  # fmt: skip
        parameters = GatewayParameters(port=port, auth_token=token, enable_memory_management=False)
        self.java = JavaGateway(gateway_parameters=parameters).jvm
        try:
            self.start()
        except Py4JError as error:
            said = str(error)  # asks the process for it
            self.stop()
            raise AssertionError(f"{said}\n{self.log.read_text()[-6000:]}") from None
        except BaseException:
            self.stop()
            raise

    def start(self):
        self.settings = self.java.org.apache.hadoop.yarn.conf.YarnConfiguration()
        self.set(HDFS_SETTINGS | {"hdfs.minidfs.basedir": self.folder / "hdfs"})
        self.files = self.java.org.apache.hadoop.hdfs.MiniDFSCluster.Builder(self.settings).numDataNodes(2).build()
        self.files.waitActive()
        self.uri = str(self.files.getURI()).rstrip("/")
        self.write("core-site.xml", {"fs.defaultFS": self.uri})
        self.write("hdfs-site.xml", HDFS_SETTINGS)

    def set(self, settings):
        for name, value in settings.items():
            self.settings.set(name, str(value))

    def write(self, name, settings):
        rows = (f"<property><name>{key}</name><value>{value}</value></property>" for key, value in settings.items())
        (self.configuration / name).write_text(f"<configuration>{''.join(rows)}</configuration>", encoding="utf-8")

    @property
    def client(self):
        import hdfs_native

        return hdfs_native.Client(self.uri)

    def upload(self, source, place):
        """Write a file, or all files below a folder."""
        source, client = Path(source), self.client

        def send(file, path):
            with client.create(path) as stream:
                stream.write(file.read_bytes())

        if source.is_file():
            return send(source, place)
        files = [file for file in source.rglob("*") if file.is_file()]
        with ThreadPoolExecutor(32) as pool:
            list(pool.map(send, files, [f"{place}/{file.relative_to(source).as_posix()}" for file in files]))

    def download(self, place, folder):
        client = self.client
        for status in client.list_status(place, recursive=True):
            if not status.isdir:
                file = Path(folder) / status.path.removeprefix(place).lstrip("/")
                file.parent.mkdir(parents=True, exist_ok=True)
                with client.read(status.path) as stream:
                    file.write_bytes(stream.read())
        return Path(folder)

    def stop(self):
        for process in [*descendants(self.process.pid), self.process.pid]:
            kill(process, 9)
        self.process.wait()


class Yarn(Hdfs):
    """HDFS and YARN, and jobs that are submitted to it."""

    def start(self):
        super().start()
        self.set(YARN_SETTINGS)
        cluster = self.java.org.apache.hadoop.yarn.server.MiniYARNCluster("yarn", 2, 1, 1)  # 2 nodes of one disk each
        cluster.init(self.settings)
        cluster.start()
        assert cluster.waitForNodeManagersToConnect(600_000), self.log.read_text()[-6000:]
        names = [f"yarn.resourcemanager.{name}" for name in ("hostname", "address", "scheduler.address")]
        self.write("yarn-site.xml", {name: cluster.getConfig().get(name) for name in names})
        lines = "".join(f"{name} {value}\n" for name, value in self.spark_defaults().items())
        (self.configuration / "spark-defaults.conf").write_text(lines, encoding="utf-8")

    def spark_defaults(self):
        """What the administrator of a cluster sets, here of one that fits into a small machine."""
        home = self.java.System.getProperty("java.home")
        environment = {"JAVA_HOME": home, "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_LOCAL_HOSTNAME": "127.0.0.1"}
        return {
            "spark.yarn.jars": f"local:{self.spark.home}/jars/*",
            "spark.driver.memory": "512m",
            "spark.yarn.am.memory": "512m",
            "spark.driver.extraJavaOptions": QUICK_START,
            "spark.executor.extraJavaOptions": QUICK_START,
            "spark.yarn.am.extraJavaOptions": QUICK_START,
            "spark.ui.enabled": "false",
            "spark.yarn.report.interval": "200ms",
            "spark.scheduler.minRegisteredResourcesRatio": "1.0",  # both executors get work, however slow they start
            "spark.scheduler.maxRegisteredResourcesWaitingTime": "1h",
            **{f"spark.executorEnv.{name}": value for name, value in environment.items()},
            **{f"spark.yarn.appMasterEnv.{name}": value for name, value in environment.items()},
        }

    def submit(self, name, words):
        """Start spark-submit with these words, on a machine that has the cluster's configuration and nothing else."""
        environment = {key: value for key, value in self.spark.environment.items() if not key.startswith("PYSPARK")}
        environment |= {"HADOOP_CONF_DIR": str(self.configuration), "SPARK_CONF_DIR": str(self.configuration)}
        environment["SPARK_LAUNCHER_OPTS"] = environment["SPARK_SUBMIT_OPTS"] = QUICK_START
        return Job([self.spark.program("spark-submit"), *words], self.folder / f"{name}.log", environment)

    def executors(self):
        """The executors' Java processes, of every job."""
        commands = {pid: command_of(pid) for pid in descendants(self.process.pid)}
        return [pid for pid, said in commands.items() if re.match(r"\S*/java .* \S+CoarseGrainedExecutor", said)]

    def engines(self, executor):
        """The files of Pomona's library that an executor's Python processes have opened."""
        found = (re.search(r"/\S+/libpomona\.so", maps_of(pid)) for pid in descendants(executor))
        return {match[0] for match in found if match}

    def container_logs(self):
        """What the containers of all jobs said."""
        return "".join(log.read_text(errors="replace") for log in self.folder.glob("yarn/**/container_*/std*"))
