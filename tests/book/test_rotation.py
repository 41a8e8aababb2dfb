"""Codes through the whole counter: judged at their own time, and alive when keys change.

Messages arrive concealed as at X's door; the counter claims, judges and books them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from book_cast import open_account
from passlib.totp import TOTP

from smoney_bot.bank import authenticators, codes
from smoney_bot.bank.authenticators import STEP
from smoney_bot.bank.case import Rules
from smoney_bot.bank.customers import Customer
from smoney_bot.bank.keys import Keyring
from smoney_bot.bank.messages import ClearMessage, Form, Mention, SeenCode
from smoney_bot.bank.orders import Bot
from smoney_bot.bank.policy import Limits
from smoney_bot.bank.redaction import conceal
from smoney_bot.book import authenticators as authenticator_records
from smoney_bot.book import codes as code_records
from smoney_bot.book import inbox, key_use
from smoney_bot.book.engine import Book
from smoney_bot.channels.x.client import XClient
from smoney_bot.workers.counter import Counter

BOT = Bot("222222222", "Smoney")
RULES = Rules(BOT, Limits())
OLD = Keyring({"old": b"o" * 32})
BOTH = Keyring({"new": b"n" * 32, "old": b"o" * 32})
NEW = Keyring({"new": b"n" * 32})
CARD = "07482193"
PIN = "4827"

_numbers = itertools.count(1)


@dataclass
class Bank:
    """A book, alice with 100 euros and bob, and a counter under changing keys."""

    book: Book
    pool: ThreadPoolExecutor
    keyring: Keyring = OLD
    alice: Customer = field(init=False)

    def __post_init__(self) -> None:
        self.alice = open_account(self.book, "alice", 100)
        open_account(self.book, "bob")

    def keep(self, code: str, written_at: datetime | None = None, *, public: bool = True) -> str:
        """Keep an order of alice to pay bob one euro; return its key."""
        text, number = f"@Smoney #1 @bob #{code}", next(_numbers)
        message = ClearMessage(
            key=f"t:{number}",
            form=Form.POST if public else Form.DIRECT,
            edited=False,
            message_id=str(number),
            author_id=self.alice.x_id,
            author_handle="alice",
            text=text,
            written_at=written_at or datetime.now(UTC),
            body=(0, len(text)),
            mentions=(Mention(0, 7, "Smoney", BOT.x_id), Mention(11, 15, "bob", "x-bob")),
        )
        kept = conceal(message, self.keyring, BOT)
        assert self.book.run(lambda c: inbox.keep(c, [kept], self.book.now(c))) == 1
        return message.key

    def serve(self) -> dict[str, str]:
        """Serve what waits; return the outcome of each message by key."""
        x = XClient(
            api_url="http://127.0.0.1:9",  # nobody listens: every payee is marked
            consumer_key="invented",
            consumer_secret="invented",
            access_token="invented",
            access_token_secret="invented",
            bearer_token="invented",
            bot_id=BOT.x_id,
        )
        counter = Counter(self.book, RULES, x, self.pool, self.keyring)
        while counter.serve():
            pass
        with self.book.reading() as connection:
            return {line.key: line.state.value for line in inbox.listing(connection)}

    def outcome(self, code: str, written_at: datetime | None = None, *, public: bool = True) -> str:
        """Return how an order with *code* ends."""
        key = self.keep(code, written_at, public=public)
        return self.serve()[key]

    def enrol(self) -> TOTP:
        """Give alice an authenticator; return the app of her phone."""
        new = authenticators.new_secret(self.keyring, "alice")
        self.book.run(
            lambda c: authenticator_records.put(c, self.alice.id, new.secret, self.book.now(c))
        )
        return TOTP.from_uri(new.uri)

    def set_pin(self) -> None:
        hash_, key_id = codes.hash_code(self.keyring, self.alice.x_id, PIN)
        self.book.run(
            lambda c: code_records.set_pin(
                c, self.alice.id, hash_=hash_, key_id=key_id, now=self.book.now(c)
            )
        )

    def issue_card(self) -> None:
        hashed = [(int(CARD[:2]), *codes.hash_code(self.keyring, self.alice.x_id, CARD))]
        self.book.run(lambda c: code_records.issue_card(c, self.alice.id, hashed, self.book.now(c)))


@pytest.fixture
def bank(sqlite_book: Book) -> Iterator[Bank]:
    with ThreadPoolExecutor(2) as pool:
        yield Bank(sqlite_book, pool)


@pytest.fixture
def bank_anywhere(book: Book) -> Iterator[Bank]:
    with ThreadPoolExecutor(2) as pool:
        yield Bank(book, pool)


def _digits(phone: TOTP, moment: datetime) -> str:
    return str(phone.generate(moment).token)


def test_an_authenticator_pays_once_on_either_database(bank_anywhere: Bank) -> None:
    phone, now = bank_anywhere.enrol(), datetime.now(UTC)
    code = _digits(phone, now)
    assert bank_anywhere.outcome(code, now) == "applied"
    assert bank_anywhere.outcome(code, now) == "declined"
    assert bank_anywhere.outcome(code, now + STEP, public=False) == "declined"
    assert bank_anywhere.outcome(_digits(phone, now + STEP), now + STEP) == "applied"


def test_a_code_counts_at_the_time_of_its_post_however_late_it_arrives(bank: Bank) -> None:
    phone = bank.enrol()
    written_at = datetime.now(UTC) - timedelta(hours=2)
    code = _digits(phone, written_at)
    assert bank.outcome(code, datetime.now(UTC)) == "declined"
    assert bank.outcome(code, written_at) == "applied"


def test_judging_at_the_time_of_arrival_would_be_noticed(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = codes.check

    def on_arrival(
        seen: SeenCode,
        on_file: codes.OnFile | None,
        *,
        keyring: Keyring,
        author_id: str,
        written_at: datetime,
    ) -> codes.CheckedCode:
        del written_at
        now = datetime.now(UTC)
        return honest(seen, on_file, keyring=keyring, author_id=author_id, written_at=now)

    monkeypatch.setattr(codes, "check", on_arrival)
    phone = bank.enrol()
    written_at = datetime.now(UTC) - timedelta(hours=2)
    assert bank.outcome(_digits(phone, written_at), written_at) == "declined"


def test_posts_that_arrive_in_another_order_use_no_step_twice(bank: Bank) -> None:
    phone, first = bank.enrol(), datetime.now(UTC) - timedelta(minutes=5)
    moments = [first + n * STEP for n in range(3)]
    shown = [_digits(phone, one) for one in moments]
    assert bank.outcome(shown[1], moments[1]) == "applied"
    assert bank.outcome(shown[0], moments[0]) == "declined"
    assert bank.outcome(shown[2], moments[2]) == "applied"


def test_a_waiting_post_is_served_before_a_later_one_so_both_count(bank: Bank) -> None:
    phone, first = bank.enrol(), datetime.now(UTC) - timedelta(minutes=5)
    late = bank.keep(_digits(phone, first + STEP), first + STEP)
    early = bank.keep(_digits(phone, first), first)
    outcomes = bank.serve()
    assert (outcomes[early], outcomes[late]) == ("applied", "applied")


def test_codes_of_every_kind_made_under_the_old_key_work_under_the_new_one(bank: Bank) -> None:
    phone = bank.enrol()
    bank.issue_card()
    bank.set_pin()
    bank.keyring = BOTH
    assert bank.outcome(CARD) == "applied"
    now = datetime.now(UTC)
    assert bank.outcome(_digits(phone, now), now) == "applied"
    assert bank.outcome(PIN, public=False) == "applied"


def test_messages_that_waited_while_the_key_changed_are_paid(bank: Bank) -> None:
    phone, now = bank.enrol(), datetime.now(UTC)
    bank.issue_card()
    waiting = [bank.keep(CARD, now), bank.keep(_digits(phone, now), now)]
    bank.keyring = BOTH
    outcomes = bank.serve()
    assert [outcomes[key] for key in waiting] == ["applied", "applied"]


def test_a_private_pin_moves_to_the_newest_key_when_it_is_used(bank: Bank) -> None:
    bank.set_pin()
    bank.keyring = BOTH
    assert _pin_keys(bank) == {"old": 1}
    assert bank.outcome("9999", public=False) == "declined"
    assert _pin_keys(bank) == {"old": 1}
    assert bank.outcome(PIN, public=False) == "applied"
    assert _pin_keys(bank) == {"new": 1}
    bank.keyring = NEW
    assert bank.outcome(PIN, public=False) == "applied"


def test_a_pin_burnt_in_public_stays_void_though_it_moves(bank: Bank) -> None:
    bank.set_pin()
    bank.keyring = BOTH
    assert bank.outcome(PIN) == "applied"
    assert _pin_keys(bank) == {}
    assert bank.outcome(PIN, public=False) == "declined"


def _pin_keys(bank: Bank) -> dict[str, int]:
    with bank.book.reading() as connection:
        return dict(key_use.pins_by_key(connection))


def test_without_the_key_they_need_codes_are_refused_and_nothing_breaks(bank: Bank) -> None:
    phone = bank.enrol()
    bank.issue_card()
    bank.set_pin()
    bank.keyring = NEW
    now = datetime.now(UTC)
    assert bank.outcome(CARD) == "declined"
    assert bank.outcome(_digits(phone, now), now) == "declined"
    assert bank.outcome(PIN, public=False) == "declined"
    bank.keyring = BOTH
    assert bank.outcome(CARD) == "applied"
