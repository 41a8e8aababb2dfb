"""The door: a delivery checked, kept and committed before its 200, against one not kept."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from sqlalchemy import func, select

from benchmarks import bank, bodies, courier
from benchmarks.bank import Person
from benchmarks.courier import Brought
from benchmarks.postgres import Postgres
from benchmarks.rounds import Extent, Figure, Goal, in_turns
from smoney_bot.book.engine import Book
from smoney_bot.book.tables import inbox

G5 = Goal("G5", "deliveries kept, on PostgreSQL", "the same route, nothing kept", 0.85)
G5_SQLITE = Goal("G5 SQLite", "deliveries kept, on SQLite", "the same route, nothing kept", 0.55)

#: More than are brought in one round, so that each is new.
_DELIVERIES_A_SECOND = 9000

_numbers = itertools.count(10**18)


def on_postgresql(postgres: Postgres, extent: Extent) -> list[Figure]:
    """Return G5 on PostgreSQL."""
    return [_measure(G5, postgres.create("ingest"), extent)]


def on_sqlite(extent: Extent) -> list[Figure]:
    """Return G5 on SQLite as it is shipped."""
    with TemporaryDirectory(prefix="smoney-bench-") as folder:
        return [_measure(G5_SQLITE, f"sqlite:///{folder}/book.db", extent)]


def _measure(goal: Goal, url: str, extent: Extent) -> Figure:
    book = bank.open_bank(url)
    seen: list[Brought] = []
    with TemporaryDirectory(prefix="smoney-bench-") as name:
        folder = Path(name)

        def kept() -> float:
            return _bring(url, folder, extent, seen)

        def not_kept() -> float:
            return _bring(url, folder, extent, [], "--keep-nothing")

        figure = in_turns(goal, kept, not_kept, extent)
    said = _all_kept(book, seen)
    book.close()
    p99 = median(one.p99 for one in seen[1:])
    note = f"p99 {p99:.1f} ms, {courier.CONNECTIONS} connections of wrk"
    return replace(figure, note=note, oracle=said, more={"p99_ms": p99})


def _bring(url: str, folder: Path, extent: Extent, seen: list[Brought], *words: str) -> float:
    path = folder / "deliveries"
    people = [Person(number, 0, 0) for number in range(1000)]
    now = datetime.now(UTC)
    count = _DELIVERIES_A_SECOND * extent.seconds
    each = zip(itertools.cycle(people), itertools.islice(_numbers, count), strict=False)
    courier.write(path, (bodies.chat(one, "#solde", number, now) for one, number in each))
    with courier.service(url, "--no-work", *words) as port:
        brought = courier.bring(port, path, seconds=extent.seconds)
    seen.append(brought)
    return brought.rate


def _all_kept(book: Book, seen: list[Brought]) -> str:
    """Return whether each delivery that was answered 200 stands in the inbox."""
    with book.reading() as connection:
        rows = connection.execute(select(func.count()).select_from(inbox)).scalar_one()
    failures = sum(one.failures for one in seen)
    answered = sum(one.rate for one in seen)
    return "sound" if rows and not failures else f"{rows} rows, {failures} failures, {answered}"
