"""A code that was shown once is worth nothing, whatever became of its order."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from counts import COUNTS, SMALL
from figures import show
from small_bank import Payer, SmallBank, crowd, engine, small_bank
from x_bodies import Event, Pen, Person

from smoney_bot.bank.messages import ClearMessage
from smoney_bot.book import codes as code_records
from smoney_bot.book.engine import Book
from smoney_bot.channels.x import posts

#: Codes on each card: few, so that many customers are served at once.
PLACES = 5
CARD = tuple(f"{place:02}{place:06}" for place in range(1, PLACES + 1))

PAY = "@Smoney #1 @entraide #{code}"


def _edited_first(pen: Pen, author: Person, text: str) -> Event:
    return pen.post(author, text, chain=[pen.next_id()])


#: How a right code is shown for the first time; only the first of them pays.
FIRST: tuple[tuple[str, Callable[[Pen, Person, str], Event]], ...] = (
    (PAY, Pen.post),
    ("@Smoney #900 @entraide #{code}", Pen.post),
    ("@Smoney #1 @nobody #{code}", Pen.post),
    ("@Smoney #1 @entraide #noel #{code}", Pen.post),
    ("@Smoney #{code} @entraide #1", Pen.post),
    (PAY, Pen.quote),
    (PAY, _edited_first),
)


def _again(pen: Pen, author: Person, text: str, first: Event) -> list[Event]:
    """Return the same order in every way that somebody could repeat it."""
    payload = first["payload"]
    assert isinstance(payload, dict)
    chain = payload["edit_history_tweet_ids"]
    return [
        pen.post(author, text),
        pen.direct(author, text),
        pen.post(author, text, chain=chain),
        pen.quote(author, text),
    ]


def _story(bank: SmallBank, payers: list[Payer]) -> Iterator[Event]:
    """Yield every code of *payers*, shown once, then shown again in four ways."""
    for place in range(PLACES):
        for number, payer in enumerate(payers):
            text, way = FIRST[(number + place) % len(FIRST)]
            code = payer.codes[place]
            first = way(bank.pen, payer.person, text.format(code=code))
            yield first
            yield from _again(bank.pen, payer.person, PAY.format(code=code), first)


def accepted_again(bank: SmallBank, count: int) -> dict[str, int]:
    """Show *count* codes, then each again; return what the bank made of it."""
    people = crowd(-(-count // PLACES))
    payers = bank.open(people, [CARD] * len(people))
    kept = 0
    events = list(_story(bank, payers))
    for start in range(0, len(events), 100):
        kept += bank.keep(events[start : start + 100])
    bank.serve()
    pairs = itertools.product(range(PLACES), range(len(people)))
    first = sum((place + number) % len(FIRST) == 0 for place, number in pairs)
    shown = len(people) * PLACES
    booked = bank.number("SELECT count(*) FROM transfers WHERE kind = 'payment'")
    return {
        "codes": shown,
        "shown_again": len(events) - shown,
        "first_orders_paid": first,
        "accepted_again": booked - first,
        "kept_again_under_a_new_key": kept - shown * 4,
        "locked_accounts": bank.number(
            "SELECT count(*) FROM guards WHERE locked_until IS NOT NULL"
        ),
    }


def _check(found: dict[str, int]) -> None:
    assert found["first_orders_paid"] > 0
    assert found["accepted_again"] == 0
    assert found["kept_again_under_a_new_key"] == 0
    assert found["locked_accounts"] == 0  # refused for the code, not for too many failures


def test_a_code_shown_once_is_never_accepted_again(book: Book, book_url: str) -> None:
    with small_bank(book) as bank:
        found = accepted_again(bank, COUNTS.exposed)
        show(
            "exposed codes",
            engine=engine(book_url),
            violations=found["accepted_again"] + found["kept_again_under_a_new_key"],
            **found,
        )
        _check(found)
        assert bank.problems() == []


def test_a_bank_that_forgets_used_codes_is_caught(
    sqlite_book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(code_records, "use_up", lambda *_: None)
    with small_bank(sqlite_book) as bank:
        assert accepted_again(bank, SMALL.exposed)["accepted_again"] > 0


def test_a_bank_that_names_messages_by_the_posts_id_is_caught(
    sqlite_book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    def by_post_id(post: posts.Post, *, bot_id: str) -> ClearMessage:
        return replace(as_message(post, bot_id=bot_id), key=f"t:{post.post_id}")

    as_message = posts.as_message
    monkeypatch.setattr(posts, "as_message", by_post_id)
    with small_bank(sqlite_book) as bank:
        assert accepted_again(bank, SMALL.exposed)["kept_again_under_a_new_key"] > 0
