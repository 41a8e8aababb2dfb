"""The inbox: every message is kept before it is acknowledged, and worked once.

    received ──claim──► claimed ──finish──► ignored | refused | declined | applied
        ▲                  │
        └────put_back──────┴── too many crashes or errors ──► set_aside ──retry──► received

At most one message of an author is claimed at a time, the oldest first. A claim
is a lease: when it runs out, the message may be claimed again under the next
fence, and whoever held the old one can no longer write (`LostLease`).
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Update, bindparam, case, func, select, update

from smoney_bot.bank.desk import Outcome
from smoney_bot.bank.messages import Message
from smoney_bot.book import rows
from smoney_bot.book.claims import CRASHES_MAX, Claimed, claim, in_state
from smoney_bot.book.listed import is_in
from smoney_bot.book.states import MessageState
from smoney_bot.book.tables import inbox

__all__ = [
    "CRASHES_MAX",
    "ERRORS_MAX",
    "Claimed",
    "Decided",
    "Line",
    "claim",
    "finish",
    "keep",
    "keep_new",
    "listing",
    "note_counted",
    "oldest_waiting",
    "put_back",
    "release",
    "retry",
    "waiting",
    "waiting_of",
]

#: `threats.md` row 28: a message that fails does so only this often.
ERRORS_MAX = 5

_WAITING = (MessageState.RECEIVED, MessageState.CLAIMED)

#: How much of what waits is read at most to look for an order that is in haste.
_READ_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Decided:
    """How a claimed message ended."""

    claimed: Claimed
    outcome: Outcome
    reason: str = ""


def keep(connection: Connection, messages: Iterable[Message], now: datetime) -> int:
    """Keep those of *messages* that are not kept yet; return how many were new.

    They must be concealed already: what is given is stored.
    """
    return len(keep_new(connection, messages, now))


def keep_new(
    connection: Connection, messages: Iterable[Message], now: datetime | ColumnElement[datetime]
) -> frozenset[str]:
    """Do as `keep` does, in one statement; return the keys of those that were new."""
    # In order of key, so that two deliveries of the same batch do not deadlock.
    kept = [_row(message) for message in sorted(messages, key=lambda one: one.key)]
    same = {**_BEGINNING, "received_at": now, "due_at": now}
    return rows.add_new(connection, inbox, kept, inbox.c.key, same)


def _row(message: Message) -> rows.Row:
    return {
        "key": message.key,
        "author_id": message.author_id,
        "public": message.public,
        "written_at": message.written_at,
        "payload": message.to_json(),
    }


#: How each message begins.
_BEGINNING: rows.Row = {
    "state": MessageState.RECEIVED,
    "attempts": 0,
    "errors": 0,
    "crashes": 0,
    "counted": False,
    "fence": 0,
    "reason": "",
}


_held_still = update(inbox).where(
    inbox.c.id == bindparam("row_id"),
    inbox.c.fence == bindparam("held_fence"),
    inbox.c.state == MessageState.CLAIMED,
)
_held = _held_still.values(lease_until=None)
_COUNTED = _held_still.values(counted=True)


def _finishing(held: Update) -> Update:
    return held.values(
        state=rows.given("outcome", inbox.c.state),
        reason=rows.given("why", inbox.c.reason),
        payload=rows.given("erased", inbox.c.payload),
        decided_at=rows.given("at", inbox.c.decided_at),
    )


_FINISH = _finishing(_held)


def finish(connection: Connection, decided: Iterable[Decided], now: datetime) -> None:
    """Close *decided* messages and erase the tags of their codes.

    Raises `LostLease` if one is no longer in hand: then nothing of the batch may
    be committed.
    """
    closed = [
        {
            "row_id": one.claimed.id,
            "held_fence": one.claimed.fence,
            "outcome": MessageState(one.outcome),
            "why": one.reason,
            "erased": replace(one.claimed.message, codes=()).to_json(),
            "at": now,
        }
        for one in sorted(decided, key=lambda one: one.claimed.id)
    ]
    rows.change_held(connection, _FINISH, closed)


def put_back(
    connection: Connection,
    claimed: Claimed,
    *,
    due_at: datetime,
    reason: str,
    now: datetime,
    blameless: bool = False,
) -> MessageState:
    """Give a message back, to be claimed again from *due_at* on; return its new state.

    It is set aside after `ERRORS_MAX` errors. A *blameless* return (something
    outside was away: `TryLater`) does not count as one. Raises `LostLease`.
    """
    errors = inbox.c.errors + (0 if blameless else 1)
    hopeless = errors >= ERRORS_MAX
    statement = _held.values(
        errors=errors,
        state=case((hopeless, MessageState.SET_ASIDE), else_=MessageState.RECEIVED),
        decided_at=case((hopeless, now), else_=None),
        due_at=due_at,
        reason=reason,
    )
    held = {"row_id": claimed.id, "held_fence": claimed.fence}
    rows.change_held(connection, statement, [held])
    state: MessageState = connection.execute(
        select(inbox.c.state).where(inbox.c.id == claimed.id)
    ).scalar_one()
    return state


def note_counted(connection: Connection, claimed: Iterable[Claimed]) -> None:
    """Note that the codes of these messages are counted: trying them again is no new guess.

    Raises `LostLease` if one is no longer in hand.
    """
    held = [{"row_id": one.id, "held_fence": one.fence} for one in claimed]
    rows.change_held(connection, _COUNTED, held)


def release(connection: Connection, now: datetime) -> int:
    """End every lease now; return how many there were. Only for the one who can claim.

    What was in hand counts as crashed, as it would once its lease had run out.
    """
    in_hand = in_state(inbox.c.state, MessageState.CLAIMED)
    statement = update(inbox).where(in_hand, inbox.c.lease_until > now).values(lease_until=now)
    return connection.execute(statement).rowcount


def retry(connection: Connection, keys: Iterable[str], now: datetime) -> int:
    """Let messages that were set aside be claimed again; return how many there were."""
    statement = (
        update(inbox)
        .where(inbox.c.key.in_(sorted(keys)), inbox.c.state == MessageState.SET_ASIDE)
        .values(
            state=MessageState.RECEIVED,
            errors=0,
            crashes=0,
            due_at=now,
            decided_at=None,
            reason="",
        )
    )
    return connection.execute(statement).rowcount


@dataclass(frozen=True, slots=True)
class Line:
    """One message as an operator sees it: never its words."""

    key: str
    author_id: str
    public: bool
    state: MessageState
    attempts: int
    reason: str
    written_at: datetime
    received_at: datetime
    due_at: datetime
    decided_at: datetime | None


def listing(
    connection: Connection, state: MessageState | None = None, limit: int = 50
) -> list[Line]:
    """Return the newest messages, of one *state* or of all."""
    shown = [inbox.c[name] for name in Line.__slots__]
    statement = select(*shown).order_by(inbox.c.id.desc()).limit(limit)
    if state is not None:
        statement = statement.where(inbox.c.state == state)
    return [Line(*row) for row in connection.execute(statement)]


def waiting_of(connection: Connection, author_ids: Iterable[str]) -> list[Message]:
    """Return what these authors have written that waits; what cannot be read is left out."""
    found: list[Message] = []
    for payload in connection.execute(_WAITING_OF, {"authors": sorted(set(author_ids))}).scalars():
        with suppress(ValueError, KeyError, TypeError):
            found.append(Message.from_json(payload))
    return found


_WAITING_OF = (
    select(inbox.c.payload)
    .where(
        is_in(inbox.c.author_id, "authors"),
        inbox.c.decided_at.is_(None),
        in_state(inbox.c.state, MessageState.RECEIVED),
    )
    .order_by(inbox.c.written_at.desc())
    .limit(_READ_MAX)
)


def waiting(connection: Connection) -> tuple[int, datetime | None]:
    """Return how many messages wait or are in hand, and when the oldest arrived."""
    # State by state: each has its partial index, and the inbox grows for ever.
    counts, oldest = zip(*(_waiting(connection, state) for state in _WAITING), strict=True)
    return sum(counts), min((moment for moment in oldest if moment is not None), default=None)


def _waiting(connection: Connection, state: MessageState) -> tuple[int, datetime | None]:
    counted = select(func.count(), func.min(inbox.c.received_at))
    row = connection.execute(counted.where(in_state(inbox.c.state, state))).one()
    return row[0], row[1]


def oldest_waiting(connection: Connection) -> datetime | None:
    """Return when the oldest message that is not decided yet arrived, or None."""
    return waiting(connection)[1]
