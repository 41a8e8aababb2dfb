"""Transfers through the book: against pgbench, on a hot account, on a slow disk, on SQLite."""

from __future__ import annotations

import itertools
import random
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks import bank, passing
from benchmarks.bank import Person
from benchmarks.postgres import Postgres
from benchmarks.rounds import Extent, Figure, Goal, in_turns
from smoney_bot.bank.desk import Transfer
from smoney_bot.bank.money import Cents
from smoney_bot.book.engine import Book

_HERE = Path(__file__).parent.parent
_SUBMITTERS = 32
_CLIENTS = (4, 8, 16, 32)  # pgbench may choose the best of these
_MILLISECOND = 1000  # in microseconds

G2 = Goal(
    "G2",
    "transfers through the book's functions, on PostgreSQL",
    "pgbench's best single-function transfer",
    1.0,
)
G3 = Goal("G3", "the same with one hot payee", "payees at random", 0.95)
G3_SLOW = Goal("G3+1ms", "one hot payee, each flush 1 ms later", "the disk as it is", 0.8)
G6 = Goal(
    "G6", "transfers through the book's functions, on SQLite", "raw sqlite3, one a commit", 1.5
)

_keys = itertools.count(1)


def on_postgresql(postgres: Postgres, extent: Extent) -> list[Figure]:
    """Return G2, G3 and G3 on a slower disk, all on one database."""
    book = bank.open_bank(postgres.create("transfers"))
    people = bank.populate(book, extent.people)
    postgres.run_file(_HERE / "baseline.sql", "transfers")
    postgres.run("VACUUM ANALYZE", "transfers")
    seconds = extent.seconds

    def by_hand(clients: int) -> float:
        script = _HERE / "hand_one_call.sql"
        return postgres.pgbench(script, database="transfers", clients=clients, seconds=seconds)

    clients = max(_CLIENTS, key=by_hand)
    at_random, onto_one = (
        _ours(book, _at_random(people), seconds),
        _ours(book, _onto_one(people), seconds),
    )
    figures = [
        in_turns(G2, at_random, lambda: by_hand(clients), extent),
        in_turns(G3, onto_one, at_random, extent),
        in_turns(G3_SLOW, _slowed(postgres, onto_one), onto_one, extent),
    ]
    said = bank.problems(book)
    book.close()
    note = f"{_SUBMITTERS} submitters; pgbench's best with {clients} clients"
    return [replace(figure, note=note, oracle=said) for figure in figures]


def on_sqlite(extent: Extent) -> list[Figure]:
    """Return G6: a file with the settings as shipped, against a raw one synced as often."""
    with TemporaryDirectory(prefix="smoney-bench-") as folder:
        book = bank.open_bank(f"sqlite:///{folder}/book.db")
        people = bank.populate(book, extent.people)
        raw = Path(folder) / "raw.db"
        journal = _settings(book)
        _open_raw(raw, journal, extent.people)
        ours = _ours(book, _at_random(people), extent.seconds)
        figure = in_turns(G6, ours, lambda: _raw_rate(raw, journal, extent), extent)
        said = bank.problems(book)
        book.close()
    note = f"{_SUBMITTERS} submitters; both journal_mode={journal}, synchronous=FULL"
    return [replace(figure, note=note, oracle=said)]


def _ours(book: Book, make: Callable[[], Transfer], seconds: int) -> Callable[[], float]:
    return lambda: passing.rate(book, make, submitters=_SUBMITTERS, seconds=seconds)


def _slowed(postgres: Postgres, measure: Callable[[], float]) -> Callable[[], float]:
    def slowly() -> float:
        postgres.set_flush_delay(_MILLISECOND)
        try:
            return measure()
        finally:
            postgres.set_flush_delay(0)

    return slowly


def _at_random(people: Sequence[Person]) -> Callable[[], Transfer]:
    return lambda: _cent(*random.sample(people, 2))


def _onto_one(people: Sequence[Person]) -> Callable[[], Transfer]:
    hot, others = people[0], people[1:]
    return lambda: _cent(random.choice(others), hot)


def _cent(payer: Person, payee: Person) -> Transfer:
    return Transfer(
        key=f"bench:{next(_keys)}",
        kind="bench",
        source=payer.account_id,
        target=payee.account_id,
        amount=Cents(1),
        booked_at=datetime.now(UTC),
    )


# The raw side of G6 -----------------------------------------------------------


def _settings(book: Book) -> str:
    with book.reading() as connection:
        mode: str = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
    return mode


def _open_raw(path: Path, journal: str, people: int) -> None:
    with closing(_connect(path, journal)) as raw:
        raw.executescript(
            "CREATE TABLE balance"
            " (id INTEGER PRIMARY KEY, cents INTEGER CHECK (cents >= 0)) STRICT;"
            "CREATE TABLE transfer (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE,"
            " source INTEGER, target INTEGER, cents INTEGER, booked_at TEXT) STRICT;"
            "CREATE INDEX by_source ON transfer (source, booked_at);"
            "CREATE INDEX by_target ON transfer (target, booked_at);"
        )
        raw.execute("BEGIN")
        opened = ((number, bank.OPENING) for number in range(1, people + 1))
        raw.executemany("INSERT INTO balance VALUES (?, ?)", opened)
        raw.execute("COMMIT")


def _connect(path: Path, journal: str) -> sqlite3.Connection:
    raw = sqlite3.connect(path, isolation_level=None)
    raw.execute(f"PRAGMA journal_mode = {journal}")
    raw.execute("PRAGMA synchronous = FULL")
    return raw


def _raw_rate(path: Path, journal: str, extent: Extent) -> float:
    done, started = 0, perf_counter()
    with closing(_connect(path, journal)) as raw:
        while (elapsed := perf_counter() - started) < extent.seconds:
            payer, payee = random.sample(range(1, extent.people + 1), 2)
            moment = datetime.now(UTC).isoformat()
            raw.execute("BEGIN IMMEDIATE")
            raw.execute(
                "INSERT INTO transfer (key, source, target, cents, booked_at)"
                " VALUES (?, ?, ?, 1, ?)",
                (f"raw:{next(_keys)}", payer, payee, moment),
            )
            raw.execute("UPDATE balance SET cents = cents - 1 WHERE id = ?", (payer,))
            raw.execute("UPDATE balance SET cents = cents + 1 WHERE id = ?", (payee,))
            raw.execute("COMMIT")
            done += 1
    return done / elapsed
