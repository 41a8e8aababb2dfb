"""A bank under load that is copied at random moments, and whose own book is then lost."""

from __future__ import annotations

import os
import random
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from local_people import APP, KEYRING, People, Told, body
from sqlalchemy import Connection, text

from smoney_bot.bank.case import Rules
from smoney_bot.bank.orders import Bot
from smoney_bot.bank.policy import Limits
from smoney_bot.bank.redaction import conceal
from smoney_bot.book import backups, inbox, seals, witness
from smoney_bot.book.engine import Book
from smoney_bot.book.seals import LATE
from smoney_bot.channels.sandbox.events import events
from smoney_bot.channels.sandbox.posts import Post
from smoney_bot.channels.x import wire
from smoney_bot.channels.x.client import XClient
from smoney_bot.workers import counter
from smoney_bot.workers.catching_up import CatchingUp
from smoney_bot.workers.counter import Counter

BOT = Bot(APP.bot_id, "Smoney")
CUSTOMERS = 5

_CODE = re.compile(r"#([0-9]{8})\b")

#: Who paid whom how much, by the message's key.
Payments = Mapping[str, tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Teller:
    """The bank's work on one book: taking in, serving, sealing, asking X."""

    book: Book
    counter: Counter
    reading: CatchingUp

    def take_over(self) -> None:
        """End the leases of whoever was at work when the copy was made."""
        self.book.run(lambda c: inbox.release(c, self.book.now(c)))

    def keep(self, told: Told) -> None:
        """Take in what X brings, as the door does."""
        read = wire.read(body([told]), bot_id=BOT.x_id).messages
        concealed = [conceal(one, KEYRING, BOT) for one in read]
        self.book.run(lambda c: inbox.keep(c, concealed, self.book.now(c)))

    def serve(self) -> None:
        """Serve all that waits."""
        while self.counter.serve():
            pass

    def seal(self, file: Path) -> None:
        """Close the pages, and let the witness see the head."""
        self.book.run(self._close_pages)
        with self.book.reading() as connection:
            head = witness.head(connection, self.book.now(connection))
        if head is not None:
            witness.append(file, head)

    def _close_pages(self, connection: Connection) -> None:
        now = self.book.now(connection)
        while seals.close_page(connection, KEYRING, now, settle=-LATE):
            pass


@contextmanager
def teller(book: Book, url: str) -> Iterator[Teller]:
    """Open the bank on *book*, with the X behind *url*."""
    x = XClient(
        url,
        consumer_key=APP.consumer_key,
        consumer_secret=APP.consumer_secret,
        access_token=APP.access_token,
        access_token_secret=APP.access_token_secret,
        bearer_token=APP.bearer_token,
        bot_id=BOT.x_id,
    )
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool, pytest.MonkeyPatch.context() as patch:
        # What was in hand when the copy was made is taken up at once.
        patch.setattr(counter, "PROVEN_AFTER", timedelta(0))
        serving = Counter(book, Rules(BOT, Limits()), x, pool, KEYRING)
        yield Teller(book, serving, CatchingUp(book, x, KEYRING, BOT))


@dataclass
class LostBank:
    """What is left: copies from random moments, the witness's file, and X."""

    people: People
    folder: Path
    copies: list[Path] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    payments: Payments = field(default_factory=dict)

    @property
    def witness(self) -> Path:
        """The witness's file."""
        return self.folder / "witness.jsonl"

    def live(self, book: Book, messages: int, copies: int, dice: random.Random) -> None:
        """Serve *messages* of people, be copied meanwhile, and be lost."""
        self.people.open(book, CUSTOMERS)
        moments = sorted(dice.sample(range(1, messages), copies))
        reached = {moment: threading.Event() for moment in moments}
        with teller(book, self.people.url) as bank, ThreadPoolExecutor(1) as pool:
            living = pool.submit(self._work, bank, messages, reached, dice)
            for number, moment in enumerate(moments):
                assert reached[moment].wait(60)
                path = self.folder / f"copy-{number}.db"
                with book.reading() as connection:
                    backups.copy(connection, path, book.now(connection))
                self.copies.append(path)
            living.result()
        self.payments = paid(book)

    def _work(
        self,
        bank: Teller,
        messages: int,
        reached: Mapping[int, threading.Event],
        dice: random.Random,
    ) -> None:
        for number in range(messages):
            self.told.append(self.people.write(dice))
            bank.keep(self.told[-1])
            if number in reached:
                reached[number].set()
            if dice.random() < 0.6:
                bank.serve()
            if dice.random() < 0.2:
                bank.seal(self.witness)
            if dice.random() < 0.1:
                bank.reading.catch_up()
        bank.serve()
        bank.seal(self.witness)

    def listed(self, key: str) -> bool:
        """Return whether X still shows the message *key*."""
        return key.startswith("d:") or self.people.world.find(key.removeprefix("t:")) is not None

    @contextmanager
    def shown_again(self, keys: Iterable[str]) -> Iterator[list[Told]]:
        """Have the codes in these posts posted again from the same accounts, to pay another."""
        posts = (self.people.world.find(key.removeprefix("t:")) for key in keys)
        again = [self._shown_again(post) for post in posts if post is not None]
        yield again
        for one in again:  # so that the next drill finds X as it was
            self.people.world.delete(one.key.removeprefix("t:"))

    def _shown_again(self, first: Post) -> Told:
        found = _CODE.search(first.text)
        assert found is not None, "a payment without a code"
        payee = next(one for one in self.people.users if one.x_id != first.author_id)
        words = f"@Smoney #2 @{payee.handle} #{found[1]}"
        post = self.people.world.post(first.author_id, words)
        event, *_ = events(self.people.world, BOT.x_id, post)
        return Told(f"t:{post.id}", event.body(user_id=BOT.x_id, tag=None)["data"])

    def take_down(self, dice: random.Random, share: float) -> None:
        """Let people delete some of their posts on X, so that it lists them no more."""
        for told in self.told:
            if told.key.startswith("t:") and dice.random() < share:
                self.people.world.delete(told.key.removeprefix("t:"))


_PAYMENTS = "SELECT key, source_id, target_id, amount_cents FROM transfers WHERE kind = 'payment'"


def paid(book: Book) -> Payments:
    """Return every payment in *book*."""
    with book.reading() as connection:
        return {key: tuple(rest) for key, *rest in connection.execute(text(_PAYMENTS))}


def messages(book: Book) -> frozenset[str]:
    """Return the keys of all messages that *book* has kept."""
    with book.reading() as connection:
        return frozenset(connection.execute(text("SELECT key FROM inbox")).scalars())
