"""Loads the engine, with pyarrow's and OpenVINO's libraries, when it is first needed."""

from __future__ import annotations

import atexit
import functools
from importlib import metadata
from types import ModuleType

from . import _hdfs

# What the engine is linked with; a test compares it with pyproject.toml and with the names in the library.
WANTED = {"pyarrow": "26.0", "openvino": "2026.4.1"}


@functools.cache
def engine() -> ModuleType:
    """Return the module ``pomona._engine``.

    Raises
    ------
    ImportError
        When pyarrow or openvino is missing or of another version than the engine was built with; names both versions.
    """
    _check_versions()
    import pyarrow  # noqa: F401  (its libarrow is the one that the engine uses)

    try:
        from . import _engine
    except ImportError as error:
        raise ImportError(f"{error}. {_hint()}") from error
    atexit.register(_engine.finish)
    if _hdfs.is_installed():
        _engine.set_hdfs_opener(_hdfs.open_uri)
    return _engine


def _check_versions() -> None:
    for package, version in WANTED.items():
        wanted = f"{version}.*"
        advice = f"pip install '{package}=={wanted}'"
        try:
            found = metadata.version(package)
        except metadata.PackageNotFoundError:
            raise ImportError(f"pomona needs {package} {wanted}, and there is none: {advice}") from None
        if not f"{found}.".startswith(f"{version}."):
            built = f"pomona's engine was built with {package} {wanted}"
            raise ImportError(f"{built}, {found} is installed: {advice}")


def _hint() -> str:
    found = ", ".join(f"{package} {metadata.version(package)}" for package in WANTED)
    wanted = ", ".join(f"{package} {version}.*" for package, version in WANTED.items())
    return f"The engine was built with {wanted}; installed beside it: {found}. docs/python.md names what it needs."
