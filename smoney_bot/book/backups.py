"""Backups: a copy of a live SQLite book, and the mark that keeps a restored one from paying.

A restored book has forgotten what came after it was copied: payments that people
were told of, and that their codes are used up. So every copy carries a mark, and
a book with the mark pays nothing until an operator has compared it with the
witness (`smoney-bot ledger recover`). PostgreSQL makes its own copies, which
cannot carry it: the operator sets it (`smoney-bot ledger mark-restored`).
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, delete, select, text, update

from smoney_bot.book import pages, rows
from smoney_bot.book.states import ReplyState
from smoney_bot.book.tables import cursors, outbox

_MARK = "restored"
#: What is left of the mark after recovery, until X was asked for what is forgotten.
_FORGETFUL = "forgetful"

#: So many numbers of the inbox a recovered book leaves out: more than it can have forgotten,
#: as the door takes no more in two hours without a rest. References grow by two signs.
LEFT_OUT = 1 << 25


class NoBackup(Exception):
    """The copy was not made, and nothing is left of it; the message says why."""


def copy(connection: Connection, target: Path, now: datetime) -> None:
    """Copy the live SQLite book of *connection* to the new file *target*, marked.

    It holds one moment of the book, has been checked for damage and is on disk.
    Raises `NoBackup`, also if there is such a file already.
    """
    part = target.with_name(target.name + ".part")
    try:
        part.touch(mode=0o600, exist_ok=False)  # a book is for its owner's eyes
    except OSError as error:
        raise NoBackup(f"{part}: {error.strerror}") from None
    try:
        # Looked for only now: whoever made it held the same .part before.
        if target.exists():
            raise NoBackup(f"{target} is there already, and a backup is never overwritten")
        _fill(connection, part, now)
        part.rename(target)
        _sync(target.parent)
    except (sqlite3.Error, OSError) as error:
        raise NoBackup(f"{target}: {error}") from None
    finally:
        part.unlink(missing_ok=True)


def _fill(connection: Connection, part: Path, now: datetime) -> None:
    live = connection.connection.driver_connection
    assert isinstance(live, sqlite3.Connection)
    with closing(sqlite3.connect(part, isolation_level=None)) as made:
        live.backup(made)  # in one step: begun over at each write, it might never end
        made.execute("PRAGMA journal_mode = DELETE")  # the copy is one file, whole
        made.execute("PRAGMA synchronous = EXTRA")
        made.execute(
            "INSERT OR REPLACE INTO cursors (name, position, moved_at) VALUES (?, ?, ?)",
            (_MARK, "backup", pages.moment(now)),
        )
        (found,) = made.execute("PRAGMA integrity_check(1)").fetchone()
    if found != "ok":
        raise NoBackup(f"the book itself is damaged: {found}")


def _sync(folder: Path) -> None:
    """Have the file's name on disk too."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def mark_restored(connection: Connection, now: datetime) -> None:
    """Keep this book from paying until it is recovered."""
    row = {"name": _MARK, "position": "operator", "moved_at": now}
    rows.add_new(connection, cursors, [row], cursors.c.name)


def must_recover(connection: Connection) -> str | None:
    """Return why this book must not pay yet and what to do; None if it may."""
    marked = select(cursors.c.moved_at).where(cursors.c.name == _MARK)
    at: datetime | None = connection.execute(marked).scalar()
    if at is None:
        return None
    return (
        f"This book was restored from a backup ({at:%Y-%m-%d %H:%M} UTC): it has forgotten "
        "what came after, and pays nothing before it is compared with the witness. "
        "Run: smoney-bot ledger recover --witness FILE"
    )


def recovered(connection: Connection) -> None:
    """Let this book pay again, as soon as X was asked for what it has forgotten.

    What it was about to send may be out already, so that is looked for first. And
    no reference that the lost book may have told is given to another payment.
    """
    _leave_numbers_out(connection)
    # A try counts: with none, it would be what an operator wants sent however late.
    maybe_out = {"state": ReplyState.UNKNOWN, "attempts": outbox.c.attempts + 1}
    pending = outbox.c.state == ReplyState.PENDING
    connection.execute(update(outbox).where(pending).values(**maybe_out))
    connection.execute(delete(cursors).where(cursors.c.name == _FORGETFUL))
    marked = cursors.c.name == _MARK
    connection.execute(update(cursors).where(marked).values(name=_FORGETFUL))


def _leave_numbers_out(connection: Connection) -> None:
    """Keep the next messages far from the numbers of those forgotten, which made references."""
    if connection.dialect.name != "sqlite":
        connection.execute(_MOVE_SEQUENCE, {"left_out": LEFT_OUT})
    elif connection.execute(_MOVE_COUNT, {"left_out": LEFT_OUT}).rowcount == 0:
        connection.execute(_BEGIN_COUNT, {"left_out": LEFT_OUT})


_MOVE_SEQUENCE = text(
    "SELECT setval(of_inbox, nextval(of_inbox) + :left_out)"
    " FROM pg_get_serial_sequence('inbox', 'id') AS of_inbox"
)
_MOVE_COUNT = text("UPDATE sqlite_sequence SET seq = seq + :left_out WHERE name = 'inbox'")
_BEGIN_COUNT = text("INSERT INTO sqlite_sequence (name, seq) VALUES ('inbox', :left_out)")


def must_ask_x(connection: Connection) -> bool:
    """Whether this book was recovered, and X was not asked since for what it has forgotten."""
    forgetful = select(cursors.c.name).where(cursors.c.name == _FORGETFUL)
    return connection.execute(forgetful).first() is not None


def x_was_asked(connection: Connection) -> None:
    """Note that what X still lists is in the inbox again."""
    connection.execute(delete(cursors).where(cursors.c.name == _FORGETFUL))
