"""Catching up with a local X that lists everything and is not always heard."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send
from structlog.testing import capture_logs
from workers_cast import BOT, KEYS, RULES, card, open_account, outcomes, rows, serve_all, x_id

from smoney_bot.bank import errors, policy, teller
from smoney_bot.bank.codes import Checked
from smoney_bot.bank.customers import Customer
from smoney_bot.bank.desk import Decision, Desk
from smoney_bot.bank.messages import ClearMessage, Form, written_at
from smoney_bot.bank.money import euros
from smoney_bot.bank.redaction import conceal
from smoney_bot.book import cursors, inbox
from smoney_bot.book.engine import Book
from smoney_bot.channels.sandbox.api import create_api
from smoney_bot.channels.sandbox.deliveries import Deliveries
from smoney_bot.channels.sandbox.events import events
from smoney_bot.channels.sandbox.faults import Fault, Faults
from smoney_bot.channels.sandbox.limits import Allowance
from smoney_bot.channels.sandbox.oauth import AppKeys
from smoney_bot.channels.sandbox.posts import Direct, Post
from smoney_bot.channels.sandbox.server import serve
from smoney_bot.channels.sandbox.world import World
from smoney_bot.channels.x import catch_up, wire
from smoney_bot.channels.x.asking import NoAnswer
from smoney_bot.channels.x.client import XClient
from smoney_bot.workers.catching_up import CatchingUp

APP = AppKeys(
    consumer_key="invented-consumer-key",
    consumer_secret="invented-consumer-secret",
    access_token="222222222-invented-token",
    access_token_secret="invented-token-secret",
    bearer_token="invented-bearer",
    bot_id=BOT.x_id,
)
PEOPLE = ("alice", "bob", "carol", "mallory")
MINUTE = timedelta(minutes=1)

#: So often that no test meets a limit by chance.
OFTEN = {
    "GET /2/dm_events": Allowance(user=10_000),
    "GET /2/users/{id}/mentions": Allowance(10_000),
}


class Clock:
    """X's clock: the real one, or so much earlier; X's ids only ever grow with it."""

    def __init__(self) -> None:
        self.earlier = timedelta(days=3)

    def __call__(self) -> float:
        return time.time() - self.earlier.total_seconds()


@dataclass
class LocalX:
    """A local X whose webhooks nobody hears: what happens there, and who is who."""

    world: World
    url: str
    clock: Clock
    faults: Faults
    ids: dict[str, str] = field(default_factory=dict)
    said: list[Post | Direct] = field(default_factory=list)

    def post(self, author: str, text: str) -> Post:
        return self.world.post(self.ids[author], text)

    def direct(self, author: str, text: str) -> Direct:
        return self.world.send_direct(self.ids[author], BOT.x_id, text)

    def client(self) -> XClient:
        return XClient(
            self.url,
            consumer_key=APP.consumer_key,
            consumer_secret=APP.consumer_secret,
            access_token=APP.access_token,
            access_token_secret=APP.access_token_secret,
            bearer_token=APP.bearer_token,
            bot_id=BOT.x_id,
            read_seconds=5,
        )

    def webhook(self, thing: Post | Direct) -> bytes | None:
        """Return the body that X's webhook would bring of *thing*, if any."""
        for event in events(self.world, BOT.x_id, thing):
            return json.dumps(event.body(user_id=BOT.x_id, tag=None)).encode()
        return None


class _Stage:
    """One server for all tests; its app changes, because starting one takes a moment."""

    app: Any = Starlette()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


@pytest.fixture(scope="module")
def stage() -> Iterator[tuple[_Stage, str]]:
    playing = _Stage()
    server = serve(playing)
    yield playing, server.url
    server.stop()


@contextmanager
def a_local_x(stage: tuple[_Stage, str], allowances: dict[str, Allowance]) -> Iterator[LocalX]:
    clock, faults = Clock(), Faults()
    world = World(clock)
    deliveries = Deliveries(world, consumer_secret=APP.consumer_secret, bot_id=BOT.x_id)
    stage[0].app = create_api(
        world, app=APP, deliveries=deliveries, faults=faults, allowances=allowances
    )
    x = LocalX(world, stage[1], clock, faults)
    world.add_user(BOT.handle, "Smoney", x_id=BOT.x_id, automated=True)
    x.ids = {one: world.add_user(one, one.title(), x_id=x_id(one)).x_id for one in PEOPLE}
    clock.earlier = timedelta(0)
    world.listen(x.said.append)
    try:
        yield x
    finally:
        deliveries.close()


@pytest.fixture
def x(stage: tuple[_Stage, str]) -> Iterator[LocalX]:
    with a_local_x(stage, OFTEN) as running:
        yield running


@pytest.fixture
def limited_x(stage: tuple[_Stage, str]) -> Iterator[LocalX]:
    """A local X with X's own limits."""
    with a_local_x(stage, {}) as running:
        yield running


def catching(book: Book, x: LocalX) -> CatchingUp:
    return CatchingUp(book, x.client(), KEYS, BOT)


def bring(book: Book, bodies: Iterable[bytes]) -> int:
    """Keep what webhook bodies bring, as the door does; return how many were new."""
    messages = [one for body in bodies for one in wire.read(body, bot_id=BOT.x_id).messages]
    kept = [conceal(one, KEYS, BOT) for one in messages]
    return book.run(lambda c: inbox.keep(c, kept, book.now(c)))


def keys(book: Book) -> list[str]:
    """Return the keys in the inbox."""
    return sorted(key for (key,) in rows(book, "SELECT key FROM inbox"))


def keys_said(x: LocalX) -> list[str]:
    """Return the keys of all that was said to the bot, each once."""
    said = {f"t:{one.key}" if isinstance(one, Post) else f"d:{one.id}" for one in x.said}
    return sorted(said)


def position(book: Book, name: str) -> str:
    with book.reading() as connection:
        found = cursors.find(connection, name)
        assert found is not None
        return found.position


# What webhooks left out --------------------------------------------------------------------


def test_what_was_said_while_nobody_listened_is_kept_once(book: Book, x: LocalX) -> None:
    first = x.post("alice", "@Smoney #20 @bob #07482193")
    x.post("bob", "@Smoney #aide")
    x.direct("carol", "solde")
    x.world.edit(first.id, "@Smoney #200 @bob #07482193")
    looking = catching(book, x)
    assert looking.serve() == 3
    assert looking.catch_up() == 0
    assert keys(book) == keys_said(x)


def test_nothing_of_a_code_is_stored(sqlite_book: Book, x: LocalX) -> None:
    x.post("alice", "@Smoney #20 @bob #07482193")
    catching(sqlite_book, x).serve()
    ((payload,),) = rows(sqlite_book, "SELECT payload FROM inbox")
    assert "07482193" not in payload
    assert "#********" in payload


def test_what_the_bot_says_and_what_others_repeat_is_left_out(sqlite_book: Book, x: LocalX) -> None:
    asked = x.post("alice", "@Smoney #aide")
    x.direct("alice", "solde")
    x.world.post(BOT.x_id, "an answer", in_reply_to=asked.id)
    x.world.send_direct(BOT.x_id, x.ids["alice"], "another")
    x.world.repost(x.ids["bob"], asked.id)
    assert catching(sqlite_book, x).serve() == 2


def test_a_reply_that_only_inherits_the_mention_is_no_order(sqlite_book: Book, x: LocalX) -> None:
    open_account(sqlite_book, "bob", 1000)
    asked = x.post("alice", "@Smoney #aide")
    x.world.post(x.ids["bob"], "#20 is a good number", in_reply_to=asked.id)
    assert catching(sqlite_book, x).serve() == 2
    serve_all(sqlite_book)
    assert ("ignored", "not_an_order") in outcomes(sqlite_book).values()


def test_webhooks_thrice_and_lists_in_between_change_nothing_twice(book: Book, x: LocalX) -> None:
    chance = random.Random(7)
    for number in range(400):
        author = chance.choice(PEOPLE)
        post = x.post(author, f"@Smoney #{number % 50 + 1} @bob #{number:08}")
        if chance.random() < 0.2:
            x.world.edit(post.id, f"@Smoney #200 @bob #{number:08}")
    for number in range(100):
        x.direct(chance.choice(PEOPLE), f"solde {number}")
    bodies = [body for thing in x.said if (body := x.webhook(thing))]
    assert len(bodies) >= 500
    deliveries = bodies * 3
    chance.shuffle(deliveries)
    lost = len(bodies) // 2  # some never come at all
    looking = catching(book, x)
    new = 0
    for turn, first in enumerate(range(lost, len(deliveries), 40)):
        new += bring(book, deliveries[first : first + 40])
        if turn in {5, 25}:
            new += looking.catch_up()
    assert keys(book) == keys_said(x)
    assert new == len(keys_said(x))


def test_the_count_notices_a_key_that_is_made_for_each_delivery(
    sqlite_book: Book, x: LocalX
) -> None:
    """The negative control: with delivery ids for keys the same message is kept twice."""
    post = x.post("alice", "@Smoney #aide")
    for delivery in range(2):
        (clear,) = wire.read(x.webhook(post) or b"", bot_id=BOT.x_id).messages
        kept = conceal(_keyed(clear, f"t:{delivery}"), KEYS, BOT)
        sqlite_book.run(lambda c, kept=kept: inbox.keep(c, [kept], sqlite_book.now(c)))  # type: ignore[misc]
    assert keys(sqlite_book) != keys_said(x)


def _keyed(message: ClearMessage, key: str) -> ClearMessage:
    facts = {name: getattr(message, name) for name in ClearMessage.__slots__}
    return ClearMessage(**facts | {"key": key})


# The cursor ----------------------------------------------------------------------------------


def test_the_cursor_stands_at_the_newest_that_was_seen(book: Book, x: LocalX) -> None:
    post, direct = x.post("alice", "@Smoney #aide"), x.direct("bob", "solde")
    catching(book, x).serve()
    assert (position(book, "mentions"), position(book, "directs")) == (post.id, direct.id)


def _speak_for_a_while(x: LocalX) -> Post:
    """Let two posts be written ten minutes apart; return the newer one."""
    x.clock.earlier = 10 * MINUTE
    x.post("alice", "@Smoney #aide")
    x.clock.earlier = timedelta(0)
    return x.post("bob", "@Smoney #aide")


def _lose_the_inbox(book: Book) -> None:
    with book.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE inbox RENAME TO inbox_lost")


def _find_the_inbox(book: Book) -> None:
    with book.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE inbox_lost RENAME TO inbox")


def _is_lost(book: Book, x: LocalX) -> bool:
    """Whether something that was said is neither kept nor ahead of the cursor."""
    kept = set(keys(book))
    with book.reading() as connection:
        cursor = cursors.find(connection, "mentions")
    read_to = written_at(cursor.position) - catch_up.OVERLAP if cursor else None
    return any(
        f"t:{one.key}" not in kept and read_to is not None and one.written_at < read_to
        for one in x.said
        if isinstance(one, Post)
    )


def test_the_cursor_stays_when_keeping_fails_and_nothing_is_lost(book: Book, x: LocalX) -> None:
    _speak_for_a_while(x)
    looking = catching(book, x)
    _lose_the_inbox(book)
    with pytest.raises(Exception, match="inbox"):
        looking.serve()
    _find_the_inbox(book)
    assert not _is_lost(book, x)
    assert looking.serve() == 0, "X is not asked again at once"
    assert looking.catch_up() == 2


def test_a_cursor_moved_before_keeping_is_found_out(book: Book, x: LocalX) -> None:
    """The negative control of the test above."""
    newest = _speak_for_a_while(x)
    book.run(lambda c: cursors.move(c, "mentions", newest.id, book.now(c)))
    assert _is_lost(book, x)


def test_the_first_look_of_all_begins_a_day_back(sqlite_book: Book, x: LocalX) -> None:
    for hours in (30, 23):
        x.clock.earlier = timedelta(hours=hours)
        x.post("alice", f"@Smoney #aide {hours}")
        x.direct("alice", f"solde {hours}")
    x.clock.earlier = timedelta(0)
    assert catching(sqlite_book, x).serve() == 2


def test_more_mentions_than_x_shows_are_a_gap_that_is_told(sqlite_book: Book, x: LocalX) -> None:
    for number in range(850):
        x.post("mallory", f"@Smoney hello {number}")
    looking = catching(sqlite_book, x)
    with capture_logs() as logs:
        assert looking.serve() == 800
    (gap,) = [line for line in logs if line["event"] == "catch_up.gap"]
    assert (gap["way"], gap["seen"]) == ("mentions", 800)
    newest = [one.id for one in x.said if isinstance(one, Post)][-800:]
    assert keys(sqlite_book) == sorted(f"t:{post_id}" for post_id in newest)
    with capture_logs() as logs:
        looking.catch_up()
    assert not [line for line in logs if line["event"] == "catch_up.gap"]


# How often -----------------------------------------------------------------------------------


@contextmanager
def later(by: timedelta) -> Iterator[None]:
    """Let it be so much later, for the bank and for X."""
    with time_machine.travel(datetime.now(UTC) + by):
        yield


def test_each_list_is_read_in_its_own_time(sqlite_book: Book, x: LocalX) -> None:
    looking = catching(sqlite_book, x)
    looking.serve()
    x.post("alice", "@Smoney #aide")
    x.direct("alice", "solde")
    new = []
    for seconds in (50, 65, 80, 95):
        with later(timedelta(seconds=seconds)):
            new.append(looking.serve())
    assert new == [0, 1, 0, 1]


def test_processes_share_their_turns(book: Book, x: LocalX) -> None:
    one, other = catching(book, x), catching(book, x)
    one.serve()
    x.post("alice", "@Smoney #aide")
    assert other.serve() == 0, "the first has just looked"


def test_the_limits_of_x_are_never_met(sqlite_book: Book, limited_x: LocalX) -> None:
    looking = catching(sqlite_book, limited_x)
    with capture_logs() as logs:
        for seconds in range(0, 1800, 10):
            with later(timedelta(seconds=seconds)):
                looking.serve()
    assert not [line for line in logs if line["event"] == "catch_up.away"]


def test_after_a_rate_limit_x_is_left_alone_until_it_answers_again(
    sqlite_book: Book, x: LocalX
) -> None:
    reset = int(time.time()) + 600
    too_many = Fault(status=429, headers={"x-rate-limit-reset": str(reset)})
    x.faults.script("GET", f"/2/users/{BOT.x_id}/mentions", too_many)
    x.post("alice", "@Smoney #aide")
    looking = catching(sqlite_book, x)
    with capture_logs() as logs:
        assert looking.serve() == 0
    assert [line["why"] for line in logs if line["event"] == "catch_up.away"]
    with later(timedelta(seconds=590)):
        assert looking.serve() == 0
    with later(timedelta(seconds=610)):
        assert looking.serve() == 1


def test_faults_of_x_are_met_with_longer_and_longer_waits(sqlite_book: Book, x: LocalX) -> None:
    x.faults.script("GET", f"/2/users/{BOT.x_id}/mentions", *[Fault(status=503)] * 3)
    x.post("alice", "@Smoney #aide")
    looking = catching(sqlite_book, x)
    asked = []
    for minute in range(20):
        with later(minute * MINUTE + timedelta(seconds=minute)), capture_logs() as logs:
            new = looking.serve()
        if new or [line for line in logs if line["event"] == "catch_up.away"]:
            asked.append((minute, new))
    assert asked == [(0, 0), (1, 0), (3, 0), (7, 1)]


def test_one_list_does_not_wait_for_the_other(sqlite_book: Book, x: LocalX) -> None:
    x.faults.script("GET", f"/2/users/{BOT.x_id}/mentions", Fault(status=503))
    x.direct("alice", "solde")
    assert catching(sqlite_book, x).serve() == 1


def test_on_command_whoever_asks_is_told_that_x_is_away(sqlite_book: Book, x: LocalX) -> None:
    x.faults.script("GET", "/2/dm_events", Fault(status=503))
    with pytest.raises(NoAnswer, match="503"):
        catching(sqlite_book, x).catch_up()


# Too late ------------------------------------------------------------------------------------

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ALICE = Customer(1, 11, "111111111", "alice")
BOB = Customer(2, 12, "333333333", "bob")
SECOND = timedelta(seconds=1)


def decided(text: str, age: timedelta, **facts: Any) -> Decision:  # noqa: ANN401
    """What the teller makes of alice's words when they are so old."""
    clear = ClearMessage(
        key="d:1",
        form=Form.DIRECT,
        edited=False,
        message_id="1",
        author_id=ALICE.x_id,
        author_handle="alice",
        text=text,
        written_at=NOW - age,
        body=(0, len(text)),
        mentions=(),
    )
    desk = Desk(
        now=NOW,
        customers={one.x_id: one for one in (ALICE, BOB)},
        balances={11: euros(100), 12: euros(0)},
        handles={"bob": BOB.x_id},
        **facts,
    )
    return teller.decide(
        RULES, desk, conceal(clear, KEYS, BOT), reference="7K3Q-48", checked=Checked()
    )


@pytest.mark.parametrize("text", ["#20 @bob", "#20 @bob #07482193", "#07482193", "#public #1234"])
@pytest.mark.parametrize(
    ("age", "late"),
    [
        (policy.ORDER_LIFE, False),
        (policy.ORDER_LIFE + SECOND, True),
        (-5 * MINUTE, False),
        (-5 * MINUTE - SECOND, True),
    ],
)
def test_an_order_is_too_late_by_one_second(text: str, age: timedelta, *, late: bool) -> None:
    assert (decided(text, age).reason == "too_late") is late


@pytest.mark.parametrize("text", ["#gel", "#prive", "#stop", "#solde", "#aide", "#annuler 0000-98"])
def test_what_moves_no_money_is_never_too_late(text: str) -> None:
    assert decided(text, timedelta(days=30)).reason != "too_late"


def test_how_old_an_order_may_be_is_a_limit_like_others() -> None:
    limits = policy.Limits(order_life=timedelta(hours=2))
    policy.check_age(limits, NOW - timedelta(hours=2), NOW)
    with pytest.raises(errors.TooLate) as raised:
        policy.check_age(limits, NOW - timedelta(hours=2) - SECOND, NOW)
    assert raised.value.hours == 2


def test_what_is_caught_up_too_late_is_answered_and_its_code_is_used_up(
    book: Book, x: LocalX
) -> None:
    open_account(book, "alice", 5000, places=2)
    open_account(book, "bob", 0)
    long_ago = catch_up.id_at_moment(datetime.now(UTC) - timedelta(days=2))
    book.run(lambda c: cursors.move(c, "mentions", long_ago, book.now(c)))
    late, in_time = (
        _post_of(x, age, f"@Smoney #20 @bob #{code}")
        for age, code in zip(
            (policy.ORDER_LIFE + MINUTE, policy.ORDER_LIFE - MINUTE), card(2), strict=True
        )
    )
    catching(book, x).catch_up()
    serve_all(book)
    assert outcomes(book) == {late: ("refused", "too_late"), in_time: ("applied", "")}
    used = rows(book, "SELECT used_by FROM card_codes ORDER BY place")
    assert used == [(late,), (in_time,)]
    answers = dict(rows(book, "SELECT message_key, text FROM outbox WHERE kind = 'answer'"))
    assert "did not reach me in time" in answers[late]


def _post_of(x: LocalX, age: timedelta, text: str) -> str:
    x.clock.earlier = age
    return f"t:{x.post('alice', text).key}"
