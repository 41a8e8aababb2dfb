"""Payments whose code costs no slow hash: the service itself is what is measured."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, sleep

from benchmarks import bank, bodies, courier
from benchmarks.bank import Person
from benchmarks.postgres import Postgres
from benchmarks.rounds import Extent, Figure, Goal, in_turns
from smoney_bot.book.engine import Book

_HERE = Path(__file__).parent.parent

APP = Goal(
    "authenticator",
    "payments by authenticator, from delivery to answer",
    "pgbench's multi-statement transfer",
    0.3,
)

#: Each pays once in 30 s of the posts' own time.
_STEPS = 4
_PEOPLE = 2000
_CLIENTS = 8

_numbers = itertools.count(3 * 10**18)


def measure(postgres: Postgres, extent: Extent) -> list[Figure]:
    """Return how fast payments by authenticator are, against transfers written by hand."""
    url = postgres.create("authenticators")
    book = bank.open_bank(url)
    paying = Paying(url, book)
    postgres.run_file(_HERE / "baseline.sql", "authenticators")
    postgres.run("VACUUM ANALYZE", "authenticators")
    script = _HERE / "hand_statements.sql"

    def by_hand() -> float:
        return postgres.pgbench(
            script, database="authenticators", clients=_CLIENTS, seconds=extent.seconds
        )

    figure = in_turns(APP, paying.rate, by_hand, extent)
    said = bank.problems(book)
    book.close()
    note = f"door and counter apart, a process each; pgbench with {_CLIENTS} clients"
    return [replace(figure, note=note, oracle=said)]


class Paying:
    """A bank whose people pay by authenticator, from delivery to answer."""

    def __init__(self, url: str, book: Book) -> None:
        self._url = url
        self._book = book
        self._people = bank.give_authenticators(book, bank.populate(book, _PEOPLE))
        self._moments = bank.rounds_of_an_hour()

    def rate(self) -> float:
        """Return how many are paid a second, from the first delivery to the last commit."""
        moments = list(itertools.islice(self._moments, _STEPS))
        with TemporaryDirectory(prefix="smoney-bench-") as name:
            path = Path(name) / "deliveries"
            courier.write(path, _deliveries(self._people, moments))
            return _paid(self._url, self._book, path)


def _deliveries(people: list[Person], moments: list[datetime]) -> list[bytes]:
    found = []
    for moment in moments:
        for payer, payee in zip(people, people[1:] + people[:1], strict=True):
            code = bank.code_of(payer, moment)
            found.append(bodies.gift(payer, payee, code, next(_numbers), moment))
    return found


def _paid(url: str, book: Book, path: Path) -> float:
    """Bring all, and return how many were paid a second, from the first to the last commit."""
    last, expected = bank.last_transfer(book), _PEOPLE * _STEPS
    with (
        courier.service(url, "--no-web"),
        courier.service(url, "--no-work") as port,
        courier.bringing_once(port, path),
    ):
        started = perf_counter()
        while (booked := bank.transfers_after(book, last)) < expected:
            assert perf_counter() - started < 120, f"{booked} of {expected} were paid"  # noqa: PLR2004 - two minutes
            sleep(0.02)
        return expected / (perf_counter() - started)
