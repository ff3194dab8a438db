"""Scaler and PCA against scikit-learn and Spark ML, with the tolerances of the design page.

Variances agree within 1e-6 relative (1e-5 on the randomised path). Components whose relative eigenvalue gap exceeds
1e-4 agree entry by entry within 1e-6; others span the same subspace.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

REPOSITORY = Path(__file__).resolve().parent.parent
BUILD = Path(os.environ.get("POMONA_BUILD", REPOSITORY / "build" / "release"))
GAP = 1e-4


@dataclass
class Fit:
    summary: dict
    mean: np.ndarray
    scale: np.ndarray
    variance: np.ndarray
    components: np.ndarray
    projection: np.ndarray


def probe_program() -> Path:
    found = [path for path in BUILD.glob("**/pomona_learn_probe") if path.is_file()]
    if not found:
        pytest.fail(f"no pomona_learn_probe below {BUILD}: build it first (./dev test does)")
    return found[0]


def run_probe(rows: np.ndarray, folder: Path, *options: object) -> subprocess.CompletedProcess:
    data = folder / "rows.f32"
    rows.astype("<f4").tofile(data)
    command = [probe_program(), data, "--dim", rows.shape[1], "--output", folder / "fit", *options]
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)


def fit(rows: np.ndarray, folder: Path, *options: object) -> Fit:
    done = run_probe(rows, folder, *options)
    assert done.returncode == 0, done.stderr
    summary = json.loads((folder / "fit.json").read_text())

    def read(name: str) -> np.ndarray:
        return np.fromfile(folder / f"fit.{name}.f64", dtype="<f8")

    kept = summary["kept"]
    return Fit(
        summary,
        read("mean"),
        read("scale"),
        read("variance"),
        read("components").reshape(kept, rows.shape[1]),
        read("projection").reshape(len(rows), kept),
    )


def with_sign_rule(components: np.ndarray) -> np.ndarray:
    """The loading of largest magnitude is positive; of those equal but for rounding the first."""
    sizes = np.abs(components)
    largest = np.argmax(sizes >= (1 - 1e-10) * sizes.max(axis=1, keepdims=True), axis=1)
    signs = np.sign(components[np.arange(len(components)), largest])
    return components * signs[:, None]


def check_components(ours: np.ndarray, theirs: np.ndarray, all_variances: np.ndarray) -> int:
    """Compares one by one where the gap allows, else as subspaces; returns how many were compared one by one."""
    kept = len(ours)
    gaps = np.abs(np.diff(all_variances)) / all_variances[:-1]
    alone = 0
    first = 0
    while first < kept:
        last = first
        while last < len(gaps) and gaps[last] <= GAP:
            last += 1
        if last == first:
            aligned = theirs[first] * np.sign(ours[first] @ theirs[first])
            np.testing.assert_allclose(ours[first], aligned, atol=1e-6, rtol=0)
            alone += 1
        elif last < kept:
            cosines = np.linalg.svd(ours[first : last + 1] @ theirs[first : last + 1].T, compute_uv=False)
            assert np.arccos(np.clip(cosines.min(), -1, 1)) < 1e-6
        first = last + 1
    return alone


def check_against_scikit_learn(rows: np.ndarray, result: Fit, ddof: int, variance_tolerance: float = 1e-6) -> None:
    rows = rows.astype(np.float64)
    scaler = StandardScaler().fit(rows)
    constant = np.ptp(rows, axis=0) == 0
    standardized = scaler.transform(rows)
    standardized[:, constant] = 0
    if ddof == 1:
        standardized *= np.sqrt((len(rows) - 1) / len(rows))
    pca = PCA(svd_solver="full").fit(standardized)
    variances = pca.explained_variance_
    known = len(result.variance)
    kept = len(result.components)

    np.testing.assert_allclose(result.mean, scaler.mean_, rtol=1e-12, atol=1e-12)
    expected = np.where(constant, 0, np.sqrt(scaler.var_ * len(rows) / (len(rows) - ddof)))
    np.testing.assert_allclose(result.scale, expected, rtol=1e-10)
    np.testing.assert_allclose(result.variance, variances[:known], rtol=variance_tolerance)
    if not result.summary["randomized"]:
        assert np.all(variances[known:] < 1e-9 * variances[0])
    np.testing.assert_allclose(result.summary["total_variance"], variances.sum(), rtol=1e-9)
    check_components(result.components, pca.components_, variances[: min(len(variances), known + 1)])

    np.testing.assert_allclose(result.components @ result.components.T, np.eye(kept), atol=1e-10)
    assert np.array_equal(result.components, with_sign_rule(result.components))
    assert np.all(result.components[:, constant] == 0)
    np.testing.assert_allclose(result.projection, standardized @ result.components.T, atol=1e-9, rtol=1e-9)


def random_rows(n: int, d: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, d)).astype(np.float32)


def feature_like_rows(n: int, d: int, seed: int = 1) -> np.ndarray:
    """Correlated, never negative, of very different sizes, as features after a ReLU are."""
    random = np.random.default_rng(seed)
    strengths = np.arange(1, 61) ** -0.7
    hidden = random.standard_normal((n, 60)) * strengths
    features = hidden @ random.standard_normal((60, d)) + 0.2 * random.standard_normal((n, d)) - 0.3
    return (np.maximum(features, 0) * 10 ** random.uniform(-2, 2, d)).astype(np.float32)


def with_constant_columns(rows: np.ndarray) -> np.ndarray:
    rows = rows.copy()
    rows[:, 0] = 0
    rows[:, 3] = np.float32(0.1)
    rows[:, -1] = np.float32(16777216.0)
    return rows


CASES = {
    "random": random_rows(3000, 48),
    "features": feature_like_rows(5000, 128),
    "constant columns": with_constant_columns(feature_like_rows(2500, 64)),
    "fewer rows than features": feature_like_rows(40, 96),
    "two rows": random_rows(2, 5),
    "far from zero": random_rows(1500, 16) + np.float32(1e4),
    "one feature": random_rows(100, 1),
    "a repeated column": np.repeat(random_rows(1200, 10), 2, axis=1),
}


@pytest.mark.parametrize("ddof", [0, 1])
@pytest.mark.parametrize("name", CASES)
def test_exact_path_equals_scikit_learn(name: str, ddof: int, tmp_path: Path) -> None:
    rows = CASES[name]
    rank = np.linalg.matrix_rank(StandardScaler().fit_transform(rows.astype(np.float64)), tol=1e-5)
    kept = min(30, rank)
    result = fit(rows, tmp_path, "--components", kept, "--ddof", ddof, "--threads", 2)
    assert not result.summary["randomized"]
    assert len(result.variance) == rank
    check_against_scikit_learn(rows, result, ddof)


@pytest.mark.parametrize("name", ["features", "constant columns", "fewer rows than features", "a repeated column"])
def test_randomised_path_equals_scikit_learn(name: str, tmp_path: Path) -> None:
    rows = CASES[name]
    result = fit(rows, tmp_path, "--components", 8, "--exact-limit", 4, "--threads", 2)
    assert result.summary["randomized"]
    check_against_scikit_learn(rows, result, ddof=1, variance_tolerance=1e-5)


def test_randomised_path_on_many_features(tmp_path: Path) -> None:
    rows = feature_like_rows(700, 3000)
    result = fit(rows, tmp_path, "--components", 30, "--threads", 2)
    assert result.summary["randomized"]
    assert result.summary["passes"] <= 33
    check_against_scikit_learn(rows, result, ddof=1, variance_tolerance=1e-5)


def test_unpooled_features_of_4500_photos_fit_in_two_gigabytes(tmp_path: Path) -> None:
    """25,088 features is what VGG16 gives without pooling; the rows are read from disk, block by block."""
    count, features, kept = 4500, 25088, 30
    random = np.random.default_rng(3)
    mixing = random.standard_normal((200, features), dtype=np.float32)
    strengths = np.arange(1, 201, dtype=np.float32) ** -0.7
    data = tmp_path / "rows.f32"
    with data.open("wb") as file:
        for first in range(0, count, 500):
            hidden = random.standard_normal((min(500, count - first), 200), dtype=np.float32) * strengths
            noise = random.standard_normal((len(hidden), features), dtype=np.float32)
            np.maximum(hidden @ mixing + noise, 0).tofile(file)
    command = [probe_program(), data, "--dim", features, "--components", kept, "--threads", 2, "--from-disk"]
    done = subprocess.run([*map(str, command), "--output", str(tmp_path / "fit")], capture_output=True, text=True)
    data.unlink()
    assert done.returncode == 0, done.stderr
    summary = json.loads((tmp_path / "fit.json").read_text())
    assert summary["randomized"]
    assert not summary["warnings"]
    assert summary["peak_rss_bytes"] < 1_000_000_000
    assert summary["total_variance"] == pytest.approx(features, rel=1e-12)
    variances = np.fromfile(tmp_path / "fit.variance.f64")
    components = np.fromfile(tmp_path / "fit.components.f64").reshape(kept, features)
    scores = np.fromfile(tmp_path / "fit.projection.f64").reshape(count, kept)
    np.testing.assert_allclose(components @ components.T, np.eye(kept), atol=1e-10)
    # The scores of principal components have these variances, and nothing in common with each other.
    np.testing.assert_allclose(np.cov(scores.T), np.diag(variances), atol=1e-5 * variances[-1])


def test_default_is_fifteen_components_or_the_rank(tmp_path: Path) -> None:
    assert fit(random_rows(100, 20), tmp_path).summary["kept"] == 15
    few = fit(random_rows(8, 20), tmp_path)
    assert few.summary["kept"] == 7
    assert "rank of 8 rows of 20 features is 7" in few.summary["warnings"][0]


@pytest.mark.parametrize("share", [0.5, 0.9, 0.999, 1.0])
def test_variance_keeps_as_few_components_as_scikit_learn(share: float, tmp_path: Path) -> None:
    rows = feature_like_rows(2000, 64)
    result = fit(rows, tmp_path, "--variance", share)
    standardized = StandardScaler().fit_transform(rows.astype(np.float64))
    expected = 64 if share == 1 else PCA(share, svd_solver="full").fit(standardized).n_components_
    assert result.summary["kept"] == expected


def test_too_many_components_name_the_rank(tmp_path: Path) -> None:
    done = run_probe(random_rows(10, 30), tmp_path, "--components", 12)
    assert done.returncode == 1
    assert "12 components asked for, but the rank of 10 rows of 30 features is at most 9" in done.stderr
    done = run_probe(CASES["a repeated column"], tmp_path, "--components", 12)
    assert done.returncode == 1
    assert "12 components asked for, but the rank of 1200 rows of 20 features is 10" in done.stderr


def test_one_row_is_too_few(tmp_path: Path) -> None:
    done = run_probe(random_rows(1, 4), tmp_path)
    assert done.returncode == 1
    assert "at least 2 rows, got 1" in done.stderr


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("limit", [2, 2048])
def test_a_value_that_is_no_number_names_its_row(value: float, limit: int, tmp_path: Path) -> None:
    rows = random_rows(2500, 9)
    rows[1777, 5] = value
    done = run_probe(rows, tmp_path, "--components", 3, "--threads", 2, "--exact-limit", limit)
    assert done.returncode == 1
    assert "row 1777: feature 5 is " + ("NaN" if np.isnan(value) else "infinite") in done.stderr


@pytest.fixture(scope="module")
def spark():
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        pytest.skip("Spark needs Java, and there is none: install openjdk-17-jre-headless")
    sql = pytest.importorskip("pyspark.sql")
    session = (
        sql.SparkSession.builder.master("local[2]")
        .appName("pomona-parity")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.memory", "1g")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


@pytest.mark.parametrize("name", ["random", "features", "constant columns", "fewer rows than features"])
def test_exact_path_equals_spark_ml(name: str, spark, tmp_path: Path) -> None:
    from pyspark.ml.feature import PCA as SparkPca
    from pyspark.ml.feature import StandardScaler as SparkScaler
    from pyspark.ml.functions import array_to_vector
    from pyspark.sql.functions import col

    rows = CASES[name]
    kept = 12
    result = fit(rows, tmp_path, "--components", kept, "--threads", 2)

    frame = spark.createDataFrame([(row.tolist(),) for row in rows.astype(np.float64)], ["values"])
    frame = frame.select(array_to_vector(col("values")).alias("features")).cache()
    scaler = SparkScaler(withMean=True, withStd=True, inputCol="features", outputCol="scaled").fit(frame)
    pca = SparkPca(k=kept, inputCol="scaled", outputCol="scores").fit(scaler.transform(frame))

    np.testing.assert_allclose(result.mean, scaler.mean.toArray(), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(result.scale, scaler.std.toArray(), rtol=1e-9, atol=1e-12)
    ratio = result.variance[:kept] / result.summary["total_variance"]
    np.testing.assert_allclose(ratio, pca.explainedVariance.toArray(), rtol=1e-6)
    compared = check_components(result.components, pca.pc.toArray().T, result.variance[: kept + 1])
    assert compared > 0
