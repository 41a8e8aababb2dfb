"""What an insider with every right in the database does for money, and how tracks are covered.

Each deed changes what was booked; then balances and payments are made to agree with
it, so that every sum holds. Only pages and their witness can tell.
"""

from __future__ import annotations

import re
from pathlib import Path

from sqlalchemy import Connection

_NAME = re.compile(r"\n-- (.+)\n")


def _deeds() -> dict[str, list[str]]:
    """Return the statements of `deeds.sql` (SQLite's SQL), by what stands above them."""
    _, *parts = _NAME.split(Path(__file__).with_name("deeds.sql").read_text(encoding="utf-8"))
    named = zip(parts[::2], parts[1::2], strict=True)
    return {name: [one for one in body.split(";") if one.strip()] for name, body in named}


_PREPARE, _AGREE, *_DEEDS = _deeds().items()
DEEDS = dict(_DEEDS)


def do(connection: Connection, deed: str) -> None:
    """Do *deed*, and make balances and payments agree with it."""
    for statement in (*_PREPARE[1], *DEEDS[deed], *_AGREE[1]):
        connection.exec_driver_sql(statement)


def undo_the_chain(connection: Connection) -> None:
    """Take all seals away, so that the bank itself closes its pages anew."""
    connection.exec_driver_sql("DELETE FROM seals")
