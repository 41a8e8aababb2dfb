"""Codes on file, whatever their kind: what is there, and using up what was right.

cards.py            printed cards
pins.py             PINs
authenticators.py   secrets of apps
guards.py           how many may still be wrong
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from smoney_bot.bank.codes import KINDS, CodeKind, CodeUse, OnFile
from smoney_bot.bank.messages import SeenCode
from smoney_bot.book import authenticators, cards, pins
from smoney_bot.book.cards import codes_left, issue_card, note_wrong, used_places
from smoney_bot.book.guards import Reserved, forgive, reserve, standing
from smoney_bot.book.pins import rehash, set_pin, void_pin

__all__ = [
    "Reserved",
    "codes_left",
    "forgive",
    "issue_card",
    "note_wrong",
    "on_file",
    "rehash",
    "reserve",
    "set_pin",
    "standing",
    "use_up",
    "used_places",
    "void_pin",
]

Seen = tuple[int, SeenCode]  # (customer id, code)
At = tuple[int, int]  # (customer id, where the code stood in the text)


def on_file(connection: Connection, seen: Sequence[Seen], now: datetime) -> dict[At, OnFile]:
    """Return what the book holds of each code *seen*; nothing where there is nothing.

    A card code or PIN that can no longer be used is returned as `spent`, so that
    it costs the same time to refuse.
    """
    places = [(one, code.place) for one, code in seen if code.place is not None]
    printed = cards.on_file(connection, places, now)
    known = pins.on_file(connection, _of_kind(CodeKind.PIN, seen))
    apps = authenticators.on_file(connection, _of_kind(CodeKind.AUTHENTICATOR, seen))
    found: dict[At, OnFile | None] = {}
    for customer_id, code in seen:
        match KINDS[code.length]:
            case CodeKind.CARD:
                found[customer_id, code.start] = printed.get((customer_id, code.place or 0))
            case CodeKind.PIN:
                found[customer_id, code.start] = known.get(customer_id)
            case CodeKind.AUTHENTICATOR:
                found[customer_id, code.start] = apps.get(customer_id)
    return {at: code for at, code in found.items() if code is not None}


def _of_kind(kind: CodeKind, seen: Iterable[Seen]) -> Iterator[int]:
    """Yield the customers who showed a code of this kind."""
    return (customer_id for customer_id, code in seen if KINDS[code.length] is kind)


def use_up(connection: Connection, uses: Mapping[str, Iterable[CodeUse]], now: datetime) -> None:
    """Use up right codes, by the key of the message that showed them.

    A PIN becomes void, an authenticator moves past the step. Raises
    `CodeAlreadyUsed` if another message was faster, or if the code was replaced
    since it was judged: then nothing of the transaction may be committed.
    """
    used = [(use, key) for key, shown in uses.items() for use in shown]
    printed = [(use.row_id, key) for use, key in used if use.kind is CodeKind.CARD]
    cards.use_up(connection, printed, now)
    shown = [(use.row_id, use.judged_by) for use, _ in used if use.kind is CodeKind.PIN]
    pins.use_up(connection, shown, now)
    steps = [(use.customer_id, use.step, use.judged_by) for use, _ in used if use.step is not None]
    authenticators.use_up(connection, steps)
