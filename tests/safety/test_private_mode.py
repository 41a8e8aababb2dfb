"""Private mode counts by the posts' own times, in whatever order they arrive.

What is promised: an order is judged by the last switch written before it, among
all that the bank has served or has waiting. So of messages that wait together
none is misjudged; and of those that come late, none that was written in private
is carried out in public. What nobody can undo is a payment that was made before
X delivered an older switch.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import pytest
from counts import COUNTS, SMALL
from figures import show
from reliability_figures import chance
from small_bank import Payer, SmallBank, crowd, engine, small_bank
from x_bodies import Event

from smoney_bot.bank import teller
from smoney_bot.bank.case import Case
from smoney_bot.bank.customers import Customer
from smoney_bot.book.engine import Book

MESSAGES = 10
CARD = tuple(f"{place:02}{place:06}" for place in range(1, MESSAGES + 1))


@dataclass(frozen=True, slots=True)
class Written:
    """A message of an interleaving, as it was written."""

    event: Event
    order: str | None = None  # the id of a public order to pay
    private: bool = False  # whether it was written in private mode


def interleaving(bank: SmallBank, payer: Payer, dice: random.Random) -> list[Written]:
    """Return orders and switches of *payer* in the order in which they were written."""
    written, private = [], False
    for code in payer.codes:
        kind = dice.choice(("order", "order", "on", "off"))
        if kind == "order":
            event = bank.pen.post(payer.person, f"@Smoney #1 @entraide #{code}")
            payload = event["payload"]
            assert isinstance(payload, dict)
            written.append(Written(event, payload["id"], private))
        elif kind == "on":
            written.append(Written(bank.pen.post(payer.person, "@Smoney #prive")))
            private = True
        else:
            written.append(Written(bank.pen.direct(payer.person, f"#public #{code}")))
            private = False
    return written


def shuffled(bank: SmallBank, count: int, dice: random.Random) -> list[Written]:
    """Return the messages of *count* customers, as they might arrive."""
    payers = bank.open(crowd(count), [CARD] * count)
    written = [one for payer in payers for one in interleaving(bank, payer, dice)]
    dice.shuffle(written)
    return written


def arrive(bank: SmallBank, written: list[Written], *, as_it_came: bool = False) -> None:
    """Let *written* arrive, then serve it; *as_it_came* is a sabotage."""
    for start in range(0, len(written), 50):
        bank.keep(one.event for one in written[start : start + 50])
    if as_it_came:
        bank.do("UPDATE inbox SET written_at = received_at")
    bank.serve()


def judged(bank: SmallBank, written: list[Written]) -> tuple[list[Written], list[Written]]:
    """Return the orders that were paid while private, and those refused while public."""
    paid = {row[0] for row in bank.ask("SELECT message_id FROM payments WHERE state = 'booked'")}
    orders = [one for one in written if one.order is not None]
    exposed = [one for one in orders if one.private and one.order in paid]
    refused = [one for one in orders if not one.private and one.order not in paid]
    return exposed, refused


def test_what_waits_together_is_judged_by_its_own_time(book: Book, book_url: str) -> None:
    with small_bank(book) as bank:
        written = shuffled(bank, COUNTS.interleavings, chance("together"))
        arrive(bank, written)
        exposed, refused = judged(bank, written)
    show(
        "private mode",
        engine=engine(book_url),
        violations=len(exposed) + len(refused),
        interleavings=COUNTS.interleavings,
        orders=sum(one.order is not None for one in written),
        written_in_private=sum(one.private for one in written),
    )
    assert exposed == []
    assert refused == []


def test_a_bank_that_serves_messages_as_they_come_is_caught(sqlite_book: Book) -> None:
    with small_bank(sqlite_book) as bank:
        written = shuffled(bank, SMALL.interleavings, chance("together"))
        arrive(bank, written, as_it_came=True)
        exposed, _ = judged(bank, written)
    assert exposed != []


def in_two_parts(bank: SmallBank, count: int) -> dict[str, int]:
    """Let half of the messages arrive after the others were served; return what became of them."""
    written = shuffled(bank, count, chance("late"))
    early, late = written[: len(written) // 2], written[len(written) // 2 :]
    arrive(bank, early)
    arrive(bank, late)
    exposed, refused = judged(bank, late)
    return {
        "late_orders": sum(one.order is not None for one in late),
        "paid_in_private": len(exposed),
        "refused_in_public": len(refused),
        "paid_before_an_older_switch_came": len(judged(bank, early)[0]),
    }


def test_what_arrives_late_is_never_paid_if_it_was_written_in_private(
    book: Book, book_url: str
) -> None:
    with small_bank(book) as bank:
        found = in_two_parts(bank, COUNTS.interleavings)
    show(
        "private mode, late",
        engine=engine(book_url),
        violations=found["paid_in_private"],
        interleavings=COUNTS.interleavings,
        **found,
    )
    assert found["paid_in_private"] == 0


def test_a_bank_that_judges_by_the_mode_at_arrival_is_caught(
    sqlite_book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    def at_arrival(_: Case, author: Customer) -> bool:
        return author.private

    monkeypatch.setattr(teller, "_was_private", at_arrival)
    with small_bank(sqlite_book) as bank:
        assert in_two_parts(bank, SMALL.interleavings)["paid_in_private"] > 0
