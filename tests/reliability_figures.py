"""The table of reliability figures: what was tried, how often, and what came of it.

Tests call `record`; the lines stand at the end of pytest's output. A full run
(`SMONEY_RELIABILITY=full`, or `night` for still more) also writes them into
docs/reliability.md, where the lines of figures that were not run again stay.
`SMONEY_SEED` asks for another seed.

Loaded as a plugin by the conftest, so that a run that pytest-xdist splits
collects the figures of all its processes in one file.
"""

from __future__ import annotations

import json
import os
import platform
import random
import sqlite3
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, astuple, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

_EXTENT = os.environ.get("SMONEY_RELIABILITY")
NIGHT = _EXTENT == "night"
FULL = NIGHT or _EXTENT == "full"
SEED = os.environ.get("SMONEY_SEED", "14-10-2014")

#: Figures of a full run are kept in the page: of this suite, the safety suite, or the fleet.
_KEEPS = FULL or "full" in map(os.environ.get, ("SMONEY_SAFETY", "SMONEY_FLEET"))

_PAGE = Path(__file__).parents[1] / "docs" / "reliability.md"
_ROWS = "SMONEY_RELIABILITY_ROWS"  # where the processes of one run put their rows
_HEADS = ("figure", "engine", "counted", "violations", "seconds", "seed", "day", "note")
_PREFACE = """# Reliability: what was tried, and what came of it

Written by `make reliability`, `make reliability-night`, `make safety` and `make fleet`.
Every figure has a negative control in the same tests: a sabotage that must make it fail.
Seconds are those of one process; the parts of a figure may have run beside each other.
"""


def chance(name: str) -> random.Random:
    """Return the dice of the test *name*: the same seed throws the same."""
    return random.Random(f"{SEED}/{name}")


@dataclass(frozen=True, slots=True)
class Row:
    """One figure, as it is shown."""

    name: str
    engine: str
    counted: str
    violations: str
    seconds: str
    seed: str
    day: str
    note: str

    def with_another(self, other: Row) -> Row:
        """Return the two parts of one figure as one line."""
        return replace(
            self,
            counted=", ".join(map(_sum, self.counted.split(", "), other.counted.split(", "))),
            violations=str(int(self.violations) + int(other.violations)),
            seconds=f"{float(self.seconds) + float(other.seconds):.1f}",
        )


def _sum(one: str, other: str) -> str:
    """Return "12 kills" and "3 kills" as "15 kills"; numbers behind the first one as they are."""
    counted, _, of = one.partition(" ")
    more = other.partition(" ")[0]
    return f"{int(counted.replace(',', '')) + int(more.replace(',', '')):,} {of}"


def record(
    name: str,
    *,
    counted: object,
    violations: int,
    seconds: float,
    seed: object,
    engine: str,
    note: str = "",
) -> None:
    """Add a line to the table: *counted* tells how much was tried ("1,000 kills").

    Lines of one figure and engine become one: what was counted is added up.
    """
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    row = Row(
        name, engine, str(counted), str(int(violations)), f"{seconds:.1f}", str(seed), day, note
    )
    if path := os.environ.get(_ROWS):
        with Path(path).open("a", encoding="utf-8") as rows:
            rows.write(json.dumps(asdict(row)) + "\n")
    print("  ".join(astuple(row)))  # noqa: T201 - the table is for people


_began = {"at": time.monotonic()}


def pytest_runtest_call() -> None:
    """Note when the test at hand began."""
    _began["at"] = time.monotonic()


def seconds_so_far() -> float:
    """Return how long the test at hand has been running, for figures that time nothing."""
    return time.monotonic() - _began["at"]


def pytest_configure(config: pytest.Config) -> None:
    """Open one file for the rows of all processes of this run."""
    if not hasattr(config, "workerinput"):
        handle, path = tempfile.mkstemp(prefix="smoney-figures-")
        os.close(handle)
        os.environ[_ROWS] = path


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove that file."""
    if not hasattr(config, "workerinput") and (path := os.environ.pop(_ROWS, None)):
        Path(path).unlink(missing_ok=True)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show the table, and keep it if this was a full run."""
    path = os.environ.get(_ROWS)
    rows = _joined(_read(Path(path))) if path else []
    if not rows:
        return
    table = [_HEADS, *(astuple(row) for row in sorted(rows, key=_place))]
    widths = [max(len(line[column]) for line in table) for column in range(len(_HEADS))]
    terminalreporter.section("reliability figures")
    for line in table:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        terminalreporter.write_line("  ".join(cells).rstrip())
    if _KEEPS:
        _keep(rows)


def _joined(rows: Iterable[Row]) -> list[Row]:
    joined: dict[tuple[str, str], Row] = {}
    for row in rows:
        place = _place(row)
        joined[place] = joined[place].with_another(row) if place in joined else row
    return list(joined.values())


def _place(row: Row) -> tuple[str, str]:
    return row.name, row.engine


def _read(path: Path) -> Iterator[Row]:
    for line in path.read_text(encoding="utf-8").splitlines():
        yield Row(**json.loads(line))


def _keep(rows: list[Row]) -> None:
    """Write *rows* into the page, in the place of older ones of the same figure."""
    kept = {_place(row): row for row in [*_kept(), *rows]}
    lines = [_HEADS, ("---",) * len(_HEADS)]
    lines += [astuple(row) for _, row in sorted(kept.items())]
    table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    _PAGE.parent.mkdir(exist_ok=True)
    _PAGE.write_text(f"{_PREFACE}\n{_machine()}\n\n{table}\n", encoding="utf-8")


def _machine() -> str:
    """Say what the last run ran on."""
    programs = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    return f"The last run: {platform.system()}, {os.cpu_count()} cores, {programs}."


def _kept() -> Iterator[Row]:
    if not _PAGE.exists():
        return
    lines = _PAGE.read_text(encoding="utf-8").splitlines()
    for line in [line for line in lines if line.startswith("| ")][2:]:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == len(_HEADS):  # the table had fewer columns once
            yield Row(*cells)
