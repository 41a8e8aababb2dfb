"""The witness: heads of the chain, kept in a file elsewhere.

Seals cannot tell that the newest of them are gone: a shorter chain is a sound
chain. A head that was written down where the book's own machine cannot unwrite
it can. One JSON object a line: `time`, `seal`, `transfers` (sealed so far), `hash`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from sqlalchemy import Connection, select

from smoney_bot.book import pages, seals
from smoney_bot.book.audit import Problem
from smoney_bot.book.tables import seals as seal_rows

#: The rule that a book breaks which is shorter than its witness.
NOTHING_CUT_OFF = "nothing_is_cut_off"
_AT_ONCE = 500


class BadWitness(ValueError):
    """A line of the file is not a head; the message says which."""


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain at some moment."""

    time: datetime  # of the export, by the database's clock, UTC
    seal: int
    transfers: int  # sealed so far
    hash: str

    def to_json(self) -> str:
        """Write the head as one line, without its end."""
        time = self.time.astimezone(UTC).isoformat(timespec="seconds")
        facts = {"time": time, "seal": self.seal, "transfers": self.transfers, "hash": self.hash}
        return json.dumps(facts)


def head(connection: Connection, now: datetime) -> Head | None:
    """Return the chain's head; None if nothing is sealed yet."""
    last = pages.newest(connection)
    if last is None:
        return None
    return Head(now, last.id, seals.sealed(connection, last.id), last.hash)


def read(path: Path) -> Iterator[Head]:
    """Yield the heads in the file; raise `BadWitness`, or OSError if it cannot be opened."""
    with path.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                facts = json.loads(line)
                yield Head(
                    time=datetime.fromisoformat(facts["time"]),
                    seal=int(facts["seal"]),
                    transfers=int(facts["transfers"]),
                    hash=str(facts["hash"]),
                )
            except (ValueError, TypeError, KeyError, OverflowError):
                message = f"line {number} of {path} is not a head of the chain"
                raise BadWitness(message) from None


def append(path: Path, shown: Head) -> None:
    """Add a line to the file, which is made if need be, and have it on disk."""
    with path.open("a", encoding="utf-8") as file:
        file.write(shown.to_json() + "\n")
        file.flush()
        os.fsync(file.fileno())


def compare(connection: Connection, heads: Iterable[Head]) -> Iterator[Problem]:
    """Yield what the witness knows otherwise.

    What is missing behind the book's last page is one problem, `NOTHING_CUT_OFF`,
    however many heads tell of it.
    """
    last = pages.newest(connection)
    end = last.id if last else 0
    furthest: Head | None = None
    known = iter(heads)
    while batch := list(islice(known, _AT_ONCE)):
        hashes = _hashes(connection, [one.seal for one in batch])
        for one in batch:
            if one.seal > end:
                furthest = max(furthest or one, one, key=lambda each: each.seal)
            elif hashes.get(one.seal) != one.hash:
                detail = f"is not the one that the witness saw ({_at(one)})"
                yield Problem("page_is_as_witnessed", f"page {one.seal}", detail)
    if furthest is not None:
        yield _cut_off(connection, end, furthest)


def _cut_off(connection: Connection, end: int, seen: Head) -> Problem:
    # Those that the book has and had not sealed are, by count, among those that were sealed.
    lost = max(0, seen.transfers - seals.booked(connection))
    detail = (
        f"the witness saw {seen.transfers} transfers, page {seen.seal} the last ({_at(seen)});"
        f" missing here: {seen.seal - end} of the pages, at least {lost} of the transfers"
    )
    return Problem(NOTHING_CUT_OFF, f"behind page {end}", detail)


def _at(seen: Head) -> str:
    return f"{seen.time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _hashes(connection: Connection, ids: Iterable[int]) -> dict[int, str]:
    asked = select(seal_rows.c.id, seal_rows.c.hash).where(seal_rows.c.id.in_(sorted(set(ids))))
    return {row.id: row.hash for row in connection.execute(asked)}
