"""Reads what a run leaves behind, for the end-to-end tests."""

import csv
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq


def run_json(output):
    return json.loads(Path(output, "run.json").read_text(encoding="utf-8"))


def parts(output, folder):
    """The part files of `features` or `projection`, in order."""
    found = sorted(Path(output, folder).glob("part-*.parquet"))
    assert [part.name for part in found] == [f"part-{i:05d}.parquet" for i in range(len(found))]
    return found


def table(output, folder):
    """All rows of `features` or `projection`, in order."""
    return pa.concat_tables([pq.read_table(part) for part in parts(output, folder)]).combine_chunks()


def matrix(rows, column):
    """A fixed-size list column as an array of shape (rows, width)."""
    lists = rows[column].combine_chunks()
    return lists.flatten().to_numpy().reshape(len(rows), lists.type.list_size)


def features(output):
    return matrix(table(output, "features"), "features")


def components(output):
    return matrix(table(output, "projection"), "components")


def paths(output, folder="features"):
    return table(output, folder)["path"].to_pylist()


def quarantine(output):
    """The rows of quarantine.parquet as dictionaries."""
    return pq.read_table(Path(output, "quarantine.parquet")).to_pylist()


def csv_rows(file):
    """A CSV file as (header, rows of text)."""
    with Path(file).open(newline="", encoding="utf-8") as lines:
        rows = list(csv.reader(lines))
    return rows[0], rows[1:]


def same_content(one, other):
    """Asserts that two outputs hold the same: projection.csv to the byte, Parquet files by their rows."""
    for name in ("projection.csv", "explained_variance.csv"):
        assert Path(one, name).read_bytes() == Path(other, name).read_bytes(), name
    for folder in ("features", "projection"):
        assert table(one, folder).equals(table(other, folder)), folder
    assert quarantine(one) == quarantine(other)
    assert (
        Path(one, "model", "arrays.safetensors").read_bytes() == Path(other, "model", "arrays.safetensors").read_bytes()
    )


def same(one, other):
    """Both outputs hold the same, whatever the names of their parts."""
    for name in ("projection.csv", "explained_variance.csv", "model/arrays.safetensors"):
        assert Path(one, name).read_bytes() == Path(other, name).read_bytes(), name
    for folder in ("features", "projection"):
        left, right = listed_table(one, folder), listed_table(other, folder)
        assert left.equals(right), folder
    assert quarantine(one) == quarantine(other)


def listed_table(output, folder):
    names = [name for name in run_json(output)["files"] if name.startswith(folder + "/")]
    return pq.read_table([Path(output, name) for name in names])


def no_leftovers(output):
    """Nothing but what run.json lists lies outside `_pomona/`, and nothing of an earlier generation in it."""
    run = run_json(output)
    found = {str(file.relative_to(output)) for file in output.rglob("*") if file.is_file()}
    assert {name for name in found if not name.startswith("_pomona/")} == set(run["files"])
    state = {name for name in found if name.startswith("_pomona/") and "shards" not in name}
    folder = "_pomona/" if run["generation"] == 1 else f"_pomona/generation-{run['generation']}/"
    expected = {folder + name for name in ("manifest.parquet", "plan.json", "join.json", "thumbnails.arrow")}
    expected |= {"_pomona/" + name for name in ("output.json", "files.json", "options.json")}
    expected |= set() if run["generation"] == 1 else {"_pomona/current.json"}
    assert state == expected


def check_accounts(output):
    """Asserts that every listed image is either a row or in quarantine, once. Returns run.json."""
    run = run_json(output)
    rows = paths(output)
    bad = [row["path"] for row in quarantine(output)]
    assert run["images_listed"] == run["images_ok"] + run["images_quarantined"]
    assert (len(rows), len(bad)) == (run["images_ok"], run["images_quarantined"])
    assert rows == sorted(rows, key=str.encode)
    assert len({*rows, *bad}) == run["images_listed"]
    return run


def snapshot(folder):
    """Every file below a folder with its bytes and its time of change."""
    files = (file for file in sorted(Path(folder).rglob("*")) if file.is_file())
    return {str(file): (file.read_bytes(), file.stat().st_mtime_ns) for file in files}


def standardised_pca(rows, k, ddof=1):
    """The scaler and PCA as NumPy does them: (components (k, d), variances of all, projection (n, k))."""
    rows = np.asarray(rows, dtype=np.float64)
    scale = rows.std(axis=0, ddof=ddof)
    standard = np.divide(rows - rows.mean(axis=0), scale, out=np.zeros_like(rows), where=scale > 0)
    _, singular, loadings = np.linalg.svd(standard, full_matrices=False)
    signs = np.sign(loadings[np.arange(len(loadings)), np.abs(loadings).argmax(axis=1)])
    loadings = loadings * signs[:, None]
    return loadings[:k], singular**2 / (len(rows) - ddof), standard @ loadings[:k].T
