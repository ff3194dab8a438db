"""Two runs on one output: the second stops and names the first; a dead owner is followed."""

import json
import signal
import socket

import outputs

SLOW = ["--extractor", "mobilenetv2-0.35", "--image-size", "448", "--threads", "1"]  # long enough to be met at work


def locks(output):
    return sorted((output / "_pomona").glob("lock-*.json"))


def test_the_second_run_names_the_first_and_changes_nothing(pomona, photos, tmp_path):
    output = tmp_path / "out"
    first = pomona.start_at_work("run", photos, "--output", output, *SLOW)
    first.send_signal(signal.SIGSTOP)
    try:
        commands = [
            ["run", photos, "--output", output, *SLOW],
            ["run", photos, "--output", output, *SLOW, "--overwrite"],
            ["run", photos, "--output", output, "--extractor", "pixels", "--overwrite"],
        ]
        for command in commands:
            second = pomona(*command, code=1)
            for part in (str(output), f"process {first.pid} on {socket.gethostname()}", "started 20", "sign of life"):
                assert part in second.stderr
        (lock,) = locks(output)
        assert json.loads(lock.read_text())["process"]["pid"] == first.pid
    finally:
        first.send_signal(signal.SIGINT)
        first.send_signal(signal.SIGCONT)
        first.communicate()
    assert first.returncode == 130
    assert locks(output) == []
    pomona("run", photos, "--output", output, *SLOW[:2], "--overwrite")
    assert outputs.check_accounts(output)["images_ok"] == 216


def test_a_killed_run_is_followed_at_once(pomona, photos, tmp_path):
    output = tmp_path / "out"
    first = pomona.start_at_work("run", photos, "--output", output, *SLOW)
    first.kill()
    first.communicate()
    assert len(locks(output)) == 1
    pomona("run", photos, "--output", output, *SLOW[:2], code=2)  # other options: still refused
    pomona("run", photos, "--output", output, *SLOW)
    assert outputs.check_accounts(output)["images_ok"] == 216
    assert locks(output) == []


def test_many_runs_at_once_make_one_output(pomona, photos, tmp_path):
    output = tmp_path / "out"
    command = ["run", photos, "--output", output, "--extractor", "pixels", "--progress", "none"]
    processes = [pomona.start(*command, text=True) for _ in range(6)]
    ended = [(process, *process.communicate()) for process in processes]
    assert any(process.returncode == 0 for process, _, _ in ended)
    for process, _, stderr in ended:
        assert process.returncode in (0, 1)
        assert process.returncode == 0 or "another run is writing here" in stderr, stderr
    assert outputs.check_accounts(output)["images_ok"] == 216
    assert locks(output) == []
