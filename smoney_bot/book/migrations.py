"""The schema's versions: bring a database up to this program, or ask whether it is.

The versions lie in `migrations/` of the source tree and in `_migrations` of an
installed package.
"""

from __future__ import annotations

import logging
from functools import cache
from pathlib import Path

import stamina
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import IntegrityError, ProgrammingError

import smoney_bot
from smoney_bot.book import sqlite
from smoney_bot.book.engine import Book
from smoney_bot.book.engines import open_engine, parse
from smoney_bot.book.errors import UnusableBook, UnusableUrl
from smoney_bot.book.faults import told_apart

_PACKAGE = Path(smoney_bot.__file__).parent
_INSTALLED = _PACKAGE / "_migrations"
_SOURCE_TREE = _PACKAGE.parent / "migrations"


def upgrade(url: str, *, quiet: bool = True) -> None:
    """Bring the database behind *url* to the newest version, all or nothing.

    Harmless if it is there already, and from several processes at once; not from
    several threads of one, which alembic does not allow. Raises `UnusableUrl`,
    `UnusableBook`, or `TryLater` if the database is away. Unless *quiet*, alembic logs
    each step.
    """
    logging.getLogger("alembic").setLevel(logging.WARNING if quiet else logging.INFO)
    _keep_private(url)
    # Of two processes that start together on an empty database, the slower one
    # finds the tables taken; its second look finds nothing left to do.
    with told_apart():
        for attempt in stamina.retry_context(on=(IntegrityError, ProgrammingError), attempts=3):
            with attempt:
                _upgrade_once(url)


def current(book: Book) -> str | None:
    """Return the version of the database, None if it is empty."""
    with book.reading() as connection:
        return MigrationContext.configure(connection).get_current_revision()


@cache
def newest() -> str | None:
    """Return the version that this program needs: all of its migrations are read for that."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def is_current(book: Book) -> bool:
    """Whether the database is of the version that this program needs.

    Raises `UnusableBook` if it is of a newer one.
    """
    return _known(current(book)) == newest()


def _known(version: str | None) -> str | None:
    """Return *version* if it is one of this program's; raise `UnusableBook` if it is not."""
    if version is not None and version not in _versions():
        message = (
            f"the book is of a newer smoney-bot (its tables are at {version}):"
            " install that one, or restore a backup"
        )
        raise UnusableBook(message)
    return version


@cache
def _versions() -> frozenset[str]:
    return frozenset(
        one.revision for one in ScriptDirectory.from_config(_config()).walk_revisions()
    )


def _upgrade_once(url: str) -> None:
    engine = open_engine(url)
    try:
        with engine.begin() as connection:
            _known(MigrationContext.configure(connection).get_current_revision())
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        engine.dispose()


def _config() -> Config:
    config = Config()
    folder = _INSTALLED if _INSTALLED.is_dir() else _SOURCE_TREE
    # Config reads % as the start of an interpolation.
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _keep_private(url: str) -> None:
    """Create a SQLite file that only its owner may read; its journals inherit that."""
    file = sqlite.file_of(parse(url))
    if file is None:
        return
    try:
        file.touch(mode=0o600)
    except OSError as bad:
        message = f"no book can be made at {file.absolute()}: {bad.strerror}"
        raise UnusableUrl(message) from None
