"""A stand-in for the bank, so that the page can be tried alone; and the page on a free port."""

from __future__ import annotations

import queue
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import uvicorn
from starlette.applications import Starlette

from smoney_bot.bank.customers import Kind
from smoney_bot.bank.desk import Outcome
from smoney_bot.bank.money import Cents
from smoney_bot.channels.sandbox.page import (
    CardCode,
    PersonView,
    Step,
    StepName,
    StepState,
    Way,
    create_page,
)
from smoney_bot.channels.sandbox.world import Direct, Post, World

BOT, ALICE, BOB, ENTRAIDE = "9000", "9001", "9002", "9003"

_LIMIT = Cents(250_00)
_ORDER = re.compile(r"@Smoney #(\d+)(?:,(\d\d))? @(\w+)(?: #(\d{8}))?")

_STATES = {True: StepState.DONE, False: StepState.REFUSED, None: StepState.WAITING}


class StandInBank:
    """Pays when the code is on the card and the amount is at most 250 €, slowly enough to see."""

    def __init__(self, world: World, pause: float) -> None:
        self._world = world
        self.pause = pause
        self._changes = 0
        self._ways: dict[str, Way] = {}
        self._news: queue.SimpleQueue[Post | Direct | None] = queue.SimpleQueue()
        self.people = {
            ALICE: _person("alice", "Alice", 12000, secret=482193),
            BOB: _person("bob", "Bob", 4550, secret=113355),
            ENTRAIDE: _person("entraide", "Entraide", 0, secret=700411, kind=Kind.ASSOCIATION),
        }
        world.listen(self._news.put)
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def person(self, x_id: str) -> PersonView:
        return self.people[x_id]

    def way(self, message_key: str) -> Way | None:
        return self._ways.get(message_key)

    def changes(self) -> int:
        return self._changes

    def close(self) -> None:
        self._news.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (message := self._news.get()) is not None:
            if isinstance(message, Direct) and message.recipient_id == BOT:
                self._answer_direct(message)
            elif isinstance(message, Post) and message.mentions_explicitly(BOT):
                self._answer_post(message)

    def _answer_direct(self, direct: Direct) -> None:
        self._walk(f"d:{direct.id}", received=True)
        balance = self.people[direct.sender_id].balance_cents
        self._world.send_direct(BOT, direct.sender_id, f"Solde : {int(balance) / 100:.2f} €")
        self._walk(f"d:{direct.id}", received=True, answered=True, outcome=Outcome.APPLIED)

    def _answer_post(self, post: Post) -> None:
        key, order = f"t:{post.key}", _ORDER.fullmatch(post.text)
        self._walk(key, received=True, checked=None, booked=None, answered=None)
        if order is None:
            self._walk(key, received=True, outcome=Outcome.IGNORED)
            return
        payee = self._world.by_handle(order[3])
        cents = Cents(int(order[1]) * 100 + int(order[2] or 0))
        right = self._use(post.author_id, order[4])
        self._walk(key, received=True, checked=right, booked=None, answered=None)
        paid = right and payee is not None and cents <= _LIMIT
        if paid and payee is not None:
            self._move(post.author_id, -cents)
            self._move(payee.x_id, cents)
        self._walk(key, received=True, checked=right, booked=paid, answered=None)
        words = f"Payé : {order[1]} € à {order[3]}" if paid else "Refusé. Rien n'a été payé"
        self._world.post(BOT, f"{words} (réf. {post.id[-6:]})", in_reply_to=post.id)
        outcome = Outcome.APPLIED if paid else Outcome.REFUSED if right else Outcome.DECLINED
        self._walk(key, received=True, checked=right, booked=paid, answered=True, outcome=outcome)

    def _use(self, x_id: str, digits: str | None) -> bool:
        person = self.people[x_id]
        right = any(code.digits == digits and not code.used for code in person.card)
        card = tuple(replace(code, used=code.used or code.digits == digits) for code in person.card)
        self.people[x_id] = replace(person, card=card)
        return right

    def _move(self, x_id: str, cents: int) -> None:
        person = self.people[x_id]
        self.people[x_id] = replace(person, balance_cents=person.balance_cents + cents)

    def _walk(self, key: str, *, outcome: Outcome | None = None, **states: bool | None) -> None:
        old = {step.name: step for step in self._ways[key].steps} if key in self._ways else {}
        steps = []
        for name, reached in states.items():
            step = Step(
                StepName(name), None if reached is None else datetime.now(UTC), _STATES[reached]
            )
            before = old.get(step.name)
            steps.append(before if before and before.state is step.state else step)
        self._ways[key] = Way(tuple(steps), f"{key[-6:-2]}-{key[-2:]}", outcome)
        self._changes += 1
        time.sleep(self.pause)


def _person(
    handle: str, name: str, cents: int, *, secret: int, kind: Kind = Kind.PERSON
) -> PersonView:
    card = tuple(
        CardCode(f"{place:02}{(secret * place * 7) % 1_000_000:06}") for place in range(1, 21)
    )
    return PersonView(handle=handle, name=name, kind=kind, balance_cents=Cents(cents), card=card)


@contextmanager
def running(pause: float = 0.02) -> Iterator[tuple[str, World, StandInBank]]:
    """Run the page on a free port; yield its address, the local X and the bank."""
    world = World()
    for x_id, handle, name in (
        (BOT, "Smoney", "Smoney"),
        (ALICE, "alice", "Alice"),
        (BOB, "bob", "Bob"),
        (ENTRAIDE, "entraide", "Entraide"),
    ):
        world.add_user(handle, name, x_id=x_id)
    bank = StandInBank(world, pause)
    app = Starlette(routes=create_page(world, bank, bot_id=BOT, cast=[ALICE, BOB, ENTRAIDE]))
    config = uvicorn.Config(app, port=0, log_level="error", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}", world, bank
    finally:
        server.should_exit = True
        thread.join()
        bank.close()
