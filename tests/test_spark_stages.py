"""The stages of pomona.spark in classic Spark and over Spark Connect, on real photographs."""

import shutil
import time
import uuid
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from conftest import ROOT, VGG16_FILE, beside_the_repository
from outputs import csv_rows, standardised_pca
from pomona.spark import PCA, ImageFeatureExtractor, PCAModel, StandardScaler, StandardScalerModel
from spark_sessions import one_session

import pomona as package

SMALL = {"extractor": "mobilenetv2-0.35", "imageSize": 96}
MODEL_FILE = next((ROOT / "pomona" / "models" / "embedded").glob("*.tflite"))


@pytest.fixture(scope="module", params=["classic", "connect"])
def spark(request, tmp_path_factory):
    """A session on this machine: classic, or a client of a Spark Connect server that it starts."""
    yield from one_session(request.param, tmp_path_factory.mktemp("spark"))


@pytest.fixture(scope="module")
def paths(other_photos):
    return [str(path) for path in sorted(other_photos.rglob("*.jpg"))]


@pytest.fixture(scope="module")
def features(paths):
    """Features of the photographs as the package extracts them without Spark."""
    return package.FeatureExtractor("mobilenetv2-0.35", image_size=96).extract(paths).features


@pytest.fixture(scope="module")
def fruits(spark, paths):
    rows = [(path, Path(path).parent.name) for path in paths]
    return spark.createDataFrame(rows, "path string, label string").repartition(2)


@pytest.fixture(scope="module")
def some(features):
    """Columns of the features, as many as leave the fits quick; some of them are constant."""
    return np.ascontiguousarray(features[:, ::20])


@pytest.fixture(scope="module")
def vectors(spark, some):
    """A function that gives these as rows in some number of partitions."""

    def in_partitions(count, column="features array<float>"):
        rows = [(i, row.tolist()) for i, row in enumerate(some)]
        return spark.createDataFrame(rows, f"number int, {column}").repartitionByRange(count, "number")

    return in_partitions


def matrix(dataset, column, key):
    """A column of lists or vectors as an array, in the order of a key."""
    rows = dataset.select(key, column).collect()
    return np.array([list(row[1]) for row in sorted(rows, key=lambda row: row[0])])


def broken(tmp_path):
    """A folder with a photograph under a name that a URI would have escaped, and with what is none."""
    photo = next((ROOT / "examples" / "fruits" / "Test" / "Kiwi").glob("*.jpg"))
    shutil.copy(photo, tmp_path / "a b%41.jpg")
    (tmp_path / "cut.jpg").write_bytes(photo.read_bytes()[:900])
    (tmp_path / "text.jpg").write_text("no photograph")
    return photo


def test_features_are_those_of_the_package_to_the_bit(fruits, features):
    rows = ImageFeatureExtractor(**SMALL).transform(fruits)
    assert rows.dtypes[2:] == [("features", "array<float>"), ("error", "string")]
    assert np.array_equal(matrix(rows, "features", "path").astype(np.float32), features)
    assert rows.where("error is not null or label is null").count() == 0


def test_bad_images_are_nulls_with_reasons_and_no_failed_tasks(spark, tmp_path):
    wanted = package.FeatureExtractor("pixels").extract([broken(tmp_path)]).features[0]
    files = spark.read.format("binaryFile").load(str(tmp_path))  # paths like file:/folder/a b%41.jpg
    reasons = {"a b%41.jpg": None, "cut.jpg": "truncated", "text.jpg": "unknown-format"}
    for column, kind in (("path", "array<float>"), ("content", "array<double>"), ("content", "vector")):
        stage = ImageFeatureExtractor(inputCol=column, extractor="pixels", outputType=kind, errorCol="why")
        rows = {Path(row["path"]).name: row for row in stage.transform(files).collect()}
        assert set(rows) == set(reasons)
        for name, reason in reasons.items():
            assert (rows[name]["why"] or ":").split(":")[0] == (reason or "")
            if reason is None:
                assert np.array_equal(np.array(list(rows[name]["features"]), np.float32), wanted)
            else:
                assert rows[name]["features"] is None
    skipping = ImageFeatureExtractor(extractor="pixels", handleInvalid="skip", errorCol="").transform(files)
    assert skipping.columns == [*files.columns, "features"]
    assert skipping.count() == 1
    bad = spark.createDataFrame([(None, None), ("/no/such.jpg", b"")], "path string, content binary")
    by_path = ImageFeatureExtractor(extractor="pixels").transform(bad).collect()
    assert [row["error"].split(":")[0] for row in by_path] == ["missing", "missing"]
    by_content = ImageFeatureExtractor(inputCol="content", extractor="pixels").transform(bad).collect()
    assert [row["error"].split(":")[0] for row in by_content] == ["missing", "empty"]


def test_one_network_a_worker_for_all_tasks_with_the_threads_of_a_task(spark, paths):
    from pomona.spark._tasks import Network

    network = Network({"extractor": "mobilenetv2-0.35", "image_size": 96}, {})
    images = spark.createDataFrame([(path,) for path in paths[:8]], "path string").repartition(8)

    def probe(batches):
        import os

        for batch in batches:
            extractor = network.opened()
            count = len(extractor.extract(batch.column(0)).features)
            columns = [[os.getpid()] * count, [id(extractor)] * count, [extractor.threads] * count]
            yield pa.RecordBatch.from_arrays(
                [pa.array(c, pa.int64()) for c in columns], ["process", "network", "threads"]
            )

    schema = "process bigint, network bigint, threads bigint"
    seen = [row for _ in range(2) for row in images.mapInArrow(probe, schema).collect()]  # 16 tasks in two jobs
    assert len(seen) == 16
    processes = {row["process"] for row in seen}
    assert len({(row["process"], row["network"]) for row in seen}) == len(processes) <= 4
    assert {row["threads"] for row in seen} == {1}  # spark.task.cpus


def test_a_model_file_of_the_driver_reaches_executors(spark, tmp_path, paths):
    from pomona.spark._delivery import network

    file = tmp_path / f"{uuid.uuid4().hex}.tflite"
    shutil.copy(MODEL_FILE, file)
    few = spark.createDataFrame([(path,) for path in paths[:4]], "path string").coalesce(1)
    local = package.FeatureExtractor(str(file)).extract(paths[:4]).features
    rows = ImageFeatureExtractor(extractor=str(file), delivery="always").transform(few)
    assert np.array_equal(matrix(rows, "features", "path").astype(np.float32), local)

    sent = network(few, {"extractor": str(file)}, "always")
    assert network(few, {"extractor": str(file)}, "auto").files == {}  # Spark runs on this machine alone

    def opened(batches):
        for batch in batches:
            yield pa.RecordBatch.from_pydict({"file": [sent._resolved()["extractor"]] * batch.num_rows})

    place = Path(few.mapInArrow(opened, "file string").first()["file"])
    assert (place.name, place != file) == (file.name, True)


def test_wrong_columns_and_options_are_said(spark, fruits):
    extractor = ImageFeatureExtractor(**SMALL)
    numbers = spark.createDataFrame([(1, [1.0], ["x"])], "a int, features array<double>, texts array<string>")
    for stage, kind, message in [
        (extractor.copy().setInputCol("nothing"), ValueError, "no column 'nothing'.*a, features, texts"),
        (extractor.copy().setInputCol("a"), TypeError, "'a' is of type int; string .* or binary"),
        (extractor.copy().setInputCol("texts").setOutputCol("a"), TypeError, "array<string>"),
        (StandardScaler(inputCol="texts"), TypeError, r"array<string>; array<float>, array<double> or vector"),
        (PCA(inputCol="a"), TypeError, "'a' is of type int"),
    ]:
        with pytest.raises(kind, match=message):
            (stage.fit if hasattr(stage, "fit") else stage.transform)(numbers)
    with pytest.raises(ValueError, match="'label' is there already"):
        extractor.copy().setOutputCol("label").transform(fruits)
    with pytest.raises(ValueError, match="one name"):
        extractor.copy().setErrorCol("features").transform(fruits)
    with pytest.raises(ValueError, match="'vgg61' is neither a name that `pomona models list` shows nor a file here"):
        ImageFeatureExtractor(extractor="vgg61").transform(fruits)
    with pytest.raises(ValueError, match="--image-size"):
        ImageFeatureExtractor(imageSize="0x0").transform(fruits)
    with pytest.raises(TypeError, match="f32, bf16"):
        ImageFeatureExtractor(precision="int8")
    with pytest.raises(ValueError, match="k=2 and variance="):
        PCA(k=2, variance=0.5).fit(numbers)
    with pytest.raises(ValueError, match="at least 2"):
        StandardScaler().fit(numbers)
    with pytest.raises(ValueError, match="no vectors"):
        StandardScaler().fit(numbers.where("a = 2"))
    with pytest.raises(ValueError, match="no parameter 'K'"):
        PCA().setParams(K=2)


def test_parameters_are_those_of_spark_ml():
    extractor = ImageFeatureExtractor(inputCol="where", imageSize=(200, 100), extractor="pixels")
    assert (extractor.getInputCol(), extractor.getImageSize(), extractor.getOutputCol()) == (
        "where",
        "200x100",
        "features",
    )
    assert extractor.setImageSize(32).setThreads(2).getThreads() == 2
    other = extractor.copy({extractor.pooling: "avg"})
    assert (other.getPooling(), extractor.getPooling(), other.getImageSize()) == ("avg", "max", 32)
    assert other.uid == extractor.uid
    assert "spark.task.cpus" in extractor.explainParams()
    assert PCA(k=3).setParams(k=4, standardize=True).getK() == 4
    assert (PCA().getK(), StandardScaler().getWithMean()) == (None, True)


def test_fits_are_equal_for_any_partitioning(vectors, some):
    scaler = package.StandardScaler().fit(some)
    pca = package.PCA(5).fit(some)
    columns = {
        1: "features array<float>",
        20: "features array<double>",
    }  # 20: the states of matrices are merged by two levels
    for count, column in columns.items():
        rows = vectors(count, column)
        fitted = StandardScaler().fit(rows)
        np.testing.assert_allclose(fitted.mean.toArray(), scaler.mean_, rtol=1e-9)
        np.testing.assert_allclose(fitted.std.toArray(), scaler.scale_, rtol=1e-9)
        assert fitted.count == len(some)
        reduced = PCA(k=5).fit(rows)
        np.testing.assert_allclose(reduced.explainedVariance.toArray(), pca.explained_variance_ratio_, rtol=1e-9)
        np.testing.assert_allclose(reduced.pc.toArray(), pca.components_.T, atol=1e-9)
        assert reduced.count == len(some)


def test_null_vectors_are_left_out_and_stay_null(spark, vectors, some):
    holes = vectors(2).selectExpr("number", "if(number % 7 = 0, null, features) as features")
    kept = np.arange(len(some)) % 7 != 0
    model = StandardScaler(outputType="vector").fit(holes)
    np.testing.assert_allclose(model.mean.toArray(), some[kept].mean(axis=0, dtype=np.float64), rtol=1e-9)
    rows = sorted(
        PCA(inputCol="scaled", k=2, outputType="vector")
        .fit(model.transform(holes))
        .transform(model.transform(holes))
        .collect(),
        key=lambda row: row["number"],
    )
    assert [row["components"] is not None for row in rows] == kept.tolist()
    assert [row["scaled"] is not None for row in rows] == kept.tolist()


def test_scaler_and_pca_equal_spark_mls(spark, vectors, some):
    from pyspark.ml import feature
    from pyspark.ml.functions import array_to_vector

    rows = vectors(3).select("number", array_to_vector("features").alias("features"))
    options = {"inputCol": "features", "outputCol": "scaled", "withMean": True, "withStd": True}
    theirs = feature.StandardScaler(**options).fit(rows)
    ours = StandardScaler(**options, outputType="vector").fit(rows)
    np.testing.assert_allclose(ours.mean.toArray(), theirs.mean.toArray(), rtol=1e-9)
    np.testing.assert_allclose(ours.std.toArray(), theirs.std.toArray(), rtol=1e-9)
    scaled = theirs.transform(rows)
    np.testing.assert_allclose(
        matrix(ours.transform(rows), "scaled", "number"), matrix(scaled, "scaled", "number"), rtol=1e-9, atol=1e-12
    )

    few = 12  # Spark ML's takes a while for all
    rows = rows.select("number", array_to_vector(first_of("features", few)).alias("features"))
    theirs = feature.PCA(k=4, inputCol="features", outputCol="components").fit(rows)
    ours = PCA(k=4, outputType="vector").fit(rows)
    np.testing.assert_allclose(ours.explainedVariance.toArray(), theirs.explainedVariance.toArray(), rtol=1e-6)
    signs = np.sign((ours.pc.toArray() * theirs.pc.toArray()).sum(axis=0))
    np.testing.assert_allclose(ours.pc.toArray(), theirs.pc.toArray() * signs, atol=1e-6)
    # By design: Spark ML's PCA does not take the mean away when it transforms.
    uncentred = matrix(theirs.transform(rows), "components", "number") * signs
    centred = uncentred - ours.mean.toArray() @ ours.pc.toArray()
    np.testing.assert_allclose(matrix(ours.transform(rows), "components", "number"), centred, atol=1e-5)
    assert np.abs(centred - uncentred).max() > 0.1

    loadings, _, projection = standardised_pca(some, 3)
    one_pass = PCA(k=3, standardize=True).fit(vectors(2))
    np.testing.assert_allclose(one_pass.pc.toArray().T, loadings, atol=1e-6)
    np.testing.assert_allclose(matrix(one_pass.transform(vectors(2)), "components", "number"), projection, atol=1e-5)


def first_of(column, count):
    from pyspark.ml.functions import vector_to_array
    from pyspark.sql import functions

    return functions.slice(vector_to_array(column), 1, count)


def fruit_pipeline():
    from pyspark.ml import Pipeline
    from pyspark.ml.classification import LogisticRegression
    from pyspark.ml.feature import StringIndexer

    return Pipeline(
        stages=[
            StringIndexer(inputCol="label", outputCol="fruit"),
            ImageFeatureExtractor(**SMALL, handleInvalid="skip"),
            StandardScaler(),
            PCA(inputCol="scaled", k=6, outputType="vector"),
            LogisticRegression(featuresCol="components", labelCol="fruit", maxIter=10),
        ]
    )


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Where the pipelines of both kinds of session are saved: {kind: (folder, predictions by path)}."""
    return tmp_path_factory.mktemp("saved"), {}


def predictions(model, rows):
    rows = model.transform(rows).select("path", "fruit", "prediction", "components").collect()
    return {row["path"]: (row["fruit"], row["prediction"], tuple(row["components"])) for row in rows}


def test_a_pipeline_with_sparks_own_stages_is_saved_and_loaded(spark, fruits, paths, saved, pomona, tmp_path):
    from pyspark.ml import Pipeline, PipelineModel

    folder, before = saved
    kind = "connect" if "connect" in type(spark).__module__ else "classic"
    pipeline = fruit_pipeline()
    bad = spark.createDataFrame([("/no/such.jpg", "Kiwi")], "path string, label string")
    model = pipeline.fit(fruits.union(bad))
    before[kind] = predictions(model, fruits)
    assert len(before[kind]) == len(paths)
    right = [fruit == prediction for fruit, prediction, _ in before[kind].values()]
    assert np.mean(right) > 0.9

    pipeline.write().overwrite().save(str(folder / f"{kind}-pipeline"))
    model.write().overwrite().save(str(folder / kind))
    again = Pipeline.load(str(folder / f"{kind}-pipeline"))
    assert [type(stage) for stage in again.getStages()] == [type(stage) for stage in pipeline.getStages()]
    assert again.getStages()[1].extractParamMap() == pipeline.getStages()[1].extractParamMap()
    for name, wanted in before.items():  # the second session loads what the first has saved, too
        loaded = PipelineModel.load(str(folder / name))
        assert isinstance(loaded.stages[2], StandardScalerModel)
        assert isinstance(loaded.stages[3], PCAModel)
        assert predictions(loaded, fruits) == wanted

    stage = next((folder / kind / "stages").glob("3_*"))
    project_without_spark(stage, before[kind], pomona, paths, tmp_path)
    model.stages[3].write().overwrite().save(str(stage))  # a stage alone
    assert PCAModel.load(str(stage)).pc == model.stages[3].pc


def project_without_spark(stage, predicted, pomona, paths, tmp_path):
    """Asserts that `pomona apply` and pomona.load give the components that Spark gave."""
    pomona("apply", stage, Path(paths[0]).parent.parent, "--output", tmp_path / "out")
    header, rows = csv_rows(tmp_path / "out" / "projection.csv")
    assert header == ["path", "label", *[f"pc{i}" for i in range(1, 7)]]
    applied = {row[0]: np.array(row[2:], float) for row in rows}
    assert set(applied) == set(predicted)
    for path, (_, _, components) in predicted.items():
        np.testing.assert_allclose(applied[path], components, rtol=1e-5, atol=1e-5)
    loaded = package.load(stage).transform(paths[:3]).components
    np.testing.assert_allclose(loaded, [applied[path] for path in paths[:3]], rtol=1e-12)


def test_photographs_that_arrive_in_a_folder_appear_once(spark, paths, tmp_path):
    source, sink = tmp_path / "in", tmp_path / "out"
    source.mkdir()

    def drop(names):
        for path in names:
            whole = tmp_path / "part"
            shutil.copy(path, whole)
            whole.rename(source / f"{Path(path).parent.name} {Path(path).name}")

    schema = "path string, modificationTime timestamp, length long, content binary"
    stream = spark.readStream.format("binaryFile").schema(schema).option("maxFilesPerTrigger", 4).load(str(source))
    stage = ImageFeatureExtractor(inputCol="content", extractor="pixels")
    rows = stage.transform(stream).drop("content")
    drop(paths[:6])
    query = rows.writeStream.format("parquet").option("checkpointLocation", str(tmp_path / "state")).start(str(sink))
    try:
        query.processAllAvailable()
        drop(paths[6:9])
        (source / "broken.jpg").write_text("no photograph")
        until = time.monotonic() + 60
        while time.monotonic() < until:
            query.processAllAvailable()
            seen = spark.read.parquet(str(sink)).collect()
            if len(seen) >= 10:
                break
        query.processAllAvailable()
        seen = spark.read.parquet(str(sink)).collect()
    finally:
        query.stop()
    assert len(seen) == len({row["path"] for row in seen}) == 10
    bad = [row for row in seen if row["features"] is None]
    assert [row["error"].split(":")[0] for row in bad] == ["unknown-format"]


def test_vgg16_without_its_weights_in_the_cache(spark, paths, tmp_path):
    folder = beside_the_repository("POMONA_TEST_MODELS", "models")
    weights = folder / VGG16_FILE if folder else None
    if weights is None or not weights.exists():
        pytest.skip("no VGG16 weights: set POMONA_TEST_MODELS")
    few = paths[:2]
    stage = ImageFeatureExtractor(imageSize=64, weights=str(weights), delivery="always")
    rows = stage.transform(spark.createDataFrame([(path,) for path in few], "path string").coalesce(1))
    local = package.FeatureExtractor(image_size=64, weights=weights).extract(few).features
    assert np.array_equal(matrix(rows, "features", "path").astype(np.float32), local)


def test_states_merge_in_the_order_of_partitions_whatever_their_number(some):
    from pomona.spark import _states

    for kind in (_states.MOMENTS, _states.SCATTER):
        whole = kind.make(some.shape[1])
        whole.update([some], 1)
        parts = []
        for index, row in enumerate(np.split(some, len(some))):
            state = kind.make(some.shape[1])
            state.update([row], 1)
            parts.append(_states._row(kind, index, state.__getstate__(), 1))
        sizes = [len(parts)]
        for level in range(1, kind.levels + 1):
            groups = {}
            for part in reversed(parts):  # as a shuffle may bring them
                groups.setdefault(part["group"], []).append((part["index"], part["state"]))
            parts = [_states.merge_rows(kind, level, group, *zip(*rows, strict=True)) for group, rows in groups.items()]
            assert sorted(part["index"] for part in parts) == list(range(len(parts)))
            sizes.append(len(parts))
        assert sizes[-1] == 1
        assert sizes == sorted(sizes, reverse=True)
        merged = kind.read(parts[0]["state"])
        assert merged.count == len(some)
        np.testing.assert_allclose(merged.mean, whole.mean, rtol=1e-9)
        np.testing.assert_allclose(merged.m2, whole.m2, rtol=1e-9)
    other = _states.MOMENTS.make(3)
    other.update([some[:, :3].copy()], 1)
    with pytest.raises(ValueError, match="of 64 and of 3 numbers in one column"):
        _states.merge_rows(_states.MOMENTS, 1, 0, [0, 1], [_one_state(some), other.__getstate__()])
    with pytest.raises(ValueError, match=r"vectors of 2049 numbers; .* up to 2048"):
        _states.SCATTER.make(2049)


def _one_state(rows):
    from pomona.spark import _states

    state = _states.MOMENTS.make(rows.shape[1])
    state.update([rows], 1)
    return state.__getstate__()
