"""Workers that start on SQLite are alone there, and take up at once what the last ones left."""

from __future__ import annotations

import base64
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from smoney_bot import settings as environment
from smoney_bot.bank.desk import Reply
from smoney_bot.bank.messages import Form, Message
from smoney_bot.book import inbox, outbox
from smoney_bot.book.engine import Book
from smoney_bot.cli import running
from smoney_bot.settings import BadSettings, Settings
from smoney_bot.workers.loops import Workers

NOW = datetime.now(UTC).replace(microsecond=0)
HOUR = timedelta(hours=1)

_MESSAGE = Message(
    key="t:1",
    form=Form.POST,
    edited=False,
    message_id="1",
    author_id="111111111",
    author_handle="alice",
    text="@Smoney #aide",
    written_at=NOW,
    body=(0, 13),
    mentions=(),
    codes=(),
)
_REPLY = Reply(
    message_key="t:1",
    kind="answer",
    to_x_id="111111111",
    in_reply_to="1",
    text="C’est fait.",
    reference="7K3Q-19",
)

#: Takes the lock of a database as the workers do, says so, and keeps it until it is killed.
_HOLDER = """
import fcntl, sys
side = open(sys.argv[1], "ab")
fcntl.flock(side, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the workers find is looked at before they touch it."""
    monkeypatch.setattr(Workers, "start", lambda _: None)
    monkeypatch.setattr(Workers, "stop", lambda _: None)


def _settings(url: str) -> Settings:
    return environment.load(
        database_url=url,
        secret_keys="invented:" + base64.b64encode(b"k" * 32).decode(),
        x_bot_id="222222222",
        x_consumer_key="invented",
        x_consumer_secret="invented",
        x_access_token="222222222-invented",
        x_access_token_secret="invented",
    )


def _leave_in_hand(book: Book) -> None:
    """Have a message and a reply in hand for an hour, as somebody does who is then killed."""

    def work(connection: Connection) -> None:
        inbox.keep(connection, [_MESSAGE], NOW)
        outbox.put(connection, [_REPLY], NOW)
        assert len(inbox.claim(connection, now=NOW, limit=9, lease=HOUR)) == 1
        assert len(outbox.claim(connection, now=NOW, limit=9, lease=HOUR, public=True)) == 1

    book.run(work)


def _claimed(book: Book, after: timedelta) -> tuple[list[inbox.Claimed], list[outbox.Pending]]:
    """Claim what is free a while *after* now."""

    def work(connection: Connection) -> tuple[list[inbox.Claimed], list[outbox.Pending]]:
        then = book.now(connection) + after
        messages = inbox.claim(connection, now=then, limit=9, lease=HOUR)
        return messages, outbox.claim(connection, now=then, limit=9, lease=HOUR, public=True)

    return book.run(work)


def test_what_a_killed_process_had_in_hand_is_free_after_the_next_start(
    sqlite_book: Book, sqlite_url: str
) -> None:
    _leave_in_hand(sqlite_book)
    with running.working(_settings(sqlite_url), sqlite_book):
        messages, too_early = _claimed(sqlite_book, timedelta(0))
        _, replies = _claimed(sqlite_book, running.LOOK_AFTER)

    assert [one.fence for one in messages] == [2]
    assert too_early == []  # X may not show yet what it has accepted
    assert [(one.fence, one.look_first) for one in replies] == [(2, True)]
    with sqlite_book.reading() as connection:
        assert connection.execute(text("SELECT crashes FROM inbox")).scalar_one() == 1


def test_on_postgresql_leases_run_out_by_themselves(postgres_url: Callable[[], str]) -> None:
    url = postgres_url()
    book = Book(url)
    _leave_in_hand(book)
    with running.working(_settings(url), book):
        assert _claimed(book, running.LOOK_AFTER) == ([], [])
        assert [len(found) for found in _claimed(book, HOUR + running.LOOK_AFTER)] == [1, 1]
    book.close()


def test_a_second_process_is_refused_on_the_same_sqlite_file_until_the_first_is_gone(
    sqlite_book: Book, sqlite_url: str
) -> None:
    _leave_in_hand(sqlite_book)
    side = sqlite_url.removeprefix("sqlite:///") + "-lock"
    first = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", _HOLDER, side],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert first.stdout is not None
    assert first.stdout.readline() == "held\n"
    with (
        pytest.raises(BadSettings, match="one process"),
        running.working(_settings(sqlite_url), sqlite_book),
    ):
        pass
    assert _claimed(sqlite_book, running.LOOK_AFTER) == ([], [])

    first.kill()
    first.communicate()
    with running.working(_settings(sqlite_url), sqlite_book):
        assert Path(side).exists()
        assert len(_claimed(sqlite_book, timedelta(0))[0]) == 1
