"""What is inside: the versions of the package and of every library that it holds or loads."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path

_INVENTORY = Path(__file__).with_name("sbom.cdx.json")


def versions() -> dict[str, str]:
    """Return the versions of Pomona and of every library inside it or loaded by it.

    Libraries that are linked into the package have the version of their source package, with the distribution's patch
    level, so that they can be looked up in its list of vulnerabilities. The same with SHA-256 hashes and package URLs
    is in ``pomona/sbom.cdx.json`` (CycloneDX) and printed by ``pomona doctor --libraries``.

    Returns
    -------
    dict of str to str
        Versions by name: ``pomona`` first, the others in alphabetical order. ``pyarrow``, ``openvino`` and ``numpy``
        are those that are installed now.

    Examples
    --------
    >>> import pomona
    >>> pomona.versions()["pyarrow"]
    '26.0.1'
    """
    found = {}
    if _INVENTORY.exists():  # a build with -DPOMONA_SELF_CONTAINED=OFF holds no libraries
        for component in json.loads(_INVENTORY.read_text(encoding="utf-8"))["components"]:
            found[component["name"]] = component.get("version", "unknown")
    for name in ("numpy", "openvino", "pyarrow"):
        found[name] = metadata.version(name)
    return {"pomona": metadata.version("pomona"), **dict(sorted(found.items()))}
