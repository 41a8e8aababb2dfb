"""The schema's versions build exactly the tables that the program speaks of."""

from __future__ import annotations

import stat
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, MetaData, text

from smoney_bot.book import migrations
from smoney_bot.book.engine import Book
from smoney_bot.book.engines import open_engine
from smoney_bot.book.tables import metadata

_SQLITE_WORDS = (
    "SELECT name || ' ' || sql FROM sqlite_master WHERE sql IS NOT NULL "
    "AND type IN ('table', 'index') AND name NOT IN ('alembic_version', 'sqlite_sequence')"
)
_POSTGRESQL_WORDS = (
    "SELECT conrelid::regclass || ' ' || conname || pg_get_constraintdef(oid) FROM pg_constraint "
    "WHERE conrelid <> 0 AND conrelid::regclass::text <> 'alembic_version' "
    "UNION ALL SELECT indexdef FROM pg_indexes "
    "WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
)


def _rules(engine: Engine) -> set[str]:
    """Every index and constraint, as the database itself words them, in any order."""
    on_sqlite = engine.dialect.name == "sqlite"
    words = _SQLITE_WORDS if on_sqlite else _POSTGRESQL_WORDS
    with engine.connect() as connection:
        found = [" ".join(row.split()) for row in connection.execute(text(words)).scalars()]
    if not on_sqlite:
        return set(found)
    clauses = [
        row.replace(" ) STRICT", ", CONSTRAINT strict").split(", CONSTRAINT ") for row in found
    ]
    return {f"{table[0].split()[0]}: {clause}" for table in clauses for clause in table}


def _built(engine: Engine, tables: MetaData) -> set[str]:
    with engine.begin() as connection:
        tables.create_all(connection)
    try:
        return _rules(engine)
    finally:
        engine.dispose()


@pytest.fixture
def scratch_url(book_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """An empty database of the same kind."""
    if book_url.startswith("sqlite"):
        return f"sqlite:///{tmp_path / 'scratch.db'}"
    make: Callable[[], str] = request.getfixturevalue("postgres_url")
    url = make()
    engine = open_engine(url)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    return url


def test_the_migrated_database_is_the_one_the_tables_describe(
    book_url: str, scratch_url: str
) -> None:
    engine = open_engine(book_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    assert _rules(engine) == _built(open_engine(scratch_url), metadata)
    engine.dispose()


def test_the_comparison_notices_a_lost_rule(book_url: str, scratch_url: str) -> None:
    weaker = MetaData(naming_convention=metadata.naming_convention)
    for table in metadata.tables.values():
        table.to_metadata(weaker)
    balances = weaker.tables["balances"]
    balances.constraints = {
        rule for rule in balances.constraints if "not_below_floor" not in str(rule.name)
    }
    engine = open_engine(book_url)
    assert _rules(engine) != _built(open_engine(scratch_url), weaker)
    engine.dispose()


def test_an_upgrade_twice_changes_nothing(book_url: str) -> None:
    engine = open_engine(book_url)
    before = _rules(engine)
    migrations.upgrade(book_url)
    assert _rules(engine) == before
    engine.dispose()


@pytest.mark.parametrize("book_url", ["postgresql"], indirect=True)
def test_processes_that_start_together_upgrade_once(scratch_url: str) -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
        list(processes.map(migrations.upgrade, [scratch_url] * 2))
    book = Book(scratch_url)
    assert migrations.is_current(book)
    with book.reading() as connection:
        names = connection.execute(text("SELECT name FROM accounts ORDER BY name")).scalars().all()
    assert names == ["funding", "held"]
    book.close()


def test_an_empty_database_is_not_current(scratch_url: str) -> None:
    book = Book(scratch_url)
    assert migrations.current(book) is None
    assert not migrations.is_current(book)
    book.close()


def test_only_its_owner_may_read_a_new_sqlite_file(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    migrations.upgrade(f"sqlite:///{path}")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
