"""Sessions: who is signed in to the console. The browser has a token, the book its hash.

A session ends by itself: after a rest, after a working day, or when its operator is
disabled or given another password.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, insert, or_, select, update

from smoney_bot.bank.customers import Language
from smoney_bot.bank.operators import IDLE, SESSION
from smoney_bot.book import operators
from smoney_bot.book.operators import Operator
from smoney_bot.book.tables import sessions

#: A request is noted no more often than this: looking about should not write all the time.
_NOTED_EVERY = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Session:
    """A living session."""

    token_hash: str
    operator: Operator
    language: Language
    opened_at: datetime
    seen_at: datetime

    def is_to_be_noted(self, now: datetime) -> bool:
        """Whether a request now is to be written down."""
        return now - self.seen_at >= _NOTED_EVERY


def hash_token(token: str) -> str:
    """Return what is kept of a token: it has 256 random bits, so a plain hash will do."""
    return hashlib.sha256(token.encode()).hexdigest()


def open_session(
    connection: Connection, operator: Operator, language: Language, now: datetime
) -> str:
    """Open a session and return its token; those that are over go."""
    connection.execute(delete(sessions).where(_is_over(now)))
    token = secrets.token_urlsafe(32)
    row = {
        "token_hash": hash_token(token),
        "operator_id": operator.id,
        "language": language,
        "opened_at": now,
        "seen_at": now,
    }
    connection.execute(insert(sessions).values(**row))
    return token


def find(connection: Connection, token: str, now: datetime) -> Session | None:
    """Return the living session of *token*, or None."""
    statement = select(sessions).where(sessions.c.token_hash == hash_token(token), ~_is_over(now))
    row = connection.execute(statement).first()
    if row is None:
        return None
    operator = operators.by_ids(connection, [row.operator_id])[row.operator_id]
    if operator.disabled_at is not None:
        return None
    return Session(row.token_hash, operator, row.language, row.opened_at, row.seen_at)


def note_seen(connection: Connection, session: Session, now: datetime) -> None:
    """Note that a request came: the rest begins anew."""
    _change(connection, session, seen_at=now)


def speak(connection: Connection, session: Session, language: Language) -> None:
    """Show the pages of this session in *language* from now on."""
    _change(connection, session, language=language)


def _change(connection: Connection, session: Session, **values: object) -> None:
    this = sessions.c.token_hash == session.token_hash
    connection.execute(update(sessions).where(this).values(**values))


def end(connection: Connection, session: Session) -> None:
    """End a session."""
    connection.execute(delete(sessions).where(sessions.c.token_hash == session.token_hash))


def end_all(connection: Connection, operator: Operator) -> None:
    """End every session of an operator."""
    connection.execute(delete(sessions).where(sessions.c.operator_id == operator.id))


def _is_over(now: datetime) -> ColumnElement[bool]:
    return or_(sessions.c.seen_at <= now - IDLE, sessions.c.opened_at <= now - SESSION)
