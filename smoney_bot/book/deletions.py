"""Deletions: posts that X says are gone.

What is not decided yet is not carried out any more; what was booked stays. The
words go: X wants what was stored of a deleted post deleted within a day (X's
developer policy). X does not promise that a deletion comes after its post, so
each is remembered for ever, as the keys of messages are.

An edited post has several ids, and X does not say which of them a deletion names.
The first one is always understood; a later one until the message that brought it
is decided (`among`). What was edited after it was kept has later ids that the book
never saw: a deletion that names only one of these finds nothing here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, exists, literal, or_, select, update

from smoney_bot.bank.desk import PaymentState
from smoney_bot.bank.messages import Message, post_of
from smoney_bot.book import rows
from smoney_bot.book.listed import is_in
from smoney_bot.book.states import MessageState, ReplyState
from smoney_bot.book.tables import deletions, inbox, outbox, payments

#: How many posts one purge takes on: payments share the database with it.
_PURGE_MAX = 500

_IN_HAND = (MessageState.RECEIVED, MessageState.CLAIMED)
_ENDED = (ReplyState.SENT, ReplyState.GAVE_UP)

#: What tells the payee the note that stood in the post.
_NOTICE = outbox.c.kind == "notice"


def hear(connection: Connection, post_ids: Iterable[str], now: datetime) -> int:
    """Note that posts are gone; return of how many this is news.

    An order of theirs that waits for its code is cancelled.
    """
    heard = [{"post_id": post_id, "heard_at": now} for post_id in sorted(set(post_ids))]
    new = rows.add_new(connection, deletions, heard, deletions.c.post_id)
    waits = payments.c.message_key.in_(_keys(new)) & (payments.c.state == PaymentState.WAITING)
    if new:
        connection.execute(update(payments).where(waits).values(state=PaymentState.CANCELLED))
    return len(new)


def among(connection: Connection, messages: Iterable[Message], now: datetime) -> frozenset[str]:
    """Return the keys of those *messages* whose post is gone, and leave these to the next purge.

    A deletion may name any version of an edited post; from here on it stands
    under the first one, which is the message's key.
    """
    versions = {one.key: {first, one.message_id} for one in messages if (first := post_of(one.key))}
    named = sorted(set().union(*versions.values()))
    gone = set(connection.execute(_GONE, {"named": named}).scalars()) if named else set()
    found = frozenset(key for key, ids in versions.items() if ids & gone)
    if found:
        _remind(connection, sorted(first for key in found if (first := post_of(key))), now)
    return found


_GONE = select(deletions.c.post_id).where(is_in(deletions.c.post_id, "named"))


def _remind(connection: Connection, post_ids: Sequence[str], now: datetime) -> None:
    """Have these posts purged once more: words of theirs came after the deletion."""
    added = [{"post_id": post_id, "heard_at": now} for post_id in post_ids]
    rows.add_new(connection, deletions, added, deletions.c.post_id)
    again = update(deletions).where(deletions.c.post_id.in_(post_ids)).values(purged_at=None)
    connection.execute(again)


def any_left(connection: Connection) -> bool:
    """Return whether something of a post that is gone may still be stored."""
    return connection.execute(_LEFT).first() is not None


_LEFT = select(deletions.c.post_id).where(deletions.c.purged_at.is_(None)).limit(1)


def purge(connection: Connection, now: datetime) -> int:
    """Erase the words of posts that are gone; return of how many nothing is left now.

    Emptied are the stored message, the note of its payment and the notice that
    told it to the payee. What is still to be decided or sent keeps its words,
    and its turn, until then. The payment itself stays.
    """
    statement = (
        select(deletions.c.post_id)
        .where(deletions.c.purged_at.is_(None))
        .order_by(deletions.c.heard_at)
        .limit(_PURGE_MAX)
    )
    post_ids = list(connection.execute(statement).scalars())
    if not post_ids:
        return 0
    _erase(connection, _keys(post_ids))
    empty = (deletions.c.post_id.in_(post_ids), ~_has_words())
    done = update(deletions).where(*empty).values(purged_at=now)
    return connection.execute(done).rowcount


def _erase(connection: Connection, keys: Sequence[str]) -> None:
    decided = inbox.c.state.not_in(_IN_HAND)
    ended = outbox.c.state.in_(_ENDED)
    for erasing in (
        update(inbox).where(inbox.c.key.in_(keys), decided).values(payload=None),
        update(payments).where(payments.c.message_key.in_(keys)).values(note=""),
        update(outbox).where(outbox.c.message_key.in_(keys), _NOTICE, ended).values(text=""),
    ):
        connection.execute(erasing)


def _has_words() -> ColumnElement[bool]:
    """Whether anything of a post in `deletions` is still stored."""
    key = literal("t:").concat(deletions.c.post_id)
    return or_(
        exists().where(inbox.c.key == key, inbox.c.payload.is_not(None)),
        exists().where(payments.c.message_key == key, payments.c.note != ""),
        exists().where(outbox.c.message_key == key, _NOTICE, outbox.c.text != ""),
    )


def _keys(post_ids: Iterable[str]) -> list[str]:
    """Return the messages' keys of posts."""
    return sorted(f"t:{post_id}" for post_id in post_ids)
