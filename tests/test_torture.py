"""What an operator and a machine do to a run: it is killed, the disk is full, read-only, the clock goes back."""

import concurrent.futures
import contextlib
import ctypes
import json
import os
import random
import resource
import shutil
import stat
import subprocess
import time
from pathlib import Path

import outputs
import pyarrow.parquet as pq
import pytest
import torture
from pictures import rounds
from stores import Minio, google, minio_server  # noqa: F401 (fixtures)

KILLS = torture.count("kills", 5, 100)
KILLS_IN_BUCKET = torture.count("kills", 3, 100)
PIXELS = ["--extractor", "pixels", "--image-size", "8", "--components", "5", "--progress", "none"]


@pytest.fixture(scope="module")
def many_photos(photos, tmp_path_factory):
    """5,184 photographs, five shards and a bit; three of them are broken."""
    folder = rounds(photos, tmp_path_factory.mktemp("many"), 24)
    for file in sorted(folder.rglob("*.jpg"))[::2000]:
        half = file.read_bytes()[:1000]
        file.unlink()
        file.write_bytes(half)
    return folder


@pytest.fixture(scope="module")
def undisturbed(pomona, many_photos, tmp_path_factory):
    """The output of a run that nobody disturbed, and how long it took."""
    output = tmp_path_factory.mktemp("undisturbed") / "out"
    start = time.monotonic()
    pomona("run", many_photos, "--output", output, *PIXELS, "--threads", "1")
    return output, time.monotonic() - start


def kill_at_a_random_moment(process, moments, longest):
    time.sleep(moments.uniform(0.0, longest))
    process.kill()
    process.communicate()


def nothing_is_left_over(output):
    """Nothing but what run.json lists lies outside `_pomona/`."""
    found = {str(file.relative_to(output)) for file in output.rglob("*") if file.is_file()}
    assert {name for name in found if not name.startswith("_pomona/")} == set(outputs.run_json(output)["files"])
    assert not [name for name in found if name.endswith((".part", ".arrow")) and "thumbnails" not in name]
    assert not [name for name in found if "lock-" in name]


def test_killed_runs_end_with_the_same_bytes(pomona, many_photos, undisturbed, tmp_path):
    expected, seconds = undisturbed
    moments = random.Random(20261122)
    killed = 0
    while killed < KILLS:
        output = tmp_path / f"out-{killed}"
        command = ["run", many_photos, "--output", output, *PIXELS]
        for _ in range(moments.choice([1, 2, 4])):
            process = pomona.start(*command, "--threads", moments.choice([1, 2, 3]))
            kill_at_a_random_moment(process, moments, seconds)
            killed += 1
        pomona(*command, "--threads", moments.choice([1, 2, 3]))
        outputs.same_content(output, expected)
        assert outputs.check_accounts(output)["images_quarantined"] == 3
        nothing_is_left_over(output)
        shutil.rmtree(output)


def test_killed_updates_end_with_the_same_bytes(pomona, photos, many_photos, undisturbed, tmp_path):
    """The last third of the photographs comes later; the update is killed, also while it puts files in their places."""
    expected, seconds = undisturbed
    moments = random.Random(20261123)
    folders = sorted(many_photos.iterdir())
    before, killed = tmp_path / "before", 0
    (tmp_path / "in").mkdir()
    for folder in folders[::3] + folders[1::3]:
        shutil.copytree(folder, tmp_path / "in" / folder.name, copy_function=os.link)
    pomona("run", "in", "--output", before, *PIXELS, cwd=tmp_path)
    for folder in folders[2::3]:
        shutil.copytree(folder, tmp_path / "in" / folder.name, copy_function=os.link)
    pomona("run", "in", "--output", tmp_path / "fresh", *PIXELS, cwd=tmp_path)
    while killed < max(2, KILLS // 2):
        output = tmp_path / "out"
        shutil.copytree(before, output)
        command = ["run", "in", "--output", output, *PIXELS, "--update"]
        for _ in range(moments.choice([1, 2, 4])):
            process = pomona.start(*command, "--threads", moments.choice([1, 2, 3]), cwd=tmp_path)
            kill_at_a_random_moment(process, moments, seconds)
            killed += 1
        pomona(*command, cwd=tmp_path)
        fresh, run = tmp_path / "fresh", outputs.run_json(output)
        for name in ("projection.csv", "explained_variance.csv", "model/arrays.safetensors"):
            assert (output / name).read_bytes() == (fresh / name).read_bytes(), name
        parts = [output / name for name in run["files"] if name.startswith("features/")]
        assert pq.read_table(parts).equals(outputs.table(fresh, "features"))
        assert outputs.quarantine(output) == outputs.quarantine(fresh)
        assert run["generation"] == 2
        nothing_is_left_over(output)
        shutil.rmtree(output)
    assert outputs.run_json(expected)["images_listed"] == run["images_listed"]


@pytest.fixture(scope="module")
def bucket(minio_server, photos, tmp_path_factory):  # noqa: F811
    """1,296 photographs in MinIO, two shards; two of them are broken."""
    folder = rounds(photos, tmp_path_factory.mktemp("some"), 6)
    files = sorted(folder.rglob("*.jpg"))

    def put(number):
        data = files[number].read_bytes()
        key = files[number].relative_to(folder).as_posix()
        minio_server.put(f"torture/{key}", data[:1000] if number % 1000 == 7 else data)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(put, range(len(files))))
    return minio_server


@pytest.fixture(scope="module")
def undisturbed_in_bucket(pomona, bucket, tmp_path_factory):
    start = time.monotonic()
    pomona("run", "s3://photos/torture", "--output", "s3://photos/tortured", *PIXELS, env=bucket.environment_of())
    seconds = time.monotonic() - start
    return bucket.download("tortured", tmp_path_factory.mktemp("undisturbed") / "out"), seconds


def empty(bucket, prefix):
    for key in bucket.keys(prefix + "/"):
        bucket.client.remove_object("photos", key)


def test_killed_runs_in_a_bucket_end_with_the_same_bytes(pomona, bucket, undisturbed_in_bucket, tmp_path):
    expected, seconds = undisturbed_in_bucket
    moments = random.Random(20261124)
    environment = bucket.environment_of()
    command = ["run", "s3://photos/torture", "--output", "s3://photos/killed", *PIXELS]
    killed = 0
    while killed < KILLS_IN_BUCKET:
        for _ in range(moments.choice([1, 2, 4])):
            process = pomona.start(*command, "--threads", moments.choice([1, 2, 3]), env=os.environ | environment)
            kill_at_a_random_moment(process, moments, seconds)
            killed += 1
        pomona(*command, "--threads", moments.choice([1, 2, 3]), env=environment)
        output = bucket.download("killed", tmp_path / f"out-{killed}")
        outputs.same_content(output, expected)
        assert outputs.check_accounts(output)["images_quarantined"] == 2
        nothing_is_left_over(output)
        assert not list(bucket.client._list_multipart_uploads("photos").uploads)
        empty(bucket, "killed")
        shutil.rmtree(output)


def test_killed_updates_in_a_bucket_end_with_the_same_bytes(pomona, bucket, undisturbed_in_bucket, tmp_path):
    """Of the photographs some come later: the update is killed, also while it puts files in their places."""
    _, seconds = undisturbed_in_bucket
    moments = random.Random(20261125)
    environment = bucket.environment_of()
    keys = bucket.keys("torture/")[:: 2 if KILLS_IN_BUCKET > 3 else 4]
    for number, key in enumerate(keys):
        if number % 3:
            bucket.put(key.replace("torture/", "growing/"), bucket.get(key))
    run = ["run", "s3://photos/growing", "--output"]
    pomona(*run, "s3://photos/before", *PIXELS, env=environment)
    before = bucket.download("before", tmp_path / "before")
    for number, key in enumerate(keys):
        if number % 3 == 0:
            bucket.put(key.replace("torture/", "growing/"), bucket.get(key))
    pomona(*run, "s3://photos/fresh", *PIXELS, env=environment)
    fresh = bucket.download("fresh", tmp_path / "fresh")
    killed = 0
    while killed < max(2, KILLS_IN_BUCKET // 2):
        bucket.upload(before, "updated")
        command = [*run, "s3://photos/updated", *PIXELS, "--update"]
        for _ in range(moments.choice([1, 2, 4])):
            process = pomona.start(*command, "--threads", moments.choice([1, 2, 3]), env=os.environ | environment)
            kill_at_a_random_moment(process, moments, seconds)
            killed += 1
        pomona(*command, env=environment)
        output = bucket.download("updated", tmp_path / "updated")
        outputs.same(output, fresh)
        assert outputs.run_json(output)["generation"] == 2
        nothing_is_left_over(output)
        empty(bucket, "updated")
        shutil.rmtree(output)


def limited_files():
    """In the child: no file may grow beyond 40 kB, and reaching that is an error, not a signal."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))


def test_a_full_disk_is_a_clear_error_and_the_run_goes_on_later(pomona, many_photos, undisturbed, tmp_path):
    output = tmp_path / "out"
    command = ["run", many_photos, "--output", output, *PIXELS]
    full = pomona.start(*command, text=True, preexec_fn=limited_files, restore_signals=False)
    _, stderr = full.communicate()
    assert full.returncode == 1
    assert "cannot be written: File too large" in stderr and str(output) in stderr
    assert not (output / "_SUCCESS").exists()
    pomona(*command)
    outputs.same_content(output, undisturbed[0])
    nothing_is_left_over(output)


def test_a_full_file_system(pomona, many_photos, undisturbed, tmp_path):
    """The same with a file system of its own, where one may be mounted."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk], capture_output=True)
    size = 2_000_000 if mounted.returncode == 0 else None
    try:
        command = ["run", many_photos, "--output", disk / "out", *PIXELS]
        if size is not None:
            stopped = pomona(*command, code=1)
            assert "No space left on device" in stopped.stderr and "out" in stopped.stderr
            subprocess.run(["mount", "-o", "remount,size=200m", disk], check=True)
        pomona(*command)
        outputs.same_content(disk / "out", undisturbed[0])
        nothing_is_left_over(disk / "out")
    finally:
        if mounted.returncode == 0:
            subprocess.run(["umount", "-l", disk], check=True)


def obey_permissions():
    """In the child: root, too, may write only where the permissions say so."""
    prctl_capbset_drop, cap_dac_override = 24, 1
    if os.getuid() == 0:
        assert ctypes.CDLL(None).prctl(prctl_capbset_drop, cap_dac_override, 0, 0, 0) == 0


def folders_of(output):
    return [Path(folder) for folder, _, _ in os.walk(output)]


def test_an_output_that_becomes_read_only(pomona, many_photos, undisturbed, tmp_path):
    output = tmp_path / "out"
    command = ["run", many_photos, "--output", output, *PIXELS, "--threads", "1"]
    process = pomona.start(*command, text=True, preexec_fn=obey_permissions)
    while not list(output.glob("_pomona/shards/*.json")) and process.poll() is None:
        time.sleep(0.002)
    folders = folders_of(output)
    for folder in folders:
        folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    _, stderr = process.communicate()
    for folder in folders:
        folder.chmod(stat.S_IRWXU)
    assert process.returncode == 1
    assert "Permission denied" in stderr and str(output) in stderr
    assert not (output / "_SUCCESS").exists()
    pomona(*command)
    outputs.same_content(output, undisturbed[0])
    nothing_is_left_over(output)


def test_a_bucket_that_becomes_read_only(pomona, bucket, undisturbed_in_bucket, tmp_path):
    """The right to write is taken away in mid-run: the error names it; given back, the run goes on."""
    reads = ["s3:GetObject", "s3:ListBucket"]
    writes = ["s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]

    def allow(actions):
        statement = {"Effect": "Allow", "Action": actions, "Resource": ["arn:aws:s3:::photos", "arn:aws:s3:::photos/*"]}
        file = tmp_path / "policy.json"
        file.write_text(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
        bucket.admin.policy_add("changing", policy_file=str(file))

    allow(reads + writes)
    bucket.admin.user_add("changing", "changing-secret-11")
    bucket.admin.attach_policy(["changing"], user="changing")
    environment = bucket.environment_of("changing", "changing-secret-11")
    command = ["run", "s3://photos/torture", "--output", "s3://photos/read-only", *PIXELS, "--threads", "1"]
    process = pomona.start(*command, text=True, env=os.environ | environment)
    while not bucket.keys("read-only/_pomona/plan.json") and process.poll() is None:
        time.sleep(0.002)
    allow(reads)
    _, stderr = process.communicate()
    allow(reads + writes)
    assert process.returncode == 1, stderr
    assert "access denied" in stderr and "s3:PutObject" in stderr and "s3://photos/read-only/" in stderr
    assert not bucket.keys("read-only/_SUCCESS")
    pomona(*command, env=environment)
    output = bucket.download("read-only", tmp_path / "out")
    outputs.same_content(output, undisturbed_in_bucket[0])
    nothing_is_left_over(output)


@contextlib.contextmanager
def small_disk(folder, size):
    """A file system of its own with `size` bytes, where one may be mounted; else nothing but a folder."""
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True)
    try:
        yield mounted.returncode == 0
    finally:
        if mounted.returncode == 0:
            subprocess.run(["umount", "-l", folder], check=True)


def test_a_full_temporary_folder(pomona, many_photos, google, tmp_path):  # noqa: F811
    """What is uploaded to Google or Azure waits there when it is large; without room the run stops and says so."""
    large = ["--extractor", "pixels", "--image-size", "32", "--components", "5", "--progress", "none"]
    command = ["run", many_photos, "--limit", "1500", "--output", f"{google.uri}/spooled", *large]
    with small_disk(tmp_path / "tmp", 1_000_000) as mounted:
        options = {} if mounted else {"preexec_fn": limited_files, "restore_signals": False}
        environment = os.environ | google.variables | {"TMPDIR": str(tmp_path / "tmp")}
        full = pomona.start(*command, text=True, env=environment, **options)
        _, stderr = full.communicate()
        assert full.returncode == 1, stderr
        assert "the temporary folder cannot take what is to be uploaded" in stderr
        assert ("No space left on device" if mounted else "File too large") in stderr and "set TMPDIR" in stderr
        assert not list((tmp_path / "tmp").iterdir())
    done = pomona(*command, env=google.variables)
    assert "1,500" in done.stdout + done.stderr


CLOCK = """
#include <dlfcn.h>
#include <time.h>
/* Every clock of the day goes back by a day at the tenth look, and again and again. */
int clock_gettime(clockid_t clock, struct timespec* now) {
  static int (*real)(clockid_t, struct timespec*);
  static int looks;
  if (!real) real = (int (*)(clockid_t, struct timespec*))dlsym(RTLD_NEXT, "clock_gettime");
  int status = real(clock, now);
  if (clock == CLOCK_REALTIME) now->tv_sec -= 86400L * (__sync_add_and_fetch(&looks, 1) / 10);
  return status;
}
"""


def test_a_clock_that_goes_back(pomona, many_photos, undisturbed, tmp_path):
    (tmp_path / "clock.c").write_text(CLOCK)
    library = tmp_path / "clock.so"
    compiler = ["g++", "-x", "c++", "-D_GNU_SOURCE", "-fPIC", "-shared", "-Wno-attributes"]
    source = CLOCK.replace("int clock_gettime", 'extern "C" int clock_gettime').replace(
        "struct timespec* now)", "struct timespec* now) noexcept"
    )
    (tmp_path / "clock.c").write_text(source)
    subprocess.run([*compiler, tmp_path / "clock.c", "-o", library, "-ldl"], check=True)
    output = tmp_path / "out"
    command = ["run", many_photos, "--output", output, *PIXELS, "--threads", "1"]
    process = pomona.start(*command, env=os.environ | {"LD_PRELOAD": str(library)})
    while not list(output.glob("_pomona/shards/*.json")) and process.poll() is None:
        time.sleep(0.002)
    process.kill()
    process.communicate()
    pomona(*command, env={"LD_PRELOAD": str(library)})
    outputs.same_content(output, undisturbed[0])
    nothing_is_left_over(output)
