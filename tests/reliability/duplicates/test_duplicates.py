"""Whatever X brings how often, on how many ways, in which order: each event has one effect.

Full count (`SMONEY_RELIABILITY=full`): 10,000 events on each engine, each five
times by the newer webhook, five times by the older one and in five readings of
X's lists, shuffled, in eight threads; and once more 400 days later.
"""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial

import pytest
from bodies import Thing, newer, older
from crowd import Crowd
from reliability_figures import FULL, SEED, chance, record
from sqlalchemy import make_url, text
from storm import LaterBook, Storm, Task, storm
from structlog import DropEvent, get_config
from whole_bank import BOT, KEYS

from smoney_bot.bank.redaction import conceal
from smoney_bot.book import audit
from smoney_bot.channels.sandbox.posts import Post
from smoney_bot.channels.sandbox.world import World
from smoney_bot.web import webhook
from smoney_bot.workers.timers import Timers

EVENTS, WAVE = (10_000, 500) if FULL else (50, 25)

_TIMES = 5  # by each way
_LATER = timedelta(days=400)
_OVERDUE = EVENTS // 100 or 1  # more events, which X brings for the first time 400 days later


@dataclass
class Told:
    """What was said to the bot, by the keys that it must have."""

    paid: set[str] = field(default_factory=set)  # orders as X first showed them
    edited: set[str] = field(default_factory=set)  # orders whose words were changed since
    overdue: set[str] = field(default_factory=set)  # orders that are first brought much later
    things: list[Thing] = field(default_factory=list)  # all that X has to bring

    def keys(self) -> set[str]:
        """Return every key."""
        return self.paid | self.edited | self.overdue


def _key(thing: Thing) -> str:
    return f"t:{thing.key}" if isinstance(thing, Post) else f"d:{thing.id}"


def _speak(world: World, crowd: Crowd, told: Told, dice: random.Random) -> list[Thing]:
    """Let orders be given, some edited or reposted; return all that X has to bring of them."""
    said: list[Thing] = []
    for _ in range(WAVE):
        thing = crowd.post(dice) if dice.random() < 0.8 else crowd.direct(dice)
        said.append(thing)
        fate = dice.random() if isinstance(thing, Post) else 1.0
        if fate < 0.1:
            said.append(world.edit(thing.id, thing.text.replace("#1 ", "#2 ")))
        elif fate < 0.2:
            said.append(world.repost(dice.choice(crowd.users).x_id, thing.id))
        (told.edited if fate < 0.1 else told.paid).add(_key(thing))
    told.things += said
    return said


def _tasks(
    blowing: Storm, world: World, things: Sequence[Thing], dice: random.Random
) -> Iterator[Task]:
    """Yield every delivery of *things*, five times on each way."""
    for _ in range(_TIMES):
        shuffled = dice.sample(list(things), len(things))
        for body in (*newer(world, BOT.x_id, shuffled, dice), *older(world, BOT.x_id, shuffled)):
            yield partial(blowing.bring, body)
        yield blowing.read_lists


def _blow(book: LaterBook, world: World, crowd: Crowd, told: Told) -> None:
    """Give all orders, wave by wave, and have every one decided; and again 400 days later."""
    dice = chance("duplicates")
    with storm(book, world) as blowing:
        for _ in range(EVENTS // WAVE):
            things = _speak(world, crowd, told, dice)
            tasks = [*_tasks(blowing, world, things, dice), *[blowing.serve] * (WAVE // 25)]
            blowing.run(dice.sample(tasks, len(tasks)))
            _serve_all(blowing)
        overdue = [crowd.post(dice) for _ in range(_OVERDUE)]
        told.overdue = {_key(thing) for thing in overdue}
        book.later = _LATER
        for _ in range(EVENTS // 500 + 1):
            Timers(book).serve()  # what was said is forgotten by now, but for the keys
        again = dice.sample(told.things, len(told.things) // 5)
        blowing.run(_tasks(blowing, world, [*overdue, *again], dice))
        _serve_all(blowing)


def _serve_all(blowing: Storm) -> None:
    while blowing.serve():
        pass


def _violations(book: LaterBook, told: Told) -> Iterator[str]:
    with book.reading() as connection:

        def column(question: str) -> list[str]:
            return list(connection.execute(text(question)).scalars())

        keys = column("SELECT key FROM inbox")
        booked = column("SELECT key FROM transfers WHERE kind = 'payment'")
        odd = column("SELECT key FROM transfers WHERE kind = 'payment' AND amount_cents <> 100")
        applied = set(column("SELECT key FROM inbox WHERE state = 'applied'"))
        ended = column("SELECT key FROM inbox WHERE state IN ('applied', 'refused')")
        answers = column("SELECT message_key FROM outbox WHERE kind = 'answer'")
        yield from (f"audit: {one.rule}: {one.subject}" for one in audit.verify(connection))
    yield from (f"never kept: {key}" for key in told.keys() - set(keys))
    yield from (f"nobody said it: {key}" for key in set(keys) - told.keys())
    yield from (f"not paid: {key}" for key in told.paid - set(booked))
    yield from (f"paid after 400 days: {key}" for key in told.overdue & set(booked))
    yield from (f"paid otherwise than ordered: {key}" for key in odd)
    yield from (f"booked, but not applied: {key}" for key in set(booked) ^ applied)
    yield from (f"not decided: {key}" for key in set(keys) - set(ended))
    if sorted(answers) != sorted(keys):
        yield f"{len(answers)} answers to {len(keys)} events"


def _outcome(url: str) -> tuple[list[str], Told]:
    book, world, told = LaterBook(url), World(), Told()
    world.add_user(BOT.handle, BOT.handle, x_id=BOT.x_id, automated=True)
    crowd = Crowd(world, BOT.x_id, EVENTS + _OVERDUE)
    crowd.open(book, KEYS)
    try:
        _blow(book, world, crowd, told)
        return list(_violations(book, told)), told
    finally:
        book.close()


def _aside(url: str) -> tuple[list[str], Told]:
    """Run it in a thread of its own: a browser of another test may hold this one's loop."""
    with ThreadPoolExecutor(1) as beside:
        return beside.submit(_outcome, url).result()


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Drop every log line: there are hundreds of thousands."""

    def drop(*_: object) -> str:
        raise DropEvent

    # In place, because loggers keep the list that they first saw.
    processors = get_config()["processors"]
    usual = processors.copy()
    processors[:] = [drop]
    yield
    processors[:] = usual


def test_every_event_has_one_effect_however_often_it_is_brought(book_url: str) -> None:
    started = time.monotonic()
    violations, told = _aside(book_url)
    record(
        "duplicates on three ways",
        engine=make_url(book_url).get_backend_name(),
        counted=f"{EVENTS:,} events, {_TIMES} times on each way",
        violations=len(violations),
        seconds=time.monotonic() - started,
        seed=SEED,
        note=f"8 threads; {len(told.edited)} edited, {len(told.overdue)} more first after 400 days;"
        " codes hashed at Argon2id's lowest cost",
    )
    assert violations == []


def test_the_count_notices_a_key_that_is_made_for_each_delivery(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: with delivery ids for keys the same order comes again and again."""
    deliveries = itertools.count(1)
    monkeypatch.setattr(
        webhook, "conceal", lambda *given: replace(conceal(*given), key=f"t:{next(deliveries)}")
    )
    for name in ("EVENTS", "WAVE"):
        monkeypatch.setattr(f"test_duplicates.{name}", 5)
    violations, _ = _aside(sqlite_url)
    assert any(one.startswith("nobody said it") for one in violations)
