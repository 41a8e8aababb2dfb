"""Seals: closing pages of the book, off the hot path, and finding what was changed since.

An id is drawn before its transaction commits, so a transfer may appear below one
that was there before it. A page therefore never reaches across an id that is not
there: the next page begins behind it, and what commits late is closed in a page
of its own. No transfer is passed over whatever the order of commits, and nothing
waits for a transaction or asks for its end. Two spans of time keep order:

    SETTLE  a transfer rests this long before it is sealed, so that late pages are rare
    LATE    a transfer that turns up below a page and was booked longer ago than this
            is no late commit but an insertion: it is not sealed, and `check` names it

Seals count 1, 2, 3. Two processes that close a page at once want the same id, and
the database gives it to one: the chain cannot fork.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hmac import compare_digest

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import IntegrityError

from smoney_bot.bank.keys import Keyring
from smoney_bot.book import pages, rows
from smoney_bot.book.audit import Problem, legible, unhurried
from smoney_bot.book.pages import Member, Seal
from smoney_bot.book.tables import seals, transfers

SETTLE = timedelta(seconds=10)
LATE = timedelta(hours=1)


def close_page(
    connection: Connection,
    keyring: Keyring,
    now: datetime,
    *,
    settle: timedelta = SETTLE,
    late: timedelta = LATE,
) -> Seal | None:
    """Close the next page, of at most `pages.PAGE_MAX` transfers; return None if there is none.

    None, too, if another process closed one meanwhile.
    """
    # Before all else: whoever closes a page from here on takes the id that ours wants.
    before = pages.newest(connection)
    held = _next_run(connection, now, settle) or _late_run(connection, now - late)
    if not held:
        return None
    number = before.id + 1 if before else 1
    open_ = Seal(number, held[-1].id, len(held), keyring.newest, pages.moment(now))
    seal = replace(open_, hash=pages.hash_of(keyring, before, open_, held))
    return seal if _add(connection, seal, now) else None


def _next_run(connection: Connection, now: datetime, settle: timedelta) -> list[Member]:
    """Return the run behind all pages, up to the first transfer that has yet to settle."""
    highest = connection.execute(select(func.max(seals.c.last_transfer_id))).scalar()
    behind = [transfers.c.id > highest] if highest is not None else []
    found = pages.members(connection, *behind)
    # One from the far future, by a clock that was wrong, must not hold up the others for ever.
    begin, end = pages.moment(now - settle), pages.moment(now + LATE)
    return _leading_run(found, lambda one: begin < one.booked_at <= end)


def _late_run(connection: Connection, since: datetime) -> list[Member]:
    """Return the first run below the recent pages that was booked *since*."""
    for hole in pages.holes(connection, _last_before(connection, since)):
        found = pages.members(connection, pages.within(hole), transfers.c.booked_at >= since)
        if found:
            return _leading_run(found, lambda _: False)
    return []


def _last_before(connection: Connection, since: datetime) -> int:
    """Return the id of the last seal before *since*; nothing booked since lies below its page.

    That is so where ids are drawn in order: of SQLite, and of a sequence that hands
    them out one by one (PostgreSQL's default; others may need `CACHE 1`).
    """
    older = select(seals.c.id).where(seals.c.sealed_at < since).order_by(seals.c.id.desc())
    return connection.execute(older.limit(1)).scalar() or 0


def _leading_run(found: Sequence[Member], ends: Callable[[Member], bool]) -> list[Member]:
    """Return the transfers of consecutive ids that *found* begins with."""
    run: list[Member] = []
    for one in found:
        if ends(one) or (run and one.id != run[-1].id + 1):
            break
        run.append(one)
    return run


def _add(connection: Connection, seal: Seal, now: datetime) -> bool:
    """Add the seal; return False if another process has taken its id or its place."""
    row = {
        "id": seal.id,
        "last_transfer_id": seal.last_transfer_id,
        "transfers": seal.transfers,
        "hash": seal.hash,
        "key_id": seal.key_id,
        "sealed_at": now,
    }
    # Not `rows.add_new`: it looks out for one key, and here two may clash at the same moment.
    try:
        with connection.begin_nested():
            rows.add(connection, seals, [row])
    except IntegrityError:
        return False
    return True


def sealed(connection: Connection, up_to: int | None = None) -> int:
    """Return how many transfers the pages hold, up to the seal of that id."""
    total = select(func.coalesce(func.sum(seals.c.transfers), 0)).where(pages.possible())
    counted = total if up_to is None else total.where(seals.c.id <= up_to)
    return int(connection.execute(counted).scalar_one())


def booked(connection: Connection) -> int:
    """Return how many transfers there are, sealed or not."""
    counted: int = connection.execute(select(func.count()).select_from(transfers)).scalar_one()
    return counted


def check(
    connection: Connection,
    keyring: Keyring,
    now: datetime,
    progress: Callable[[int], None] = lambda _: None,
) -> Iterator[Problem]:
    """Yield each page that is not as it was sealed, and what stands in no page.

    *progress* hears of each page how many transfers it holds. Transfers behind
    the last page are not problems, and a tail that was cut off together with its
    seals leaves nothing to see here: only a witness knows of it (`book.witness`).
    """
    unhurried(connection)
    yield from legible(_changed(connection, keyring, progress))
    yield from legible(_strays(connection, now - LATE))


def _changed(
    connection: Connection, keyring: Keyring, progress: Callable[[int], None]
) -> Iterator[Problem]:
    before: Seal | None = None
    for stretch in pages.stretches(connection):
        there = pages.members_of(connection, stretch)
        for seal in stretch:
            expected = before.id + 1 if before else 1
            if seal.id != expected:
                yield Problem("pages_follow_each_other", f"page {expected}", "is gone")
            yield from _page_problems(keyring, before, seal, there)
            progress(seal.transfers)
            before = seal


def _page_problems(
    keyring: Keyring, before: Seal | None, seal: Seal, there: Mapping[int, Member]
) -> Iterator[Problem]:
    subject = f"page {seal.id}"
    if not seal.is_possible:
        yield Problem("page_is_as_sealed", subject, "was changed: it cannot hold what it says")
        return
    if seal.key_id not in keyring.ids:
        yield Problem("page_has_its_key", subject, f"SMONEY_SECRET_KEYS lacks {seal.key_id}")
        return
    gone = next((one for one in seal.transfer_ids if one not in there), None)
    if gone is not None:
        yield Problem("sealed_transfer_is_there", f"transfer {gone}", f"is gone from {subject}")
        return
    # Behind the hash that stands before it, so that one change is named once, not ever after.
    found = pages.hash_of(keyring, before, seal, (there[one] for one in seal.transfer_ids))
    if not compare_digest(found.encode(), seal.hash.encode()):
        between = f"one of the transfers {seal.first_transfer_id} to {seal.last_transfer_id}"
        yield Problem("page_is_as_sealed", subject, f"{between}, or the page itself, was changed")


def _strays(connection: Connection, since: datetime) -> Iterator[Problem]:
    """Yield what lies below a page without being in one, and is too old to be a late commit."""
    found = select(func.count(), func.min(transfers.c.id), func.max(transfers.c.id))
    for hole in pages.holes(connection):
        old = found.where(pages.within(hole), transfers.c.booked_at < since)
        count, first, last = connection.execute(old).one()
        if count:
            who = f"transfers {first} to {last}"
            yield Problem("transfer_stands_in_a_page", who, f"{count} came in after the page")
