"""Actions: what operators did, in the order they did it. Only ever added.

Customers stand here by their number in the book, never by a name: what is never
changed could not be erased either.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from smoney_bot.bank.operators import Deed
from smoney_bot.book.operators import Operator
from smoney_bot.book.tables import actions

#: Who acts by the commands of `smoney-bot operator`: whoever has the settings' secrets.
AT_THE_MACHINE = "smoney-bot operator"


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that was done, at `done_at` (UTC)."""

    done_at: datetime
    operator: str
    deed: str
    subject: str
    detail: str


def note(
    connection: Connection,
    operator: Operator | str,
    deed: Deed,
    now: datetime,
    *,
    subject: str = "",
    detail: str = "",
) -> None:
    """Note what *operator* did (a text: under that name, which is nobody's), as it is done."""
    row = {
        "done_at": now,
        "operator_id": operator.id if isinstance(operator, Operator) else None,
        "operator": operator.name if isinstance(operator, Operator) else operator,
        "deed": deed.value,
        "subject": subject,
        "detail": detail,
    }
    connection.execute(insert(actions).values(**row))


def listing(connection: Connection, limit: int = 100) -> list[Action]:
    """Return the newest actions first."""
    statement = select(*_SHOWN).order_by(actions.c.id.desc()).limit(limit)
    return [Action(*row) for row in connection.execute(statement)]


def last(connection: Connection, deed: Deed) -> Action | None:
    """Return when *deed* was last done, and what came of it; None if it never was."""
    statement = select(*_SHOWN).where(actions.c.deed == deed.value)
    row = connection.execute(statement.order_by(actions.c.id.desc()).limit(1)).first()
    return None if row is None else Action(*row)


_SHOWN = [actions.c[name] for name in Action.__slots__]
