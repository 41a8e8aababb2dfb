"""The sender against a local X: every answer leaves once, at X's pace, or is given up."""

from __future__ import annotations

import threading
import time
from collections import Counter as Tally
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send
from structlog.testing import capture_logs
from workers_cast import BOT, execute, rows

from smoney_bot.bank.desk import Reply
from smoney_bot.book import outbox
from smoney_bot.book.engine import Book
from smoney_bot.channels.sandbox.api import create_api
from smoney_bot.channels.sandbox.deliveries import Deliveries
from smoney_bot.channels.sandbox.faults import Fault, Faults
from smoney_bot.channels.sandbox.limits import Allowance
from smoney_bot.channels.sandbox.oauth import AppKeys
from smoney_bot.channels.sandbox.server import RunningServer, serve
from smoney_bot.channels.sandbox.world import Post, World
from smoney_bot.channels.x.client import XClient
from smoney_bot.workers.sender import Sender

ALICE = "111111111"
POSTING = ("POST", "/2/tweets")
KEYS = AppKeys(
    consumer_key="invented-consumer-key",
    consumer_secret="invented-consumer-secret",
    access_token="222222222-invented-token",
    access_token_secret="invented-token-secret",
    bearer_token="invented-bearer",
    bot_id=BOT.x_id,
)


@dataclass
class Clock:
    """One clock for X and for the book, which can be put forward."""

    ahead: timedelta = timedelta(0)

    def __call__(self) -> float:
        return time.time() + self.ahead.total_seconds()


class LaterBook(Book):
    """A book whose clock is put forward too."""

    def __init__(self, url: str, clock: Clock) -> None:
        super().__init__(url)
        self._clock = clock

    def now(self, connection: Connection) -> datetime:  # type: ignore[override] # of this book alone
        return Book.now(connection) + self._clock.ahead


@dataclass
class LocalX:
    """The local X, how to reach it, and which calls it was asked for."""

    url: str
    clock: Clock
    world: World
    faults: Faults
    calls: Tally[tuple[str, str]] = field(default_factory=Tally)

    def ask(self, number: int) -> Post:
        """Let alice write post *number* to the bot."""
        return self.world.post(ALICE, f"@Smoney #help {number}")

    def said(self) -> list[str]:
        """Return what the bot has posted, without the names before it."""
        posts = [one for one in self.world.timeline(1000) if one.author_id == BOT.x_id]
        return sorted(one.text[slice(*one.body)].strip() for one in posts)

    def written(self) -> list[str]:
        """Return what the bot has written to alice."""
        directs = self.world.conversation(BOT.x_id, ALICE)
        return [one.text for one in directs if one.sender_id == BOT.x_id]


class Stage:
    """One server for all tests; its app changes, because starting one takes a moment."""

    def __init__(self) -> None:
        self.app: Any = Starlette()
        self.calls: Tally[tuple[str, str]] = Tally()
        self.server: RunningServer = serve(self._play)

    async def _play(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            self.calls[scope["method"], scope["path"]] += 1
        await self.app(scope, receive, send)


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    stage.server.stop()


@pytest.fixture
def allowances() -> dict[str, Allowance]:
    """How often calls may be made; a test may say otherwise by `parametrize`."""
    return {}


@pytest.fixture
def x(stage: Stage, allowances: Mapping[str, Allowance]) -> Iterator[LocalX]:
    clock, faults = Clock(), Faults()
    world = World(clock)
    world.add_user("Smoney", "Smoney", x_id=BOT.x_id, automated=True)
    world.add_user("alice", "Alice", x_id=ALICE)
    deliveries = Deliveries(world, consumer_secret=KEYS.consumer_secret, bot_id=BOT.x_id)
    stage.app = create_api(
        world, app=KEYS, deliveries=deliveries, faults=faults, allowances=allowances
    )
    stage.calls.clear()
    yield LocalX(stage.server.url, clock, world, faults, stage.calls)
    deliveries.close()


@pytest.fixture
def late_book(sqlite_url: str, x: LocalX) -> Iterator[LaterBook]:
    book = LaterBook(sqlite_url, x.clock)
    yield book
    book.close()


@pytest.fixture
def each_book(book_url: str, x: LocalX) -> Iterator[LaterBook]:
    """The same, once on each engine."""
    book = LaterBook(book_url, x.clock)
    yield book
    book.close()


@pytest.fixture
def sender(late_book: LaterBook, x: LocalX) -> Sender:
    return Sender(late_book, client(x))


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[Any]]:
    with capture_logs() as lines:
        yield lines


def client(x: LocalX) -> XClient:
    return XClient(
        x.url,
        consumer_key=KEYS.consumer_key,
        consumer_secret=KEYS.consumer_secret,
        access_token=KEYS.access_token,
        access_token_secret=KEYS.access_token_secret,
        bearer_token=KEYS.bearer_token,
        bot_id=BOT.x_id,
    )


def put(book: Book, x: LocalX, number: int, *, public: bool = True) -> None:
    """Put the answer to alice's post *number* into the outbox."""
    post_id = x.ask(number).id if public else None
    reply = Reply(
        message_key=f"t:{number}",
        kind="answer",
        to_x_id=ALICE,
        in_reply_to=post_id,
        text=line(number),
        reference=f"REF{number}",
    )
    book.run(lambda c: outbox.put(c, [reply], book.now(c)))


def line(number: int) -> str:
    """The words of the answer to post *number*: its reference makes them unique."""
    return f"Done (ref. REF{number})."


def states(book: Book) -> list[str]:
    """The states of all replies, in the order they were written."""
    return [state for (state,) in rows(book, "SELECT state FROM outbox ORDER BY id")]


def errors(book: Book) -> list[str]:
    """What stands beside each reply about its last attempt."""
    return [why for (why,) in rows(book, "SELECT error FROM outbox ORDER BY id")]


def later(x: LocalX, **moments: float) -> None:
    """Put the clock of X and of the book forward."""
    x.clock.ahead += timedelta(**moments)


# What goes well -----------------------------------------------------------------------


def test_an_answer_is_a_reply_to_the_post_it_answers(
    late_book: LaterBook, x: LocalX, sender: Sender
) -> None:
    put(late_book, x, 1)
    assert sender.serve() == 1
    assert sender.serve() == 0
    (answer,) = [one for one in x.world.timeline(9) if one.author_id == BOT.x_id]
    (order,) = [one for one in x.world.timeline(9) if one.author_id == ALICE]
    assert answer.in_reply_to == order.id
    assert rows(late_book, "SELECT state, remote_id, attempts FROM outbox") == [
        ("sent", answer.id, 1)
    ]


def test_a_private_answer_goes_by_direct_message(
    late_book: LaterBook, x: LocalX, sender: Sender
) -> None:
    x.world.send_direct(ALICE, BOT.x_id, "#help")
    put(late_book, x, 1, public=False)
    sender.serve()
    assert x.written() == [line(1)]
    assert x.said() == []
    assert states(late_book) == ["sent"]


# Limits -------------------------------------------------------------------------------


@pytest.mark.parametrize("allowances", [{"POST /2/tweets": Allowance(user=1)}])
def test_after_429_nothing_is_asked_until_the_reset(
    late_book: LaterBook, x: LocalX, sender: Sender
) -> None:
    for number in (1, 2, 3):
        put(late_book, x, number)
    sender.serve()
    assert x.calls[POSTING] == 2, "one went through, one met the limit, and none after it"
    assert states(late_book) == ["sent", "pending", "pending"]
    for minutes in (5, 9):
        later(x, minutes=minutes)
        put(late_book, x, 10 + minutes)
        sender.serve()
    assert x.calls[POSTING] == 2, "nobody asked before the reset"
    later(x, minutes=2)
    sender.serve()
    assert x.calls[POSTING] == 4
    assert states(late_book)[:3] == ["sent", "sent", "pending"]
    assert len(x.said()) == 2


@pytest.mark.parametrize("allowances", [{"POST /2/tweets": Allowance(user=0)}])
def test_a_limit_on_posts_does_not_hold_up_direct_messages(
    late_book: LaterBook, x: LocalX, sender: Sender
) -> None:
    x.world.send_direct(ALICE, BOT.x_id, "#help")
    put(late_book, x, 1)
    put(late_book, x, 2, public=False)
    sender.serve()
    assert states(late_book) == ["pending", "sent"]


# Fates that nobody knows --------------------------------------------------------------

ACCEPTED_AND_LOST = {
    "503": Fault(status=503, done=True),
    "500 in HTML": Fault(status=500, body="<h1>Over capacity</h1>", done=True),
    "cut": Fault(done=True, cut=True),
    "200 without a body": Fault(status=200, body={}, done=True),
}


@pytest.mark.parametrize("fault", ACCEPTED_AND_LOST)
@pytest.mark.parametrize("public", [True, False])
def test_what_x_accepted_without_saying_so_is_looked_up_and_not_sent_twice(
    late_book: LaterBook,
    x: LocalX,
    sender: Sender,
    fault: str,
    public: bool,  # noqa: FBT001 - both ways
) -> None:
    x.world.send_direct(ALICE, BOT.x_id, "#help")
    put(late_book, x, 1, public=public)
    way = "/2/tweets" if public else "/2/dm_conversations"
    x.faults.script("POST", way, ACCEPTED_AND_LOST[fault])
    sender.serve()
    assert states(late_book) == ["unknown"]
    assert sender.serve() == 0, "it is looked for later"
    later(x, minutes=1)
    sender.serve()
    assert states(late_book) == ["sent"]
    assert x.said() + x.written() == [line(1)]
    assert _sent_calls(x) == 1


def _sent_calls(x: LocalX) -> int:
    return sum(count for (method, _), count in x.calls.items() if method == "POST")


def test_whoever_does_not_look_first_sends_twice(
    late_book: LaterBook, x: LocalX, sender: Sender
) -> None:
    """The negative control: the same fault, and the outbox made to forget it."""
    put(late_book, x, 1)
    x.faults.script(*POSTING, ACCEPTED_AND_LOST["503"])
    sender.serve()
    execute(late_book, "UPDATE outbox SET state = 'pending'")
    later(x, hours=2)  # X itself refuses the same words for an hour
    sender.serve()
    assert x.said() == [line(1), line(1)]


def test_what_never_arrived_is_sent_again_after_a_look(
    late_book: LaterBook, x: LocalX, sender: Sender
) -> None:
    put(late_book, x, 1)
    x.faults.script(*POSTING, Fault(status=503))
    sender.serve()
    later(x, minutes=1)
    sender.serve()
    assert states(late_book) == ["sent"]
    assert x.said() == [line(1)]


def test_while_x_cannot_say_nothing_is_sent_again(
    late_book: LaterBook, x: LocalX, sender: Sender
) -> None:
    put(late_book, x, 1)
    x.faults.script(*POSTING, ACCEPTED_AND_LOST["503"])
    x.faults.script("GET", f"/2/users/{BOT.x_id}/tweets", *[Fault(status=503)] * 3)
    for _ in range(4):
        sender.serve()
        assert states(late_book) == ["unknown"]
        later(x, minutes=10)
    sender.serve()
    assert states(late_book) == ["sent"]
    assert _sent_calls(x) == 1


def test_our_own_duplicate_is_found_instead_of_sent(
    late_book: LaterBook, x: LocalX, sender: Sender
) -> None:
    put(late_book, x, 1)
    x.faults.script(*POSTING, ACCEPTED_AND_LOST["503"])
    sender.serve()
    execute(late_book, "UPDATE outbox SET state = 'pending'")
    later(x, minutes=1)
    sender.serve()
    assert (states(late_book), errors(late_book)) == (["unknown"], ["duplicate content"])
    later(x, minutes=1)
    sender.serve()
    assert states(late_book) == ["sent"]
    assert x.said() == [line(1)]


def test_a_sender_that_died_in_the_middle_left_a_trace(each_book: LaterBook, x: LocalX) -> None:
    """It had sent, and had not noted it: the next one looks first."""
    put(each_book, x, 1)

    def claim(connection: Connection) -> list[outbox.Pending]:
        now = each_book.now(connection)
        return outbox.claim(connection, now=now, limit=9, lease=timedelta(minutes=2))

    (dead,) = each_book.run(claim)
    assert dead.reply.in_reply_to is not None
    client(x).post(dead.reply.text, in_reply_to=dead.reply.in_reply_to)
    sender = Sender(each_book, client(x))
    assert sender.serve() == 0, "its lease still runs"
    later(x, minutes=3)
    assert sender.serve() == 1
    assert states(each_book) == ["sent"]
    assert x.said() == [line(1)]


# What an operator must mend -----------------------------------------------------------


@pytest.mark.parametrize("status", [401, 402])
def test_without_credits_or_keys_nothing_at_all_is_sent(
    late_book: LaterBook, x: LocalX, sender: Sender, logged: list[Any], status: int
) -> None:
    x.world.send_direct(ALICE, BOT.x_id, "#help")
    put(late_book, x, 1)
    put(late_book, x, 2)
    put(late_book, x, 3, public=False)
    x.faults.script(*POSTING, Fault(status=status, body={"detail": "Credits are used up."}))
    sender.serve()
    assert _sent_calls(x) == 1, "posts and direct messages both stand still"
    assert states(late_book) == ["pending"] * 3
    assert [one["event"] for one in logged if one["event"] == "reply.halt"] == ["reply.halt"]
    later(x, minutes=4)
    sender.serve()
    assert _sent_calls(x) == 1
    later(x, minutes=2)
    sender.serve()
    assert states(late_book) == ["sent"] * 3


# What will never go out ---------------------------------------------------------------


def test_a_reply_that_x_forbids_is_given_up(
    late_book: LaterBook, x: LocalX, sender: Sender
) -> None:
    put(late_book, x, 1)
    put(late_book, x, 2)
    (order,) = [one for one in x.world.timeline(9) if one.text.endswith(" 1")]
    x.world.delete(order.id)
    sender.serve()
    assert states(late_book) == ["gave_up", "sent"]
    assert errors(late_book)[0] == "the post is gone"
    later(x, days=2)
    assert sender.serve() == 0, "it is not tried again"


def test_a_reply_older_than_a_day_is_given_up(
    late_book: LaterBook, x: LocalX, sender: Sender
) -> None:
    put(late_book, x, 1)
    x.faults.script(*POSTING, *[Fault(status=503)] * 40)
    tried = 0
    while states(late_book) != ["gave_up"]:
        tried += sender.serve()
        later(x, minutes=61)
    assert 20 < tried <= 25, "at most an hour apart"
    assert x.clock.ahead < timedelta(hours=27)
    assert errors(late_book)[0].startswith("older than a day: 503")
    assert x.said() == []


# Several senders ----------------------------------------------------------------------


def test_two_senders_never_send_one_reply_twice(each_book: LaterBook, x: LocalX) -> None:
    for number in range(30):
        put(each_book, x, number)
    served = [0, 0]

    def work(mine: int) -> None:
        sending = Sender(each_book, client(x))
        while "pending" in states(each_book):
            served[mine] += sending.serve()

    threads = [threading.Thread(target=work, args=(mine,)) for mine in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(served) == 30
    assert x.calls[POSTING] == 30
    assert x.said() == sorted(line(number) for number in range(30))
    assert set(states(each_book)) == {"sent"}


def test_no_line_of_the_log_holds_the_words_of_an_answer(
    late_book: LaterBook, x: LocalX, sender: Sender, logged: list[Any]
) -> None:
    put(late_book, x, 1)
    put(late_book, x, 2)
    x.faults.script(*POSTING, Fault(status=503, body={"detail": "Over capacity"}))
    sender.serve()
    assert {one["event"] for one in logged} == {"reply.sent", "reply.unknown"}
    assert "Done" not in repr(logged)
