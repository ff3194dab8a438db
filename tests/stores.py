"""Real object stores for the tests, started on free loopback ports: MinIO (HTTP, TLS), Azurite, fake-gcs-server."""

import contextlib
import io
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import minio
import minio.error
import pyarrow.fs
import pytest
from minio.credentials import StaticProvider

ROOT = Path(__file__).resolve().parent.parent
SERVERS = ROOT / "build" / "servers"
USER, SECRET = "pomona-root", "pomona-root-secret-9d1f"
# The public key of Azure's emulators, the same everywhere.
AZURE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
KMS_KEY = "pomona-key:" + "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTEyMzQ="  # 32 bytes

NO_CREDENTIALS = dict.fromkeys(
    (
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_PROFILE",
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_S3",
        "AWS_CA_BUNDLE",
    ),
    "",
) | {"AWS_EC2_METADATA_DISABLED": "true", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent", "AWS_CONFIG_FILE": "/none"}


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def await_port(port, process, log):
    """Returns when somebody listens; the process must not have ended."""
    while True:
        assert process.poll() is None, f"the server ended: {Path(log).read_text()[-2000:]}"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)


class Server:
    """A server process that can be stopped and started again on the same port."""

    def __init__(self, name, folder, command, environment=None, port=None):
        program = Path(command[0])
        if not program.exists() and shutil.which(command[0]) is None:
            pytest.skip(f"{program} is not installed: ./dev test does that")
        self.port = port or free_port()
        self.log = Path(folder) / f"{name}.log"
        self.command = [str(part).replace("PORT", str(self.port)) for part in command]
        self.environment = os.environ | (environment or {})
        self.folder = folder
        self.process = None
        self.start()

    def start(self):
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=self.environment, cwd=self.folder,
                start_new_session=True)  # fmt: skip
        await_port(self.port, self.process, self.log)

    def stop(self):
        """Ends the server and what it started: node, here, is a script that starts the real one."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Minio(Server):
    """MinIO with one bucket, `photos`."""

    def __init__(self, folder, certificates=None, environment=None):
        self.tls = certificates is not None
        tls = ["--certs-dir", certificates] if certificates else []
        program = SERVERS / "bin" / "minio"
        data = Path(folder) / "data"
        data.mkdir(parents=True)
        command = [program, "server", data, "--address", "127.0.0.1:PORT", "--console-address", "127.0.0.1:0", *tls]
        settings = {"MINIO_ROOT_USER": USER, "MINIO_ROOT_PASSWORD": SECRET, "MINIO_BROWSER": "off"}
        super().__init__("minio", folder, command, settings | (environment or {}))
        self.await_ready()
        if not self.tls:
            self.client.make_bucket("photos")

    @property
    def client(self):
        return minio.Minio(f"127.0.0.1:{self.port}", USER, SECRET, secure=self.tls, region="us-east-1")

    def await_ready(self):
        """The port is open some time before buckets can be asked for."""
        while not self.tls:
            try:
                self.client.list_buckets()
                return
            except Exception:
                assert self.process.poll() is None
                time.sleep(0.1)

    @property
    def admin(self):
        provider = StaticProvider(USER, SECRET)
        return minio.MinioAdmin(endpoint=f"127.0.0.1:{self.port}", credentials=provider, secure=self.tls)

    @property
    def endpoint(self):
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def environment_of(self, user=USER, secret=SECRET, endpoint=None):
        """Environment variables with which Pomona finds this server and is that user."""
        return NO_CREDENTIALS | {
            "AWS_ACCESS_KEY_ID": user,
            "AWS_SECRET_ACCESS_KEY": secret,
            "AWS_ENDPOINT_URL": endpoint or self.endpoint,
            "AWS_REGION": "us-east-1",
        }

    def put(self, key, data, bucket="photos"):
        self.client.put_object(bucket, key, io.BytesIO(data), len(data))

    def get(self, key, bucket="photos"):
        answer = self.client.get_object(bucket, key)
        with contextlib.closing(answer):
            return answer.read()

    def keys(self, prefix="", bucket="photos"):
        return [entry.object_name for entry in self.client.list_objects(bucket, prefix, recursive=True)]

    def upload(self, folder, prefix, bucket="photos"):
        folder = Path(folder)
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                self.put(f"{prefix}/{file.relative_to(folder).as_posix()}", file.read_bytes(), bucket)

    def download(self, prefix, folder, bucket="photos"):
        for key in self.keys(prefix + "/", bucket):
            file = Path(folder) / key[len(prefix) + 1 :]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(self.get(key, bucket))
        return Path(folder)


class Bucket:
    """A store under test as the tests fill and read it, whichever it is: names lie below its bucket `photos`."""

    def __init__(self, uri, query, variables, filesystem):
        self.uri, self.query, self.variables, self.filesystem = uri, query, variables, filesystem

    def place(self, name):
        """What the program is told."""
        return f"{self.uri}/{name}{self.query}"

    def put(self, name, data):
        with self.filesystem.open_output_stream(f"photos/{name}") as stream:
            stream.write(data)

    def get(self, name):
        with self.filesystem.open_input_file(f"photos/{name}") as stream:
            return stream.read()

    def remove(self, name):
        self.filesystem.delete_file(f"photos/{name}")

    def names(self, prefix):
        everything = pyarrow.fs.FileSelector(f"photos/{prefix}", recursive=True, allow_not_found=True)
        found = (info for info in self.filesystem.get_file_info(everything) if info.is_file)
        return [info.path.removeprefix("photos/") for info in found]

    def upload(self, folder, prefix, count=None):
        for file in sorted(file for file in Path(folder).rglob("*") if file.is_file())[:count]:
            self.put(f"{prefix}/{file.relative_to(folder).as_posix()}", file.read_bytes())

    def download(self, prefix, folder):
        for name in self.names(prefix):
            file = Path(folder) / name.removeprefix(prefix + "/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(self.get(name))
        return Path(folder)


class FaultProxy(Server):
    """tests/fault_proxy.py before a store: spoils a share of the requests, or slows them down."""

    def __init__(self, folder, upstream, *options):
        super().__init__(
            "proxy", folder, [sys.executable, ROOT / "tests" / "fault_proxy.py", "PORT", upstream, *options]
        )

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    def counts(self):
        import json
        import urllib.request

        with urllib.request.urlopen(f"{self.endpoint}/__counts") as answer:
            return json.load(answer)


def make_certificates(folder, *names):
    """A certificate authority and a server's key and certificate for these names, by openssl."""
    folder = Path(folder)
    folder.mkdir(parents=True)

    def openssl(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, cwd=folder)

    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=Pomona test CA",
            "-keyout", "ca.key", "-out", "ca.crt")  # fmt: skip
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=pomona-test", "-keyout", "private.key", "-out", "r")
    (folder / "ext").write_text("subjectAltName=" + ",".join(names))
    openssl("x509", "-req", "-in", "r", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "30",
            "-extfile", "ext", "-out", "public.crt")  # fmt: skip
    return folder


@pytest.fixture(scope="session")
def minio_server(tmp_path_factory):
    server = Minio(tmp_path_factory.mktemp("minio"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def minio_tls(tmp_path_factory):
    folder = tmp_path_factory.mktemp("minio-tls")
    certificates = make_certificates(folder / "certificates", "DNS:localhost")
    server = Minio(folder, certificates)
    server.ca = certificates / "ca.crt"
    server.other_ca = make_certificates(folder / "other", "DNS:localhost") / "ca.crt"
    yield server
    server.stop()


@pytest.fixture(scope="session")
def azurite(tmp_path_factory):
    folder = tmp_path_factory.mktemp("azurite")
    program = SERVERS / "azurite" / "node_modules" / ".bin" / "azurite-blob"
    if not program.exists():
        pytest.skip(f"{program} is not installed: ./dev test does that")
    server = Server("azurite", folder, [
        ROOT / ".venv" / "bin" / "node", program.resolve(), "--disableTelemetry", "--skipApiVersionCheck", "--silent",
        "--inMemoryPersistence", "--blobHost", "127.0.0.1", "--blobPort", "PORT"])  # fmt: skip
    host = f"127.0.0.1:{server.port}"
    server.filesystem = pyarrow.fs.AzureFileSystem(
        "devstoreaccount1", account_key=AZURE_KEY, blob_storage_authority=host, dfs_storage_authority=host,
        blob_storage_scheme="http", dfs_storage_scheme="http")  # fmt: skip
    server.filesystem.create_dir("photos")
    server.uri = f"abfs://devstoreaccount1@{host}/photos"
    server.query = "?enable_tls=false"
    server.variables = NO_CREDENTIALS | {"AZURE_STORAGE_KEY": AZURE_KEY}
    yield server
    server.stop()


@pytest.fixture(scope="session")
def google(tmp_path_factory):
    folder = tmp_path_factory.mktemp("google")
    server = Server("google", folder, [
        SERVERS / "bin" / "fake-gcs-server", "-scheme", "http", "-host", "127.0.0.1", "-port", "PORT", "-backend",
        "memory", "-public-host", "127.0.0.1:PORT"])  # fmt: skip
    host = f"127.0.0.1:{server.port}"
    server.filesystem = pyarrow.fs.GcsFileSystem(anonymous=True, scheme="http", endpoint_override=host, project_id="p")
    server.filesystem.create_dir("photos")
    server.uri = "gs://anonymous@photos"
    server.variables = NO_CREDENTIALS | {"STORAGE_EMULATOR_HOST": f"http://{host}"}
    yield server
    server.stop()


@pytest.fixture(params=["minio", "azurite", "google"])
def any_store(request):
    """Each of the stores in its turn."""
    if request.param == "minio":
        server = request.getfixturevalue("minio_server")
        files = pyarrow.fs.S3FileSystem(
            endpoint_override=server.endpoint, access_key=USER, secret_key=SECRET, region="us-east-1")  # fmt: skip
        return Bucket("s3://photos", "", server.environment_of(), files)
    server = request.getfixturevalue(request.param)
    return Bucket(server.uri, getattr(server, "query", ""), server.variables, server.filesystem)
