"""Reserving: codes are counted before they are checked, and what is on file of them is read.

Nothing here reads what people wrote: it may run within the transaction that claims.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from smoney_bot.book import codes as code_records
from smoney_bot.book import customers, inbox
from smoney_bot.workers import judging


def reserve(
    connection: Connection, claimed: Sequence[inbox.Claimed], now: datetime
) -> list[judging.Claim]:
    """Count the codes that are about to be tried, and read what is on file of them.

    Those of one message are counted once, however often it is claimed: to
    try them again after a crash is no new guess. Commit before they are checked.
    """
    with_codes = [one for one in claimed if one.message.codes]
    known = customers.by_x_ids(connection, {one.message.author_id for one in with_codes})
    mine = {
        known[one.message.author_id].id: one for one in with_codes if one.message.author_id in known
    }
    fresh = {owner: len(one.message.codes) for owner, one in mine.items() if not one.counted}
    reserved = code_records.reserve(connection, fresh, now)
    inbox.note_counted(connection, [mine[one] for one in fresh if reserved[one].granted])
    reserved |= code_records.standing(connection, mine.keys() - fresh.keys())
    seen = [
        (owner, code)
        for owner, one in mine.items()
        if reserved[owner].granted
        for code in one.message.codes
    ]
    on_file = code_records.on_file(connection, seen, now)
    return judging.claims_of(claimed, known, reserved, on_file)
