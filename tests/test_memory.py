"""Peak memory does not grow with the number of images or the shard size."""

import outputs
import pyarrow.parquet as pq
import pytest
from pictures import rounds

LIMIT = 30_000_000  # bytes that peaks of the same job may differ by: allocator and thread timing
STATE = 8 * 768 * 768  # what the fit holds of one level of its tree of blocks, a thread


@pytest.fixture(scope="module")
def peak(pomona, photos, tmp_path_factory):
    """Measures the peak resident bytes of a run over so many rounds of the 216 photos."""
    folder = tmp_path_factory.mktemp("memory")

    def measure(count, *arguments):
        source = folder / f"in{count}"
        if not source.exists():
            rounds(photos, source, count)
        output = folder / f"out{len(list(folder.iterdir()))}"
        pomona("run", source, "--output", output, "--extractor", "pixels", "--threads", "2", *arguments)
        assert outputs.check_accounts(output)["images_ok"] == 216 * count
        return outputs.run_json(output)["peak_rss_bytes"], output

    return measure


def test_ten_times_the_images(peak):
    """The smaller run fills the report already, whose map holds 5,000 images at most.

    The tree in which the fit merges blocks grows by log2(10) levels, on each of two threads.
    """
    one, _ = peak(25)
    ten, _ = peak(250)
    assert ten < one + LIMIT + 2 * 4 * STATE, f"{one:,} bytes for 5,400 images, {ten:,} for 54,000"


def test_ten_times_the_shard_size(peak):
    small, _ = peak(100)
    large = min(peak(100, "--shard-size", "10240")[0] for _ in range(2))  # a busy machine lets more batches wait
    assert large < small + LIMIT, f"{small:,} bytes at 1,024 images a shard, {large:,} at 10,240"


def test_row_groups_stay_small(peak):
    _, output = peak(10, "--image-size", "64")
    for part in outputs.parts(output, "features"):
        metadata = pq.read_metadata(part)
        for group in range(metadata.num_row_groups):
            assert metadata.row_group(group).total_byte_size <= 16 * 1024 * 1024 + 65536
        assert part.stat().st_size < 300_000_000
