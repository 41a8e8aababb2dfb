"""A run of canaries: codes that are shown to the bank in every way, then looked for.

Accidents happen meanwhile: a write fails, a worker dies between its claim and its
decision, the door stumbles over a message with its clear words in hand.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from canary_places import open_places
from canary_search import all_codes, around, found
from canary_texts import CLEAN, NEAR, WAYS, spell
from sabotage import Killed
from small_bank import NOBODY, PLACES, Payer, SmallBank, crowd, small_bank
from sqlalchemy import Connection
from watched_door import Door, logging_to, open_door
from x_bodies import Event

from smoney_bot.bank.keys import Keyring
from smoney_bot.bank.messages import ClearMessage, Message
from smoney_bot.bank.orders import Bot
from smoney_bot.bank.redaction import conceal
from smoney_bot.book.engine import Book
from smoney_bot.workers import records

_write = records.write  # the real one, whatever stands in its place later

Found = dict[str, dict[str, str]]  # how each code was found and among what, by place

PIN = "9999"  # no canary begins like it

#: What a stage of the run shows before all is searched, and what one body brings.
STAGE, BODY = 60_000, 20

#: One form after another, in every way that it can come.
FORMS = [itertools.cycle(itertools.product(texts, WAYS)) for texts in (CLEAN, NEAR)]
STRANGERS = 0.05  # of all messages

TURNED_AWAY = {
    "unsigned": 401,
    "badly signed": 401,
    "broken": 400,
    "key twice": 400,
    "bare number": 400,  # it begins with 0
    "unknown kind": 200,
    "nowhere": 404,
}


def cards(
    dice: random.Random,
    count: int,
    *,
    noise: frozenset[str] = frozenset(),
    numbers: Iterable[str] = (),
) -> list[tuple[str, ...]]:
    """Return *count* cards whose codes are all different.

    None of them is in *noise* or a piece of one of the longer *numbers*: databases
    cut those, and a hundred thousand canaries would be found among the pieces. Nor do
    its digits ascend: lists of places on a page read like that.
    """
    spare = count // 4 + 5
    drawn = [
        [f"{place:02}{six:06}" for six in dice.sample(range(1_000_000), count + spare)]
        for place in range(1, PLACES + 1)
    ]
    bad = _pieces(frozenset(itertools.chain(*drawn)), numbers) | noise
    good = [
        [code for code in one if code not in bad and list(code) != sorted(code)][:count]
        for one in drawn
    ]
    assert all(len(one) == count for one in good)
    return list(zip(*good, strict=True))


def _pieces(codes: frozenset[str], numbers: Iterable[str]) -> set[str]:
    """Return those of *codes* that are a piece of one of *numbers*, forwards or backwards."""
    return {
        piece
        for number in numbers
        for written in (number, number[::-1])
        for start in range(len(number) - 7)
        if (piece := written[start : start + 8]) in codes
    }


@dataclass
class Accidents:
    """What goes wrong while so many *codes* are shown.

    A failed batch is written anew message by message, so accidents cost time: of a
    hundred thousand codes there are a hundred of each kind, not some thousands.
    """

    codes: int
    calls: int = 0
    failed: int = 0
    killed: int = 0

    def write(self, connection: Connection, *rest: Any) -> None:  # noqa: ANN401 - as the real one
        """In place of `records.write`: now and then it fails, now and then the worker dies."""
        self.calls += 1
        _write(connection, *rest)
        if self.calls % max(23, self.codes // 600) == 0:
            self.killed += 1
            raise Killed
        if self.calls % max(7, self.codes // 2_000) == 0:
            self.failed += 1
            raise RuntimeError("an accident while writing")

    def conceal(self, message: ClearMessage, keyring: Keyring, bot: Bot) -> Message:
        """In place of `conceal`: now and then it fails, and quotes the clear words.

        Only plain ones: the log's stars know digits that stand in a row.
        """
        if (int(message.message_id) >> 22) % max(5, self.codes // 200) == 0:
            raise ValueError(f"an odd message: {message.text if message.text.isascii() else ''}")
        return conceal(message, keyring, bot)


def serve_all(bank: SmallBank) -> None:
    """Serve what waits, whatever happens; nothing is left in hand."""
    counter = bank.counter()
    while True:
        try:
            served = counter.serve()
        except Killed:
            bank.hurry()
            continue
        if not served:
            if not bank.number("SELECT count(*) FROM inbox WHERE state IN ('received', 'claimed')"):
                return
            bank.hurry()


def told(bank: SmallBank, payers: list[Payer], dice: random.Random) -> Iterator[Event]:
    """Yield a message for each code: every second customer writes orders nearly right."""
    for place in range(PLACES):
        for payer in payers:
            text, way = next(FORMS[int(payer.person.x_id) % 2])
            author = NOBODY if dice.random() < STRANGERS else payer.person
            yield way(bank.pen, author, spell(text, payer.codes[place]))


def bring_all(bank: SmallBank, door: Door, payers: list[Payer], dice: random.Random) -> None:
    """Show each code of *payers* at the door, in good order and in bad."""
    events = told(bank, payers, dice)
    door.connection.close()  # the server hangs up on who was silent for long
    while part := list(itertools.islice(events, BODY)):
        if door.bring(part) == 500:  # then X brings each by itself
            assert {door.bring([one]) for one in part} <= {200, 500}
    for payer in payers[::5]:
        assert door.turned_away(payer.codes[0]) == TURNED_AWAY
        # X's challenge with a code in it; the door answers only so many a minute.
        assert door.ask("GET", f"/webhooks/x?crc_token={payer.codes[0]}") in {400, 429}
    assert door.too_large(payers[0].codes[1]) in {413, 0}
    assert door.ask("GET", "/metrics") == door.ask("GET", "/health/ready") == 200


def _stages(payers: int) -> Iterator[slice]:
    """Yield which of the *payers* come together: equal parts, the last a little smaller."""
    stages = -(-payers * PLACES // STAGE)
    size = -(-payers // stages)
    for start in range(0, payers, size):
        yield slice(start, start + size)


@dataclass
class Run:
    """One run of the canaries on one database."""

    book: Book
    url: str
    log: Path
    capfd: pytest.CaptureFixture[str]

    def __call__(self, count: int, dice: random.Random) -> Found:
        """Show *count* codes to the bank; return where any of them is found, and which."""
        people, seen = crowd(-(-count // PLACES)), Found()
        with (
            open_places(self.book, self.url) as places,
            small_bank(self.book) as bank,
            open_door(self.book) as door,
        ):
            noise = frozenset().union(*map(all_codes, places.places().values()))
            # A message has an id, and an edited one two; there are mishaps as well.
            ids = bank.pen.next_ids(2 * count + 1_000)
            numbers = itertools.chain((one.x_id for one in people), ids)
            made = cards(dice, len(people), noise=noise, numbers=numbers)
            canaries = frozenset(itertools.chain(*made))
            for part in _stages(len(made)):
                payers = bank.open(people[part], made[part], pin=PIN)
                self._show(bank, door, payers, dice)
                self._look(seen, places.places(), canaries)
        written = {
            "log": self.log.read_bytes(),
            "output": "".join(self.capfd.readouterr()).encode(),
        }
        self._look(seen, written, canaries)
        return {place: codes for place, codes in seen.items() if codes}

    def _show(self, bank: SmallBank, door: Door, payers: list[Payer], dice: random.Random) -> None:
        half = len(payers) // 2
        for log_format, some in (("json", payers[:half]), ("text", payers[half:])):
            with logging_to(self.log, log_format):
                bring_all(bank, door, some, dice)
                serve_all(bank)

    @staticmethod
    def _look(seen: Found, places: dict[str, bytes], canaries: frozenset[str]) -> None:
        for place, data in places.items():
            hits = found(data, canaries)
            told = {code: f"{how}: {around(data, code)!r}" for code, how in hits.items()}
            seen.setdefault(place, {}).update(told)
