"""Renewals: windows in which a page takes a living code, to renew all codes or see a statement.

A window opens by direct message and is named by a word that only the customer
has read there. The word opens nothing by itself, a code of the same customer
does; without the word nobody can make the bank look at a code at all. So no
stranger spends a customer's attempts, or learns who has an account.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Connection, Table, delete, select

from smoney_bot.bank.desk import Purpose, Renewal
from smoney_bot.book import rows
from smoney_bot.book.tables import renewals, statement_windows

#: How long a window stays open.
LIFE = timedelta(minutes=15)

#: RFC 8628, section 6.1: no vowels, so no rude words; no digits, so no mistaken ones.
LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
#: Eight of twenty letters are 34 bits, for words that live 15 minutes.
WORD_LENGTH = 8

#: Apart, so that who asks for the one does not end the other.
_WINDOWS = {Purpose.RENEWAL: renewals, Purpose.STATEMENT: statement_windows}


def new_word() -> str:
    """Return a fresh word, in two halves: `WDJB-MJHT`."""
    letters = "".join(secrets.choice(LETTERS) for _ in range(WORD_LENGTH))
    half = WORD_LENGTH // 2
    return f"{letters[:half]}-{letters[half:]}"


def open_windows(connection: Connection, opened: Iterable[Renewal], now: datetime) -> None:
    """Open windows, each in place of the one before of the same customer and purpose."""
    asked = list(opened)
    for purpose, windows in _WINDOWS.items():
        _open(connection, windows, [one for one in asked if one.purpose is purpose], now)


def _open(connection: Connection, windows: Table, opened: Iterable[Renewal], now: datetime) -> None:
    latest = {one.customer_id: one.word for one in opened}
    if not latest:
        return
    connection.execute(delete(windows).where(windows.c.customer_id.in_(sorted(latest))))
    opening = [
        {"customer_id": one, "word": word, "opened_at": now, "expires_at": now + LIFE}
        for one, word in sorted(latest.items())
    ]
    rows.add(connection, windows, opening)


def find(
    connection: Connection, word: str, now: datetime, purpose: Purpose = Purpose.RENEWAL
) -> int | None:
    """Return the customer id of the open window of this *word* and *purpose*, or None."""
    windows = _WINDOWS[purpose]
    wanted = (windows.c.word == word) & (windows.c.expires_at > now)
    customer_id: int | None = connection.execute(
        select(windows.c.customer_id).where(wanted)
    ).scalar_one_or_none()
    return customer_id


def close(connection: Connection, word: str, purpose: Purpose = Purpose.RENEWAL) -> bool:
    """Close the window of this *word*; return False if that was done before."""
    windows = _WINDOWS[purpose]
    return connection.execute(delete(windows).where(windows.c.word == word)).rowcount == 1
