"""Writes which libraries a program or library of ours holds and loads: an inventory in CycloneDX 1.6 (ECMA-424).

    sbom.py OBJECT OUTPUT --version VERSION [--link-map MAP] [--static FILE]... [--header-package NAME]...
            [--loaded FILE]... [--built FOLDER] [--python-package NAME]... [--npm-lock FILE]

Each component has name, version, SHA-256 and package URL. A file of the system gets the version of its Debian package,
patch level included, one out of a Python package that package's. Shared libraries are what the loader finds for OBJECT;
further ones, which it opens at run time, are named by --loaded. Archives are those of the linker's MAP and of --static.
The archives below FOLDER are built by python/static, which notes the versions of their sources in FOLDER/versions.txt.
What is compiled in, header-only libraries among them, is named by the package that holds it.
"""

import argparse
import functools
import hashlib
import json
import re
import subprocess
import uuid
from importlib import metadata
from pathlib import Path
from urllib.parse import quote

RUNTIME = re.compile(r"(ld-linux-x86-64|libc|libm|libdl|librt|libpthread|libresolv|libgcc_s|libstdc\+\+)\.so")


def output(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else ""


@functools.cache
def debian_package(name):
    """Returns (name, version, architecture) of an installed package, or nothing."""
    try:
        shown = output("dpkg-query", "--show", "--showformat", "${Package}\t${Version}\t${Architecture}\n", name)
    except FileNotFoundError:
        return None
    return tuple(shown.splitlines()[0].split("\t")) if shown else None


def debian_url(name, version, architecture):
    release = dict(re.findall(r'^(\w+)="?([^"\n]*)', Path("/etc/os-release").read_text(encoding="utf-8"), re.MULTILINE))
    distribution, number = release.get("ID", "debian"), release.get("VERSION_ID", "")
    where = f"arch={architecture}&distro={distribution}-{number}" if number else f"arch={architecture}"
    return f"pkg:deb/{distribution}/{quote(name)}@{quote(version)}?{where}"


def owner(path):
    """Returns the package that holds a file: the loader finds /lib/x where dpkg knows /usr/lib/x, or the reverse."""
    real = path.resolve()
    for name in (path, real, Path(f"/usr{path}"), Path(f"/usr{real}"), Path(str(real).removeprefix("/usr"))):
        try:
            found = re.match(r"([\w.+-]+)(?::\w+)?:", output("dpkg-query", "--search", name))
        except FileNotFoundError:
            return None
        if found:
            return debian_package(found.group(1))
    return None


def from_debian(package):
    name, version, architecture = package
    return {"name": name, "version": version, "purl": debian_url(name, version, architecture)}


def from_wheel(path):
    """Returns name and version of the Python package that a file in site-packages belongs to."""
    parts = path.parts
    if "site-packages" not in parts:
        return None
    place = parts.index("site-packages")
    for info in Path(*parts[: place + 1]).glob(f"{parts[place + 1]}-*.dist-info"):
        name, version = info.name.removesuffix(".dist-info").rsplit("-", 1)
        return {"name": name, "version": version, "purl": f"pkg:pypi/{name}@{version}"}
    return None


def component(path, how, built):
    """Describes a file: how is "loaded" (shared) or "linked" (static)."""
    known = from_wheel(path)
    if not known and built and path.is_relative_to(built):
        library = path.name.removeprefix("lib").removesuffix(".a")
        lines = [line.split("\t") for line in (built / "versions.txt").read_text(encoding="utf-8").splitlines()]
        source, version = next((source, version) for name, source, version in lines if name == library)
        known = {"name": source, "version": version, "purl": debian_url(source, version, "source")}
    if not known and (package := owner(path)):
        known = from_debian(package)
    return {
        "type": "library",
        **(known or {"name": path.name}),
        "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(path.read_bytes()).hexdigest()}],
        "properties": [{"name": "pomona:file", "value": path.name}, {"name": "pomona:use", "value": how}],
    }


def loaded(program):
    found = re.findall(r"^\s*(\S+) => (/\S+)", output("ldd", program), re.MULTILINE)
    return [Path(path) for name, path in found if not name.startswith("libpomona")]


def linked(link_map):
    """Returns the archives of which a member was used; the map's paths count from the working directory."""
    members = link_map.read_text(encoding="utf-8").split("Discarded input sections")[0]
    archives = {Path(name).absolute() for name in re.findall(r"^(\S+\.a)\(", members, re.MULTILINE)}
    return [path for path in archives if path.name not in ("libc_nonshared.a", "libgcc.a")]


def from_npm(lock):
    """Returns what an npm lock names: it goes into the report's page."""
    packages = json.loads(lock.read_text(encoding="utf-8"))["packages"]
    found = {name.removeprefix("node_modules/"): one["version"] for name, one in packages.items() if name}
    return [{"name": name, "version": version, "purl": f"pkg:npm/{name}@{version}"} for name, version in found.items()]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("object", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--version", required=True)
    parser.add_argument("--link-map", type=Path)
    parser.add_argument("--static", type=Path, action="append", default=[])
    parser.add_argument("--loaded", type=Path, action="append", default=[])
    parser.add_argument("--header-package", action="append", default=[])
    parser.add_argument("--npm-lock", type=Path)
    parser.add_argument("--built", type=Path)
    parser.add_argument("--python-package", action="append", default=[])
    given = parser.parse_args()

    shared = loaded(given.object)
    shared += [path for path in given.loaded if path.name not in {one.name for one in shared}]
    if given.link_map:  # the wheel brings none of the system's libraries: a machine has its own C and C++ runtimes
        shared = [path for path in shared if from_wheel(path)]
    archives = given.static + (linked(given.link_map) if given.link_map else [])
    built = given.built.resolve() if given.built else None
    components = [component(path, "loaded", built) for path in shared if not RUNTIME.match(path.name)]
    components += [component(path.resolve(), "linked", built) for path in archives]
    sources = [from_debian(package) for name in given.header_package if (package := debian_package(name))]
    for name in given.python_package:
        version = metadata.version(name)
        sources.append({"name": name, "version": version, "purl": f"pkg:pypi/{name}@{version}"})
    sources += from_npm(given.npm_lock) if given.npm_lock else []
    use = [{"name": "pomona:use", "value": "compiled in"}]
    components += [{"type": "library", **known, "properties": use} for known in sources]
    components.sort(key=lambda one: (one["name"], one["properties"][0]["value"]))
    for number, one in enumerate(components):
        one["bom-ref"] = f"{number}-{one['name']}"

    content = json.dumps(components, sort_keys=True)
    bom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, content)}",  # the same for the same libraries
        "version": 1,
        "metadata": {
            "component": {"type": "application", "name": "pomona", "version": given.version, "bom-ref": "pomona"},
        },
        "components": components,
        "dependencies": [{"ref": "pomona", "dependsOn": [one["bom-ref"] for one in components]}],
    }
    given.output.write_text(json.dumps(bom, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
