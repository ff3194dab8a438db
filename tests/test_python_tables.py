"""pandas, Polars and DuckDB read what a run leaves behind, and what Python returns, as it is; and give it back."""

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import pomona

SIZE = 96


@pytest.fixture(scope="module")
def result(other_photos, tmp_path_factory):
    output = tmp_path_factory.mktemp("tables") / "out"
    return pomona.run(other_photos, output=output, extractor="mobilenetv2-0.35", image_size=SIZE, components=4)


@pytest.fixture(scope="module")
def extraction(other_photos):
    photos = sorted(other_photos.rglob("*.jpg"))
    extractor = pomona.FeatureExtractor("mobilenetv2-0.35", image_size=SIZE)
    return extractor.extract([*photos, b"no photograph"])


@pytest.fixture(scope="module")
def features(result, extraction):
    """What all of them must read: the features in the order of paths."""
    return extraction.features[:-1]


def test_pandas_reads_a_finished_run(result, features):
    frame = pd.read_parquet(f"{result.output}/features")
    assert list(frame.columns) == ["path", "label", "width", "height", "features"]
    assert frame["label"].nunique() == 8
    np.testing.assert_array_equal(np.stack(frame["features"]), features)
    # Without this pandas reads the last digit of some numbers wrong.
    table = pd.read_csv(f"{result.output}/projection.csv", float_precision="round_trip")
    assert list(table.columns) == ["path", "label", "pc1", "pc2", "pc3", "pc4"]
    projection = pd.read_parquet(f"{result.output}/projection")
    np.testing.assert_array_equal(np.stack(projection["components"]), table.iloc[:, 2:])
    assert (table["path"] == frame["path"]).all()


def test_polars_reads_a_finished_run(result, features):
    frame = pl.read_parquet(f"{result.output}/features/*.parquet")
    assert frame.schema["features"] == pl.Array(pl.Float32, features.shape[1])
    np.testing.assert_array_equal(frame["features"].to_numpy(), features)
    lazy = pl.scan_parquet(f"{result.output}/projection/*.parquet")
    means = lazy.group_by("label").agg(pl.col("components").arr.first().mean()).collect()
    assert len(means) == 8
    assert pl.read_csv(f"{result.output}/explained_variance.csv")["kept"].sum() == 4


def test_duckdb_reads_a_finished_run(result, features):
    rows = duckdb.sql(f"from '{result.output}/features/*.parquet' order by path").fetchnumpy()
    np.testing.assert_array_equal(np.stack(rows["features"]), features)
    counts = duckdb.sql(f"select label, count(*) from '{result.output}/projection.csv' group by label").fetchall()
    assert len(counts) == 8 and sum(count for _, count in counts) == len(features)
    assert duckdb.sql(f"select count(*) from '{result.output}/quarantine.parquet'").fetchall() == [(0,)]


def test_features_go_to_each_of_them_without_a_file(extraction, features):
    table = pa.table(extraction)
    frame = pl.DataFrame(extraction)
    assert frame.columns == table.column_names
    np.testing.assert_array_equal(frame["features"].drop_nulls().to_numpy(), features)
    found = duckdb.sql("select features from extraction where features is not null").fetchnumpy()["features"]
    np.testing.assert_array_equal(np.stack(found), features)
    frame = table.to_pandas()
    np.testing.assert_array_equal(np.stack(frame["features"].dropna()), features)
    assert frame["features"].isna().sum() == 1


def test_estimators_take_what_each_of_them_has(result, features):
    expected = pomona.StandardScaler().fit(features).mean_
    place = f"{result.output}/features/*.parquet"
    for rows in (
        pl.read_parquet(place).select("path", "features"),
        duckdb.sql(f"select path, features from '{place}' order by path"),
        pd.DataFrame(features),
    ):
        np.testing.assert_array_equal(pomona.StandardScaler().fit(rows).mean_, expected)
    scaled = pomona.StandardScaler().fit_transform(pl.read_parquet(place))
    assert pl.from_arrow(scaled).columns == ["path", "label", "width", "height", "features"]
