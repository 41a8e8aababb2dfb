"""Opening the settings, the log and the book for a command."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from smoney_bot import settings as environment
from smoney_bot import telemetry
from smoney_bot.book import backups, migrations, sqlite
from smoney_bot.book.engine import Book
from smoney_bot.book.engines import parse
from smoney_bot.settings import BadSettings, Settings


def load_settings() -> Settings:
    """Read the settings and set up the log for a command: warnings, on standard error."""
    settings = environment.load()
    telemetry.configure(settings.log_format.value, "warning", sys.stderr)
    return settings


def load_daemon_settings() -> Settings:
    """Read the settings and set up the log for the daemon: on standard output."""
    settings = environment.load()
    telemetry.configure(settings.log_format.value, settings.log_level)
    try:
        if settings.sentry_dsn is not None:
            telemetry.report_crashes(settings.sentry_dsn.get_secret_value())
        telemetry.export_spans()
    except telemetry.NotInstalled as missing:
        raise BadSettings(str(missing)) from None
    return settings


@contextmanager
def opened_to_pay(settings: Settings, *, new: bool = False) -> Iterator[Book]:
    """Open the book for a daemon or a command that moves money.

    Raises `BadSettings` if it was restored from a backup and not yet recovered.
    """
    with opened(settings, new=new) as book:
        with book.reading() as connection:
            restored = backups.must_recover(connection)
        if restored:
            raise BadSettings(restored)
        yield book


@contextmanager
def opened(settings: Settings, *, new: bool = False) -> Iterator[Book]:
    """Open the book, at the version of this program; close it at the end.

    The embedded SQLite brings itself up to date. PostgreSQL, which other
    processes may be using, is brought up to date by an operator's command.
    Raises `BadSettings` when that is still to be done; and where there is no file,
    unless the book may be *new*: in a wrong folder all would seem well.
    """
    book = Book(settings.database_url)
    try:
        _find_or_make(settings.database_url, new=new)
        if not migrations.is_current(book):
            if not settings.database_url.startswith("sqlite"):
                raise BadSettings("The database is not up to date: run smoney-bot db upgrade")
            migrations.upgrade(settings.database_url)
        yield book
    finally:
        book.close()


def _find_or_make(url: str, *, new: bool) -> None:
    file = sqlite.file_of(parse(url))
    if file is None or file.exists():
        return
    if not new:
        raise BadSettings(
            f"There is no book at {file.absolute()}. Run the command where it is, or set"
            " SMONEY_DATABASE_URL; smoney-bot db upgrade makes a new one."
        )
    migrations.upgrade(url)
