"""A run of the native engine that goes on under another instruction set than it was begun with."""

import json
import shutil

import numpy as np
import outputs
import pytest

TARGETS = ["avx512", "avx2", "sse4", "neon", "generic"]
ROUND_ONCE = {"avx512", "avx2", "neon"}  # a multiply-add; so they give the same bits


@pytest.fixture(scope="module")
def command(pomona, photos, vgg16):
    return ["features", photos, *vgg16, "--image-size", "32", "--limit", "12", "--engine", "native", "--no-thumbnails"]


@pytest.fixture(scope="module")
def finished(pomona, command, tmp_path_factory):
    output = tmp_path_factory.mktemp("native") / "out"
    pomona(*command, "--output", output)
    return output


def begun_with(finished, output, target):
    """The output as a process would have left it that was killed before its first shard, on such a processor."""
    shutil.copytree(finished, output)
    for name in ("_SUCCESS", "run.json", "report.html", "_pomona/join.json"):
        (output / name).unlink()
    for part in [*output.glob("features/*"), *output.glob("_pomona/shards/*")]:
        part.unlink()
    path = output / "_pomona" / "plan.json"
    plan = json.loads(path.read_text())
    plan["extractor"]["native"]["instruction_set"] = target
    path.write_text(json.dumps(plan))
    return plan


def test_another_instruction_set_goes_on_or_is_refused(pomona, command, finished, tmp_path):
    here = json.loads((finished / "_pomona" / "plan.json").read_text())["extractor"]["native"]["instruction_set"]
    exact = outputs.features(finished)
    seen = {here}
    for target in TARGETS:
        if target in (here, "generic"):
            continue
        output = tmp_path / target
        plan = begun_with(finished, output, target)
        done = pomona(*command, "--output", output, code=None)
        if done.returncode == 0:
            seen.add(target)
            assert outputs.run_json(output)["plan"]["extractor"]["native"] == plan["extractor"]["native"]
            features = outputs.features(output)
            if (target in ROUND_ONCE) == (here in ROUND_ONCE):
                assert np.array_equal(features, exact), f"{target} beside {here}"
            assert np.all(np.abs(features - exact) <= 2e-5 * exact.max(axis=1, keepdims=True))
        else:
            assert f"this processor does not run the native engine's code for {target}" in done.stderr
            assert not list(output.glob("features/*"))
    assert len(seen) < len(TARGETS) - 1, "no processor runs both Intel's and Arm's"
