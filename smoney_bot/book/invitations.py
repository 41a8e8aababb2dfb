"""Invitations: links to the enrolment page, each good for one enrolment.

The link holds a token of 32 random bytes; the book knows its hash alone, so a
copy of the book opens no page. An invitation lives until it is used, its time
is over, a newer one is made, or five first codes were wrong.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, insert, select, update

from smoney_bot.bank.codes import FAILURES_MAX
from smoney_bot.book.tables import invitations

#: How long a link works.
LIFE = timedelta(hours=48)

_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class Invitation:
    """A living invitation; `staged` is JSON: what was chosen and not yet confirmed."""

    id: int
    customer_id: int
    staged: str | None = field(repr=False)
    failures: int
    expires_at: datetime

    @property
    def tries_left(self) -> int:
        """How many first codes may still be tried."""
        return FAILURES_MAX - self.failures


def new_token() -> str:
    """Return a fresh token: 43 letters, digits, - and _."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def hash_token(token: str) -> str:
    """Return what the book keeps of *token* (SHA-256, as hex).

    Its 256 bits are random: they need no slow hash, and no key that rotates.
    """
    return hashlib.sha256(token.encode()).hexdigest()


def invite(
    connection: Connection,
    customer_id: int,
    token_hash: str,
    now: datetime,
    life: timedelta = LIFE,
) -> None:
    """Make an invitation; those of the customer that were not used end."""
    older = (invitations.c.customer_id == customer_id) & invitations.c.used_at.is_(None)
    connection.execute(update(invitations).where(older).values(staged=None))
    still_living = older & (invitations.c.expires_at > now)
    connection.execute(update(invitations).where(still_living).values(expires_at=now))
    made = insert(invitations).values(
        token_hash=token_hash,
        customer_id=customer_id,
        failures=0,
        created_at=now,
        expires_at=now + life,
    )
    connection.execute(made)


def find(connection: Connection, token_hash: str, now: datetime) -> Invitation | None:
    """Return the living invitation of this token's hash, or None."""
    columns = [invitations.c[name] for name in Invitation.__slots__]
    wanted = invitations.c.token_hash == token_hash
    row = connection.execute(select(*columns).where(wanted, _is_living(now))).first()
    return None if row is None else Invitation(*row)


def stage(connection: Connection, invitation_id: int, staged: str, now: datetime) -> bool:
    """Keep what was chosen, in place of what was; return False if the invitation has ended."""
    return _change(connection, invitation_id, _is_living(now), staged=staged)


def reserve(connection: Connection, invitation_id: int, now: datetime) -> bool:
    """Count one try of a first code, as if it were wrong; return whether it may be made.

    Commit before the code is checked: whatever runs in parallel, no more than
    `codes.FAILURES_MAX` codes are checked for one link.
    """
    one_more = invitations.c.failures + 1
    return _change(connection, invitation_id, _is_living(now), failures=one_more)


def accept(connection: Connection, invitation: Invitation, now: datetime) -> bool:
    """Use the invitation up; return False if that was done before, or it has ended.

    It must still hold what it held when *invitation* was read: a card drawn in
    the meantime counts, not the one before. The last try may win, so failures
    do not matter here.
    """
    same = invitations.c.staged == invitation.staged
    unused = invitations.c.used_at.is_(None) & (invitations.c.expires_at > now)
    return _change(connection, invitation.id, same & unused, used_at=now, staged=None)


def _is_living(now: datetime) -> ColumnElement[bool]:
    unused = invitations.c.used_at.is_(None) & (invitations.c.expires_at > now)
    return unused & (invitations.c.failures < FAILURES_MAX)


def _change(
    connection: Connection, invitation_id: int, condition: ColumnElement[bool], **values: object
) -> bool:
    one = update(invitations).where(invitations.c.id == invitation_id, condition)
    return connection.execute(one.values(**values)).rowcount == 1
