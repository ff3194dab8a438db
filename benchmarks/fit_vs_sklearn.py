"""Scaler + PCA fit: Pomona against scikit-learn and Spark ML, in turn, in one sitting.

    .venv/bin/python benchmarks/fit_vs_sklearn.py [--rows 67692] [--features 512] [--components 30] [--rounds 5]
        [--build build/release] [--spark] [--json FILE]

All fit the same float32 rows, which lie in memory (for Spark: in a cached DataFrame). Each round times every system
once, so that a busy moment of the machine meets all of them; medians and ratios are printed. Pomona and the second
scikit-learn column work in float64; the first scikit-learn column stays in float32, as scikit-learn does with such
rows.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

REPOSITORY = Path(__file__).resolve().parent.parent


def make_rows(rows: int, features: int) -> np.ndarray:
    """Correlated and never negative, as features after a ReLU are."""
    random = np.random.default_rng(0)
    strengths = np.arange(1, 129) ** -0.5
    mixing = random.standard_normal((128, features)).astype(np.float32)
    parts = []
    for first in range(0, rows, 4096):
        count = min(4096, rows - first)
        hidden = (random.standard_normal((count, 128)) * strengths).astype(np.float32)
        noise = random.standard_normal((count, features), dtype=np.float32)
        parts.append(np.maximum(hidden @ mixing + noise, 0))
    return np.concatenate(parts)


class Pomona:
    name = "Pomona (float64)"

    def __init__(self, rows: np.ndarray, arguments: argparse.Namespace, folder: Path) -> None:
        data = folder / "rows.f32"
        rows.astype("<f4").tofile(data)
        build = Path(arguments.build)
        probe = next((path for path in build.glob("**/pomona_learn_probe") if path.is_file()), None)
        if probe is None:
            raise SystemExit(f"no pomona_learn_probe below {build}: build it first")
        self.result = folder / "fit"
        self.command = [probe, data, "--dim", rows.shape[1], "--components", arguments.components]
        self.command += ["--threads", arguments.threads, "--repeat", 2, "--output", self.result]

    def run(self) -> float:
        subprocess.run([str(word) for word in self.command], check=True)
        summary = json.loads(self.result.with_suffix(".json").read_text())
        self.variance = np.fromfile(f"{self.result}.variance.f64")
        self.peak = summary["peak_rss_bytes"]
        return summary["seconds"][-1]  # the first fit pays for fresh memory, as does scikit-learn's first round


class ScikitLearn:
    def __init__(self, rows: np.ndarray, arguments: argparse.Namespace, dtype: type) -> None:
        self.name = f"scikit-learn ({np.dtype(dtype).name})"
        self.rows, self.components, self.dtype = rows, arguments.components, dtype

    def run(self) -> float:
        from sklearn.decomposition import PCA
        from sklearn.preprocessing import StandardScaler

        start = time.perf_counter()
        rows = self.rows.astype(self.dtype, copy=False)
        pca = PCA(self.components).fit(StandardScaler().fit_transform(rows))
        seconds = time.perf_counter() - start
        self.variance = pca.explained_variance_ * (len(rows) - 1) / len(rows)  # standardised with n, not n - 1
        return seconds


class SparkMl:
    name = "Spark ML"

    def __init__(self, rows: np.ndarray, arguments: argparse.Namespace, folder: Path) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq
        from pyspark.ml.functions import array_to_vector
        from pyspark.sql import SparkSession

        self.session = (
            SparkSession.builder.master(f"local[{arguments.threads}]")
            .appName("pomona-compare")
            .config("spark.ui.enabled", "false")
            .config("spark.ui.showConsoleProgress", "false")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.memory", "4g")
            .getOrCreate()
        )
        self.session.sparkContext.setLogLevel("ERROR")
        file = folder / "rows.parquet"
        flat = pa.array(rows.astype(np.float64).reshape(-1))
        offsets = pa.array(np.arange(0, rows.size + 1, rows.shape[1], dtype=np.int32))
        pq.write_table(pa.table({"values": pa.ListArray.from_arrays(offsets, flat)}), file, row_group_size=4096)
        frame = self.session.read.parquet(str(file))
        self.frame = frame.select(array_to_vector("values").alias("features")).cache()
        self.frame.count()
        self.components = arguments.components

    def run(self) -> float:
        from pyspark.ml.feature import PCA, StandardScaler

        start = time.perf_counter()
        scaler = StandardScaler(withMean=True, withStd=True, inputCol="features", outputCol="scaled").fit(self.frame)
        PCA(k=self.components, inputCol="scaled", outputCol="scores").fit(scaler.transform(self.frame))
        return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=67692)
    parser.add_argument("--features", type=int, default=512)
    parser.add_argument("--components", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--build", default=os.environ.get("POMONA_BUILD", REPOSITORY / "build" / "release"))
    parser.add_argument("--spark", action="store_true", help="time Spark ML too (needs Java)")
    parser.add_argument("--json", type=Path, help="write all figures here")
    arguments = parser.parse_args()

    rows = make_rows(arguments.rows, arguments.features)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        systems = [
            Pomona(rows, arguments, folder),
            ScikitLearn(rows, arguments, np.float32),
            ScikitLearn(rows, arguments, np.float64),
        ]
        if arguments.spark and shutil.which("java") is None:
            print("Spark ML is left out: no java here (install openjdk-17-jre-headless)\n")
        elif arguments.spark:
            systems.append(SparkMl(rows, arguments, folder))
        seconds: dict[str, list[float]] = {system.name: [] for system in systems}
        for _ in range(arguments.rounds):
            for system in systems:
                seconds[system.name].append(system.run())

        ours, single, double = systems[:3]
        print(f"PCA({arguments.components}) of {rows.shape[0]:,} x {rows.shape[1]} float32 features, ", end="")
        print(f"{arguments.threads} threads, {arguments.rounds} rounds in turn\n")
        print("| system | s, median (min to max) | Pomona against it |\n|---|---|---|")
        for system, times in seconds.items():
            ratio = statistics.median(theirs / mine for theirs, mine in zip(times, seconds[ours.name], strict=True))
            against = "" if system == ours.name else f"{ratio:.2f}x"
            print(f"| {system} | {statistics.median(times):.3f} ({min(times):.3f} to {max(times):.3f}) | {against} |")
        print()
        kept = arguments.components
        exact = double.variance[:kept]
        errors = {
            ours.name: float(np.max(np.abs(ours.variance[:kept] / exact - 1))),
            single.name: float(np.max(np.abs(single.variance[:kept] / exact - 1))),
        }
        for system, error in errors.items():
            print(f"{system}: variances within {error:.1e} of scikit-learn in float64")
        print(f"peak resident memory of Pomona's process, rows included: {ours.peak / 1e6:.0f} MB")
        if arguments.json:
            figures = {"seconds": seconds, "variance_error": errors, "peak_rss_bytes": ours.peak}
            arguments.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
