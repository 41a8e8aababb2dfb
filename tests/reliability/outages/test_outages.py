"""Ten kinds of outages under orders to pay: nothing lost, nothing told twice, well at once.

X fails, is silent, slow, out of reach, limits or refuses us; the database is
away, the disk full, the clock wrong. Full count (`SMONEY_RELIABILITY=full`): each
kind 20 times, 25 orders each time. Time is the simulation's; only PostgreSQL's
connections break in the real one.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from outages import ON_SQLITE, Arrange, Outage, database_away
from reliability_figures import FULL, SEED, chance, record
from sqlalchemy import make_url
from structlog.testing import capture_logs
from toxic_proxy import ToxicProxy
from troubled_bank import TroubledBank
from whole_bank import hasten, open_accounts, prepared

from smoney_bot.channels.x.client import XClient
from smoney_bot.channels.x.pacing import Pacing

TIMES, ORDERS, LONGEST = (20, 24, 300) if FULL else (1, 5, 40)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Spare hashes and log lines."""
    hasten(monkeypatch)
    with capture_logs():
        yield


@pytest.fixture(scope="module")
def accounts(_sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with everybody's account, to be copied."""
    with pytest.MonkeyPatch.context() as patch:
        hasten(patch)
        return prepared(_sqlite_template, tmp_path_factory.mktemp("outages"))


@dataclass
class Found:
    """What came of the outages of one kind."""

    wrong: list[str] = field(default_factory=list)
    orders: int = 0
    slowest: timedelta = timedelta(0)  # to be well again
    rested: timedelta = timedelta(0)  # until the last reply of all was out
    felt: int = 0  # failures that the bank met


def _suffer(
    url: str, kind: str, arrange: Arrange, number: int, found: Found, turns: int = 300
) -> None:
    """Have one outage of this *kind* on the book at *url*."""
    bank, dice = TroubledBank(url), chance(f"{kind} {number}")
    try:
        outage = Outage(bank, dice, ORDERS, dice.uniform(20, LONGEST), turns=turns)
        arrange(outage)
        found.wrong += [f"{kind}, number {number}: {one}" for one in outage.run()]
    finally:
        bank.close()
    found.orders += sum(1 for cents in outage.told.values() if cents)
    found.felt += bank.failures
    found.rested = max(found.rested, outage.rested_after)
    found.slowest = max(found.slowest, outage.answered_after or timedelta.max)


def _aside(work: Callable[[], Found]) -> Found:
    """Do it in a thread of its own: a browser of another test may hold this one's loop."""
    with ThreadPoolExecutor(1) as beside:
        return beside.submit(work).result()


def _on_sqlite(accounts: Path, kind: str, times: int, turns: int = 300) -> Found:
    def work() -> Found:
        found = Found()
        for number in range(times):
            # The same file where that can be: its statements are compiled already.
            name = f"full-{number}.db" if kind == "the disk is full" else "outage.db"
            path = accounts.with_name(name)
            shutil.copyfile(accounts, path)
            _suffer(f"sqlite:///{path}", kind, ON_SQLITE[kind], number, found, turns)
        return found

    return _aside(work)


def _on_postgresql(make: Callable[[], str], times: int) -> Found:
    def work() -> Found:
        found = Found()
        for number in range(times):
            direct = make()
            open_accounts(direct)
            url = make_url(direct)
            proxy = ToxicProxy(f"{url.query['host']}/.s.PGSQL.5432")
            through = url.set(host="127.0.0.1", port=proxy.port, query={"sslmode": "disable"})
            try:
                arrange = database_away(proxy)
                shown = through.render_as_string(hide_password=False)
                _suffer(shown, "the database is away", arrange, number, found)
            finally:
                proxy.close()
        return found

    return _aside(work)


def _record(kind: str, engine: str, found: Found, started: float) -> None:
    record(
        f"outages: {kind}",
        engine=engine,
        counted=f"{TIMES} outages, {found.orders} orders",
        violations=len(found.wrong),
        seconds=time.monotonic() - started,
        seed=SEED,
        note=f"{found.felt:,} failures met; well again after"
        f" {found.slowest.total_seconds():.0f} s at most, all replies out after"
        f" {found.rested.total_seconds() / 60:.0f} min (virtual)",
    )


@pytest.mark.parametrize("kind", ON_SQLITE)
def test_nothing_is_lost_or_told_twice_when(kind: str, accounts: Path) -> None:
    started = time.monotonic()
    found = _on_sqlite(accounts, kind, TIMES)
    _record(kind, "sqlite", found, started)
    assert found.wrong == []
    assert found.felt or kind in {"X is slow", "the clock is wrong"}


def test_nothing_is_lost_or_told_twice_when_the_database_is_away(
    postgres_url: Callable[[], str],
) -> None:
    started = time.monotonic()
    found = _on_postgresql(postgres_url, TIMES)
    _record("the database is away", "postgresql", found, started)
    assert found.wrong == []
    assert found.felt


def test_the_count_notices_a_sender_that_does_not_look_before_it_sends_again(
    accounts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first negative control."""
    for name in ("find_post", "find_direct"):
        monkeypatch.setattr(XClient, name, lambda *_, **__: None)
    found = _on_sqlite(accounts, "X never answers", 1, turns=40)
    assert any("seen once too often" in one for one in found.wrong)


def test_the_count_notices_a_call_before_the_limit_ends(
    accounts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second negative control."""
    for name in ("admit", "heed"):
        monkeypatch.setattr(Pacing, name, lambda *_: None)
    found = _on_sqlite(accounts, "X's limit is reached", 1)
    assert any("before the limit ended" in one for one in found.wrong)
