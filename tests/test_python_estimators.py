"""pomona.StandardScaler and pomona.PCA beside scikit-learn's, and what their states promise."""

import copy
import pickle

import numpy as np
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

import pomona


def feature_like(n=3000, d=40, seed=1):
    """Correlated, never negative, of very different sizes, as features after a ReLU are."""
    random = np.random.default_rng(seed)
    hidden = random.standard_normal((n, 12)) * np.arange(1, 13) ** -0.7
    features = hidden @ random.standard_normal((12, d)) + 0.2 * random.standard_normal((n, d)) - 0.3
    return (np.maximum(features, 0) * 10 ** random.uniform(-1, 1, d)).astype(np.float32)


ROWS = feature_like()
CONSTANT = np.column_stack([ROWS[:, :5], np.full(len(ROWS), np.float32(0.1))])


@pytest.mark.parametrize("estimator", [pomona.StandardScaler(), pomona.PCA()])
def test_estimators_pass_scikit_learns_own_checks(estimator):
    results = check_estimator(estimator, on_fail=None, on_skip=None)
    bad = [f"{r['check_name']}: {r['exception']!r}" for r in results if r["status"] not in ("passed", "skipped")]
    assert not bad, "\n".join(bad)
    assert len(results) > 30


@pytest.mark.parametrize("options", [{}, {"with_mean": False}, {"with_std": False}])
def test_scaler_equals_scikit_learn(options):
    theirs = StandardScaler(**options).fit(ROWS.astype(np.float64))
    ours = pomona.StandardScaler(ddof=0, **options).fit(ROWS)
    if options.get("with_mean", True):
        np.testing.assert_allclose(ours.mean_, theirs.mean_, rtol=1e-12)
    if options.get("with_std", True):
        np.testing.assert_allclose(ours.var_, theirs.var_, rtol=1e-10)
        np.testing.assert_allclose(ours.scale_, theirs.scale_, rtol=1e-10)
    assert ours.n_samples_seen_ == theirs.n_samples_seen_
    np.testing.assert_allclose(ours.transform(ROWS), theirs.transform(ROWS.astype(np.float64)), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(ours.inverse_transform(ours.transform(ROWS)), ROWS, rtol=1e-12, atol=1e-12)
    spark = pomona.StandardScaler(**options).fit(ROWS)
    np.testing.assert_allclose(spark.scale_, np.std(ROWS.astype(np.float64), axis=0, ddof=1), rtol=1e-10)


def test_a_constant_feature_becomes_zero():
    scaler = pomona.StandardScaler().fit(CONSTANT)
    assert scaler.scale_[5] == 0
    moved = CONSTANT[:10].copy()
    moved[:, 5] += 3
    assert np.array_equal(scaler.transform(moved)[:, 5], np.zeros(10))
    np.testing.assert_allclose(scaler.inverse_transform(np.zeros((1, 6)))[0, 5], CONSTANT[0, 5])


@pytest.mark.parametrize("rows", [ROWS, CONSTANT, feature_like(30, 60), feature_like(2, 3), feature_like(500, 1)])
@pytest.mark.parametrize("wanted", [None, 1, 0.9])
def test_pca_equals_scikit_learn(rows, wanted):
    theirs = PCA(wanted, svd_solver="full").fit(rows.astype(np.float64))
    ours = pomona.PCA(wanted).fit(rows)
    kept = ours.n_components_
    if wanted is None:  # ours leaves out what is beyond the rank
        assert np.all(theirs.explained_variance_[kept:] < 1e-9 * theirs.explained_variance_[0])
    else:
        assert kept == theirs.n_components_
    np.testing.assert_allclose(ours.mean_, theirs.mean_, rtol=1e-6, atol=1e-7)
    for name in ("explained_variance_", "explained_variance_ratio_", "singular_values_"):
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name)[:kept], rtol=1e-6)
    assert ours.components_.shape == (kept, rows.shape[1])
    np.testing.assert_allclose(ours.components_ @ ours.components_.T, np.eye(kept), atol=1e-10)
    largest = np.abs(ours.components_).argmax(axis=1)
    assert np.all(ours.components_[np.arange(kept), largest] > 0)
    signs = np.sign(np.sum(ours.components_ * theirs.components_[:kept], axis=1))
    np.testing.assert_allclose(ours.components_, theirs.components_[:kept] * signs[:, None], atol=1e-6)
    projected = theirs.transform(rows.astype(np.float64))[:, :kept] * signs
    np.testing.assert_allclose(ours.transform(rows), projected, atol=1e-5 * np.abs(projected).max())
    assert ours.noise_variance_ == pytest.approx(theirs.noise_variance_, rel=1e-5, abs=1e-9)


def test_both_in_a_pipeline_equal_scikit_learns_and_the_commands_reduction():
    ours = Pipeline([("scale", pomona.StandardScaler()), ("pca", pomona.PCA(6))])
    theirs = Pipeline([("scale", StandardScaler()), ("pca", PCA(6, svd_solver="full"))])
    projected, expected = ours.fit_transform(ROWS), theirs.fit_transform(ROWS.astype(np.float64))
    expected *= np.sqrt((len(ROWS) - 1) / len(ROWS))  # n - 1
    np.testing.assert_allclose(np.abs(projected), np.abs(expected), atol=1e-5)
    assert list(ours[:-1].get_feature_names_out()[:2]) == ["x0", "x1"]
    assert list(ours.get_feature_names_out()[:2]) == ["pca0", "pca1"]


def test_more_than_2048_features_take_the_randomised_path():
    rows = feature_like(300, 2100)
    ours = pomona.PCA(5).fit(rows)
    theirs = PCA(5, svd_solver="full").fit(rows.astype(np.float64))
    np.testing.assert_allclose(ours.explained_variance_, theirs.explained_variance_, rtol=1e-5)
    np.testing.assert_allclose(ours.explained_variance_ratio_, theirs.explained_variance_ratio_, rtol=1e-5)
    again = pickle.loads(pickle.dumps(ours))
    assert np.array_equal(again.transform(rows), ours.transform(rows))
    for call in (lambda: pomona.PCA(5).partial_fit(rows), lambda: ours.merge(ours)):
        with pytest.raises(ValueError, match="2100 features: more than 2048 have no state that merges"):
            call()


PARTITIONS = {
    "by blocks": np.arange(1024, 3000, 1024),
    "three unequal": np.array([1, 1700]),
    "a hundred": np.sort(np.random.default_rng(3).integers(1, 2999, 99)),
}


@pytest.mark.parametrize("name", PARTITIONS)
@pytest.mark.parametrize("make", [pomona.StandardScaler, lambda: pomona.PCA(5)])
def test_merging_is_equal_for_any_partitioning(name, make):
    parts = [part for part in np.split(ROWS, PARTITIONS[name]) if len(part)]
    whole = make().fit(ROWS)
    one_by_one = make()
    for part in parts:
        one_by_one.partial_fit(part)
    fitted = [make().partial_fit(part) for part in parts]
    forwards = fitted[0].merge(*fitted[1:])
    backwards = make().partial_fit(parts[-1]).merge(*(make().partial_fit(part) for part in parts[-2::-1]))
    for other in (one_by_one, forwards, backwards):
        assert other.n_samples_seen_ == len(ROWS)
        expected = whole.transform(ROWS)
        np.testing.assert_allclose(other.transform(ROWS), expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max())
        np.testing.assert_allclose(other.mean_, whole.mean_, rtol=1e-9)


def test_threads_chunks_and_layouts_do_not_change_a_bit():
    whole = pomona.PCA(5, threads=1).fit(ROWS)
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(ROWS.reshape(-1)), ROWS.shape[1])
    chunks = pa.chunked_array([vectors.slice(0, 700), vectors.slice(700, 0), vectors.slice(700)])
    for rows in (np.asfortranarray(ROWS), ROWS.astype(np.float64), ROWS.tolist(), vectors, chunks):
        other = pomona.PCA(5, threads=3).fit(rows)
        assert np.array_equal(other.components_, whole.components_)
        assert np.array_equal(other.mean_, whole.mean_)


def test_merge_refuses_what_does_not_fit():
    fitted = pomona.StandardScaler().fit(ROWS)
    with pytest.raises(ValueError, match=r"40 and of \[6\] features cannot be merged"):
        fitted.merge(pomona.StandardScaler().fit(CONSTANT))
    with pytest.raises(NotFittedError):
        fitted.merge(pomona.StandardScaler())
    assert fitted.n_samples_seen_ == len(ROWS)


@pytest.mark.parametrize("make", [pomona.StandardScaler, lambda: pomona.PCA(3)])
def test_pickles_and_copies_go_on_where_the_original_stands(make):
    half = make().partial_fit(ROWS[:1500])
    copies = [pickle.loads(pickle.dumps(half)), copy.deepcopy(half)]
    expected = half.partial_fit(ROWS[1500:]).transform(ROWS)
    for other in copies:
        assert other.n_samples_seen_ == 1500
        assert np.array_equal(other.partial_fit(ROWS[1500:]).transform(ROWS), expected)
    assert clone(half).get_params() == half.get_params()
    with pytest.raises(NotFittedError):
        clone(half).transform(ROWS)


def test_arrow_tables_in_and_out_without_copies():
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(ROWS.reshape(-1)), ROWS.shape[1])
    table = pa.table({"path": [str(i) for i in range(len(ROWS))], "features": vectors})
    scaled = pomona.StandardScaler().fit_transform(table)
    assert scaled.column_names == ["path", "features"]
    array = np.asarray(scaled["features"].combine_chunks().flatten()).reshape(ROWS.shape)
    assert np.array_equal(array, pomona.StandardScaler().fit_transform(ROWS))
    projected = pomona.PCA(2).fit(table).transform(table)
    assert projected.column_names == ["path", "components"]
    assert projected.schema.field("components").type == pa.list_(pa.float64(), 2)

    from pomona._rows import as_rows

    seen = as_rows(table).arrays[0]
    assert seen.ctypes.data == vectors.values.buffers()[1].address


class Capsule:
    """Arrow data of a library that only speaks the PyCapsule interface."""

    def __init__(self, table):
        self.table = table

    def __arrow_c_stream__(self, requested_schema=None):
        return self.table.__arrow_c_stream__(requested_schema)


def test_any_library_that_speaks_arrow_is_read():
    columns = pa.table({f"x{i}": ROWS[:, i] for i in range(4)})
    expected = pomona.StandardScaler().fit(ROWS[:, :4])
    for data in (columns, columns.to_batches()[0], Capsule(columns)):
        scaler = pomona.StandardScaler().fit(data)
        assert np.array_equal(scaler.mean_, expected.mean_)
        assert list(scaler.feature_names_in_) == ["x0", "x1", "x2", "x3"]
    lists = pa.table({"vectors": pa.array(ROWS[:50].tolist(), pa.large_list(pa.float64()))})
    assert pomona.StandardScaler().fit(lists).n_features_in_ == 40
    with pytest.raises(ValueError, match="feature names should match"):
        scaler.transform(columns.rename_columns(["x0", "x1", "x2", "y"]))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (pa.table({"a": ["text"], "b": [1.0]}), "columns of numbers only are wanted"),
        (pa.table({"a": [1.0, None]}), "nulls"),
        (pa.table({"v": pa.array([[1.0, 2.0], None], pa.list_(pa.float32(), 2))}), "holds nulls"),
        (pa.table({"v": pa.array([[1.0, 2.0], [1.0]])}), "lists of other lengths than 2"),
        (pa.array(["text"]), "lists of floats"),
    ],
)
def test_tables_of_other_shapes_are_refused(data, message):
    with pytest.raises(ValueError, match=message):
        pomona.StandardScaler().fit(data)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_no_numbers_name_their_row(value):
    rows = ROWS.copy()
    rows[1777, 5] = value
    said = "row 1777: feature 5 is " + ("NaN" if np.isnan(value) else "infinite")
    fitted = [pomona.StandardScaler().fit(ROWS), pomona.PCA(2).fit(ROWS)]
    for estimator in fitted:
        for call in (clone(estimator).fit, clone(estimator).partial_fit, estimator.transform, estimator.partial_fit):
            with pytest.raises(ValueError, match=said):
                call(rows)
        assert estimator.n_samples_seen_ == len(ROWS), "a failed call leaves the state as it was"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: pomona.PCA(41).fit(ROWS), "41 components asked for, but the rank of 3000 rows of 40 features is at m"),
        (lambda: pomona.PCA(0).fit(ROWS), "n_components=0"),
        (lambda: pomona.PCA(2.5).fit(ROWS), "n_components=2.5"),
        (lambda: pomona.PCA(2).fit(ROWS[:1]), "at least 2 rows, got 1"),
        (lambda: pomona.StandardScaler(ddof=2).fit(ROWS).scale_, "ddof = 2; want 0 or 1"),
        (lambda: pomona.StandardScaler().fit(ROWS[0]), "Expected 2D array, got 1D array"),
        (lambda: pomona.StandardScaler().fit(ROWS).transform(ROWS[:, 1:]), "X has 39 features, but StandardScaler is"),
        (lambda: pomona.StandardScaler().fit(np.full((2, 1), 1e39)), "more than float32 holds"),
        (lambda: pomona.PCA().set_params(k=1), "Invalid parameter 'k'"),
    ],
)
def test_errors_say_what_was_got_and_wanted(call, message):
    with pytest.raises(ValueError, match=message):
        call()
