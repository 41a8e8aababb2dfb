"""A whole bank beside a whole X in one thread: who lives there, starting, stopping, resting."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from types import MappingProxyType

import pytest
from crash_points import Killed, Points
from one_thread import (
    START,
    Asking,
    Clock,
    Inline,
    InProcess,
    PromptKeeper,
    clock_book,
    in_this_thread,
)
from sqlalchemy import Connection
from starlette.applications import Starlette
from starlette.routing import Route

from smoney_bot.bank import codes, policy
from smoney_bot.bank.authenticators import new_secret
from smoney_bot.bank.case import Rules
from smoney_bot.bank.customers import Kind, Language
from smoney_bot.bank.keys import Keyring
from smoney_bot.bank.money import Cents, euros
from smoney_bot.bank.orders import Bot
from smoney_bot.book import (
    asks,
    authenticators,
    collections,
    customers,
    holds,
    inbox,
    ledger,
    outbox,
)
from smoney_bot.book import codes as code_records
from smoney_bot.book.engine import Book
from smoney_bot.channels.sandbox import api
from smoney_bot.channels.sandbox.api import create_api
from smoney_bot.channels.sandbox.deliveries import Deliveries
from smoney_bot.channels.sandbox.events import events
from smoney_bot.channels.sandbox.faults import Faults
from smoney_bot.channels.sandbox.oauth import AppKeys
from smoney_bot.channels.sandbox.signing import Secrets
from smoney_bot.channels.sandbox.world import Direct, Post, World
from smoney_bot.channels.x.budget import Budget
from smoney_bot.channels.x.client import XClient
from smoney_bot.channels.x.pacing import Pacing
from smoney_bot.web.console import gate
from smoney_bot.web.webhook import Door
from smoney_bot.workers.catching_up import CatchingUp
from smoney_bot.workers.counter import Counter
from smoney_bot.workers.sender import Sender
from smoney_bot.workers.timers import Timers

BOT = Bot("222222222", "Smoney")
RULES = Rules(BOT, policy.Limits(), hold=policy.HOLD_LIFE)
RICH = Budget(euros(10_000))  # what a day at X costs is tried elsewhere
KEYS = Keyring({"k": b"k" * 32})
APP = AppKeys(
    consumer_key="invented-consumer-key",
    consumer_secret="invented-consumer-secret",
    access_token="222222222-invented-token",
    access_token_secret="invented-token-secret",
    bearer_token="invented-bearer",
    bot_id=BOT.x_id,
)
X_URL = "http://x.invalid"
DOOR_URL = "http://bank.invalid/webhooks/x"
SIGNATURE = "x-twitter-webhooks-signature"

#: Everybody has a card of so many places, and a PIN; alice has an authenticator too.
PLACES = 20
PIN = "4711"

#: How long a settling bank is watched at most, in steps past every lease.
_STEP = timedelta(seconds=125)
_STEPS = 60


@dataclass(frozen=True)
class Role:
    """Somebody on the local X; `cents` None: no account here."""

    handle: str
    x_id: str
    cents: int | None
    kind: Kind = Kind.PERSON


CAST = (
    Role("alice", "111111111", 500_00),
    Role("bob", "333333333", 100_00),
    Role("carol", "444444444", 2400_00),
    Role("entraide", "555555555", 0, Kind.ASSOCIATION),
    Role("mallory", "666666666", None),
)
BY_HANDLE = {role.handle: role for role in CAST}


def hasten(patch: pytest.MonkeyPatch) -> None:
    """Let the local X and the console stay in this thread: their own ones are not tried here."""
    patch.setattr(api, "run_in_threadpool", in_this_thread)
    patch.setattr(gate, "run_in_threadpool", in_this_thread)


def card(handle: str) -> list[str]:
    """Return the codes of somebody's card; no two people have one in common."""
    salt = int(BY_HANDLE[handle].x_id) % 9973
    return [f"{place:02}{(place * 7919 + salt) % 1_000_000:06}" for place in range(1, PLACES + 1)]


@cache
def _hashed(author_id: str, digits: str) -> tuple[str, str]:
    return codes.hash_code(KEYS, author_id, digits)


def open_accounts(url: str) -> None:
    """Open the accounts of `CAST` in the migrated database at *url*."""
    book = Book(url)
    for role in CAST:
        if role.cents is not None:
            book.run(lambda connection, role=role: _open(connection, role))  # type: ignore[misc] # bound at once
    book.close()


def _open(connection: Connection, role: Role) -> None:
    customer = customers.open_account(
        connection,
        handle=role.handle,
        x_id=role.x_id,
        kind=role.kind,
        language=Language.ENGLISH,
        now=START,
    )
    printed = [(int(one[:2]), *_hashed(role.x_id, one)) for one in card(role.handle)]
    code_records.issue_card(connection, customer.id, printed, START)
    pin_hash, key_id = _hashed(role.x_id, PIN)
    code_records.set_pin(connection, customer.id, hash_=pin_hash, key_id=key_id, now=START)
    if role.handle == "alice":
        app = new_secret(KEYS, role.handle)
        authenticators.put(connection, customer.id, app.secret, START)
    if role.cents:
        ledger.deposit(connection, customer, Cents(role.cents), f"opening {role.handle}", START)


class WholeBank:
    """The bank on the database at *url* and its X; `restart` is what follows a death.

    What X has to tell waits in `mail` until somebody delivers it. Not *paced*, it
    keeps no count of X's limits: X alone does.
    """

    def __init__(self, url: str, *, paced: bool = True) -> None:
        self._url, self._paced = url, paced
        self.clock, self.points, self.faults = Clock(), Points(), Faults()
        self.world = World(self.clock.seconds)
        self.world.add_user("Smoney", "Smoney", x_id=BOT.x_id, automated=True)
        for role in CAST:
            self.world.add_user(role.handle, role.handle.title(), x_id=role.x_id)
        self.mail: list[bytes] = []
        self.said: list[str] = []  # ids of what customers said, in order
        self.noted: list[str] = []  # what a scenario saw on the way
        self.world.listen(self._hear)
        self._deliveries = Deliveries(
            self.world, consumer_secret=APP.consumer_secret, bot_id=BOT.x_id
        )
        self.asking = Asking()
        x = create_api(self.world, app=APP, deliveries=self._deliveries, faults=self.faults)
        self.line = InProcess(x, self.asking, self.points)
        self.deaths = 0
        self.errors: list[str] = []  # what the loops of the service would have logged
        self.start()

    def start(self) -> None:
        """Build everything that a process has in memory."""
        self.book = clock_book(self._url)
        self.book.clock, self.book.points = self.clock, self.points
        self.pool = Inline()
        x = self._client()
        self.counter = Counter(self.book, RULES, x, self.pool, KEYS)
        self.sender = Sender(self.book, x, RICH)
        self.timers = Timers(self.book, RULES.limits)
        self.catching_up = CatchingUp(self.book, x, KEYS, BOT)
        door = Door(self.book, PromptKeeper(self.book), KEYS, BOT, APP.consumer_secret, SIGNATURE)
        self._door = Starlette(
            routes=[
                Route("/webhooks/x", door.deliver, methods=["POST"]),
                Route("/webhooks/x", door.challenge),
            ]
        )

    def another_counter(self) -> Counter:
        """Return the counter of a second process on the same book."""
        return Counter(self.book, RULES, self._client(), Inline(), KEYS)

    def another_sender(self) -> Sender:
        """Return the sender of a second process on the same book."""
        return Sender(self.book, self._client(), RICH)

    def restart(self) -> None:
        """Throw the process away and start the next one."""
        self.deaths += 1
        self.book.close()
        self.start()

    def enrol(self, handle: str) -> None:
        """Let an operator open somebody's account, uncounted: nothing befalls that."""
        with self.points.at_rest():
            self.book.run(lambda connection: _open(connection, BY_HANDLE[handle]))

    def close(self) -> None:
        """End everything."""
        self.book.close()
        self._deliveries.close()
        self.asking.close()

    def deliver(self, body: bytes) -> int:
        """Bring one body of X to the door; return the status."""
        return self.knock("POST", headers=Secrets(APP.consumer_secret).headers(body), body=body)

    def knock(
        self,
        method: str,
        *,
        query: str = "",
        headers: Mapping[str, str] = MappingProxyType({}),
        body: bytes = b"",
    ) -> int:
        """Bring anything to the door; return the status."""
        return self.asking.ask(self._door, method, DOOR_URL + query, headers, body).status

    def deliver_all(self) -> None:
        """Bring all that waits; what is not acknowledged goes on waiting."""
        while self.mail:
            if self.deliver(self.mail[0]) != 200:
                return
            del self.mail[0]

    def serve(self) -> None:
        """Let every loop of the process have its turn until nothing is due."""
        self.deliver_all()
        while self.counter.serve() + self.sender.serve():
            pass
        self.timers.serve()

    def settle(self, step: timedelta = _STEP) -> bool:
        """Serve, through deaths and failures, until nothing waits; return whether it ended."""
        for _ in range(_STEPS):
            self.survive()
            if self.is_quiet():
                return True
            self.clock.time += step
        return False

    def survive(self) -> None:
        """Serve once; a death is followed by a restart, a failure by the next turn."""
        try:
            # A loop of the service logs what fails, and goes on.
            with suppress(Exception):
                self.serve()
        except Killed:
            self.restart()

    def is_quiet(self) -> bool:
        """Return whether nothing waits anywhere."""
        if self.mail:
            return False
        with self.points.at_rest(), self.book.reading() as connection:
            waiting = inbox.waiting(connection)[0] + outbox.waiting(connection)[0]
            ending = len(collections.ended(connection)) + self._ends_now(connection)
            return waiting + ending == 0

    def _ends_now(self, connection: Connection) -> bool:
        """Return whether the timers have something held, or asked for, to end."""
        now, end = self.book.now(connection), asks.next_end(connection)
        over = end is not None and end <= now
        return over or holds.any_due(connection, now, RULES.limits)

    def _client(self) -> XClient:
        client = XClient(
            X_URL,
            consumer_key=APP.consumer_key,
            consumer_secret=APP.consumer_secret,
            access_token=APP.access_token,
            access_token_secret=APP.access_token_secret,
            bearer_token=APP.bearer_token,
            bot_id=BOT.x_id,
            gate=Pacing(self.book, RICH) if self._paced else None,
        )
        client._x.session.mount("http://", self.line)  # noqa: SLF001 - in place of sockets
        return client

    def _hear(self, thing: Post | Direct) -> None:
        author_id = thing.author_id if isinstance(thing, Post) else thing.sender_id
        if author_id != BOT.x_id:
            self.said.append(thing.id)
        for told in events(self.world, BOT.x_id, thing):
            if told.kind in {"post.mention.create", "dm.received"}:
                body = told.body(user_id=BOT.x_id, tag=None)
                self.mail.append(json.dumps(body, separators=(",", ":")).encode())


def prepared(migrated: Path, folder: Path) -> Path:
    """Return a file with the accounts of `CAST`, made from the *migrated* one."""
    path = folder / "prepared.db"
    path.write_bytes(migrated.read_bytes())
    open_accounts(f"sqlite:///{path}")
    return path
