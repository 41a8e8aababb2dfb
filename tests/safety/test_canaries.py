"""No code is left anywhere: not in the book, its journals, the logs or the output."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from canary_places import open_places
from canary_run import Accidents, Run
from canary_search import found
from counts import COUNTS, FULL, SMALL
from figures import show
from own_postgres import own_postgres
from reliability_figures import chance
from small_bank import engine, small_bank
from sqlalchemy.exc import DBAPIError
from x_bodies import Person

from smoney_bot.bank.errors import TryLater
from smoney_bot.bank.keys import Keyring
from smoney_bot.bank.messages import ClearMessage, Message
from smoney_bot.bank.orders import Bot
from smoney_bot.bank.redaction import conceal
from smoney_bot.book import migrations
from smoney_bot.book.engine import Book
from smoney_bot.channels.x import wire
from smoney_bot.telemetry import masking, terminal
from smoney_bot.web import webhook
from smoney_bot.workers import records


@pytest.fixture(params=["sqlite", "postgresql"])
def quiet_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """Return the URL of a migrated database, once on each engine.

    A write-ahead log is one for all databases of a server, and other tests keep
    nothing whole in theirs: a hundred thousand canaries are found among the pieces
    by chance. So the full run has a PostgreSQL of its own.
    """
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_url")
    elif COUNTS is not FULL:
        yield request.getfixturevalue("postgres_url")()
    else:
        with own_postgres() as server:
            for name in ("fsync", "synchronous_commit", "full_page_writes"):
                server.ask(f"ALTER SYSTEM SET {name} = off")
            server.ask("SELECT pg_reload_conf()")
            url = server.create("canaries")
            migrations.upgrade(url)
            yield url


def _let_things_go_wrong(patch: pytest.MonkeyPatch, codes: int) -> Accidents:
    """Let writing fail now and then, and the door stumble over an odd message."""
    made = Accidents(codes)
    patch.setattr(records, "write", made.write)
    patch.setattr(webhook, "conceal", made.conceal)
    return made


def test_no_code_is_left_anywhere(
    quiet_url: str,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    book = Book(quiet_url)
    accidents = _let_things_go_wrong(monkeypatch, COUNTS.canaries)
    run = Run(book, quiet_url, tmp_path / "all.log", capfd)
    hits = run(COUNTS.canaries, chance("canaries"))
    book.close()
    show(
        "canaries",
        engine=engine(quiet_url),
        violations=sum(map(len, hits.values())),
        codes=COUNTS.canaries,
        writes_failed=accidents.failed,
        workers_killed=accidents.killed,
    )
    assert hits == {}
    assert min(accidents.failed, accidents.killed) > 0
    assert b"Traceback" in run.log.read_bytes()


# What would leave codes behind, and where they must then be found.


def _log_the_body_on_error(patch: pytest.MonkeyPatch) -> str:
    def read(raw: bytes, *, bot_id: str) -> wire.Delivery:
        try:
            return wire_read(raw, bot_id=bot_id)
        except wire.BadBody:
            webhook.log.warning("delivery.malformed", body=raw)
            raise

    wire_read = wire.read
    patch.setattr(wire, "read", read)
    return "log"


def _quote_exceptions_in_full(patch: pytest.MonkeyPatch) -> str:
    for place in (masking, terminal):
        patch.setattr(place, "mask", lambda words: words)
    return "log"


def _keep_the_words_as_they_came(patch: pytest.MonkeyPatch) -> str:
    def clear(message: ClearMessage, keyring: Keyring, bot: Bot) -> Message:
        return replace(conceal(message, keyring, bot), text=message.text)

    patch.setattr(webhook, "conceal", clear)
    return "rows"


def _forget_a_line_for_the_debugger(patch: pytest.MonkeyPatch) -> str:
    def talkative(message: ClearMessage, keyring: Keyring, bot: Bot) -> Message:
        print(message.text)  # noqa: T201 - that is the sabotage
        return conceal(message, keyring, bot)

    patch.setattr(webhook, "conceal", talkative)
    return "output"


@pytest.mark.plants_secrets("each sabotage puts codes somewhere")
@pytest.mark.parametrize(
    "sabotage",
    [
        _log_the_body_on_error,
        _quote_exceptions_in_full,
        _keep_the_words_as_they_came,
        _forget_a_line_for_the_debugger,
    ],
)
def test_a_bank_that_leaves_codes_behind_is_caught(
    sabotage: Callable[[pytest.MonkeyPatch], str],
    sqlite_book: Book,
    sqlite_url: str,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    codes = SMALL.canaries // 4
    _let_things_go_wrong(monkeypatch, codes)
    place = sabotage(monkeypatch)
    run = Run(sqlite_book, sqlite_url, tmp_path / "all.log", capfd)
    hits = run(codes, chance("careless"))
    assert place in hits


def test_a_planted_code_is_found_in_every_place(book: Book, book_url: str) -> None:
    code = "07482193"
    with open_places(book, book_url) as places, small_bank(book) as bank:
        alice = Person("1000000001", "alice")
        bank.open([alice], [()])
        bank.keep([bank.pen.post(alice, "@Smoney #1 @entraide merci")])
        # Between spaces: the next bytes of a row are random, and could pass for more digits.
        bank.do("UPDATE inbox SET reason = :words", words=f" {code} ")
        with pytest.raises((DBAPIError, TryLater)):
            bank.do(f"DROP TABLE a_table_called_{code}")
        hits = {place: found(data, frozenset([code])) for place, data in places.places().items()}
    assert list(hits.values()) == [{code: "plain"}] * len(hits)
    assert len(hits) >= 3
