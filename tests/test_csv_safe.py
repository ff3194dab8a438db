"""Labels and paths that a spreadsheet would run as formulas."""

import csv
import shutil
import subprocess
import sys

import outputs
import pytest

PIXELS = ["--extractor", "pixels", "--image-size", "4", "--components", "3"]
LABELS = ["=1+1", "@SUM(1)", "+1", "-1", "\tx", "Kiwi"]


@pytest.fixture
def formulas(photos, tmp_path):
    images = sorted((photos / "Kiwi").glob("*.jpg"))
    for number, label in enumerate(LABELS):
        (tmp_path / "in" / label).mkdir(parents=True)
        for image in images[2 * number : 2 * number + 2]:
            shutil.copy(image, tmp_path / "in" / label)
    return tmp_path


def labels_and_paths(file):
    with open(file, newline="", encoding="utf-8") as text:
        return [(row["label"], row["path"]) for row in csv.DictReader(text)]


def test_csv_safe_marks_formulas_and_nothing_else(pomona, formulas):
    run = ["run", ".", "--output", "../plain", *PIXELS]
    pomona(*run, cwd=formulas / "in")
    assert {label for label, _ in labels_and_paths(formulas / "plain" / "projection.csv")} == set(LABELS)
    run[3] = "../safe"
    pomona(*run, "--csv-safe", cwd=formulas / "in")
    rows = labels_and_paths(formulas / "safe" / "projection.csv")
    assert {label for label, _ in rows} == {"'=1+1", "'@SUM(1)", "'+1", "'-1", "'\tx", "Kiwi"}
    assert {path[0] for _, path in rows} == {"'", "K"}
    assert outputs.paths(formulas / "safe", "projection") == outputs.paths(formulas / "plain", "projection")
    assert "csv-safe" in pomona(*run, cwd=formulas / "in", code=2).stderr, "it is a result option"
    pomona("apply", "../safe", ".", "--output", "../applied", "--csv-safe", cwd=formulas / "in")
    assert labels_and_paths(formulas / "applied" / "projection.csv") == rows
    pomona("fit", "../plain", "--output", "../fitted", "--components", "3", "--csv-safe", cwd=formulas / "in")
    assert labels_and_paths(formulas / "fitted" / "projection.csv") == rows
    pomona("features", ".", "--output", "../features", *PIXELS[:4], "--csv-safe", cwd=formulas / "in")
    pomona("fit", "../features", "--components", "3", cwd=formulas / "in")
    assert labels_and_paths(formulas / "features" / "projection.csv") == rows


def test_csv_safe_in_python(formulas):
    script = 'import pomona; pomona.run("in", output="safe", extractor="pixels", image_size=4, csv_safe=True)'
    subprocess.run([sys.executable, "-c", script], check=True, cwd=formulas)
    assert "'=1+1" in {label for label, _ in labels_and_paths(formulas / "safe" / "projection.csv")}
