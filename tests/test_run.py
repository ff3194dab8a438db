"""The whole job on the sample photos: files, schemas, numbers against Pillow, NumPy and scikit-learn."""

import json
import os
import shutil

import numpy as np
import outputs
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pictures import rounds
from PIL import Image, ImageOps
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

MOBILENET = ["--extractor", "mobilenetv2-0.35", "--image-size", "96"]


@pytest.fixture(scope="module")
def pixels_run(pomona, photos, tmp_path_factory):
    """A finished run with `pixels`, from the repository's examples as a user would name them."""
    output = tmp_path_factory.mktemp("pixels") / "out"
    done = pomona("run", "fruits/Training", "--output", output, "--extractor", "pixels", cwd=photos.parent.parent)
    return output, done


@pytest.fixture(scope="module", params=["pixels", "mobilenetv2-0.35", "vgg16"])
def any_run(request, pomona, photos, pixels_run, tmp_path_factory):
    """A finished run with each extractor."""
    if request.param == "pixels":
        return pixels_run[0]
    output = tmp_path_factory.mktemp("any") / "out"
    network = [*request.getfixturevalue("vgg16"), "--image-size", "64"] if request.param == "vgg16" else MOBILENET
    pomona("run", photos, "--output", output, *network, "--components", "20")
    return output


def decoded(path):
    return ImageOps.exif_transpose(Image.open(path)).convert("RGB")


def pillow_pixels(files, size=(16, 16), resample=Image.Resampling.BICUBIC):
    return np.stack([np.asarray(decoded(file).resize(size, resample), np.float32).ravel() for file in files])


def test_every_promised_file_is_there(pixels_run):
    output, _ = pixels_run
    assert {path.name for path in output.iterdir()} == {
        "features",
        "projection",
        "projection.csv",
        "explained_variance.csv",
        "quarantine.parquet",
        "model",
        "report.html",
        "run.json",
        "_pomona",
        "_SUCCESS",
    }
    assert {path.name for path in (output / "model").iterdir()} == {"pipeline.json", "arrays.safetensors"}
    assert "<html" in (output / "report.html").read_text(encoding="utf-8")


def test_schemas(any_run):
    run = outputs.run_json(any_run)
    features = pq.read_schema(outputs.parts(any_run, "features")[0])
    dim = outputs.features(any_run).shape[1]
    k = outputs.components(any_run).shape[1]
    assert features.names == ["path", "label", "width", "height", "features"]
    assert features.types[:4] == [pa.string(), pa.string(), pa.int32(), pa.int32()]
    values = features.field("features").type
    assert (values.value_type, values.list_size) == (pa.float32(), dim)
    metadata = pq.read_metadata(outputs.parts(any_run, "features")[0]).metadata
    assert {b"pomona.format_version"} <= set(metadata)
    projection = pq.read_schema(outputs.parts(any_run, "projection")[0])
    assert projection.names == ["path", "label", "components"]
    assert projection.types[:2] == [pa.string(), pa.string()]
    values = projection.field("components").type
    assert (values.value_type, values.list_size) == (pa.float64(), k)
    quarantine = pq.read_schema(any_run / "quarantine.parquet")
    assert quarantine.names == ["path", "label", "size_bytes", "stage", "code", "message"]
    assert dim == {"pixels": 768, "mobilenetv2-0.35": 1280, "vgg16": 512}[run["options"]["extractor"]]


def test_run_json(any_run):
    run = outputs.check_accounts(any_run)
    assert (run["images_listed"], run["images_quarantined"]) == (216, 0)
    assert run["images_per_second"] > 0 and run["peak_rss_bytes"] > 10_000_000
    assert {"options", "plan", "versions", "weights_sha256", "files"} <= set(run)
    named = {file["path"] if isinstance(file, dict) else file for file in run["files"]}
    assert {"projection.csv", "features/part-00000.parquet", "model/pipeline.json"} <= named
    if run["options"]["extractor"] == "vgg16":
        assert run["weights_sha256"] == "d9a27cc1fc7f975ef8cff49180e794ccd7c4bc868ebb49740803b3bbaa8dbefd"


def test_projection_equals_scikit_learn(any_run):
    rows = outputs.features(any_run).astype(np.float64)
    projected = outputs.components(any_run)
    k = projected.shape[1]
    standard = StandardScaler().fit_transform(rows) * np.sqrt((len(rows) - 1) / len(rows))  # n - 1, as Spark has it
    pca = PCA(svd_solver="full").fit(standard)
    loadings = (
        pca.components_
        * np.sign(pca.components_[np.arange(len(rows)), np.abs(pca.components_).argmax(axis=1)])[:, None]
    )
    np.testing.assert_allclose(projected, standard @ loadings[:k].T, atol=1e-6 * np.abs(projected).max())

    header, variances = outputs.csv_rows(any_run / "explained_variance.csv")
    assert header == ["component", "explained_variance", "ratio", "cumulative", "kept"]
    values = np.array([[float(value) for value in row[1:4]] for row in variances])
    known = min(len(values), 200)
    np.testing.assert_allclose(values[:known, 0], pca.explained_variance_[:known], rtol=1e-6)
    np.testing.assert_allclose(values[:known, 1], pca.explained_variance_ratio_[:known], rtol=1e-6)
    np.testing.assert_allclose(values[:, 2], values[:, 1].cumsum(), rtol=1e-9)
    assert [row[0] for row in variances] == [str(i + 1) for i in range(len(variances))]
    assert len({row[4] for row in variances[:k]}) == 1 and variances[0][4] != variances[k][4]


def test_projection_csv_holds_the_same_numbers(any_run):
    projection = outputs.table(any_run, "projection")
    header, rows = outputs.csv_rows(any_run / "projection.csv")
    values = outputs.components(any_run)
    assert header == ["path", "label", *(f"pc{i + 1}" for i in range(values.shape[1]))]
    assert [row[:2] for row in rows] == list(
        map(list, zip(projection["path"].to_pylist(), projection["label"].to_pylist(), strict=True))
    )
    assert np.array_equal(np.array([row[2:] for row in rows], dtype=np.float64), values)


def test_pixels_equal_pillow(pixels_run, photos):
    output, _ = pixels_run
    files = [photos.parent.parent / path for path in outputs.paths(output)]
    assert np.array_equal(outputs.features(output), pillow_pixels(files))
    rows = outputs.table(output, "features")
    assert rows["label"].to_pylist() == [file.parent.name for file in files]
    assert set(rows["width"].to_pylist()) == set(rows["height"].to_pylist()) == {100}


@pytest.mark.parametrize("resample", ["nearest", "bilinear", "lanczos"])
def test_resample_and_image_size(pomona, photos, tmp_path, resample):
    arguments = ["--extractor", "pixels", "--image-size", "23x11", "--resample", resample, "--limit", "30"]
    pomona("features", photos, "--output", tmp_path / "out", *arguments)
    wanted = pillow_pixels(outputs.paths(tmp_path / "out"), (23, 11), Image.Resampling[resample.upper()])
    assert np.array_equal(outputs.features(tmp_path / "out"), wanted)


def test_paths_are_as_the_user_types_them(pomona, photos, tmp_path):
    shutil.copytree(photos / "Kiwi", tmp_path / "data" / "Kiwi")
    wanted = sorted(f"data/Kiwi/{file.name}" for file in (photos / "Kiwi").iterdir())
    for number, typed in enumerate(("data", "./data", "data/", "./data//")):
        pomona("run", typed, "--output", f"out{number}", "--extractor", "pixels", cwd=tmp_path)
        assert outputs.paths(tmp_path / f"out{number}") == wanted
    pomona("run", tmp_path / "data", "--output", "absolute", "--extractor", "pixels", cwd=tmp_path)
    assert outputs.paths(tmp_path / "absolute") == [f"{tmp_path}/{path}" for path in wanted]
    pomona("run", "../data", "--output", "../up", "--extractor", "pixels", cwd=tmp_path / "data")
    assert outputs.paths(tmp_path / "up") == [f"../{path}" for path in wanted]


def test_labels(pomona, photos, tmp_path):
    shutil.copytree(photos / "Kiwi", tmp_path / "data" / "fruit" / "green" / "Kiwi")
    shutil.copytree(photos / "Lemon", tmp_path / "data" / "Lemon")
    common = ["features", "data", "--extractor", "pixels", "--output"]
    pomona(*common, "parent", cwd=tmp_path)
    assert set(outputs.table(tmp_path / "parent", "features")["label"].to_pylist()) == {"Kiwi", "Lemon"}
    pomona(*common, "none", "--label-from", "none", cwd=tmp_path)
    assert set(outputs.table(tmp_path / "none", "features")["label"].to_pylist()) == {""}
    pomona(*common, "regex", "--label-from", "regex:data/([^/]+)/", cwd=tmp_path)
    assert set(outputs.table(tmp_path / "regex", "features")["label"].to_pylist()) == {"fruit", "Lemon"}


def test_include_exclude_limit_sample(pomona, photos, tmp_path):
    def listed(name, *arguments):
        pomona("features", photos, "--output", tmp_path / name, "--extractor", "pixels", *arguments)
        return [os.path.relpath(path, photos) for path in outputs.paths(tmp_path / name)]

    every = sorted(os.path.relpath(file, photos) for file in photos.rglob("*.jpg"))
    assert listed("some", "--include", "Kiwi/*", "--include", "Lemon/*") == [
        path for path in every if path.split("/")[0] in ("Kiwi", "Lemon")
    ]
    assert listed("but", "--exclude", "Kiwi/*") == [path for path in every if not path.startswith("Kiwi/")]
    assert listed("first", "--limit", "5") == every[:5]
    sample = listed("sample", "--sample", "16")
    folders = [path.split("/")[0] for path in sample]
    assert {folder: folders.count(folder) for folder in folders} == {path.name: 2 for path in photos.iterdir()}
    assert listed("again", "--sample", "16", "--threads", "1") == sample


def test_exif_orientation(pomona, photos, tmp_path):
    picture = Image.open(photos / "Banana" / sorted(os.listdir(photos / "Banana"))[0]).resize((60, 40))
    (tmp_path / "in" / "a").mkdir(parents=True)
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        picture.save(tmp_path / "in" / "a" / f"{orientation}.jpg", exif=exif)
    common = ["features", tmp_path / "in", "--extractor", "pixels", "--output"]
    pomona(*common, tmp_path / "turned")
    assert np.array_equal(outputs.features(tmp_path / "turned"), pillow_pixels(outputs.paths(tmp_path / "turned")))
    assert outputs.table(tmp_path / "turned", "features")["width"].to_pylist() == [60] * 4 + [40] * 4
    pomona(*common, tmp_path / "stored", "--no-exif-orientation")
    assert outputs.table(tmp_path / "stored", "features")["width"].to_pylist() == [60] * 8


def test_components_and_variance(pomona, photos, pixels_run, tmp_path):
    assert outputs.components(pixels_run[0]).shape == (216, 15)
    common = ["run", photos, "--extractor", "pixels", "--output"]
    pomona(*common, tmp_path / "half", "--variance", "0.5")
    _, rows = outputs.csv_rows(tmp_path / "half" / "explained_variance.csv")
    cumulative = [float(row[3]) for row in rows]
    assert outputs.components(tmp_path / "half").shape[1] == next(
        i + 1 for i, share in enumerate(cumulative) if share >= 0.5
    )

    done = pomona(*common, tmp_path / "few", "--limit", "6")
    assert outputs.components(tmp_path / "few").shape == (6, 5)
    assert "5" in done.stderr, "a warning where the rank decides"
    done = pomona(*common, tmp_path / "many", "--limit", "6", "--components", "9", code=2)
    assert "9" in done.stderr and "5" in done.stderr
    assert not (tmp_path / "many" / "features").exists(), "what n alone shows is said before extraction"


def test_one_image_gives_features_and_no_fit(pomona, photos, tmp_path):
    done = pomona("run", photos, "--output", tmp_path / "out", "--extractor", "pixels", "--limit", "1")
    assert outputs.features(tmp_path / "out").shape == (1, 768)
    assert not (tmp_path / "out" / "model").exists()
    assert (tmp_path / "out" / "_SUCCESS").exists()
    assert "fit" in (done.stdout + done.stderr)


def test_list_files(pomona, photos, tmp_path):
    files = sorted(photos.rglob("*.jpg"))[:24]
    listing = pa.table({"path": [str(file) for file in files], "label": [f"L{i % 3}" for i in range(24)]})
    pq.write_table(listing, tmp_path / "list.parquet")
    lines = ["path,label", *(f'"{file}",L{i % 3}' for i, file in enumerate(files))]
    (tmp_path / "list.csv").write_text("\n".join(lines) + "\n")
    for name in ("list.parquet", "list.csv"):
        output = tmp_path / f"{name}-out"
        pomona("run", tmp_path / name, "--output", output, "--extractor", "pixels", "--components", "3")
        rows = outputs.table(output, "features")
        assert rows.select(["path", "label"]).to_pylist() == listing.to_pylist()
    outputs.same_content(tmp_path / "list.parquet-out", tmp_path / "list.csv-out")


def test_features_then_fit_equal_run(pomona, photos, pixels_run, tmp_path):
    pomona("features", photos, "--output", tmp_path / "out", "--extractor", "pixels")
    assert not (tmp_path / "out" / "model").exists()
    assert (tmp_path / "out" / "_SUCCESS").exists()
    pomona("fit", tmp_path / "out")
    assert np.array_equal(outputs.components(tmp_path / "out"), outputs.components(pixels_run[0]))
    pomona("fit", tmp_path / "out", "--output", tmp_path / "other", "--variance", "0.9", "--threads", "1")
    assert outputs.components(tmp_path / "other").shape[1] > 15
    assert (tmp_path / "other" / "model" / "pipeline.json").exists()


def test_a_model_file_of_the_user(pomona, photos, tmp_path, request):
    embedded = request.config.rootpath / "pomona" / "models" / "embedded" / "mobilenetv2-0.35.tflite"
    common = ["--image-size", "96", "--limit", "12", "--components", "3"]
    pomona("run", photos, "--output", tmp_path / "named", "--extractor", "mobilenetv2-0.35", *common)
    given = ["--input-mean", "127.5", "--input-scale", str(1 / 127.5), "--channel-order", "rgb"]
    pomona(
        "run",
        photos,
        "--output",
        tmp_path / "file",
        "--extractor",
        embedded,
        "--output-node",
        "tfl.mean",
        *given,
        *common,
    )
    np.testing.assert_allclose(
        outputs.features(tmp_path / "file"), outputs.features(tmp_path / "named"), rtol=1e-4, atol=1e-5
    )
    done = pomona(
        "run", photos, "--output", tmp_path / "no", "--extractor", embedded, "--output-node", "tfl.maen", code=None
    )
    assert done.returncode in (1, 2) and "tfl.maen" in done.stderr


def test_pooling(pomona, photos, vgg16, tmp_path):
    common = ["features", photos, *vgg16, "--image-size", "64x32", "--limit", "6", "--output"]
    for pooling in ("max", "avg", "none"):
        pomona(*common, tmp_path / pooling, "--pooling", pooling)
    whole = outputs.features(tmp_path / "none").reshape(6, 1 * 2, 512)
    assert np.array_equal(whole.max(axis=1), outputs.features(tmp_path / "max"))
    np.testing.assert_allclose(whole.mean(axis=1), outputs.features(tmp_path / "avg"), rtol=1e-5, atol=1e-5)


def test_precision_auto_says_what_it_measured(pomona, photos, tmp_path):
    pomona("run", photos, "--output", tmp_path / "out", *MOBILENET, "--precision", "auto", "--limit", "40")
    run = outputs.run_json(tmp_path / "out")
    assert "similarity" in json.dumps(run), "the measured figure goes into run.json"
    assert run["options"]["precision"] == "auto"


def test_threads_and_shards_do_not_change_a_byte(pomona, photos, tmp_path):
    """2,592 images in three shards of one block, or two of two, on one thread or three."""
    rounds(photos, tmp_path / "in", 12)
    common = ["run", tmp_path / "in", "--extractor", "pixels", "--image-size", "6", "--output"]
    pomona(*common, tmp_path / "one", "--threads", "1")
    pomona(*common, tmp_path / "two", "--threads", "3", "--shard-size", "2048", "--memory", "450M")
    outputs.same_content(tmp_path / "one", tmp_path / "two")
    assert outputs.check_accounts(tmp_path / "one")["images_ok"] == 2592
