"""Posts that are gone: never paid afterwards, nothing of them left, what was paid stays."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from book_cast import problems
from sqlalchemy import Connection

from smoney_bot.bank import teller
from smoney_bot.bank.case import Rules
from smoney_bot.bank.codes import Checked, CheckedCode, CodeKind, CodeUse, Verdict
from smoney_bot.bank.customers import Customer
from smoney_bot.bank.desk import Outcome
from smoney_bot.bank.keys import Keyring
from smoney_bot.bank.messages import ClearMessage, Form, Mention, Message
from smoney_bot.bank.money import euros
from smoney_bot.bank.orders import Bot
from smoney_bot.bank.policy import Limits
from smoney_bot.bank.redaction import conceal
from smoney_bot.book import codes, customers, deletions, inbox, ledger, outbox
from smoney_bot.book.engine import Book
from smoney_bot.workers import naming, records

BOT = Bot("222222222", "Smoney")
RULES = Rules(BOT, Limits())
KEYS = Keyring({"k": b"k" * 32})
LEASE = timedelta(minutes=1)
NOW = datetime.now(UTC)
CAKE = "for the chocolate cake"
PLACES = 99

_ENDED = "SELECT key, state, reason FROM inbox"


@dataclass
class Bank:
    """alice with a full card, bob who once wrote to the bank, and what happens to posts."""

    book: Book
    heeds: bool = True  # the teller is told which posts are gone
    alice: Customer = field(init=False)

    def __post_init__(self) -> None:
        self.alice = self._open("alice", 2000)
        self._open("bob", 0)
        printed = [(place, "an invented hash", "k") for place in range(1, PLACES + 1)]
        self.book.run(lambda c: codes.issue_card(c, self.alice.id, printed, NOW))
        self.book.run(lambda c: customers.see(c, {}, wrote={"x-bob"}))

    def _open(self, handle: str, balance: int) -> Customer:
        def work(connection: Connection) -> Customer:
            customer = customers.open_account(
                connection, handle=handle, x_id=f"x-{handle}", now=NOW
            )
            if balance:
                ledger.deposit(connection, customer, euros(balance), f"for {handle}", NOW)
            return customer

        return self.book.run(work)

    def post(self, number: int, words: str = "", *, versions: tuple[str, ...] = ()) -> Message:
        """An order of alice: one euro for bob, with the code of that place on her card."""
        text = words or f"@Smoney #1 @bob #{number:02}123456 {CAKE}"
        names = {"Smoney": BOT.x_id, "bob": "x-bob"}
        clear = ClearMessage(
            key=f"t:{number}",
            form=Form.POST,
            edited=bool(versions),
            message_id=versions[-1] if versions else str(number),
            author_id="x-alice",
            author_handle="alice",
            text=text,
            written_at=NOW + number * timedelta(milliseconds=1),
            body=(0, len(text)),
            mentions=tuple(
                Mention(at, at + len(name) + 1, name, x_id)
                for name, x_id in names.items()
                if (at := text.find(f"@{name}")) >= 0
            ),
        )
        return conceal(clear, KEYS, BOT)

    def create(self, message: Message) -> None:
        """Keep a message, as the door does."""
        self.book.run(lambda c: inbox.keep(c, [message], NOW))

    def delete(self, *post_ids: str) -> int:
        """Hear that posts are gone."""
        return self.book.run(lambda c: deletions.hear(c, post_ids, NOW))

    def apply(self) -> None:
        """Work off the inbox, as the counter does."""
        while self.book.run(self._work):
            pass

    def _work(self, connection: Connection) -> int:
        claimed = inbox.claim(connection, now=NOW, limit=9, lease=LEASE)
        judged = [records.Judged(one, self._checked(connection, one.message)) for one in claimed]
        if not judged:
            return 0
        desk = records.lay(connection, judged, naming.Named([]), RULES, NOW)
        if not self.heeds:
            desk.deleted = frozenset()
        decisions = []
        for one in judged:
            decision = teller.decide(
                RULES, desk, one.message, reference=one.claimed.reference, checked=one.checked
            )
            desk.settle(decision)
            decisions.append(decision)
        records.write(connection, judged, decisions, NOW)
        return len(judged)

    def _checked(self, connection: Connection, message: Message) -> Checked:
        """Every code is right."""
        places = [(self.alice.id, code) for code in message.codes]
        held = codes.on_file(connection, places, NOW)
        return Checked(
            tuple(
                CheckedCode(
                    code.start,
                    Verdict.RIGHT,
                    CodeUse(
                        CodeKind.CARD,
                        held[self.alice.id, code.start].row_id,  # type: ignore[union-attr] # a card's
                        self.alice.id,
                        code.place,
                    ),
                )
                for code in message.codes
            ),
            failures=1,
        )

    def answer(self) -> None:
        """Send all replies."""

        def send(connection: Connection) -> None:
            for public in (True, False):
                ready = outbox.claim(connection, now=NOW, limit=999, lease=LEASE, public=public)
                for pending in ready:
                    outbox.sent(connection, pending, remote_id="1", now=NOW)

        self.book.run(send)

    def purge(self) -> int:
        """Erase what is to be erased."""
        return self.book.run(lambda c: deletions.purge(c, NOW))

    def rows(self, question: str) -> list[tuple[Any, ...]]:
        with self.book.reading() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(question)]

    def paid(self) -> set[str]:
        """Return the keys that were paid."""
        return {key for (key,) in self.rows("SELECT key FROM transfers WHERE kind = 'payment'")}

    def outcome(self, number: int) -> tuple[str, str]:
        ended = {key: (state, why) for key, state, why in self.rows(_ENDED)}
        return ended[f"t:{number}"]

    def words_left(self) -> list[str]:
        """Return where the note of a post still stands."""
        places = {"inbox": "payload", "payments": "note", "outbox": "text"}
        return [
            table
            for table, column in places.items()
            for (words,) in self.rows(f"SELECT {column} FROM {table}")  # noqa: S608 - names of ours
            if words and "cake" in words
        ]


@pytest.fixture
def bank(book: Book) -> Bank:
    return Bank(book)


@pytest.fixture
def sqlite_bank(sqlite_book: Book) -> Bank:
    return Bank(sqlite_book)


# In every order ----------------------------------------------------------------------------


def _paid_as_it_should(bank: Bank, orders: Iterable[tuple[int, tuple[str, ...]]]) -> bool:
    """Play each order with a post of its own; whether exactly those in time were paid."""
    expected = set()
    for number, order in orders:
        _play(bank, number, order)
        if order.index("create") < order.index("apply") < order.index("delete"):
            expected.add(f"t:{number}")
    bank.apply()
    return bank.paid() == expected


def _play(bank: Bank, number: int, order: Iterable[str]) -> None:
    steps: dict[str, Callable[[], object]] = {
        "create": lambda: bank.create(bank.post(number)),
        "delete": lambda: bank.delete(str(number)),
        "apply": bank.apply,
    }
    for step in order:
        steps[step]()


ORDERS = list(permutations(("create", "delete", "apply")))


def test_in_whatever_order_only_what_was_paid_before_the_deletion_is_paid(bank: Bank) -> None:
    assert _paid_as_it_should(bank, enumerate(ORDERS, start=1))
    bank.answer()
    assert bank.purge() == len(ORDERS)
    assert bank.words_left() == []
    assert bank.purge() == 0
    assert not problems(bank.book)


def test_a_teller_that_does_not_heed_deletions_is_found_out(sqlite_bank: Bank) -> None:
    """The negative control of the test above."""
    sqlite_bank.heeds = False
    assert not _paid_as_it_should(sqlite_bank, enumerate(ORDERS, start=1))


def test_many_posts_with_purges_in_between(sqlite_bank: Bank) -> None:
    chance = random.Random(3)
    orders = [chance.choice(ORDERS) for _ in range(60)]
    for number, order in enumerate(orders, start=1):
        _play(sqlite_bank, number, order)
        if chance.random() < 0.5:
            sqlite_bank.purge()
    sqlite_bank.apply()
    sqlite_bank.answer()
    sqlite_bank.purge()
    in_time = [one.index("create") < one.index("apply") < one.index("delete") for one in orders]
    assert sqlite_bank.paid() == {f"t:{number}" for number, paid in enumerate(in_time, 1) if paid}
    assert sqlite_bank.words_left() == []


# Before it is decided ----------------------------------------------------------------------


def test_a_deleted_order_is_ignored_and_its_code_used_up(bank: Bank) -> None:
    bank.delete("7")
    bank.create(bank.post(7))
    bank.apply()
    assert bank.outcome(7) == (Outcome.IGNORED, "deleted")
    assert bank.rows("SELECT place, used_by FROM card_codes WHERE used_by IS NOT NULL") == [
        (7, "t:7")
    ]
    assert bank.rows("SELECT count(*) FROM payments") == [(0,)]
    assert bank.rows("SELECT count(*) FROM outbox") == [(0,)]


@pytest.mark.parametrize("words", ["@Smoney #freeze", "@Smoney #private", "@Smoney #stop"])
def test_what_protects_its_author_is_done_all_the_same(sqlite_bank: Bank, words: str) -> None:
    """Or an intruder would undo a freeze by deleting it."""
    sqlite_bank.delete("7")
    sqlite_bank.create(sqlite_bank.post(7, words))
    sqlite_bank.apply()
    assert sqlite_bank.outcome(7) == (Outcome.APPLIED, "")


def test_a_deletion_of_a_later_version_counts_for_the_whole_post(bank: Bank) -> None:
    bank.delete("8")
    bank.create(bank.post(7, versions=("7", "8")))
    bank.apply()
    assert bank.outcome(7) == (Outcome.IGNORED, "deleted")
    bank.purge()
    assert bank.words_left() == []


def test_an_order_that_waits_for_its_code_is_cancelled(bank: Bank) -> None:
    bank.create(bank.post(7, f"@Smoney #1 @bob {CAKE}"))
    bank.apply()
    assert bank.rows("SELECT state FROM payments") == [("waiting",)]
    assert bank.delete("7") == 1
    assert bank.rows("SELECT state FROM payments") == [("cancelled",)]


def test_a_deletion_is_news_once(bank: Bank) -> None:
    assert bank.delete("7", "8", "7") == 2
    assert bank.delete("8", "9") == 1


# Purging -----------------------------------------------------------------------------------


def test_the_payment_stays_and_its_words_go(bank: Bank) -> None:
    bank.create(bank.post(7))
    bank.apply()
    bank.answer()
    assert set(bank.words_left()) == {"inbox", "payments", "outbox"}
    bank.delete("7")
    assert bank.purge() == 1
    assert bank.words_left() == []
    assert bank.rows("SELECT state, amount_cents, note FROM payments") == [("booked", 100, "")]
    assert bank.paid() == {"t:7"}


def test_words_of_other_posts_stay(bank: Bank) -> None:
    for number in (7, 77):
        bank.create(bank.post(number))
    bank.apply()
    bank.answer()
    bank.delete("7")
    bank.purge()
    assert sorted(bank.words_left()) == ["inbox", "outbox", "payments"]


def test_a_purge_waits_for_what_is_still_to_be_decided_or_sent(bank: Bank) -> None:
    bank.create(bank.post(7))
    bank.delete("9")
    bank.create(bank.post(9))
    assert bank.purge() == 0, "9 is not decided, and a code of it not used up"
    bank.apply()
    bank.delete("7")
    assert bank.purge() == 1, "the notice of 7 is not sent"
    assert bank.words_left() == ["outbox"]
    bank.answer()
    assert bank.purge() == 1
    assert bank.words_left() == []


def test_words_that_come_after_the_purge_are_purged_too(bank: Bank) -> None:
    bank.delete("7")
    assert bank.purge() == 1
    bank.create(bank.post(7))
    bank.apply()
    assert bank.words_left() == ["inbox"]
    assert bank.purge() == 1
    assert bank.words_left() == []


def test_an_emptied_message_is_not_worked_again(sqlite_bank: Bank) -> None:
    sqlite_bank.create(sqlite_bank.post(7))
    with sqlite_bank.book.writing() as connection:
        connection.exec_driver_sql(
            "UPDATE inbox SET state = 'set_aside', decided_at = '2026-11-24T12:00:00.000000Z'"
        )
    sqlite_bank.delete("7")
    sqlite_bank.purge()
    sqlite_bank.book.run(lambda c: inbox.retry(c, ["t:7"], NOW))
    sqlite_bank.apply()
    assert sqlite_bank.outcome(7) == ("set_aside", "unreadable")
    assert sqlite_bank.paid() == set()
