"""VGG19: weights of chance in Keras' own file layout, through import, both engines and the whole job."""

import json

import h5py
import numpy as np
import outputs
import pytest

CONVOLUTIONS = (2, 2, 4, 4, 4)
CHANNELS = (64, 128, 256, 512, 512)
OPTIONS = ["--extractor", "vgg19", "--image-size", "64x48", "--threads", "2"]


@pytest.fixture(scope="module")
def keras_file(tmp_path_factory):
    """A file like the one that Keras serves, with weights that keep the size of the activations (He et al. 2015)."""
    path = tmp_path_factory.mktemp("vgg19") / "vgg19.h5"
    generator = np.random.default_rng(19)
    inputs = 3
    with h5py.File(path, "w") as file:
        names = ["input_1"]
        file.create_group("input_1").attrs["weight_names"] = np.array([], "S1")
        for block, (count, outputs_) in enumerate(zip(CONVOLUTIONS, CHANNELS, strict=True), 1):
            for layer in (f"block{block}_conv{i}" for i in range(1, count + 1)):
                group = file.create_group(layer)
                group.attrs["weight_names"] = np.array([f"{layer}_W_1:0", f"{layer}_b_1:0"], "S")
                kernel = generator.standard_normal((3, 3, inputs, outputs_), np.float32)
                group[f"{layer}_W_1:0"] = kernel * np.float32(np.sqrt(2 / (9 * inputs)))
                group[f"{layer}_b_1:0"] = generator.standard_normal(outputs_, np.float32) / 10
                names.append(layer)
                inputs = outputs_
            names.append(f"block{block}_pool")
            file.create_group(names[-1]).attrs["weight_names"] = np.array([], "S1")
        file.attrs["layer_names"] = np.array(names, "S")
    return path


@pytest.fixture(scope="module")
def cache(pomona, keras_file, tmp_path_factory):
    """An environment whose model cache holds these weights."""
    env = {"POMONA_MODELS": str(tmp_path_factory.mktemp("models"))}
    done = pomona("models", "import", "vgg19", keras_file, env=env)
    assert "in the model cache, 80 MB" in done.stdout and "not verified" in done.stdout
    return env


def test_what_is_not_proven_is_marked(pomona, keras_file, cache):
    assert "not verified" in pomona("models", "list", env=cache).stdout
    info = pomona("models", "info", "vgg19", env=cache).stdout
    assert "MD5 253f8cb515780f3b799900260a226db6" in info and "not verified" in info
    # A fetch brings what is proven, or nothing.
    done = pomona("models", "fetch", "vgg19", "--from", keras_file, env=cache, code=1)
    assert "nothing proves that these are the weights of vgg19" in done.stderr
    assert "253f8cb515780f3b799900260a226db6" in done.stderr


def test_both_engines_give_the_same_features(pomona, photos, cache, tmp_path):
    for engine in ("native", "openvino"):
        output = tmp_path / engine
        pomona("run", photos, "--output", output, "--engine", engine, "--limit", "40", *OPTIONS, env=cache)
        assert outputs.check_accounts(output)["images_ok"] == 40
        extractor = outputs.run_json(output)["plan"]["extractor"]
        assert extractor["name"] == "vgg19" and extractor["engine"].startswith(engine)
        assert extractor["source"].endswith("(not verified)") and extractor["licence"] is None
    native, openvino = (outputs.features(tmp_path / engine) for engine in ("native", "openvino"))
    assert native.shape == (40, 512) and native.max() > 0.1
    largest = openvino.max(axis=1, keepdims=True)
    assert np.all(np.abs(native - openvino) <= 2e-5 * largest)
    assert not np.array_equal(native, openvino), "two engines, two orders of summation"

    # The saved model names the weights by their hash, and takes them from the cache.
    pomona("apply", tmp_path / "native" / "model", photos, "--output", tmp_path / "again", "--limit", "40", env=cache)
    assert np.array_equal(outputs.features(tmp_path / "again"), native)


def test_auto_takes_the_native_engine(pomona, photos, keras_file, cache, tmp_path):
    common = ["features", photos, *OPTIONS, "--limit", "8", "--output"]
    pomona(*common, tmp_path / "cached", env=cache)
    pomona(*common, tmp_path / "named", "--weights", keras_file)
    assert outputs.run_json(tmp_path / "cached")["plan"]["extractor"]["engine"] == "native"
    assert np.array_equal(outputs.features(tmp_path / "cached"), outputs.features(tmp_path / "named"))
    plan = json.loads((tmp_path / "cached" / "_pomona" / "plan.json").read_text())
    assert len(plan["extractor"]["native"]["tile_sizes"]) == 15


def test_neither_passes_for_the_other(pomona, photos, keras_file, tmp_path):
    common = ["features", photos, "--limit", "8", "--image-size", "32", "--output", tmp_path / "out"]
    done = pomona(*common, "--extractor", "vgg16", "--weights", keras_file, code=1)
    assert 'holds a layer "block3_conv4", which VGG16 does not have' in done.stderr and "vgg19" in done.stderr
