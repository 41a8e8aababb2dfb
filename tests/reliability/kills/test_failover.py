"""The primary PostgreSQL dies under load, its standby takes over, and the daemon carries on.

Each commit waits for the standby (`synchronous_commit` on, the standby named), so
what was acknowledged is there. The daemon's URL names both servers and is never
changed; nobody restarts it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from courier import Courier
from killed_service import killed_service
from local_people import local_people
from own_postgres import OwnPostgres, postgres_folder
from reliability_figures import FULL, SEED, chance, record
from sqlalchemy import Connection, text
from test_kills import PAUSE, PAYERS, Survived, reckon

from smoney_bot.bank.errors import TryLater
from smoney_bot.book import migrations
from smoney_bot.book.engine import Book

FAILOVERS = 10 if FULL else 1

needs_time = pytest.mark.skipif(not FULL, reason="a pair of servers takes some seconds to make")

#: How long the daemon may take to acknowledge again, counted from the primary's death.
CARRIES_ON_SECONDS = 10.0

#: After which a claim that the dead server took with it is free: as shipped a minute.
_LEASE = 1.0

_SYNCED = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"


@dataclass(frozen=True, slots=True)
class Pair:
    """A primary with an empty migrated database, its standby, and a URL for both."""

    primary: OwnPostgres
    standby: OwnPostgres
    url: str

    def wait_until_both_have_each_commit(self) -> None:
        """Have the primary wait for the standby from now on."""
        self.primary.ask("ALTER SYSTEM SET synchronous_standby_names = 'standby'")
        self.primary.ask("SELECT pg_reload_conf()")
        deadline = time.monotonic() + 30
        while self.primary.ask(_SYNCED) != "1":
            assert time.monotonic() < deadline, "the standby does not follow"
            time.sleep(0.05)

    def cut_off_the_standby(self) -> None:
        """Let the standby hear nothing more: nobody waits for it, and it stays behind."""
        self.standby.ask("ALTER SYSTEM SET primary_conninfo = ''")
        self.standby.ask("SELECT pg_reload_conf()")


@pytest.fixture
def pair(_postgres: str) -> Iterator[Pair]:
    """A pair of one's own; the shared PostgreSQL makes its system user."""
    with postgres_folder() as folder:
        primary = OwnPostgres.new(folder("primary"))
        primary.start()
        migrations.upgrade(primary.create("book"))
        standby = OwnPostgres.standby_of(primary, folder("standby"))
        standby.start()
        hosts = f"host=127.0.0.1,127.0.0.1&port={primary.port},{standby.port}"
        url = f"postgresql+psycopg://postgres@/book?{hosts}&target_session_attrs=read-write"
        try:
            yield Pair(primary, standby, url)
        finally:
            standby.stop()
            primary.stop()


def _fail_over(
    pair: Pair, folder: Path, name: str, before: Callable[[], None] = lambda: None
) -> tuple[Survived, float]:
    """Kill the primary under load, after *before*; return what survived, and the silence.

    That is the seconds from the primary's death to the next 200.
    """
    dice = chance(name)
    with (
        closing(Book(pair.url)) as book,
        local_people() as people,
        killed_service(folder, pair.url, people.url, lease=_LEASE) as service,
    ):
        people.open(book, PAYERS)
        courier = Courier(people, service.port, dice, PAUSE)
        service.start()
        courier.start()
        assert courier.heard.wait(30), service.log.read_text()[-2000:]
        before()
        time.sleep(dice.uniform(0.5, 1.5))
        died = time.monotonic()
        pair.primary.kill()
        pair.standby.promote()
        courier.heard.clear()
        assert courier.heard.wait(60), service.log.read_text()[-2000:]
        silence = time.monotonic() - died
        time.sleep(0.5)
        return reckon(service, courier, book, people), silence


@needs_time
@pytest.mark.parametrize("number", range(FAILOVERS))
def test_the_daemon_carries_on_with_the_standby_and_nothing_is_lost(
    pair: Pair, tmp_path: Path, number: int
) -> None:
    started = time.monotonic()
    pair.wait_until_both_have_each_commit()
    survived, silence = _fail_over(pair, tmp_path, f"failover {number}")
    print(f"acknowledged again {silence:.1f} s after the primary's death")  # noqa: T201 - the figure
    record(
        "failovers under load",
        counted=f"1 failovers, {survived.messages:,} messages",
        violations=len(survived.broken) + (silence > CARRIES_ON_SECONDS),
        seconds=time.monotonic() - started,
        seed=SEED,
        engine="postgresql",
        note=f"acknowledges again within {CARRIES_ON_SECONDS:.0f} s of the primary's death",
    )
    assert survived.broken == []
    assert silence <= CARRIES_ON_SECONDS


@needs_time
def test_a_standby_that_nobody_waits_for_loses_messages(pair: Pair, tmp_path: Path) -> None:
    survived, _ = _fail_over(pair, tmp_path, "failover without waiting", pair.cut_off_the_standby)
    assert [one for one in survived.broken if one.startswith("lost")]


def test_a_server_that_may_not_write_any_more_is_left(postgres_url: Callable[[], str]) -> None:
    def write_as_if_demoted(connection: Connection) -> None:
        connection.execute(text("SET TRANSACTION READ ONLY"))
        connection.execute(text("UPDATE balances SET balance_cents = balance_cents"))

    def served_by(connection: Connection) -> int:
        return int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())

    with closing(Book(postgres_url())) as book:
        first = book.run(served_by)
        assert book.run(served_by) == first
        with pytest.raises(TryLater):
            book.run(write_as_if_demoted)
        assert book.run(served_by) != first
