"""What a program did to its files, in order, as strace saw it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_CALLS = "openat,close,pwrite64,write,ftruncate,fsync,fdatasync,unlink,unlinkat"
_LINE = re.compile(r"\d+ +(\w+)\((.*)\) += (-?\d+)(?: .*)?")
_QUOTED = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_ACKNOWLEDGEMENTS = 1  # the descriptor that they are written to: standard output
_TIMEOUT_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Create:
    """A file appears in the folder."""

    name: str


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes are given to the system; they are on disk once the file is synced."""

    name: str
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Truncate:
    """A file is cut, or made longer."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Unlink:
    """A file leaves the folder."""

    name: str


@dataclass(frozen=True, slots=True)
class Sync:
    """A file (None: the folder) is synced: the program waited until the disk had it."""

    name: str | None


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """The world was told that payment *number* is booked."""

    number: int


Step = Create | Write | Truncate | Unlink | Sync | Acknowledge


def record(program: Path, database: Path, *words: str) -> list[Step]:
    """Run a Python *program* on *database* and return what it did there."""
    trace = database.with_suffix(".trace")
    tracer = ["strace", "-f", "-qq", "-xx", "-s", "1000000", "-o", str(trace), "-e", _CALLS]
    subprocess.run(  # noqa: S603 - our own program
        [*tracer, sys.executable, str(program), str(database), *words],
        check=True,
        stdout=subprocess.DEVNULL,
        timeout=_TIMEOUT_SECONDS,
    )
    return list(_steps(trace, database))


def _steps(trace: Path, database: Path) -> Iterator[Step]:
    names: dict[int, str | None] = {}  # of the open files of this database, by descriptor
    with trace.open() as lines:
        for line in lines:
            found = _LINE.match(line)
            if found is None or int(found[3]) < 0:
                continue
            yield from _step(found[1], found[2], int(found[3]), database, names)


def _step(
    call: str, words: str, answer: int, database: Path, names: dict[int, str | None]
) -> Iterator[Step]:
    quoted = _QUOTED.search(words)
    text = bytes.fromhex(quoted[1].replace("\\x", "")) if quoted else b""
    if call in {"openat", "unlink", "unlinkat"}:
        yield from _step_of_name(call, words, Path(text.decode()), answer, database, names)
        return
    descriptor, *rest = words.split(", ")
    number = int(descriptor)
    if call == "write" and number == _ACKNOWLEDGEMENTS:
        yield Acknowledge(int(text))
    elif call == "close":
        names.pop(number, None)
    elif number in names:
        yield _step_of_file(call, names[number], text, rest)


def _step_of_name(
    call: str, words: str, path: Path, answer: int, database: Path, names: dict[int, str | None]
) -> Iterator[Step]:
    if path == database.parent:
        names[answer] = None
    elif path.parent == database.parent and path.name.startswith(database.name):
        if call != "openat":
            yield Unlink(path.name)
        elif not path.name.endswith("-shm"):  # rebuilt at each start
            names[answer] = path.name
            if "O_CREAT" in words:
                yield Create(path.name)


def _step_of_file(call: str, name: str | None, data: bytes, rest: list[str]) -> Step:
    if call in {"fsync", "fdatasync"}:
        return Sync(name)
    assert name is not None, f"{call} on a folder"
    if call == "ftruncate":
        return Truncate(name, int(rest[0]))
    assert call == "pwrite64", f"{call} on {name}: not understood"
    return Write(name, int(rest[-1]), data)
