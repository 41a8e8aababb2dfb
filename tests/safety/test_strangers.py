"""Strangers can name a customer as often as they like: it costs the customer nothing."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

import pytest
from counts import COUNTS, SMALL
from figures import show
from reliability_figures import chance
from small_bank import Payer, SmallBank, crowd, engine, small_bank
from x_bodies import Event, Person

from smoney_bot.bank.messages import ClearMessage
from smoney_bot.book.engine import Book
from smoney_bot.channels.x import posts

ALICE = Person("1500000001", "alice")
CODE = "07482193"

#: What strangers write; {code} is wrong, {copied} is the code that alice will use.
HOSTILE = (
    "@Smoney #20 @alice #{code}",
    "@alice @Smoney #20 @mallory #{code}",
    "@Smoney #1 @entraide #{copied}",
    "@Smoney #1 @entraide #{copied} de @alice",
    "@Smoney #gel @alice",
    "@Smoney #prive @alice",
    "@Smoney #public #{copied} @alice",
    "@Smoney #stop @alice",
    "@alice #{code} #{code} #{code} @Smoney",
    "RT @alice: @Smoney #1 @entraide #{copied}",
)


def _hostile(bank: SmallBank, strangers: list[Person], dice: random.Random) -> Iterator[Event]:
    """Yield posts, quotes, replies and direct messages against alice, for ever."""
    while True:
        text = dice.choice(HOSTILE).format(code=f"07{dice.randrange(1_000_000):06}", copied=CODE)
        author, to_alice = dice.choice(strangers), f"@{ALICE.handle} "
        yield dice.choice(
            (
                bank.pen.post(author, text),
                bank.pen.quote(author, text),
                bank.pen.direct(author, text),
                bank.pen.post(author, to_alice + text, display_text_range=[7, 7 + len(text)]),
            )
        )


def _victim(bank: SmallBank) -> Payer:
    return bank.open([ALICE], [(CODE, "08000001")])[0]


def attacked(bank: SmallBank, count: int) -> dict[str, int]:
    """Let strangers attack alice *count* times; return what changed for her."""
    alice = _victim(bank)
    mallory, *others = [replace(one, handle=f"mallory_{n}") for n, one in enumerate(crowd(20))]
    bank.open(others[:5], [[f"07{n:06}"] for n in range(5)])
    bank.pen.people["mallory"] = mallory
    hostile = _hostile(bank, [mallory, *others], chance("strangers"))
    for start in range(0, count, 50):
        bank.keep(next(hostile) for _ in range(min(50, count - start)))
    bank.serve()
    counted = {
        "failures": "SELECT sum(failures + locks) FROM guards WHERE customer_id = :id",
        "codes_spent": "SELECT count(used_at) + sum(wrong) FROM card_codes JOIN cards"
        " ON cards.id = card_id WHERE customer_id = :id",
        "settings_changed": "SELECT count(*) FROM customers WHERE id = :id"
        " AND (state <> 'open' OR private <> :no OR silent <> :no)",
        "payments": "SELECT count(*) FROM payments WHERE payer_id = :id",
    }
    values = {"id": alice.customer.id, "no": False}
    return {what: bank.number(question, **values) for what, question in counted.items()}


def test_strangers_cannot_harm_a_customer_whom_they_name(book: Book, book_url: str) -> None:
    with small_bank(book) as bank:
        harm = attacked(bank, COUNTS.hostile)
        strangers_locked = bank.number("SELECT count(*) FROM guards WHERE locks > 0")
        bank.keep([bank.pen.post(ALICE, f"@Smoney #1 @entraide #{CODE}")])
        bank.serve()
        paid = bank.number("SELECT count(*) FROM transfers WHERE kind = 'payment'")
        assert bank.problems() == []
    show(
        "strangers",
        engine=engine(book_url),
        violations=sum(harm.values()),
        hostile_posts=COUNTS.hostile,
        strangers_who_locked_themselves_out=strangers_locked,
        the_victims_payment_worked=paid,
    )
    assert set(harm.values()) == {0}
    assert paid == 1
    assert strangers_locked > 0


def test_a_bank_that_believes_the_name_in_a_text_is_caught(
    sqlite_book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    def by_name(post: posts.Post, *, bot_id: str) -> ClearMessage:
        read = as_message(post, bot_id=bot_id)
        return replace(read, author_id=ALICE.x_id) if "@alice" in read.text else read

    as_message = posts.as_message
    monkeypatch.setattr(posts, "as_message", by_name)
    with small_bank(sqlite_book) as bank:
        assert attacked(bank, SMALL.hostile)["failures"] > 0
