"""Files of a database that runs: some are made and dropped while they are read."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def contents(paths: Iterable[Path]) -> dict[str, bytes]:
    """Return the bytes of each of *paths* by its name, without what has gone meanwhile.

    PostgreSQL drops `pg_internal.init` whenever its catalogue changes, and SQLite
    its journal with the last connection: neither then holds anything any more.
    """
    found: dict[str, bytes] = {}
    for path in sorted(paths):
        with suppress(FileNotFoundError, IsADirectoryError):
            found[path.name] = path.read_bytes()
    return found
