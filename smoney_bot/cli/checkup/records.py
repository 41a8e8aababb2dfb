"""The records: the database, its clock, the workers, backups and the witness."""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, text

from smoney_bot.bank.errors import TryLater
from smoney_bot.book import backups, migrations, rounds, spending, sqlite, windows, witness
from smoney_bot.book.engine import Book
from smoney_bot.book.engines import parse
from smoney_bot.book.errors import UnusableBook, UnusableUrl
from smoney_bot.book.witness import BadWitness
from smoney_bot.channels.x.budget import Budget, Purse
from smoney_bot.cli.checkup.findings import Finding, age, clock, green, note, red, yellow
from smoney_bot.cli.show import money_of

#: PostgreSQL's oldest version that is looked after; the tests run on newer ones.
_POSTGRESQL_OLDEST = 13

#: A copy a day: after a night and a little more somebody should look.
_COPY_AGE_MAX = timedelta(hours=26)


def look(url: str, budget: Budget) -> Iterator[Finding]:
    """Look at the database behind *url*; *budget* is what X may cost a day."""
    file = sqlite_file(url)
    if file is not None and not file.exists():  # opening it would make it
        yield red("database", "there is none yet", "Run: smoney-bot db upgrade")
        return
    try:
        book = Book(url)
    except UnusableUrl as bad:
        yield red("database", str(bad), "Set SMONEY_DATABASE_URL.")
        return
    try:
        yield from _inside(book, budget)
    except UnusableBook as bad:
        yield red("database", str(bad), "docs/recovery.md")
    except TryLater as away:
        yield red("database", f"away: {away}", "Start it, or set SMONEY_DATABASE_URL.")
    finally:
        book.close()


def sqlite_file(url: str) -> Path | None:
    """Return the file behind *url*, if it is one of SQLite."""
    try:
        return sqlite.file_of(parse(url))
    except UnusableUrl:
        return None


def _inside(book: Book, budget: Budget) -> Iterator[Finding]:
    with book.reading() as connection:
        there, here = book.now(connection), datetime.now(UTC)
        version = _version(connection)
    yield version
    yield clock("database's clock", there, here)
    is_current, needed = migrations.is_current(book), migrations.newest()
    at = migrations.current(book)
    if not is_current:
        said = f"{at or 'none'}, and this program needs {needed}"
        yield red("tables", said, "Run: smoney-bot db upgrade")
        return
    yield green("tables", f"{at}, as this program needs")
    with book.reading() as connection:
        yield _recovery(connection)
        yield _workers(connection, there)
        yield _sending(connection)
        yield _spending(budget, spending.today(connection, there))


def _version(connection: Connection) -> Finding:
    if connection.dialect.name == "sqlite":
        mode = sqlite.journal_mode()
        why = "" if mode == "WAL" else ", because its WAL has the reset bug"
        return green("database", f"SQLite {sqlite3.sqlite_version}, journal {mode}{why}")
    number = int(str(connection.execute(text("SHOW server_version_num")).scalar_one()))
    return postgresql(number // 10_000, number % 10_000)


def postgresql(major: int, minor: int) -> Finding:
    """Judge PostgreSQL's version."""
    said = f"PostgreSQL {major}.{minor}"
    if major < _POSTGRESQL_OLDEST:
        return red("database", said, f"Upgrade it to {_POSTGRESQL_OLDEST} or later.")
    return green("database", said)


def _recovery(connection: Connection) -> Finding:
    restored = backups.must_recover(connection)
    if restored is None:
        return green("book", "may pay")
    return red("book", restored, "smoney-bot ledger recover --witness FILE")


def _workers(connection: Connection, now: datetime) -> Finding:
    known = rounds.listing(connection)
    late = [one.loop for one in known if one.is_late(now)]
    start = "Start the workers: smoney-bot serve, or smoney-bot work."
    if not known:
        return red("workers", "none has ever come round", start)
    if late:
        return red("workers", f"late: {', '.join(late)}", start)
    return green("workers", f"all {len(known)} loops come round")


def _sending(connection: Connection) -> Finding:
    if windows.halted(connection):
        advice = "Look at the app's credits and keys in X's developer console."
        return red("sending", "stopped: X takes nothing from us", advice)
    return green("sending", "X takes what we send")


def _spending(budget: Budget, micro_dollars: int) -> Finding:
    said = f"{budget.in_euros(micro_dollars)} of {money_of(budget.day)} euros are spent today"
    match budget.purse(micro_dollars):
        case Purse.FULL:
            return green("budget", said)
        case Purse.LOW:
            advice = "Help lines wait until tomorrow, UTC; or raise SMONEY_X_BUDGET_DAY."
            return yellow("budget", said, advice)
        case Purse.EMPTY:
            advice = "Only payments are still answered: raise SMONEY_X_BUDGET_DAY, or wait."
            return red("budget", said, advice)


def copies(backup: Path | None, file: Path | None, now: datetime) -> Iterator[Finding]:
    """Tell how old the newest backup in or at *backup* is, and the witness's last head."""
    if backup is None:
        yield note("backup", "not looked at", "--backup PATH tells how old the newest is.")
    else:
        yield _copy("backup", _newest(backup), now, f"There is none in {backup}.")
    if file is None:
        yield note("witness", "not looked at", "--witness FILE tells how old its last head is.")
        return
    try:
        heads = deque(witness.read(file), 1) if file.exists() else ()
    except (BadWitness, OSError) as bad:
        yield red("witness", str(bad), "Begin a new file: smoney-bot ledger witness FILE")
        return
    last = next((head.time for head in heads), None)
    yield _copy("witness", last, now, f"There is no head in {file}.")


def _newest(path: Path) -> datetime | None:
    files = [one for one in path.iterdir() if one.is_file()] if path.is_dir() else [path]
    times = [one.stat().st_mtime for one in files if one.exists()]
    return datetime.fromtimestamp(max(times), UTC) if times else None


def _copy(check: str, made_at: datetime | None, now: datetime, absent: str) -> Finding:
    make = "Make one a day: see docs/recovery.md."
    if made_at is None:
        return red(check, absent, make)
    old = now - made_at
    said = f"{age(old)} old"
    return green(check, said) if old <= _COPY_AGE_MAX else yellow(check, said, make)
