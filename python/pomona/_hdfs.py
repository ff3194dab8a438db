"""HDFS without Hadoop's own client: what the engine calls, on the package hdfs-native."""

from __future__ import annotations

import contextlib
import importlib.util
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

Entry = tuple[str, bool, int, int]  # path, is a folder, bytes, milliseconds since 1970

# Tries of one request, of all namenodes together: the engine asks again itself, and hears Ctrl-C meanwhile.
SETTINGS = {"dfs.client.failover.max.attempts": "3"}


def is_installed() -> bool:
    """Tell whether the client is there."""
    return importlib.util.find_spec("hdfs_native") is not None


def open_uri(uri: str) -> tuple[Hdfs, str]:
    """Return the file system that a URI names, and the path inside it.

    Raises
    ------
    ValueError
        For a user in the URI, and for a query other than ``replication``.
    """
    parts = urlsplit(uri)
    if parts.username is not None:
        raise ValueError("hdfs:// takes no user here; set HADOOP_USER_NAME, or use Kerberos (kinit)")
    query = parse_qs(parts.query)
    if unknown := query.keys() - {"replication"}:
        raise ValueError(f"hdfs:// knows no {sorted(unknown)[0]!r}; only ?replication=N is understood")
    replication = int(query["replication"][0]) if query else None
    path = unquote(parts.path).rstrip("/") or "/"
    return Hdfs(f"{parts.scheme}://{parts.netloc}", replication), path


class Hdfs:
    """One HDFS; paths begin with "/".

    Errors are OSError with Hadoop's own message, without its Java.
    """

    def __init__(self, uri: str, replication: int | None = None) -> None:
        import hdfs_native

        with _plain_errors():
            self._client = hdfs_native.Client(uri, SETTINGS)
        self._options: dict[str, Any] = {} if replication is None else {"replication": replication}

    def look(self, path: str) -> Entry | None:
        """Return what lies at a path, None where nothing does."""
        with _plain_errors():
            try:
                return _entry(self._client.get_file_info(path))
            except FileNotFoundError:
                return None

    def content(self, path: str, recursive: bool) -> Iterator[Entry] | None:
        """Return the content of a folder, None where there is no such folder."""
        there = self.look(path)
        return self._entries(path, recursive) if there is not None else None

    def _entries(self, path: str, recursive: bool) -> Iterator[Entry]:
        with _plain_errors():
            for status in self._client.list_status(path, recursive):
                yield _entry(status)

    def open(self, path: str) -> tuple[Any, Entry]:
        """Open a file for reading: an object with ``read_range(offset, size)``, and what the file is."""
        there = self.look(path)
        if there is None:
            raise OSError("the file does not exist")
        if there[1]:
            raise OSError("it is a folder, not a file")
        with _plain_errors():
            return _Reader(self._client.read(path)), there

    def create(self, path: str) -> Any:
        """Open a new file for writing: an object with ``write(bytes)`` and ``close()``."""
        import hdfs_native

        with _plain_errors():
            return _Writer(self._client.create(path, hdfs_native.WriteOptions(create_parent=True, **self._options)))

    def rename(self, source: str, target: str, replace: bool) -> bool:
        """Give a file another name; return False where that is taken and not to be replaced."""
        with _plain_errors():
            try:
                self._client.rename(source, target, overwrite=replace)
            except FileExistsError:
                if replace:
                    raise
                return False
        return True

    def make_folder(self, path: str, with_parents: bool) -> None:
        """Make a folder, if it is not there."""
        with _plain_errors():
            self._client.mkdirs(path, create_parent=with_parents)

    def remove(self, path: str, with_content: bool) -> None:
        """Remove a file or a folder, if it is there."""
        with _plain_errors():
            self._client.delete(path, recursive=with_content)


class _Reader:
    def __init__(self, reader: Any) -> None:
        self._reader = reader

    def read_range(self, offset: int, size: int) -> bytes:
        with _plain_errors():
            return self._reader.read_range(offset, size)


class _Writer:
    def __init__(self, writer: Any) -> None:
        self._writer = writer

    def write(self, content: bytes) -> None:
        with _plain_errors():
            self._writer.write(content)

    def close(self) -> None:
        with _plain_errors():
            self._writer.close()


def _entry(status: Any) -> Entry:
    return status.path, status.isdir, status.length, status.modification_time


@contextlib.contextmanager
def _plain_errors() -> Iterator[None]:
    """Raise what the client raises as OSError, also its panics, which are no Exception."""
    try:
        yield
    except OSError as error:
        raise type(error)(plain(str(error))) from None
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:
        raise OSError(plain(str(error))) from None


def plain(text: str) -> str:
    r"""Return Hadoop's message without its class, its frames, and the client's own wrapping.

    Examples
    --------
    >>> plain('RPCError("org.apache.hadoop.x.NoException", "Permission denied: user=a\\n\\tat org.apache.X")')
    'Permission denied: user=a'
    """
    remote = re.match(r'RPCError\("[\w.$]*", "(.*)"\)$', text, re.DOTALL)
    if remote is not None:
        text = remote[1].replace("\\n", "\n").replace("\\t", "\t").replace("\\'", "'").replace('\\"', '"')
    return re.split(r"\n\s*at ", text)[0].strip()
