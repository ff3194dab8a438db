"""A saved model projects new images, wherever it was moved to."""

import json
import shutil

import numpy as np
import outputs
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import ROOT

NETWORK = ["--extractor", "mobilenetv2-0.35", "--image-size", "96x64", "--resample", "bilinear"]


@pytest.fixture(scope="module")
def fitted(pomona, photos, tmp_path_factory):
    output = tmp_path_factory.mktemp("fitted") / "out"
    pomona("run", photos, "--output", output, *NETWORK, "--components", "6")
    return output


def test_the_same_images_give_the_projection_of_the_run(pomona, photos, fitted, tmp_path):
    pomona("apply", fitted, photos, "--output", tmp_path / "out", "--threads", "1")
    assert outputs.table(tmp_path / "out", "projection").equals(outputs.table(fitted, "projection"))
    assert (tmp_path / "out" / "projection.csv").read_bytes() == (fitted / "projection.csv").read_bytes()


def test_new_images_with_a_model_that_was_moved(pomona, fitted, other_photos, tmp_path):
    shutil.copytree(fitted / "model", tmp_path / "elsewhere" / "model")
    pomona("apply", tmp_path / "elsewhere" / "model", other_photos, "--output", tmp_path / "out")
    pomona("features", other_photos, "--output", tmp_path / "features", *NETWORK)
    rows = outputs.features(tmp_path / "features").astype(np.float64)
    arrays = read_safetensors(tmp_path / "elsewhere" / "model" / "arrays.safetensors")
    mean, scale = arrays["scaler.mean"], arrays["scaler.scale"]
    standard = np.divide(rows - mean, scale, out=np.zeros_like(rows), where=scale > 0)
    np.testing.assert_allclose(
        outputs.components(tmp_path / "out"), standard @ arrays["pca.components"].T, rtol=1e-9, atol=1e-9
    )
    assert (tmp_path / "out" / "_SUCCESS").exists()
    assert outputs.table(tmp_path / "out", "projection")["label"].to_pylist() == [
        path.split("/")[-2] for path in outputs.paths(tmp_path / "out", "projection")
    ]


def read_safetensors(file):
    """The arrays of a safetensors file: a length of eight bytes, a JSON header, then the data."""
    data = file.read_bytes()
    length = int.from_bytes(data[:8], "little")
    types = {"F64": np.float64, "F32": np.float32, "I64": np.int64}
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    arrays = {}
    for name, entry in header.items():
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        arrays[name] = np.frombuffer(data[begin:end], types[entry["dtype"]]).reshape(entry["shape"])
    return arrays


def test_features_already_extracted(pomona, fitted, other_photos, tmp_path):
    pomona("features", other_photos, "--output", tmp_path / "features", *NETWORK)
    pomona("apply", fitted, tmp_path / "features", "--output", tmp_path / "from-features")
    pomona("apply", fitted, other_photos, "--output", tmp_path / "from-images")
    assert outputs.table(tmp_path / "from-features", "projection").equals(
        outputs.table(tmp_path / "from-images", "projection")
    )


def test_a_feature_that_is_no_number_is_an_error_with_its_path(pomona, fitted, other_photos, tmp_path):
    pomona("features", other_photos, "--output", tmp_path / "features", *NETWORK, "--limit", "4")
    part = tmp_path / "features" / "features" / "part-00000.parquet"
    rows = pq.ParquetFile(part).read()
    values = outputs.matrix(rows, "features").copy()
    values[2, 5] = np.nan
    place = rows.schema.get_field_index("features")
    lists = pa.FixedSizeListArray.from_arrays(values.ravel(), type=rows.schema.field(place).type)
    pq.write_table(rows.set_column(place, rows.schema.field(place), lists), part)

    done = pomona("apply", fitted, tmp_path / "features", "--output", tmp_path / "out", code=1)
    assert f"{rows['path'][2]}: feature 5 is NaN" in done.stderr
    assert not (tmp_path / "out" / "projection.csv").exists()


def test_features_of_another_recipe_are_refused(pomona, fitted, other_photos, tmp_path):
    other = ["--extractor", "mobilenetv2-0.35", "--image-size", "96", "--limit", "4"]
    pomona("features", other_photos, "--output", tmp_path / "features", *other)
    done = pomona("apply", fitted, tmp_path / "features", "--output", tmp_path / "out", code=None)
    assert done.returncode in (1, 2), "the features were made with another image size"
    assert not (tmp_path / "out" / "_SUCCESS").exists()


def test_fit_refuses_a_mixture(pomona, other_photos, tmp_path):
    for size in ("4", "5"):
        pomona("features", other_photos, "--output", tmp_path / size, "--extractor", "pixels", "--image-size", size)
    shutil.copy(tmp_path / "5" / "features" / "part-00000.parquet", tmp_path / "4" / "features" / "part-00001.parquet")
    pomona("fit", tmp_path / "4", "--output", tmp_path / "out", code=2)
    assert not (tmp_path / "out" / "_SUCCESS").exists()


def test_what_is_no_model_is_named(pomona, photos, tmp_path):
    (tmp_path / "empty").mkdir()
    for place in ("empty", "missing"):
        done = pomona("apply", tmp_path / place, photos, "--output", tmp_path / "out", code=None)
        assert done.returncode in (1, 2) and str(tmp_path / place) in done.stderr


def test_a_newer_format_is_refused(pomona, fitted, photos, tmp_path):
    shutil.copytree(fitted / "model", tmp_path / "model")
    recipe = json.loads((tmp_path / "model" / "pipeline.json").read_text(encoding="utf-8"))
    (tmp_path / "model" / "pipeline.json").write_text(json.dumps(recipe | {"model_format": 999}))
    done = pomona("apply", tmp_path / "model", photos, "--output", tmp_path / "out", code=None)
    assert done.returncode in (1, 2) and "999" in done.stderr


def test_bad_images_are_quarantined_by_apply_too(pomona, fitted, other_photos, tmp_path):
    shutil.copytree(other_photos / "Kiwi", tmp_path / "in" / "Kiwi")
    (tmp_path / "in" / "Kiwi" / "empty.jpg").touch()
    pomona("apply", fitted, tmp_path / "in", "--output", tmp_path / "out")
    assert [row["code"] for row in outputs.quarantine(tmp_path / "out")] == ["empty"]
    assert "empty.jpg" not in "".join(outputs.paths(tmp_path / "out", "projection"))


def test_a_model_saved_by_an_earlier_version_still_opens(pomona, tmp_path):
    """tests/golden was written by version 0.1.0 and is never written anew: old models must go on working."""
    golden = ROOT / "tests" / "golden"
    arguments = ["examples/fruits/Test", "--include", "Kiwi/*", "--output", tmp_path / "out"]
    pomona("apply", golden / "model", *arguments, cwd=ROOT)
    header, rows = outputs.csv_rows(tmp_path / "out" / "projection.csv")
    wanted_header, wanted = outputs.csv_rows(golden / "projection.csv")
    assert header == wanted_header
    assert [row[:2] for row in rows] == [row[:2] for row in wanted]
    values, wanted_values = (np.array([row[2:] for row in table], dtype=np.float64) for table in (rows, wanted))
    np.testing.assert_allclose(values, wanted_values, rtol=1e-9, atol=1e-9)
