"""What customers wrote is gone thirty days after it was decided; the rest stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, event, select, update
from structlog.testing import capture_logs

from smoney_bot.bank.desk import Outcome
from smoney_bot.bank.messages import Form, Message
from smoney_bot.book import inbox, purges
from smoney_bot.book.engine import Book
from smoney_bot.book.states import MessageState
from smoney_bot.book.tables import inbox as kept
from smoney_bot.workers.timers import Timers

DAY, LEASE = timedelta(days=1), timedelta(seconds=60)
WORDS = "@Smoney #20 @bob #******** for the tomatoes"


def message(number: int) -> Message:
    return Message(
        key=f"t:{number}",
        form=Form.POST,
        edited=False,
        message_id=str(number),
        author_id=str(number),
        author_handle="alice",
        text=WORDS,
        written_at=datetime(2026, 11, 24, 12, tzinfo=UTC),
        body=(0, len(WORDS)),
        mentions=(),
    )


def decide(book: Book, number: int, moment: datetime) -> None:
    """Keep a message and decide it, both at that *moment*."""
    book.run(lambda c: inbox.keep(c, [message(number)], moment))
    (claimed,) = book.run(lambda c: inbox.claim(c, now=moment, limit=1, lease=LEASE))
    decided = [inbox.Decided(claimed, Outcome.REFUSED, "over_limit")]
    book.run(lambda c: inbox.finish(c, decided, moment))


def words(book: Book) -> dict[str, bool]:
    """Return of which messages the words are still there."""
    with book.reading() as connection:
        return {
            key: payload is not None
            for key, payload in connection.execute(select(kept.c.key, kept.c.payload))
        }


def now(book: Book) -> datetime:
    with book.reading() as connection:
        return book.now(connection)


def test_words_go_after_thirty_days_and_nothing_else_does(book: Book) -> None:
    today = now(book)
    decide(book, 1, today - 31 * DAY)
    decide(book, 2, today - 29 * DAY)
    assert book.run(lambda c: purges.purge(c, today)) == 1
    assert words(book) == {"t:1": False, "t:2": True}
    with book.reading() as connection:
        assert not purges.any_due(connection, today)
        old = inbox.listing(connection)[-1]
    assert (old.key, old.state, old.reason) == ("t:1", MessageState.REFUSED, "over_limit")


def test_a_message_that_comes_again_after_its_words_are_gone_is_no_news(book: Book) -> None:
    long_ago = now(book) - 400 * DAY
    decide(book, 1, long_ago)
    Timers(book).serve()
    assert book.run(lambda c: inbox.keep(c, [message(1)], book.now(c))) == 0
    assert words(book) == {"t:1": False}


def test_what_is_not_decided_keeps_its_words_however_old(book: Book) -> None:
    long_ago = now(book) - 400 * DAY
    book.run(lambda c: inbox.keep(c, [message(1)], long_ago))
    Timers(book).serve()
    assert words(book) == {"t:1": True}


def test_a_message_set_aside_loses_its_words_too_and_can_only_end(book: Book) -> None:
    long_ago = now(book) - 31 * DAY
    decide(book, 1, long_ago)
    aside = update(kept).values(state=MessageState.SET_ASIDE)
    book.run(lambda c: c.execute(aside))
    Timers(book).serve()
    assert words(book) == {"t:1": False}
    book.run(lambda c: inbox.retry(c, ["t:1"], book.now(c)))
    assert book.run(lambda c: inbox.claim(c, now=book.now(c), limit=1, lease=LEASE)) == []
    with book.reading() as connection:
        assert inbox.listing(connection)[0].reason == "unreadable"


def test_the_timers_erase_and_tell_how_much(sqlite_book: Book) -> None:
    decide(sqlite_book, 1, now(sqlite_book) - 31 * DAY)
    with capture_logs() as lines:
        Timers(sqlite_book).serve()
        Timers(sqlite_book).serve()
    assert lines == [{"event": "message.purged", "messages": 1, "log_level": "info"}]


def test_a_purge_takes_the_longest_decided_first_and_leaves_the_rest_for_the_next(
    book: Book,
) -> None:
    today = now(book)
    book.run(lambda c: inbox.keep(c, [message(number) for number in range(600)], today))
    ended = update(kept).where(kept.c.key == bindparam("one"))
    ended = ended.values(state=MessageState.REFUSED, decided_at=bindparam("moment"))
    moments = [today - 31 * DAY - number * timedelta(minutes=1) for number in range(600)]
    lines = [{"one": f"t:{number}", "moment": at} for number, at in enumerate(moments)]
    book.run(lambda c: c.execute(ended, lines))
    assert book.run(lambda c: purges.purge(c, today)) == 500
    left = {key for key, there in words(book).items() if there}
    assert left == {f"t:{number}" for number in range(100)}
    assert book.run(lambda c: purges.purge(c, today)) == 100
    assert book.run(lambda c: purges.purge(c, today)) == 0


def test_looking_for_old_words_does_not_read_the_whole_inbox(book: Book) -> None:
    with book.reading() as connection:
        asked: list[tuple[str, Any]] = []
        event.listen(
            connection, "before_cursor_execute", lambda *given: asked.append((given[2], given[3]))
        )
        purges.any_due(connection, book.now(connection))
        statement, parameters = asked[-1]
        on_sqlite = connection.dialect.name == "sqlite"
        if not on_sqlite:
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")  # a small inbox is read
        explain = "EXPLAIN QUERY PLAN " if on_sqlite else "EXPLAIN "
        plan = connection.exec_driver_sql(explain + statement, parameters).all()
    assert "ix_inbox_purge" in str(plan)
