"""Whole payments: from a signed delivery to the answer in the outbox."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from passlib.hash import argon2
from sqlalchemy import func, select, update

from benchmarks import bank, bodies, courier
from benchmarks.bank import BOT, KEYS, PIN, RULES, Person
from benchmarks.postgres import Postgres
from benchmarks.rounds import Extent, Figure, Goal, in_turns
from benchmarks.service import Nobody
from smoney_bot.bank import codes
from smoney_bot.bank.redaction import conceal
from smoney_bot.book import inbox
from smoney_bot.book.engine import Book
from smoney_bot.book.tables import guards, outbox
from smoney_bot.channels.x import wire
from smoney_bot.workers.counter import Counter

_HERE = Path(__file__).parent.parent
_THREADS = 2  # that hash, as many as cores

G1 = Goal("G1", "payments by PIN, from delivery to answer", "Argon2id alone, same threads", 0.90)
G7 = Goal("G7", "one payment on an idle system", "one Argon2id check", 1.2, at_most=True)
G8_UNKNOWN = Goal("G8 unknown", "messages of people without an account", "payments by PIN", 20)
G8_LOCKED = Goal("G8 locked", "orders of locked accounts", "payments by PIN", 20)
#: Payments by PIN of one round, each of another customer.
_PINS = 160
_REFUSALS = 3000
_SINGLES = 12
#: How often the end of many is looked for: a hundredth of the time that they take.
_LOOK_BETWEEN_SECONDS = 0.025
#: How often the log is looked at for a single payment, and how long the system idles then.
_LOOK_SECONDS = 0.005
_REST_SECONDS = 0.05

_numbers = itertools.count(2 * 10**18)


@dataclass(slots=True)
class _Bank:
    """A bank whose first customers have PINs."""

    url: str
    book: Book = field(init=False)
    people: list[Person] = field(init=False)
    tried: list[tuple[str, str]] = field(init=False)  # (what is hashed, its hash)

    def __post_init__(self) -> None:
        self.book = bank.open_bank(self.url)
        self.people = bank.populate(self.book, 2 * _PINS)
        with ThreadPoolExecutor(_THREADS) as pool:
            hashed = pool.map(lambda one: codes.hash_code(KEYS, one.x_id, PIN), self._payers)
            hashes = [hash_ for hash_, _ in hashed]
        bank.give_pins(self.book, self._payers, hashes)
        tags = [codes.tags(KEYS, one.x_id, PIN)[KEYS.newest] for one in self._payers]
        self.tried = list(zip(tags, hashes, strict=True))

    @property
    def _payers(self) -> Sequence[Person]:
        return self.people[:_PINS]

    def gifts(self) -> list[bytes]:
        """Return a delivery by each payer, who pays somebody by PIN."""
        now = datetime.now(UTC)
        pairs = zip(self._payers, self.people[_PINS:], strict=True)
        return [bodies.gift(one, other, PIN, next(_numbers), now) for one, other in pairs]


def measure(postgres: Postgres, extent: Extent) -> list[Figure]:
    """Return G1, G7 and G8, on one bank."""
    prepared = _Bank(postgres.create("payments"))
    book = prepared.book
    with (
        TemporaryDirectory(prefix="smoney-bench-") as name,
        courier.service(prepared.url, log=(log := Path(name) / "log")) as port,
    ):
        door = lambda: _brought(book, port, prepared.gifts())  # noqa: E731 - one line says it
        figures = [
            in_turns(G1, door, lambda: _hashed(prepared.tried), extent),
            in_turns(
                G7,
                lambda: _single(port, log, prepared.gifts()[:_SINGLES]),
                lambda: _one_hash(prepared.tried[:_SINGLES]),
                extent,
                unit="ms",
            ),
        ]
    paid = lambda: _drained(book, prepared.gifts())  # noqa: E731 - likewise
    strangers = [Person(number, 0, 0) for number in range(10**6, 10**6 + _REFUSALS)]
    figures.append(in_turns(G8_UNKNOWN, lambda: _drained(book, _asks(strangers)), paid, extent))
    locked = bank.populate(book, _REFUSALS, first=10**5)
    _lock(book, locked)
    payee = prepared.people[-1]
    refused = lambda: _drained(book, _orders(locked, payee))  # noqa: E731 - likewise
    figures.append(in_turns(G8_LOCKED, refused, paid, extent))
    said = bank.problems(book)
    book.close()
    return [replace(figure, oracle=said) for figure in figures]


# One round of each ------------------------------------------------------------


def _brought(book: Book, port: int, deliveries: Sequence[bytes]) -> float:
    """Bring *deliveries* at once; return how many were paid a second, to the last commit."""
    before = _last_reply(book)
    with TemporaryDirectory(prefix="smoney-bench-") as name:
        path = Path(name) / "deliveries"
        courier.write(path, deliveries)
        started = time.perf_counter()
        with courier.bringing_once(port, path):
            while _answers_after(book, before) < len(deliveries):
                time.sleep(_LOOK_BETWEEN_SECONDS)
            return len(deliveries) / (time.perf_counter() - started)


def _single(port: int, log: Path, deliveries: Sequence[bytes]) -> float:
    """Return how long one payment takes, in ms, each on an idle system.

    To the moment at which the service's own log says that it is booked: to ask the
    database for it again and again would take a part of the machine.
    """
    taken = []
    for delivery in deliveries:
        seen = log.stat().st_size
        started = time.time()
        _post(port, [delivery])
        while (booked := _booked_after(log, seen)) is None:
            time.sleep(_LOOK_SECONDS)
        taken.append((booked - started) * 1000)
        time.sleep(_REST_SECONDS)
    return median(taken)


def _booked_after(log: Path, seen: int) -> float | None:
    """Return when a line after *seen* bytes of the log says that a payment is booked."""
    with log.open() as lines:
        lines.seek(seen)
        for line in lines:
            if line.endswith("\n") and '"payment.booked"' in line:
                return datetime.fromisoformat(json.loads(line)["timestamp"]).timestamp()
    return None


def _hashed(tried: Sequence[tuple[str, str]]) -> float:
    """Return how many checks of Argon2id a second the same threads do, and nothing else."""
    started = time.perf_counter()
    with ThreadPoolExecutor(_THREADS) as pool:
        assert all(pool.map(lambda one: argon2.verify(*one), tried))
    return len(tried) / (time.perf_counter() - started)


def _one_hash(tried: Sequence[tuple[str, str]]) -> float:
    taken = []
    for tag, hash_ in tried:
        started = time.perf_counter()
        assert argon2.verify(tag, hash_)
        taken.append((time.perf_counter() - started) * 1000)
    return median(taken)


def _drained(book: Book, deliveries: Sequence[bytes]) -> float:
    """Keep *deliveries* first; return how many of them the counter decides a second."""
    read = (wire.read(body, bot_id=BOT.x_id).messages for body in deliveries)
    kept = [conceal(one, KEYS, BOT) for found in read for one in found]
    book.run(lambda c: inbox.keep(c, kept, book.now(c)))
    with ThreadPoolExecutor(_THREADS) as pool:
        counter = Counter(book, RULES, Nobody(), pool, KEYS)
        started, decided = time.perf_counter(), 0
        while served := counter.serve():
            decided += served
        elapsed = time.perf_counter() - started
    assert decided == len(deliveries)
    return decided / elapsed


# What they need ---------------------------------------------------------------


def _last_reply(book: Book) -> int:
    with book.reading() as connection:
        last: int | None = connection.execute(select(func.max(outbox.c.id))).scalar_one()
    return last or 0


def _answers_after(book: Book, reply_id: int) -> int:
    statement = select(func.count()).where(outbox.c.id > reply_id, outbox.c.kind == "answer")
    with book.reading() as connection:
        return connection.execute(statement).scalar_one()


def _post(port: int, deliveries: Sequence[bytes]) -> None:
    with closing(HTTPConnection("127.0.0.1", port)) as door:
        for body in deliveries:
            signed = {"x-twitter-webhooks-signature": bodies.signature(body)}
            door.request("POST", "/webhooks/x", body, signed)
            answer = door.getresponse()
            assert answer.status == HTTPStatus.OK, answer.read()
            answer.read()


def _asks(people: Sequence[Person]) -> list[bytes]:
    now = datetime.now(UTC)
    return [bodies.chat(one, "#solde", next(_numbers), now) for one in people]


def _orders(people: Sequence[Person], payee: Person) -> list[bytes]:
    now = datetime.now(UTC)
    return [bodies.gift(one, payee, PIN, next(_numbers), now) for one in people]


def _lock(book: Book, people: Sequence[Person]) -> None:
    """Lock these accounts for longer than all the rounds take."""
    ids = [one.customer_id for one in people]
    locked = {"failures": 5, "locks": 3, "locked_until": datetime.now(UTC) + timedelta(hours=2)}
    statement = update(guards).where(guards.c.customer_id.between(ids[0], ids[-1]))
    book.run(lambda c: c.execute(statement.values(**locked)))
