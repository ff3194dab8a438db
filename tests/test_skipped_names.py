"""One rule for names, whatever the input is: an underscore means nothing, known names are skipped and counted."""

import gzip
import io
import itertools
import json
import re
import tarfile

import outputs
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from stores import minio_server  # noqa: F401 (fixture)

PIXELS = ["--extractor", "pixels", "--image-size", "4", "--components", "3", "--progress", "none"]
TAKEN = [
    "DSC_0000.JPG",
    "Kiwi/DSC_0001.JPG",
    "Kiwi/_DSC0002.JPG",
    "Kiwi/_MG_0003.JPG",
    "Lemon/_metadata.jpg",
    "Lemon/b.jpg",
    "_/c.jpg",
    "_unknown_/a.jpg",
]
SKIPPED = {
    "hidden": [".hidden.jpg", ".git/objects/1.jpg", "Kiwi/.x/_y/2.jpg"],
    "hadoop": [
        "_SUCCESS",
        "Kiwi/_metadata",
        "_common_metadata",
        "_temporary/0/3.jpg",
        "Kiwi_$folder$",
        "._SUCCESS.crc",
    ],
    "jupyter": ["Kiwi/.ipynb_checkpoints/4.jpg"],
    "macos": [".DS_Store", "Kiwi/._DSC_0001.JPG", "__MACOSX/Kiwi/._DSC_0001.JPG", "__MACOSX/Kiwi/5.jpg"],
    "pomona": ["_pomona/6.jpg"],
    "windows": ["Kiwi/Thumbs.db", "Lemon/Desktop.ini"],
}
COUNTS = {reason: len(names) for reason, names in SKIPPED.items()}
EVERY = sorted([*TAKEN, *itertools.chain(*SKIPPED.values())], key=str.encode)
SAID = "17 files: 3 hidden, 6 hadoop, 1 jupyter, 4 macos, 1 pomona, 2 windows; --include-skipped brings them in"


@pytest.fixture(scope="module")
def tree(photos):
    """Name -> bytes: photographs all of them, so that whoever is brought in is a good image."""
    return dict(zip(EVERY, (file.read_bytes() for file in sorted(photos.rglob("*.jpg"))), strict=False))


def as_folder(tree, place, store):
    for name, data in tree.items():
        (place / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
        (place / "tree" / name).write_bytes(data)
    return place / "tree", f"{place}/tree/"


def as_tar(tree, place, store):
    with tarfile.open(place / "tree.tar", "w") as tar:
        for name, data in tree.items():
            member = tarfile.TarInfo("./" + name)  # as `tar -c .` writes them
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return place / "tree.tar", f"{place}/tree.tar/./"


def as_tars_in_a_hidden_folder(tree, place, store):
    """The input's own name is for the user to choose."""
    (place / ".tars").mkdir()
    as_tar(tree, place / ".tars", store)
    return place / ".tars", f"{place}/.tars/tree.tar/./"


def as_parquet(tree, place, store):
    pq.write_table(pa.table({"path": list(tree), "bytes": list(tree.values())}), place / "tree.parquet")
    return place / "tree.parquet", ""


def as_parquet_files(tree, place, store):
    """Paths that have a hidden folder in common, and files one of which holds nothing but what is skipped."""
    (place / "files").mkdir()
    whole = {f"/home/u/.cache/photos/{name}": data for name, data in tree.items()}
    hidden = {name: data for name, data in whole.items() if "/__MACOSX/" in name}
    for number, files in enumerate((hidden, {n: whole[n] for n in whole if n not in hidden})):
        table = pa.table({"path": list(files), "bytes": list(files.values())})
        pq.write_table(table, place / "files" / f"{number}.parquet")
    return place / "files", "/home/u/.cache/photos/"


def as_bucket(tree, place, store):
    for name, data in tree.items():
        store.put(f"names/{name}", data)
    return "s3://photos/names", "s3://photos/names/"


def as_inventory(tree, place, store):
    as_bucket(tree, place, store)
    rows = [f'"photos","names/{name.replace("$", "%24")}","{len(data)}"' for name, data in tree.items()]
    store.put("names-report/data.csv.gz", gzip.compress("\n".join(rows).encode()))
    manifest = {
        "fileFormat": "CSV",
        "fileSchema": "Bucket, Key, Size",
        "files": [{"key": "names-report/data.csv.gz"}],
    }
    store.put("names-report/manifest.json", json.dumps(manifest).encode())
    return "s3://photos/names-report/manifest.json", "s3://photos/names/"


def names(output, prefix):
    paths = outputs.paths(output)
    assert all(path.startswith(prefix) for path in paths)
    return [path.removeprefix(prefix) for path in paths]


def said(done):
    """What the summary says of skipped files; nothing where there are none."""
    found = re.search(r"^ *skipped +(.*)$", done.stdout, re.MULTILINE)
    return found and found[1]


@pytest.mark.parametrize(
    "made",
    [as_folder, as_tar, as_tars_in_a_hidden_folder, as_parquet, as_parquet_files, as_bucket, as_inventory],
)
def test_every_kind_of_input_and_its_pack_agree(pomona, tree, minio_server, tmp_path, made):  # noqa: F811
    place, prefix = made(tree, tmp_path, minio_server)
    environment = minio_server.environment_of()

    def run(where, name, *options):
        done = pomona("run", where, "--output", tmp_path / name, *PIXELS, *options, env=environment)
        return done, outputs.check_accounts(tmp_path / name), names(tmp_path / name, prefix)

    done, record, listed = run(place, "out")
    assert listed == TAKEN
    assert record["files_skipped"] == COUNTS
    assert (record["images_listed"], record["images_quarantined"]) == (len(TAKEN), 0)
    assert said(done) == SAID
    labels = outputs.table(tmp_path / "out", "features")["label"].to_pylist()
    assert [labels[1], *labels[-2:]] == ["Kiwi", "_", "_unknown_"]

    done, record, listed = run(place, "all", "--include-skipped")
    assert listed == EVERY
    assert record["files_skipped"] == {}
    assert said(done) is None

    for form in ("tar", "parquet"):
        packed, everything = tmp_path / f"packed-{form}", tmp_path / f"everything-{form}"
        pack = ["pack", place, "--format", form, "--progress", "none", "--output"]
        assert said(pomona(*pack, packed, env=environment)) == SAID
        _, record, listed = run(packed, f"out-{form}")
        assert listed == TAKEN
        assert not record["files_skipped"].keys() - {"hadoop", "pomona"}  # what a pack says of itself
        outputs.same_content(tmp_path / "out", tmp_path / f"out-{form}")

        assert said(pomona(*pack, everything, "--include-skipped", env=environment)) is None
        assert run(everything, f"all-{form}", "--include-skipped")[2] == EVERY
        assert run(everything, f"again-{form}")[2] == TAKEN


def test_a_list_brings_in_what_it_names(pomona, tree, tmp_path):
    place, prefix = as_folder(tree, tmp_path, None)
    (place / "list.csv").write_text("\n".join(["path", *EVERY]))
    done = pomona("run", place / "list.csv", "--output", tmp_path / "out", *PIXELS)
    assert names(tmp_path / "out", prefix) == EVERY
    assert outputs.check_accounts(tmp_path / "out")["files_skipped"] == {}
    assert said(done) is None


def test_the_option_is_a_result_option(pomona, tree, tmp_path):
    place, _ = as_folder(tree, tmp_path, None)
    command = ["run", place, "--output", tmp_path / "out", *PIXELS]
    pomona(*command)
    again = pomona(*command, "--include-skipped", code=2)
    assert "--include-skipped: made with false, now true" in again.stderr
    (tmp_path / "config.toml").write_text("include-skipped = true\n")
    pomona("run", place, "--output", tmp_path / "all", *PIXELS, "--config", tmp_path / "config.toml")
    assert outputs.run_json(tmp_path / "all")["options"]["include-skipped"] is True
    assert outputs.run_json(tmp_path / "all")["images_listed"] == len(EVERY)


def test_an_input_of_skipped_names_alone_says_so(pomona, tree, tmp_path):
    (tmp_path / "in").mkdir()
    for name in (".1.jpg", "._2.jpg"):
        (tmp_path / "in" / name).write_bytes(tree["Lemon/b.jpg"])
    done = pomona("run", tmp_path / "in", "--output", tmp_path / "out", *PIXELS, code=2)
    assert "files skipped because of their names: 2; --include-skipped brings them in" in done.stderr
    pomona("features", tmp_path / "in", "--output", tmp_path / "out", *PIXELS[:4], "--include-skipped")
    assert outputs.run_json(tmp_path / "out")["images_ok"] == 2


def test_later_generations_count_what_their_listing_skipped(pomona, tree, tmp_path):
    place, _ = as_folder(tree, tmp_path, None)
    (place / "bad.jpg").write_bytes(b"no photograph")
    output = tmp_path / "out"
    pomona("run", place, "--output", output, *PIXELS)
    assert outputs.run_json(output)["files_skipped"] == COUNTS
    for name in ("Kiwi/_DSC0004.JPG", "Kiwi/._DSC0004.JPG", ".git/2"):
        (place / name).write_bytes(tree["Lemon/b.jpg"])
    pomona("run", place, "--output", output, *PIXELS, "--update")
    more = COUNTS | {"macos": COUNTS["macos"] + 1, "hidden": COUNTS["hidden"] + 1}
    record = outputs.run_json(output)
    assert (record["generation"], record["images_ok"], record["files_skipped"]) == (2, len(TAKEN) + 1, more)
    (place / "bad.jpg").write_bytes(tree["Lemon/b.jpg"])
    (place / ".git" / "3").write_bytes(b"not listed again")
    pomona("retry-failed", output)
    record = outputs.run_json(output)
    assert (record["generation"], record["images_ok"], record["files_skipped"]) == (3, len(TAKEN) + 2, more)


def test_from_python(tree, tmp_path):
    import pomona

    place, prefix = as_folder(tree, tmp_path, None)
    options = {"extractor": "pixels", "image_size": 4, "progress": None}
    result = pomona.run(place, output=tmp_path / "out", **options)
    assert names(tmp_path / "out", prefix) == TAKEN
    assert result.run["files_skipped"] == COUNTS
    assert "files_skipped 17 (3 hidden, 6 hadoop, 1 jupyter, 4 macos, 1 pomona, 2 windows)" in repr(result)
    assert "<th style='text-align:left'>files skipped</th><td>17 (3 hidden" in result._repr_html_()
    with pytest.raises(ValueError, match="--include-skipped: made with false, now true"):
        pomona.run(place, output=tmp_path / "out", include_skipped=True, **options)
    result = pomona.run(place, output=tmp_path / "all", include_skipped=True, **options)
    assert (result.run["images_ok"], result.run["files_skipped"]) == (len(EVERY), {})
    assert "files_skipped" not in repr(result)
    result = pomona.features(place, output=tmp_path / "features", include_skipped=True, **options)
    assert result.run["images_ok"] == len(EVERY)
    result = pomona.apply(tmp_path / "all", place, output=tmp_path / "new", include_skipped=True, progress=None)
    assert result.run["images_ok"] == len(EVERY)


def test_photographs_from_the_field(pomona, test_data, tmp_path):
    place = test_data / "field-cases" / "04-underscore"
    options = ["--extractor", "pixels", "--image-size", "8", "--progress", "none"]
    pomona("run", place, "--output", tmp_path / "out", *options)
    record = outputs.check_accounts(tmp_path / "out")
    assert (record["images_ok"], record["images_quarantined"], record["files_skipped"]) == (5, 0, {})
    assert names(tmp_path / "out", f"{place}/") == [
        "Kiwi/DSC_0001.JPG",
        "Kiwi/_DSC0002.JPG",
        "Kiwi/_MG_0003.JPG",
        "Lemon/b.jpg",
        "_unknown_/a.jpg",
    ]
    assert "5 images in 1 shard," in pomona("pack", place, "--output", tmp_path / "packed").stdout
