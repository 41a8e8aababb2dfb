"""Pages of the book: which transfers one holds, and the hash that its seal carries.

A page is a run of consecutive transfer ids, so `last_transfer_id` and `transfers`
say which ones. Its hash is HMAC-SHA256 over lines of JSON: first the hash of the
page before and the page's own facts, then each transfer. The key is not in the
database: whoever can only write there cannot make a hash that fits.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Row,
    Select,
    Text,
    func,
    select,
    type_coerce,
)

from smoney_bot.bank.keys import Keyring
from smoney_bot.book.tables import seals, transfers

_PURPOSE = "seal"

#: No page holds more. It may grow, not shrink: a page that claims more is not one.
PAGE_MAX = 1000

#: The one form of a moment in a hash: as SQLite stores it, in Python and in PostgreSQL.
_MOMENT = "%Y-%m-%dT%H:%M:%S.%fZ"
_MOMENT_IN_POSTGRESQL = 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'
_AT_ONCE = 500
_LOWEST = -(1 << 63)  # of all ids

Member = Row[tuple[int, str, str, int, int, int, str, str]]


@dataclass(frozen=True, slots=True)
class Seal:
    """What closes a page."""

    id: int
    last_transfer_id: int
    transfers: int
    key_id: str
    sealed_at: str  # as `moment` writes it
    hash: str = ""

    @property
    def first_transfer_id(self) -> int:
        """The id of the page's first transfer."""
        return self.last_transfer_id - self.transfers + 1

    @property
    def transfer_ids(self) -> range:
        """The ids of the page's transfers."""
        return range(self.first_transfer_id, self.last_transfer_id + 1)

    @property
    def is_possible(self) -> bool:
        """Whether there can be such a page at all, before any id of it is looked for."""
        return 1 <= self.transfers <= PAGE_MAX and self.first_transfer_id >= 1


def moment(at: datetime) -> str:
    """Write a moment as it stands in a hash; such texts sort as moments do."""
    return at.astimezone(UTC).strftime(_MOMENT)


def stretches(connection: Connection) -> Iterator[list[Seal]]:
    """Yield all seals in order of id, those together whose pages are best read at once."""
    last = _LOWEST
    while batch := _after(connection, last):
        begin = 0
        for end in range(1, len(batch) + 1):
            if end == len(batch) or not _is_near(batch[begin], batch[end]):
                yield batch[begin:end]
                begin = end
        last = batch[-1].id


def _after(connection: Connection, seal_id: int) -> list[Seal]:
    found = _seals(connection).where(seals.c.id > seal_id).order_by(seals.c.id).limit(_AT_ONCE)
    return [Seal(*row) for row in connection.execute(found)]


def _is_near(first: Seal, other: Seal) -> bool:
    """Whether all from *first* to *other* are no more transfers than a page may hold."""
    if not (first.is_possible and other.is_possible):
        return False
    start = first.first_transfer_id
    return start <= other.first_transfer_id and other.last_transfer_id < start + PAGE_MAX


def newest(connection: Connection) -> Seal | None:
    """Return the end of the chain."""
    found = connection.execute(_seals(connection).order_by(seals.c.id.desc()).limit(1)).first()
    return None if found is None else Seal(*found)


def members(connection: Connection, *where: ColumnElement[bool]) -> Sequence[Member]:
    """Return the first `PAGE_MAX` transfers in order of id, as their fields stand in a hash."""
    statement = (
        select(
            transfers.c.id,
            transfers.c.key,
            transfers.c.kind,
            transfers.c.source_id,
            transfers.c.target_id,
            type_coerce(transfers.c.amount_cents, BigInteger),
            transfers.c.memo,
            _stored(connection, transfers.c.booked_at).label("booked_at"),
        )
        .where(*where)
        .order_by(transfers.c.id)
        .limit(PAGE_MAX)
    )
    return connection.execute(statement).all()


def members_of(connection: Connection, stretch: Sequence[Seal]) -> dict[int, Member]:
    """Return the transfers of these pages that are still there, by id."""
    if not stretch[0].is_possible:
        return {}
    first = stretch[0].first_transfer_id
    last = max(seal.last_transfer_id for seal in stretch)
    there = members(connection, transfers.c.id >= first, transfers.c.id <= last)
    return {one.id: one for one in there}


def hash_of(keyring: Keyring, before: Seal | None, seal: Seal, held: Iterable[Member]) -> str:
    """Return the hash of the page that *seal* closes behind *before*, as hex.

    Raises KeyError if the keyring lacks the page's key.
    """
    facts = [
        before.hash if before else "",
        seal.id,
        seal.last_transfer_id,
        seal.transfers,
        seal.key_id,
        seal.sealed_at,
    ]
    total = hmac.new(keyring.derive(seal.key_id, _PURPOSE), digestmod="sha256")
    for line in chain([facts], held):
        total.update(json.dumps(list(line)).encode() + b"\n")
    return total.hexdigest()


def holes(connection: Connection, since_seal: int = _LOWEST) -> Iterator[range]:
    """Yield the ids that no page holds, below pages closed behind the seal *since_seal*.

    Whoever looks for transfers there asks hole by hole (`within`): joined with the
    holes at once, a database may read the whole book instead.
    """
    lower = seals.alias("lower")
    end = seals.c.last_transfer_id - seals.c.transfers + 1
    above = select(func.max(lower.c.last_transfer_id)).where(lower.c.last_transfer_id < end)
    begin = func.coalesce(above.scalar_subquery() + 1, _LOWEST)
    recent = (seals.c.id > since_seal) & possible()
    found = select(begin, end).where(recent, begin < end).order_by(end)
    with connection.execute(found.execution_options(yield_per=_AT_ONCE)) as rows:
        for row in rows:
            yield range(*row)


def possible() -> ColumnElement[bool]:
    """Whether a seal is possible, as SQL: others cannot be reckoned with."""
    held = seals.c.transfers
    return held.between(1, PAGE_MAX) & (seals.c.last_transfer_id >= held)


def within(hole: range) -> ColumnElement[bool]:
    """Whether a transfer lies in a hole, as SQL."""
    return (transfers.c.id >= hole.start) & (transfers.c.id < hole.stop)


def _seals(connection: Connection) -> Select[int, int, int, str, str, str]:
    return select(
        seals.c.id,
        seals.c.last_transfer_id,
        seals.c.transfers,
        seals.c.key_id,
        _stored(connection, seals.c.sealed_at),
        seals.c.hash,
    )


def _stored(connection: Connection, column: ColumnElement[datetime]) -> ColumnElement[str]:
    """Return a moment as text, letter by letter: more than one text reads as the same moment."""
    if connection.dialect.name == "sqlite":
        return type_coerce(column, Text)
    return func.to_char(func.timezone("UTC", column), _MOMENT_IN_POSTGRESQL)
