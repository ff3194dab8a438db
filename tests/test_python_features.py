"""FeatureExtractor, run and load: the engine as Python sees it, equal to the program's to the bit."""

import csv
import json
import pickle
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

import pomona as package

SMALL = {"extractor": "mobilenetv2-0.35", "image_size": 96}
SMALL_OPTIONS = ["--extractor", "mobilenetv2-0.35", "--image-size", "96"]

# The same images in every form that extract() takes.
FORMS = {
    "paths": list,
    "a generator of os.PathLike": lambda paths: (Path(path) for path in paths),
    "file URIs": lambda paths: [f"file://{path}".replace(" ", "%20") for path in paths],
    "bytes": lambda paths: contents(paths),
    "bytearrays": lambda paths: [bytearray(content) for content in contents(paths)],
    "memory views": lambda paths: [memoryview(content) for content in contents(paths)],
    "PIL images": lambda paths: [Image.open(path) for path in paths],
    "one array": lambda paths: pixels(paths),
    "one array of another layout": lambda paths: np.asfortranarray(pixels(paths)),
    "arrays": lambda paths: list(pixels(paths)),
    "an array of objects": lambda paths: np.array(paths, dtype=object),
    "Arrow strings": lambda paths: pa.array(paths),
    "Arrow string views": lambda paths: pa.array(paths, pa.string_view()),
    "Arrow large binaries": lambda paths: pa.array(contents(paths), pa.large_binary()),
    "Arrow binary views": lambda paths: pa.array(contents(paths), pa.binary_view()),
    "Arrow chunks": lambda paths: pa.chunked_array([contents(paths[:5]), [], contents(paths[5:])], pa.binary()),
    "a slice of Arrow": lambda paths: pa.array([None, *paths, "none"]).slice(1, len(paths)),
}


def contents(paths):
    return [Path(path).read_bytes() for path in paths]


def pixels(paths):
    return np.stack([np.asarray(Image.open(path).convert("RGB")) for path in paths])


def assert_same(ours, theirs):
    assert ours.dtype == theirs.dtype
    assert ours.shape == theirs.shape
    assert ours.tobytes() == theirs.tobytes()


@pytest.fixture(scope="module")
def reference(pomona, other_photos, tmp_path_factory):
    """What the program makes of 48 photos: paths, features, and the output."""
    output = tmp_path_factory.mktemp("reference") / "out"
    pomona("run", other_photos, "--output", output, *SMALL_OPTIONS, "--components", "4")
    table = pq.read_table(output / "features")
    features = table["features"].combine_chunks().flatten().to_numpy().reshape(len(table), -1)
    return table["path"].to_pylist(), features, output


@pytest.fixture(scope="module")
def extractor():
    return package.FeatureExtractor(**SMALL)


@pytest.mark.parametrize("form", FORMS)
def test_features_equal_the_programs_to_the_bit(form, reference, extractor):
    paths, features, _ = reference
    ours, failures = extractor.extract(FORMS[form](paths))
    assert failures == []
    assert_same(ours, features)


def test_vgg16_equals_the_program_to_the_bit(vgg16, pomona, other_photos, tmp_path):
    pomona("features", other_photos / "Kiwi", "--output", tmp_path / "out", *vgg16, "--image-size", "100")
    table = pq.read_table(tmp_path / "out" / "features")
    options = dict(zip((word.removeprefix("--") for word in map(str, vgg16[::2])), vgg16[1::2], strict=True))
    extractor = package.FeatureExtractor(**options, image_size=100)
    ours = extractor.extract(table["path"]).features
    assert_same(ours, table["features"].combine_chunks().flatten().to_numpy().reshape(len(table), 512))
    assert extractor.n_features_out_ == 512
    assert extractor.input_size_ == (100, 100)
    assert extractor.description_["weights_sha256"]


def test_threads_and_batches_do_not_change_a_bit(reference):
    paths, features, _ = reference
    many = paths * 12  # more than are gathered at a time
    ours = package.FeatureExtractor(**SMALL, threads=3).extract(many).features
    assert_same(ours, np.tile(features, (12, 1)))
    one = package.FeatureExtractor(**SMALL, threads=1)
    assert_same(np.concatenate([one.extract(path).features for path in paths[:5]]), features[:5])


def test_several_python_threads_share_an_extractor(reference, extractor):
    paths, features, _ = reference
    results = {}

    def work(number):
        results[number] = extractor.extract(paths).features

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for result in results.values():
        assert_same(result, features)


def test_orientation_is_applied_to_files_and_pil_images_alike(tmp_path):
    photo = Path(__file__).parent.parent / "pomona/image/testdata/jpeg_orientation_6.jpg"
    for turn in (True, False):
        extractor = package.FeatureExtractor("pixels", image_size=(7, 5), exif_orientation=turn)
        assert_same(extractor.extract(Image.open(photo)).features, extractor.extract(photo).features)
    turned, stored = (package.FeatureExtractor("pixels", exif_orientation=turn) for turn in (True, False))
    assert not np.array_equal(turned.extract(photo).features, stored.extract(photo).features)


def test_bad_images_are_rows_of_nan_with_a_reason(reference, extractor):
    paths, features, _ = reference
    photo = Path(paths[0]).read_bytes()
    images = [paths[0], "/nowhere/photo.jpg", b"", photo, b"no photograph", None, photo[:500], paths[1]]
    ours, failures = extractor.extract(images)
    assert [(failure.index, failure.code) for failure in failures] == [
        (1, "missing"),
        (2, "empty"),
        (4, "unknown-format"),
        (5, "missing"),
        (6, "truncated"),
    ]
    assert failures[0].path == "/nowhere/photo.jpg"
    assert failures[0].stage == "read"
    assert all(failure.message for failure in failures)
    assert_same(ours[[0, 3, 7]], features[[0, 0, 1]])
    assert np.isnan(ours[[1, 2, 4, 5, 6]]).all()
    with pytest.raises(ValueError, match=r"5 of 8 images cannot be used; the first is image 1 \(/nowhere/photo.jpg\)"):
        extractor.transform(images)
    later = extractor.extract([paths[0]] * 300 + [b""])
    assert [failure.index for failure in later.failures] == [300]


def test_results_are_arrow_tables(reference, extractor):
    paths, features, _ = reference
    extraction = extractor.extract([paths[0], b"", paths[1]])
    table = pa.table(extraction)  # through the PyCapsule interface
    assert table.column_names == ["index", "features", "code", "message"]
    assert table.schema.field("features").type == pa.list_(pa.float32(), features.shape[1])
    assert table["code"].to_pylist() == [None, "empty", None]
    assert table["features"].null_count == 1
    assert_same(table["features"].combine_chunks()[2].values.to_numpy(), features[1])
    address = table["features"].chunk(0).values.buffers()[1].address
    assert address == extraction.features.ctypes.data, "the table has the array's memory"


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ([b"", 3], "image 1 is <class 'int'>"),
        (np.zeros((2, 4, 4, 3), np.float32), "uint8 .n, h, w, 3. is wanted"),
        (np.zeros((2, 4, 4), np.uint8), "image 0 is an array of shape"),
        (pa.array([1, 2]), "images of the Arrow type int64"),
        (pa.table({"path": ["a"]}), "a whole table was given for images"),
    ],
)
def test_what_is_no_image_is_refused(images, message, extractor):
    with pytest.raises(ValueError, match=message):
        extractor.extract(images)


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"extractor": "vgg17"}, ValueError, "did you mean vgg1"),
        ({"extractor": "pixels", "pooling": "most"}, ValueError, '"most" is none of max, avg, none'),
        ({"precision": "int8"}, ValueError, "is measured on the images of a run"),
        ({"extractor": "vgg16", "weights": "/nowhere/weights.h5"}, ValueError, "there is no such file"),
        ({"extractor": "pixels", "memory": "much"}, ValueError, "--memory"),
    ],
)
def test_wrong_parameters_say_so(parameters, error, message):
    with pytest.raises(error, match=message):
        package.FeatureExtractor(**parameters).open()


def test_copies_carry_the_parameters(reference, extractor):
    paths, features, _ = reference
    for copy in (clone(extractor), pickle.loads(pickle.dumps(extractor))):
        assert copy.get_params() == extractor.get_params()
        assert_same(copy.extract(paths[:2]).features, features[:2])
    assert copy.set_params(image_size=(64, 96)).open().input_size_ == (64, 96), "changed parameters open anew"
    assert repr(extractor) == "FeatureExtractor(extractor='mobilenetv2-0.35', image_size=96)"
    with pytest.raises(ValueError, match="Invalid parameter 'size'"):
        extractor.set_params(size=3)


def test_extractor_is_a_step_of_a_pipeline(reference):
    paths, features, _ = reference
    steps = make_pipeline(package.FeatureExtractor(**SMALL), package.StandardScaler(), package.PCA(3))
    ours = steps.fit_transform(paths)
    scaled = package.StandardScaler().fit_transform(features)
    np.testing.assert_allclose(ours, package.PCA(3).fit_transform(scaled), rtol=1e-12)


def rows_of(csv_file):
    with open(csv_file, encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    return [row[0] for row in rows], np.array([[float(value) for value in row[2:]] for row in rows])


def test_run_is_the_command(reference, other_photos, tmp_path):
    _, _, output = reference
    result = package.run(other_photos, output=tmp_path / "out", **SMALL, components=4, progress=None)
    for name in ("projection.csv", "explained_variance.csv", "model/arrays.safetensors"):
        assert (tmp_path / "out" / name).read_bytes() == (output / name).read_bytes()
    assert result.outcome == "done"
    assert result.run == json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
    assert result.run["images_ok"] == 48
    assert Path(result.report).exists()
    again = package.run(other_photos, output=tmp_path / "out", **SMALL, components=4)
    assert again.outcome == "already-done"
    assert "<td>48</td>" in again._repr_html_()
    with pytest.raises(ValueError, match="made with 4, now 5"):
        package.run(other_photos, output=tmp_path / "out", **SMALL, components=5)


def test_run_has_a_keyword_for_every_option_of_the_command():
    from inspect import signature

    from pomona._native import engine

    options = {name.replace("-", "_") for name, *_ in engine().options()}
    assert set(signature(package.run).parameters) == options | {"progress"}
    parameters = set(signature(package.FeatureExtractor).parameters) - {"exif_orientation"}
    assert parameters <= options


def test_values_of_options_take_pythons_forms(other_photos, tmp_path):
    result = package.features(
        str(other_photos),
        output=str(tmp_path / "out"),
        extractor="pixels",
        image_size=(6, 4),
        include=["Kiwi/*", "Lemon/*"],
        limit=np.int64(7),
        max_failures="50%",
        update=False,
        no_thumbnails=True,
    )
    assert result.run["options"]["image-size"] == "6x4"
    assert result.run["images_ok"] == 7
    assert not (tmp_path / "out" / "model").exists()
    with pytest.raises(ValueError, match="components is no option of features"):
        package.features(other_photos, output=tmp_path / "other", components=2)


def test_errors_of_jobs(tmp_path, photos):
    with pytest.raises(ValueError, match="image-size"):
        package.run(photos, output=tmp_path / "out", image_size="big")
    with pytest.raises(ValueError, match="nowhere: there is no such folder"):
        package.run(tmp_path / "nowhere", output=tmp_path / "out", extractor="pixels")
    with pytest.raises(OSError, match="/proc/pomona"):
        package.run(photos, output="/proc/pomona/out", extractor="pixels")
    with pytest.raises(TypeError):
        package.run(photos, output=tmp_path / "out", componets=3)
    with pytest.raises(ValueError, match="progress"):
        package.run(photos, output=tmp_path / "out", progress="loud")
    bad = tmp_path / "bad" / "label"
    bad.mkdir(parents=True)
    for i in range(20):
        (bad / f"{i}.jpg").write_bytes(b"no photograph")
    with pytest.raises(package.TooManyFailuresError, match="20 images are in quarantine") as raised:
        package.run(tmp_path / "bad", output=tmp_path / "out", extractor="pixels")
    assert raised.value.result.outcome == "too-many-failures"
    assert raised.value.result.run["images_quarantined"] == 20


def test_a_notebook_shows_a_table_a_plot_and_a_bar(reference, monkeypatch, capsys):
    from xml.etree import ElementTree

    paths, _, output = reference
    result = package.RunResult(str(output), "done", {"images_ok": 48}, "a<b", "")
    page = ElementTree.fromstring(f"<div>{result._repr_html_()}</div>")
    assert [cell.text for cell in page.iter("td")] == [str(output), "done", "48", "a<b"]
    dots = list(page.iter("{http://www.w3.org/2000/svg}circle"))
    assert len(dots) == 48
    assert len({dot.get("fill") for dot in dots}) == 8, "one colour a label"
    assert {dot[0].text.partition(": ")[2] for dot in dots} == set(paths)

    from pomona._progress import listener

    assert listener("auto") is None, "no terminal"
    monkeypatch.setitem(sys.modules, "ipykernel", object())
    bar = listener("auto")
    bar.stage_started("extract", 48, 24)
    bar.stage_finished(1.0)
    assert f"extract {'█' * 15}{'░' * 15}: 24 of 48 (50%)" in capsys.readouterr().out


class Listener:
    def __init__(self, fail_at=None):
        self.stages, self.advanced, self.fail_at = [], [], fail_at

    def stage_started(self, stage, total, done):
        self.stages.append(stage)

    def stage_advanced(self, done, failed):
        self.advanced.append(done)
        if self.fail_at and done >= self.fail_at:
            raise RuntimeError("enough")

    def stage_finished(self, seconds):
        assert seconds >= 0

    def message(self, text):
        assert text


def test_progress_is_told_and_may_end_the_job(other_photos, tmp_path):
    hears = Listener()
    package.run(other_photos, output=tmp_path / "one", extractor="pixels", progress=hears)
    assert [s for s in hears.stages if s != "join"] == ["list", "model", "extract", "fit", "project", "report"]
    assert 48 in hears.advanced
    with pytest.raises(RuntimeError, match="enough"):
        package.run(other_photos, output=tmp_path / "two", extractor="pixels", progress=Listener(fail_at=1))
    assert not (tmp_path / "two" / "_SUCCESS").exists()


def test_a_saved_model_does_what_apply_does(reference, pomona, photos, tmp_path):
    _, _, output = reference
    pomona("apply", output, photos / "Kiwi", "--output", tmp_path / "applied")
    paths, components = rows_of(tmp_path / "applied" / "projection.csv")
    model = package.load(output)
    assert_same(model.transform(paths).components, components)
    for copy in (package.load(str(output / "model"), threads=1), pickle.loads(pickle.dumps(model))):
        ours, failures = copy.transform([paths[0], b"", paths[1]])
        assert_same(ours[[0, 2]], components[:2])
        assert np.isnan(ours[1]).all()
        assert [failure.code for failure in failures] == ["empty"]
    features = pq.read_table(tmp_path / "applied" / "features")
    projected = model.project(features)
    assert projected.column_names == ["path", "label", "width", "height", "components"]
    assert_same(projected["components"].combine_chunks().flatten().to_numpy(), components.reshape(-1))
    assert model.components_.shape == (4, 1280)
    assert model.options["image-size"] == "96x96"
    assert "mobilenetv2-0.35, 1280 features, 4 components" in repr(model)
    result = package.apply(output, photos / "Kiwi", output=tmp_path / "again")
    assert (tmp_path / "again" / "projection.csv").read_bytes() == (tmp_path / "applied/projection.csv").read_bytes()
    assert result.outcome == "done"
    with pytest.raises(ValueError, match="image_size is no option of apply"):
        package.apply(output, photos, output=tmp_path / "more", image_size=3)


def test_a_place_without_a_model_says_so(tmp_path):
    with pytest.raises(ValueError, match="there is no model in"):
        package.load(tmp_path)


INTERRUPTED = """
import signal, sys, threading, time, pomona
class Hears:
    def __getattr__(self, name):
        return lambda *arguments: print(name, *arguments, flush=True)
try:
    pomona.run(sys.argv[1], output=sys.argv[2], extractor="mobilenetv2-0.35", progress=Hears())
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


def test_ctrl_c_stops_a_job_which_then_goes_on(photos, tmp_path):
    many = tmp_path / "photos"
    for i in range(5):
        (many / str(i)).mkdir(parents=True)
        for photo in photos.rglob("*.jpg"):
            (many / str(i) / f"{photo.parent.name}-{photo.name}").symlink_to(photo)
    command = [sys.executable, "-c", INTERRUPTED, many, tmp_path / "out"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    for line in process.stdout:
        if line.startswith("stage_advanced") and int(line.split()[1]) > 0:
            break
    process.send_signal(signal.SIGINT)
    assert "interrupted" in process.stdout.read()
    assert process.wait() == 0
    assert not (tmp_path / "out" / "_SUCCESS").exists()
    result = package.run(many, output=tmp_path / "out", extractor="mobilenetv2-0.35")
    assert result.outcome == "done"


def test_the_engine_lets_other_threads_run(reference, extractor):
    paths, _, _ = reference
    ticks = []
    stop = threading.Event()

    def tick():
        while not stop.is_set():
            ticks.append(extractor.threads)
            stop.wait(0.001)

    thread = threading.Thread(target=tick)
    thread.start()
    before = len(ticks)
    extractor.extract(pixels(paths * 20))  # one call of the engine
    during = len(ticks) - before
    stop.set()
    thread.join()
    assert during > 5
