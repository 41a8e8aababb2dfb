"""Fuzzed tweets through the whole bank: door, inbox, counter, book; and who then has what."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from orders_by_hand import Paid, payment_by_hand
from small_bank import Payer, SmallBank, crowd, small_bank
from tweets import bent, message, order
from watched_door import open_door
from x_bodies import Event, Pen, Person

from smoney_bot.bank.customers import Kind
from smoney_bot.bank.messages import ClearMessage, Form, Mention
from smoney_bot.book.engine import Book

BOB = Person("333333333", "bob")

#: Codes on each card: few, because five wrong ones lock their owner out.
PLACES = 5
_BODY = 20  # events in one
_START_CENTS = 20_000

#: What the bank says of an order that it has read; the others it did not read as one.
_NOT_READ = ("unclear", "not_an_order")

#: By the message's key: who paid whom (numeric ids), and how many cents.
Booked = Mapping[str, tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Tweet:
    """Something that a payer wrote: X's event, and what its words ask for."""

    key: str
    event: Event
    payer: Payer
    code: str  # the right one, for this once
    asked: Paid | None


@dataclass
class Outcome:
    """What the bank made of all tweets."""

    tweets: int
    paid: int
    wrong: list[str] = field(default_factory=list)


def sent_through(book: Book, count: int, dice: random.Random, ways: Ways) -> Outcome:
    """Bring *count* fuzzed tweets to the door of *book*, have them served, and compare."""
    with small_bank(book) as bank, open_door(book) as door:
        bank.open([BOB], [()], kind=Kind.ASSOCIATION)
        people = crowd(-(-count // PLACES))
        payers = bank.open(people, [_card(dice) for _ in people])
        written = list(itertools.islice(_tweets(bank, payers, dice, ways), count))
        for start in range(0, count, _BODY):
            part = [one.event for one in written[start : start + _BODY]]
            assert door.bring(part) == 200
        bank.serve()
        booked = {key: tuple(made) for key, *made in bank.ask(_BOOKED)}
        wrong = [*_compared(bank, written, booked), *_balances(bank, written, booked)]
        wrong += map(str, bank.problems())
    return Outcome(count, len(booked), wrong)


def _card(dice: random.Random) -> list[str]:
    return [f"{place:02}{dice.randrange(1_000_000):06}" for place in range(1, PLACES + 1)]


# What is written --------------------------------------------------------------------------


def _tweets(
    bank: SmallBank, payers: list[Payer], dice: random.Random, ways: Ways
) -> Iterator[Tweet]:
    for place in range(PLACES):
        for payer in payers:
            way, code = dice.choice(ways), payer.codes[place]
            text = bent(dice, order(dice, code, public=way is not _direct))
            # X takes no empty words, and no NUL anywhere.
            event, read = way(bank.pen, payer.person, text.replace("\x00", "") or "?", dice)
            asked = None if read.edited else payment_by_hand(read)
            yield Tweet(read.key, event, payer, code, asked)


Way = Callable[[Pen, Person, str, random.Random], tuple[Event, ClearMessage]]
Ways = Sequence[Way]


def _post(pen: Pen, author: Person, text: str, _: random.Random) -> tuple[Event, ClearMessage]:
    event = pen.post(author, text)
    return event, _read(event, text)


def _direct(pen: Pen, author: Person, text: str, _: random.Random) -> tuple[Event, ClearMessage]:
    event = pen.direct(author, text)
    (sent,) = _facts(event, "payload")["direct_message_events"]
    marks = sent["message_create"]["message_data"]["entities"]["user_mentions"]
    read = replace(message(text, Form.DIRECT), key=f"d:{sent['id']}")
    return event, replace(read, mentions=_mentions(marks))


def _long(pen: Pen, author: Person, text: str, dice: random.Random) -> tuple[Event, ClearMessage]:
    """X puts the beginning where the text was, and all of it elsewhere."""
    cut = dice.randrange(len(text) // 2, len(text)) + 1
    event = pen.post(author, text, note_tweet={"text": text})
    payload = _facts(event, "payload")
    payload |= {"text": text[:cut], "display_text_range": [0, cut]}
    return event, _read(event, text)


def _quote(pen: Pen, author: Person, text: str, _: random.Random) -> tuple[Event, ClearMessage]:
    event = pen.quote(author, text)
    return event, replace(_read(event, text), form=Form.QUOTE)


def _edited(pen: Pen, author: Person, text: str, _: random.Random) -> tuple[Event, ClearMessage]:
    first = pen.next_id()
    event = pen.post(author, text, chain=[first])
    return event, replace(_read(event, text), key=f"t:{first}", edited=True)


ALL_WAYS: Ways = (_post, _post, _direct, _long, _quote, _edited)
LONG_POSTS: Ways = (_long,)


def _read(event: Event, text: str) -> ClearMessage:
    """Return the message that a post's event is, made without the bank's own reading."""
    payload = _facts(event, "payload")
    marks = payload["entities"]["mentions"]
    return replace(message(text), key=f"t:{payload['id']}", mentions=_mentions(marks))


def _mentions(marks: list[dict[str, Any]]) -> tuple[Mention, ...]:
    return tuple(Mention(one["start"], one["end"], one["username"], one["id"]) for one in marks)


def _facts(event: Event, name: str) -> dict[str, Any]:
    return cast("dict[str, Any]", event[name])


# What became of it ------------------------------------------------------------------------

_BOOKED = (
    "SELECT key, payer.x_id, payee.x_id, amount_cents FROM transfers"
    " JOIN accounts AS source ON source.id = source_id"
    " JOIN customers AS payer ON payer.id = source.customer_id"
    " JOIN accounts AS target ON target.id = target_id"
    " JOIN customers AS payee ON payee.id = target.customer_id WHERE transfers.kind = 'payment'"
)
_BALANCES = (
    "SELECT x_id, balance_cents FROM balances JOIN accounts ON accounts.id = account_id"
    " JOIN customers ON customers.id = customer_id"
)


def _compared(bank: SmallBank, written: list[Tweet], booked: Booked) -> Iterator[str]:
    """Yield each payment that nobody asked for so, and each order that was not read as one."""
    reasons = dict(bank.ask("SELECT key, reason FROM inbox WHERE state <> 'received'"))
    for tweet in written:
        asked, made = tweet.asked, booked.get(tweet.key)
        right = asked and asked.code == tweet.code
        if made and not right:
            yield f"{tweet.key} paid {made} with a code that is not {tweet.payer.person.handle}'s"
        if made and asked and made != (tweet.payer.person.x_id, asked.x_id, asked.cents):
            yield f"{tweet.key} paid {made}, and was asked for {asked}"
        if asked and asked.sure and reasons.get(tweet.key) in _NOT_READ:
            yield f"{tweet.key} was not read as {asked}"


def _balances(bank: SmallBank, written: list[Tweet], booked: Booked) -> Iterator[str]:
    """Yield each customer who has something else than what was asked for and paid."""
    due: Counter[str] = Counter({one.person.x_id: _START_CENTS for one in bank.payers})
    for tweet in written:
        if tweet.key in booked and tweet.asked is not None:
            due[tweet.payer.person.x_id] -= tweet.asked.cents
            due[str(tweet.asked.x_id)] += tweet.asked.cents
    for x_id, cents in bank.ask(_BALANCES):
        if cents != due[x_id]:
            yield f"{x_id} has {cents} cents, not {due[x_id]}"
