"""What DESIGN's folders promise: includes go one way, adapters hide what they adapt, the library stays silent."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# base <- {storage, image, features, learn} <- models <- pipeline <- {cli, python}
BELOW = {"base": {"base"}}
for sibling in ("storage", "image", "features", "learn"):
    BELOW[sibling] = {"base", sibling}
BELOW["models"] = {"base", "storage", "features", "models"}
BELOW["pipeline"] = {*BELOW, "pipeline"}
BELOW |= {"cli": {*BELOW, "cli"}, "python": {*BELOW, "python"}}

# The headers of codecs and runtimes, and the one module whose adapters include them.
ADAPTED = {
    "jpeglib.h": "image",
    "spng.h": "image",
    "webp/": "image",
    "tiffio.h": "image",
    "gif_lib.h": "image",
    "hdf5.h": "features",
    "openvino/": "features",
    "curl/": "storage",
    "zip.h": "features",
    "CLI/": "cli",
    "toml++/": "cli",
    "openssl/": "base",
}

# What library code leaves to cli: it returns a Status and takes options.
SILENT = re.compile(
    r"\b(?:std::)?(?:printf|fprintf|vprintf|puts|putchar|perror)\s*\(|\bstd::(?:cout|cerr|clog)\b"
    r"|(?<![\w.>])(?:std::|::)?(?:exit|_exit|quick_exit|abort|getenv|secure_getenv|setenv)\s*\("
)
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)
COMMENT_OR_STRING = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\((?:.*?)\)\1"|"(?:\\.|[^"\\\n])*"', re.DOTALL)


def module_of(path):
    parts = path.relative_to(ROOT).parts
    return parts[1] if parts[0] == "pomona" else parts[0]


def is_product(path):
    return not re.search(r"_(test|benchmark|fuzz|for_test)\.(cc|h)$|^test_\w+\.h$", path.name)


CPP = sorted(
    p for folder in ("pomona", "cli", "python/src") for p in (ROOT / folder).rglob("*") if p.suffix in (".h", ".cc")
)
LIBRARY = [p for p in CPP if module_of(p) not in ("cli", "python") and is_product(p)]
SILENT_ONES = [p for p in LIBRARY if p != ROOT / "pomona/base/environment.cc"]  # the one place that reads variables
CODE = [*CPP, *(p for folder in ("tests", "benchmarks", "python") for p in sorted((ROOT / folder).rglob("*.py")))]


def name(path):
    return str(path.relative_to(ROOT))


def includes(path):
    return INCLUDE.findall(path.read_text(encoding="utf-8"))


def test_includes_go_one_way():
    wrong = []
    for path in CPP:
        for header in includes(path):
            if not header.startswith(("pomona/", "cli/")):
                continue
            if module_of(ROOT / header) not in BELOW[module_of(path)]:
                wrong.append(f"{name(path)} includes {header}, which is not below {module_of(path)}")
    assert not wrong, "\n".join(wrong)


def test_third_party_headers_stay_in_their_adapters():
    wrong = []
    for path in filter(is_product, CPP):
        for header in includes(path):
            module = next((m for prefix, m in ADAPTED.items() if header.startswith(prefix)), None)
            if module and module_of(path) != module:
                wrong.append(f"{name(path)} includes <{header}>, which belongs to an adapter in {module}")
            elif module and module != "cli" and path.suffix == ".h" and not path.stem.endswith("_internal"):
                wrong.append(f"{name(path)} shows <{header}> to whoever includes it")
    assert not wrong, "\n".join(wrong)


def test_library_neither_prints_nor_exits_nor_reads_the_environment():
    wrong = []
    for path in LIBRARY:
        if path == ROOT / "pomona/base/environment.cc":  # the one place that reads variables
            continue
        found = SILENT.search(COMMENT_OR_STRING.sub(" ", path.read_text(encoding="utf-8")))
        if found:
            wrong.append(f"{name(path)} calls {found.group().strip()}")
    assert not wrong, "\n".join(wrong)


def test_files_stay_short():
    lengths = {name(path): path.read_text(encoding="utf-8").count("\n") for path in CODE}
    long = [f"{path} has {lines} lines: split it by concept" for path, lines in lengths.items() if lines > 600]
    assert not long, "\n".join(long)


def test_every_source_has_a_test_beside_it():
    alone = [
        name(path) for path in LIBRARY if path.suffix == ".cc" and not path.with_name(f"{path.stem}_test.cc").exists()
    ]
    assert not alone, f"no *_test.cc beside {alone}"
