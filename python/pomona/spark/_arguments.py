"""The arguments of ``pomona-spark run``: those of ``pomona run``, by the engine's own table, and some of Spark's."""

from __future__ import annotations

import json
import os
import textwrap
import tomllib
from dataclasses import dataclass, field
from typing import Any

from .._native import engine

PROGRESS = ("auto", "bar", "plain", "json", "none")
DESCRIPTION = (
    "The whole job of `pomona run` on a Spark cluster: the driver lists, plans, joins, fits and writes the report, "
    "executors run the shards. The output is the same to the byte."
)
OWN = (
    ("master", "URL", "Where the job runs, such as local[2] or spark://host:7077.", "spark-submit's, else local[*]"),
    ("name", "TEXT", "What the application is called in Spark's pages.", "pomona"),
    ("conf", "KEY=VALUE", "A setting of Spark; may be given several times.", ""),
    ("progress", "MODE", "How progress is shown on stderr: auto, bar, plain, json, none.", "auto"),
    ("config", "FILE", "TOML file with the same names as these options; the command line wins.", ""),
)
# [storage] of a configuration file, as the environment variables that also reach the executors.
STORAGE = {
    "endpoint": "AWS_ENDPOINT_URL_S3",
    "region": "AWS_REGION",
    "ca_file": "AWS_CA_BUNDLE",
    "gs_endpoint": "STORAGE_EMULATOR_HOST",
    "gs_project": "GOOGLE_CLOUD_PROJECT",
    "abfs_account": "AZURE_STORAGE_ACCOUNT",
}


@dataclass
class Arguments:
    """What a command line said.

    Attributes
    ----------
    options : dict
        Of the engine, by their names there.
    conf : dict
        Settings of Spark.
    """

    options: dict[str, Any] = field(default_factory=dict)
    conf: dict[str, str] = field(default_factory=dict)
    master: str | None = None
    name: str = "pomona"
    progress: str = "auto"


@dataclass(frozen=True)
class _Option:
    name: str
    value: str  # "" for a switch, "[=...]" where a value may be left out
    meaning: str
    preset: str
    group: str
    repeatable: bool
    own: bool = False

    @property
    def typed(self) -> str:
        if self.name == "input":
            return "INPUT"
        return f"--{self.name}" + ("" if self.value.startswith("[") or not self.value else " ") + self.value


def _table() -> dict[str, _Option]:
    table = {
        name: _Option(name, value, meaning, preset, group, repeatable)
        for name, value, preset, meaning, group, repeatable in engine().options()
    }
    for name, value, meaning, preset in OWN:
        table[name] = _Option(name, value, meaning, preset, "Spark", name == "conf", own=True)
    return table


def parse(words: list[str]) -> Arguments:
    """Read a command line.

    Raises
    ------
    ValueError
        Naming what is wrong and what is wanted, as the program does.
    """
    table = _table()
    given = _given(words, table)
    if "config" in given:
        environment = _read_config(given.pop("config")[0], table, given)
        os.environ.update({name: value for name, value in environment.items() if name not in os.environ})
    arguments = Arguments()
    for name, values in given.items():
        option = table[name]
        if option.own:
            _set_own(arguments, name, values)
        else:
            arguments.options[name] = values if option.repeatable else values[0]
    engine().check_options(json.dumps(arguments.options))
    return arguments


def _given(words: list[str], table: dict[str, _Option]) -> dict[str, list[Any]]:
    given: dict[str, list[Any]] = {}
    rest = list(words)
    options_end = False
    while rest:
        word = rest.pop(0)
        if word == "--":
            options_end = True
            continue
        if options_end or not word.startswith("-") or word == "-":
            if "input" in given:
                raise ValueError(f"unexpected argument '{word}'; a name with spaces needs quotes; see --help")
            given["input"] = [word]
            continue
        name, equals, text = word[2:].partition("=")
        option = table.get(name) if word.startswith("--") and name != "input" else None
        if option is None:
            raise ValueError(_unknown(word, name, table))
        value: Any = True
        if equals:
            value = text
        elif option.value.startswith("["):
            value = "keep"
        elif option.value:
            if not rest or rest[0].startswith("--"):
                raise ValueError(f"--{name} has no value; wanted {option.typed}")
            value = rest.pop(0)
        given.setdefault(name, []).append(value)
        if len(given[name]) > 1 and not option.repeatable:
            raise ValueError(f"--{name} is given {len(given[name])} times; wanted once")
    return given


def _unknown(word: str, name: str, table: dict[str, _Option]) -> str:
    nearest = engine().nearest_option(name, list(table))
    return f"unknown option {word}" + (f"; did you mean --{nearest}?" if nearest else "; see pomona-spark run --help")


def _set_own(arguments: Arguments, name: str, values: list[str]) -> None:
    if name == "conf":
        for text in values:
            key, equals, value = text.partition("=")
            if not equals:
                raise ValueError(f'--conf: "{text}" has no "="; wanted KEY=VALUE, such as spark.task.cpus=2')
            arguments.conf[key] = value
        return
    if name == "progress" and values[0] not in PROGRESS:
        raise ValueError(f'--progress: "{values[0]}" is none of {", ".join(PROGRESS)}')
    setattr(arguments, name, values[0])


def _read_config(path: str, table: dict[str, _Option], given: dict[str, list[Any]]) -> dict[str, str]:
    """Add what a file says to what is given; return the environment variables that its [storage] stands for."""
    try:
        with open(path, "rb") as file:
            content = tomllib.load(file)
    except OSError:
        raise ValueError(f"--config: cannot read '{path}'; wanted a TOML file") from None
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path}: {error}; wanted TOML such as threads = 4") from None
    storage = content.pop("storage", {})
    values = {name: value for name, value in content.items() if not isinstance(value, dict)} | content.get("run", {})
    for key, value in values.items():
        name = key.replace("_", "-")
        if name not in table or name == "config":
            raise ValueError(f"{path}: {_unknown(key, name, table).replace('option', 'key', 1)}")
        if name in given:
            continue
        typed = value if isinstance(value, list) else [value]
        given[name] = typed if table[name].repeatable else [",".join(map(str, typed)) if len(typed) > 1 else typed[0]]
    for key in storage:
        if key not in STORAGE:
            raise ValueError(
                f"{path}: [storage] {key} cannot be handed to the executors; on Spark it takes {', '.join(STORAGE)}; "
                "credentials come from roles, or from environment variables (docs/spark.md)"
            )
    return {STORAGE[key]: str(value) for key, value in storage.items()}


def usage() -> str:
    """Return the help page."""
    table = _table()
    lines = [*textwrap.wrap(DESCRIPTION, 100), "", "usage: pomona-spark run INPUT --output URI [OPTIONS]"]
    group = ""
    for option in table.values():
        if option.group != group:
            group = option.group
            lines += ["", f"{group}:"]
        meaning = option.meaning + (f" [{option.preset}]" if option.preset else "")
        wrapped = textwrap.wrap(meaning, 70)
        head = f"  {option.typed}"
        if len(head) > 28:
            lines.append(head)
            head = ""
        lines += [f"{head:<30}{wrapped[0]}", *(" " * 30 + line for line in wrapped[1:])]
    lines += ["", "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 more failures than --max-failures, 130 interrupted."]
    return "\n".join(lines)
