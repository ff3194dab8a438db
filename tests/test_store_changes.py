"""Changes of outputs in stores: updates, retries and locks behave there as they do on a disk."""

import json
import os
import signal
import socket

import outputs
import pytest
from stores import any_store, azurite, google, minio_server  # noqa: F401 (fixtures)

PIXELS = ["--extractor", "pixels", "--image-size", "4", "--components", "3"]
SLOW = ["--extractor", "mobilenetv2-0.35", "--image-size", "448", "--threads", "1"]  # long enough to be met at work


@pytest.fixture
def here(request, any_store, photos):  # noqa: F811
    """A prefix of the test's own with sixteen photographs of each of three fruits in `raw`."""
    prefix = request.node.originalname
    for label in ("Kiwi", "Lemon", "Orange"):
        any_store.upload(photos / label, f"{prefix}/raw/{label}", count=16)
    return prefix


def equals_a_fresh_run(pomona, store, here, tmp_path):
    """The output in the store holds what a run that begins anew makes there, and nothing else."""
    command = ["run", store.place(f"{here}/raw"), "--output", store.place(f"{here}/fresh"), *PIXELS]
    pomona(*command, env=store.variables)
    out = store.download(f"{here}/out", tmp_path / "out")
    fresh = store.download(f"{here}/fresh", tmp_path / "fresh")
    outputs.same(out, fresh)
    outputs.no_leftovers(out)
    assert (out / "_SUCCESS").exists()
    return outputs.run_json(out)


def test_update(pomona, any_store, here, photos, tmp_path):  # noqa: F811
    command = ["run", any_store.place(f"{here}/raw"), "--output", any_store.place(f"{here}/out"), *PIXELS]
    pomona(*command, env=any_store.variables)
    unchanged = pomona(*command, "--update", env=any_store.variables)
    assert "holds all that is listed; nothing was done" in unchanged.stdout
    any_store.upload(photos / "Banana", f"{here}/raw/Banana", count=10)
    kiwis, lemons = sorted(any_store.names(f"{here}/raw/Kiwi")), sorted(any_store.names(f"{here}/raw/Lemon"))
    any_store.put(kiwis[3], any_store.get(lemons[3]))
    any_store.remove(lemons[0])
    done = pomona(*command, "--update=mirror", env=any_store.variables)
    assert "10 new, 1 changed to be read; 46 taken over without reading them again; 1 gone" in done.stderr
    run = equals_a_fresh_run(pomona, any_store, here, tmp_path)
    assert (run["generation"], run["images_extracted"], run["images_listed"]) == (2, 11, 57)


def test_retry_failed(pomona, any_store, here, tmp_path):  # noqa: F811
    names = sorted(any_store.names(f"{here}/raw/Kiwi"))
    whole = any_store.get(names[2])
    any_store.put(names[2], whole[:1000])
    any_store.put(names[3], b"no picture")
    pomona(
        "run",
        any_store.place(f"{here}/raw"),
        "--output",
        any_store.place(f"{here}/out"),
        *PIXELS,
        env=any_store.variables,
    )
    retry = ["retry-failed", any_store.place(f"{here}/out")]
    if any_store.query:  # it says how the store is reached, which an output may not say
        refused = pomona(*retry, env=any_store.variables, code=2)
        assert "must not have a query" in refused.stderr
        retry += ["--input", any_store.place(f"{here}/raw")]
    still = pomona(*retry, env=any_store.variables)
    assert "2 from quarantine to be read; 46 taken over" in still.stderr
    assert "other files by now" not in still.stderr
    any_store.put(names[2], whole)
    done = pomona(*retry, env=any_store.variables)
    assert "1 of those from quarantine are other files by now" in done.stderr
    run = equals_a_fresh_run(pomona, any_store, here, tmp_path)
    assert (run["generation"], run["images_quarantined"]) == (3, 1)
    update = ["run", any_store.place(f"{here}/raw"), "--output", any_store.place(f"{here}/out"), *PIXELS, "--update"]
    again = pomona(*update, env=any_store.variables)
    assert "nothing was done" in again.stdout, "what was looked at again is known as a listing knows it"


def test_two_runs(pomona, any_store, here):  # noqa: F811
    """The second stops and names the first; when that is killed, the next one goes on at once."""
    command = ["run", any_store.place(f"{here}/raw"), "--output", any_store.place(f"{here}/out"), *SLOW]
    first = pomona.start_at_work(*command, env=os.environ | any_store.variables)
    first.send_signal(signal.SIGSTOP)  # alive, however quick the machine
    try:
        second = pomona(*command, env=any_store.variables, code=1)
        assert f"process {first.pid} on {socket.gethostname()}" in second.stderr
        assert pomona(
            "retry-failed", any_store.place(f"{here}/out"), env=any_store.variables, code=None
        ).returncode in (1, 2)
        (lock,) = [name for name in any_store.names(f"{here}/out/_pomona") if "lock-" in name]
        assert json.loads(any_store.get(lock))["process"]["pid"] == first.pid
    finally:
        first.send_signal(signal.SIGKILL)
        first.communicate()
    quick = ["run", any_store.place(f"{here}/raw"), "--output", any_store.place(f"{here}/out"), *PIXELS, "--overwrite"]
    pomona(*quick, env=any_store.variables)
    assert not [name for name in any_store.names(f"{here}/out/_pomona") if "lock-" in name]
