"""Sessions of customers at their statement: 15 minutes, and not one more.

The browser has a token of 256 random bits, the book a hash of it: to sign it as well
would protect nothing further. A session ends by itself, by its customer's word, and
when the account is no longer open.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select

from smoney_bot.bank.customers import Customer, State
from smoney_bot.book import customers
from smoney_bot.book.sessions import hash_token
from smoney_bot.book.tables import statement_sessions as sessions

#: How long a session lasts; looking does not make it longer.
LIFE = timedelta(minutes=15)


def new_token() -> str:
    """Return a fresh token, for the browser alone."""
    return secrets.token_urlsafe(32)


def open_session(connection: Connection, customer_id: int, token: str, now: datetime) -> None:
    """Open a session under *token*; those that are over go."""
    connection.execute(delete(sessions).where(sessions.c.expires_at <= now))
    row = {
        "token_hash": hash_token(token),
        "customer_id": customer_id,
        "opened_at": now,
        "expires_at": now + LIFE,
    }
    connection.execute(insert(sessions).values(**row))


def find(connection: Connection, token: str, now: datetime) -> Customer | None:
    """Return whose living session this is, or None."""
    living = (sessions.c.token_hash == hash_token(token), sessions.c.expires_at > now)
    one = connection.execute(select(sessions.c.customer_id).where(*living)).scalar_one_or_none()
    if one is None:
        return None
    customer = customers.by_ids(connection, [one])[one]
    return customer if customer.state is State.OPEN else None


def end(connection: Connection, token: str) -> None:
    """End the session of *token*, if there is one."""
    connection.execute(delete(sessions).where(sessions.c.token_hash == hash_token(token)))
