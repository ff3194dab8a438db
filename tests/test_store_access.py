"""Who may read what: credentials of every kind, least privilege, TLS, encryption, and secrets that stay secret."""

import datetime
import http.server
import json
import threading
from pathlib import Path

import outputs
import pytest
from stores import AZURE_KEY, KMS_KEY, NO_CREDENTIALS, SECRET, USER, Bucket, Minio, azurite, minio_server, minio_tls  # noqa: F401 (fixtures)

PIXELS = ["--extractor", "pixels", "--image-size", "4", "--components", "3"]
JOB_SECRET = "job-secret-4711-3f"


@pytest.fixture(scope="module")
def bucket(minio_server, photos):  # noqa: F811
    minio_server.upload(photos / "Kiwi", "private/raw/Kiwi")
    minio_server.put("private/secret/x.jpg", (photos / "Kiwi").glob("*.jpg").__next__().read_bytes())
    minio_server.client.make_bucket("other")
    minio_server.put("y.jpg", b"x", bucket="other")
    return minio_server


@pytest.fixture(scope="module")
def job_user(pomona, bucket, tmp_path_factory):
    """A user with the policy that `pomona doctor --policy` prints, and no other right."""
    policy = pomona("doctor", "--policy", "s3://photos/private/raw", "s3://photos/private/results",
                    env=bucket.environment_of()).stdout  # fmt: skip
    file = tmp_path_factory.mktemp("policy") / "policy.json"
    file.write_text(policy)
    bucket.admin.policy_add("pomona-job", policy_file=str(file))
    bucket.admin.user_add("jobuser", JOB_SECRET)
    bucket.admin.attach_policy(["pomona-job"], user="jobuser")
    return bucket.environment_of("jobuser", JOB_SECRET)


def test_the_printed_policy_is_enough(pomona, bucket, job_user, tmp_path):
    pomona("run", "s3://photos/private/raw", "--output", "s3://photos/private/results/run", *PIXELS, env=job_user)
    pomona("apply", "s3://photos/private/results/run", "s3://photos/private/raw", "--output",
           "s3://photos/private/results/apply", env=job_user)  # fmt: skip
    pomona("run", "s3://photos/private/raw", "--output", "s3://photos/private/results/run", *PIXELS, "--overwrite",
           env=job_user)  # fmt: skip
    output = bucket.download("private/results/run", tmp_path / "out")
    outputs.check_accounts(output)
    for file in output.rglob("*"):
        assert not file.is_file() or JOB_SECRET.encode() not in file.read_bytes(), file


def test_all_commands_keep_to_the_printed_policy(pomona, bucket, job_user, tmp_path):
    """Those that `test_the_printed_policy_is_enough` leaves out, by a user who may do nothing else."""
    raw, results = "s3://photos/private/raw", "s3://photos/private/results"
    pixels = PIXELS[:4]
    pomona("pack", raw, "--output", f"{results}/packed", env=job_user)
    pomona("features", raw, "--output", f"{results}/features", *pixels, env=job_user)
    pomona("fit", f"{results}/features", "--output", f"{results}/fit", "--components", "3", env=job_user)
    pomona("run", raw, "--output", f"{results}/grown", *PIXELS, "--limit", "5", env=job_user)
    pomona("retry-failed", f"{results}/grown", env=job_user)
    writes = pomona("run", raw, "--output", f"{raw}/Kiwi-results", *PIXELS, env=job_user, code=2)
    assert "lies in" in writes.stderr
    denied = pomona("pack", f"{results}/packed", "--output", f"{raw}-copy", env=job_user, code=1)
    assert "access denied" in denied.stderr


def test_a_refused_write_names_the_action(pomona, bucket, job_user):
    """A place that may be listed and read, not written to: the input of the policy, as an output."""
    pomona("features", "s3://photos/private/raw", "--output", "s3://photos/private/results/for-fit", *PIXELS[:4],
           env=job_user)  # fmt: skip
    done = pomona("fit", "s3://photos/private/results/for-fit", "--output", "s3://photos/private/raw/new",
                  "--components", "3", env=job_user, code=1)  # fmt: skip
    assert "s3:PutObject" in done.stderr
    assert "arn:aws:s3:::photos/private/raw/new/" in done.stderr
    assert bucket.keys("private/raw/new") == []


@pytest.mark.parametrize(
    ("place", "output", "action"),
    [
        ("s3://photos/private/raw", "s3://photos/private/raw-results", "s3:ListBucket"),
        ("s3://photos/private/secret", None, "s3:ListBucket"),
        ("s3://other", None, "s3:ListBucket"),
        ("s3://photos/private/raw", "s3://other/out", "s3:ListBucket"),
    ],
)
def test_more_is_refused_and_the_action_named(pomona, job_user, tmp_path, place, output, action):
    done = pomona("run", place, "--output", output or tmp_path / "out", *PIXELS, env=job_user, code=1)
    assert "access denied" in done.stderr
    assert action in done.stderr
    assert JOB_SECRET not in done.stdout + done.stderr


def test_doctor_names_what_is_missing(pomona, bucket, job_user):
    done = pomona("doctor", "s3://photos/private/raw", env=job_user)  # reading is all an input needs
    assert "s3:PutObject" in done.stdout
    assert "list              works" in done.stdout
    assert "read              works" in done.stdout
    done = pomona("doctor", "s3://photos/private/results", env=job_user)
    assert "FAILS" not in done.stdout
    assert ".pomona-doctor" not in str(bucket.keys("private/results"))
    done = pomona("doctor", "s3://other", env=job_user, code=1)
    assert "s3:ListBucket on arn:aws:s3:::other" in done.stdout
    assert "$AWS_ACCESS_KEY_ID: is set" in done.stdout
    assert JOB_SECRET not in done.stdout


def test_no_credentials_says_where_they_were_looked_for(pomona, bucket):
    environment = bucket.environment_of() | NO_CREDENTIALS | {"AWS_ENDPOINT_URL": bucket.endpoint}
    done = pomona("doctor", "s3://photos/private/raw", env=environment, code=1)
    assert "no S3 credentials found; looked in" in done.stdout
    assert "AWS_ACCESS_KEY_ID" in done.stdout


def test_wrong_secret_and_unknown_key(pomona, bucket, tmp_path):
    for user, secret, says in ((USER, "wrong-secret-value", "secret key is wrong"), ("nobody", "x" * 12, "not known")):
        done = pomona("run", "s3://photos/private/raw", "--output", tmp_path / "out", *PIXELS,
                      env=bucket.environment_of(user, secret), code=1)  # fmt: skip
        assert says in done.stderr
        assert secret not in done.stderr


def test_profile(pomona, bucket, tmp_path):
    (tmp_path / "credentials").write_text(f"[photos]\naws_access_key_id = {USER}\naws_secret_access_key = {SECRET}\n")
    (tmp_path / "config").write_text(f"[profile photos]\nregion = us-east-1\nendpoint_url = {bucket.endpoint}\n")
    environment = NO_CREDENTIALS | {"AWS_PROFILE": "photos", "AWS_REGION": "", "AWS_DEFAULT_REGION": "",
                                    "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
                                    "AWS_CONFIG_FILE": str(tmp_path / "config")}  # fmt: skip
    pomona("run", "s3://photos/private/raw", "--output", tmp_path / "out", *PIXELS, env=environment)
    outputs.check_accounts(tmp_path / "out")
    done = pomona(
        "doctor", "s3://photos/nowhere-near", env=environment | {"AWS_SHARED_CREDENTIALS_FILE": "/none"}, code=1
    )
    assert f"{tmp_path}/config: is there" in done.stdout
    assert "/none: is not there" in done.stdout


def test_connection_string_of_azure(pomona, azurite, photos, tmp_path):  # noqa: F811
    store = Bucket(azurite.uri, azurite.query, azurite.variables, azurite.filesystem)
    store.upload(photos / "Kiwi", "connected/raw/Kiwi", count=4)
    host = azurite.uri.partition("@")[2].partition("/")[0]
    connection = (
        "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;"
        f"AccountKey={AZURE_KEY};BlobEndpoint=http://{host}/devstoreaccount1;"
    )
    environment = NO_CREDENTIALS | {"AZURE_STORAGE_CONNECTION_STRING": connection}
    pomona("run", "az://photos/connected/raw", "--output", tmp_path / "out", *PIXELS, env=environment)
    assert outputs.check_accounts(tmp_path / "out")["images_ok"] == 4


class Metadata(http.server.BaseHTTPRequestHandler):
    """Instance metadata (version 2 only) and a container's endpoint, which hand out MinIO's keys."""

    protocol_version = "HTTP/1.1"

    def give(self, status, text, content_type="text/plain"):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("x-aws-ec2-metadata-token-ttl-seconds", "21600")
        self.end_headers()
        self.wfile.write(body)

    def keys(self):
        later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)
        expires = later.strftime("%Y-%m-%dT%H:%M:%SZ")
        return json.dumps({"Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": self.server.session.access_key,
                           "SecretAccessKey": self.server.session.secret_key,
                           "Token": self.server.session.session_token, "LastUpdated": "2026-01-01T00:00:00Z",
                           "Expiration": expires})  # fmt: skip

    def do_PUT(self):
        self.give(200 if self.path == "/latest/api/token" else 404, "token-1")

    def do_GET(self):
        path = self.path.rstrip("/")
        self.server.asked.append(path)
        roles = "/latest/meta-data/iam/security-credentials"
        if path == "/container":
            self.give(200, self.keys(), "application/json")
        elif self.headers.get("x-aws-ec2-metadata-token") != "token-1":
            self.give(401, "")
        elif path == roles:
            self.give(200, "photo-role")
        elif path == f"{roles}/photo-role":
            self.give(200, self.keys(), "application/json")
        elif path == "/latest/meta-data/placement/region":
            self.give(200, "us-east-1")
        else:
            self.give(404, "")

    def log_message(self, *arguments):
        pass


@pytest.fixture
def metadata(bucket):
    from minio.credentials import AssumeRoleProvider

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Metadata)
    server.asked = []
    server.session = AssumeRoleProvider(
        sts_endpoint=bucket.endpoint, access_key=USER, secret_key=SECRET, region="us-east-1"
    ).retrieve()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


@pytest.mark.parametrize("kind", ["container", "instance"])
def test_temporary_credentials(pomona, bucket, metadata, tmp_path, kind):
    here = f"http://127.0.0.1:{metadata.server_address[1]}"
    environment = NO_CREDENTIALS | {"AWS_ENDPOINT_URL": bucket.endpoint, "AWS_REGION": "us-east-1"}
    if kind == "container":
        environment |= {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{here}/container"}
    else:
        environment |= {"AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": here}
    pomona("run", "s3://photos/private/raw", "--output", tmp_path / "out", *PIXELS, env=environment)
    outputs.check_accounts(tmp_path / "out")
    assert metadata.asked


def test_a_role_is_taken_on(pomona, bucket, job_user, tmp_path):
    """The role's temporary keys come from MinIO's STS and allow what the user may; without an STS it is an error."""
    config = tmp_path / "storage.toml"
    config.write_text('[storage]\nrole = "arn:aws:iam::123456789012:role/photos"\nattempts = 2\n')
    command = ["run", "s3://photos/private/raw", "--output", tmp_path / "out", *PIXELS, "--config", config]
    pomona(*command, env=job_user | {"AWS_ENDPOINT_URL_STS": bucket.endpoint})
    outputs.check_accounts(tmp_path / "out")
    (nowhere := tmp_path / "nowhere").mkdir()
    failed = pomona(*command[:3], nowhere / "out", *command[4:], code=1,
                    env=job_user | {"AWS_ENDPOINT_URL_STS": "http://127.0.0.1:9"})  # fmt: skip
    assert JOB_SECRET not in failed.stderr
    assert "redentials" in failed.stderr


def test_secrets_are_nowhere(pomona, bucket, tmp_path):
    """Not in what is printed, run.json, the report, the plan, nor in an error."""
    environment = bucket.environment_of()
    done = pomona("run", "s3://photos/private/raw", "--output", tmp_path / "out", *PIXELS, "--progress", "json",
                  env=environment)  # fmt: skip
    texts = [done.stdout, done.stderr]
    done = pomona("run", f"s3://{USER}:{SECRET}@photos/private/raw", "--output", tmp_path / "x", *PIXELS, code=2,
                  env=environment)  # fmt: skip
    texts += [done.stdout, done.stderr]
    done = pomona("doctor", "s3://photos/private/raw", env=environment)
    texts += [done.stdout, done.stderr]
    assert not any(SECRET in text for text in texts)
    for file in Path(tmp_path / "out").rglob("*"):
        assert not file.is_file() or SECRET.encode() not in file.read_bytes(), file


def test_tls_errors_say_which(pomona, minio_tls, bucket, tmp_path):  # noqa: F811
    def error(endpoint, ca):
        environment = minio_tls.environment_of(endpoint=endpoint) | {"AWS_CA_BUNDLE": str(ca)}
        command = ["run", "s3://photos/raw", "--output", tmp_path / "out", *PIXELS]
        return pomona(*command, env=environment, code=1).stderr

    port = minio_tls.port
    assert "wrong CA" in error(f"https://localhost:{port}", minio_tls.other_ca)
    assert "wrong host" in error(f"https://127.0.0.1:{port}", minio_tls.ca)
    assert "plain HTTP was sent to a port that wants TLS" in error(f"http://localhost:{port}", minio_tls.ca)
    assert "no TLS there" in error(f"https://127.0.0.1:{bucket.port}", minio_tls.ca)
    assert "cannot be read" in error(f"https://localhost:{port}", "/nonexistent.pem")


def test_tls_errors_of_google_and_azure_say_which(pomona, minio_tls, bucket, tmp_path):  # noqa: F811
    """MinIO's ports serve: who may not be talked to is known before a word of either protocol is said."""

    def error(place, environment, ca=minio_tls.ca):
        command = ["run", place, "--output", tmp_path / "out", *PIXELS, "--overwrite"]
        return pomona(*command, env=NO_CREDENTIALS | {"SSL_CERT_FILE": str(ca)} | environment, code=1).stderr

    def google(endpoint, ca=minio_tls.ca):
        return error("gs://anonymous@photos/raw", {"STORAGE_EMULATOR_HOST": endpoint}, ca)

    assert "wrong CA" in google(f"https://localhost:{minio_tls.port}", minio_tls.other_ca)
    assert "plain HTTP was sent to a port that wants TLS" in google(f"http://localhost:{minio_tls.port}")
    assert "no TLS there" in google(f"https://127.0.0.1:{bucket.port}")
    azure = {"AZURE_STORAGE_KEY": AZURE_KEY}
    place = f"abfs://account@localhost:{minio_tls.port}/photos/raw"
    assert "wrong CA" in error(place, azure, minio_tls.other_ca)


def test_doctor_takes_the_store_options_of_a_config_file(pomona, bucket, tmp_path):
    config = tmp_path / "run.toml"
    config.write_text(f'[storage]\nendpoint = "{bucket.endpoint}"\nregion = "us-east-1"\n[run]\ncomponents = 3\n')
    environment = bucket.environment_of() | {"AWS_ENDPOINT_URL": "", "AWS_REGION": ""}
    done = pomona("doctor", "s3://photos/private/raw", "--config", config, env=environment)
    assert f"127.0.0.1:{bucket.port}" in done.stdout
    assert "FAILS" not in done.stdout


def versions(server, prefix):
    return list(server.client.list_objects("photos", prefix, recursive=True, include_version=True))


def test_a_buckets_encryption_and_versioning_are_kept_to(pomona, photos, tmp_path):
    from minio.sseconfig import Rule, SSEConfig
    from minio.versioningconfig import ENABLED, VersioningConfig

    server = Minio(tmp_path / "minio", environment={"MINIO_KMS_SECRET_KEY": KMS_KEY})
    try:
        server.client.set_bucket_encryption("photos", SSEConfig(Rule.new_sse_kms_rule("pomona-key")))
        server.client.set_bucket_versioning("photos", VersioningConfig(ENABLED))
        server.upload(photos / "Kiwi", "raw/Kiwi")
        command = ["run", "s3://photos/raw", "--output", "s3://photos/out", *PIXELS]
        pomona(*command, env=server.environment_of())
        keys = server.keys("out/")
        assert "out/_SUCCESS" in keys
        for key in keys:
            kept = server.client.stat_object("photos", key).metadata
            assert kept["x-amz-server-side-encryption"] == "aws:kms", key
        before = {
            (entry.object_name, entry.version_id) for entry in versions(server, "out/") if not entry.is_delete_marker
        }
        pomona(*command, "--overwrite", env=server.environment_of())
        after = versions(server, "out/")
        kept = {(entry.object_name, entry.version_id) for entry in after if not entry.is_delete_marker}
        assert before <= kept, "what was replaced and deleted is there as an earlier version"
        assert any(entry.is_delete_marker and entry.object_name == "out/_SUCCESS" for entry in after)
        output = server.download("out", tmp_path / "out")
    finally:
        server.stop()
    assert outputs.check_accounts(output)["images_quarantined"] == 0


def test_hostile_names_stay_inside(pomona, photos, bucket, tmp_path):
    several = [file.read_bytes() for file in sorted((photos / "Kiwi").glob("*.jpg"))[:7]]
    names = ["<script>alert(1)</script>.jpg", "=cmd|' /C calc'!A0.jpg", 'quo"te,comma.jpg', "k" * 200 + ".jpg",
             "new\nline\x01.jpg", "a b+c%41&d=e.jpg"]  # fmt: skip
    for name, photo in zip(names, several, strict=False):
        bucket.put(f"hostile/Kiwi/{name}", photo)
    long_key = "hostile/" + "/".join(["x" * 200] * 4) + "/"
    bucket.put(long_key + "y" * (1024 - len(long_key) - 4) + ".jpg", several[-1])
    command = ["run", "s3://photos/hostile", "--output", tmp_path / "out" / "inner", *PIXELS]
    pomona(*command, env=bucket.environment_of())
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["inner"]
    _, rows = outputs.csv_rows(tmp_path / "out" / "inner" / "projection.csv")
    assert len(rows) == 7
    assert all(len(row) == 5 for row in rows)
    report = (tmp_path / "out" / "inner" / "report.html").read_text(encoding="utf-8")
    assert "<script>alert(1)" not in report
