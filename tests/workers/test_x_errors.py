"""Every row of the table of X's errors, served by the local X: the sender does the right thing.

Through the real tweepy, over HTTP. The names are those of `sandbox.troubles`.
"""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sender_cast import (
    ALICE,
    POSTING,
    LaterBook,
    LocalX,
    client,
    errors,
    later,
    line,
    open_account,
    put,
    put_private_answer,
    sending,
    states,
)
from workers_cast import BOT, rows

from smoney_bot.channels.sandbox.faults import Fault
from smoney_bot.channels.sandbox.problems import forbidden
from smoney_bot.channels.sandbox.troubles import (
    DAY_LEFT,
    QUARTER_LEFT,
    direct_troubles,
    troubles,
)
from smoney_bot.workers import sender as sender_module

pytest_plugins = ["sender_fixtures"]

LOOKING = ("GET", f"/2/users/{BOT.x_id}/tweets")
HALT = timedelta(minutes=5)
MINUTE = timedelta(minutes=1)
SLICE = timedelta(minutes=30)
BACKOFF = timedelta(seconds=10)


@dataclass(frozen=True)
class Right:
    """What is right: the state, what is noted, the alarm, and how long nothing is sent."""

    state: str
    why: str
    rest: timedelta | None = None  # None: it is never sent by itself
    alarm: str | None = None
    published: bool = False  # X has it already: it must not be sent again


def _gives_up(why: str) -> Right:
    return Right("gave_up", why)


def _parks(why: str) -> Right:
    return Right("gave_up", f"parked: 403{why}", alarm="reply.parked")


def _halts(why: str) -> Right:
    return Right("pending", why, HALT, "reply.halt")


def _waits(rest: timedelta, why: str = "rate limit") -> Right:
    return Right("pending", why, rest)


def _looks(why: str) -> Right:
    return Right("unknown", why, BACKOFF)


_NEVER_SURE = {
    "500 internal-error": _looks("500: This is internal-error."),
    "502 in HTML": _looks("502"),
    "503 resource-unavailable": _looks("503: This is resource-unavailable."),
    "408": _looks("408"),
    "200 without an id": _looks("no id in the answer"),
    "cut off": _looks(""),
    "no answer in time": _looks("ReadTimeout"),
}
ROWS = {
    "400 invalid-request": _gives_up("400: One or more parameters"),
    "400 too long": _gives_up("400: Your Tweet text is too long."),
    "403 not mentioned, February 2026": _gives_up("reply not allowed"),
    "403 not mentioned, since mid 2026": _gives_up("reply not allowed"),
    "403 deleted or not visible": _gives_up("the post is gone"),
    "404": _gives_up("404: Not Found"),
    "404 resource-not-found": _gives_up("404: This is resource-not-found."),
    "409 conflict": _gives_up("409: It is there already."),
    "401 bad or revoked token": _halts("401: Unauthorized"),
    "402 credits depleted": _halts("402: Your enrolled account does not have any credits"),
    "403 client-forbidden": _halts("403: This is client-forbidden."),
    "403 client-forbidden, older host": _halts("403: This is client-forbidden."),
    "403 unsupported-authentication": _halts("403: Authenticating with this method"),
    "429 usage-capped": _halts("429: Usage cap exceeded"),
    "403 feature not permitted": _parks(": Your account is not permitted to access this feature."),
    "403 not permitted": _parks(": You are not permitted to perform this action."),
    "403 in words never heard": _parks(": Mercury is in retrograde."),
    "403 not-authorized-for-resource": _parks(": This is not-authorized-for-resource."),
    "403 disallowed-resource": _parks(": This is disallowed-resource."),
    "403 in HTML": _parks(""),
    "429 code 88": _waits(QUARTER_LEFT),
    "429 problem": _waits(QUARTER_LEFT),
    "429 rate-limit-exceeded": _waits(MINUTE),
    "429 without a reset": _waits(MINUTE),
    "429 of a day": _waits(DAY_LEFT),
    "403 of a day, code 185": _waits(SLICE, "daily limit"),
    "403 duplicate": _looks("duplicate content"),
    **_NEVER_SURE,
    **{
        f"{name}, but published": replace(right, published=True)
        for name, right in _NEVER_SURE.items()
    },
}


def _now(x: LocalX) -> datetime:
    return datetime.fromtimestamp(x.clock(), UTC)


def _alarms(logged: list[Any]) -> list[str]:
    return [one["event"] for one in logged if one["log_level"] == "error"]


def test_the_table_has_each_trouble_that_the_local_x_makes() -> None:
    assert troubles(datetime.now(UTC)).keys() == ROWS.keys()


@pytest.mark.parametrize("row", ROWS)
def test_the_sender_does_the_right_thing_for(
    late_book: LaterBook, x: LocalX, logged: list[Any], row: str
) -> None:
    right, sender = ROWS[row], sending(late_book, x)
    # Only where X is silent is the first call in haste: a busy machine is no silent X.
    first = sending(late_book, x, read_seconds=0.3) if right.why == "ReadTimeout" else sender
    put(late_book, x, 1)
    x.faults.script(*POSTING, troubles(_now(x))[row])
    first.serve()
    assert states(late_book) == [right.state]
    assert errors(late_book)[0].startswith(right.why)
    assert _alarms(logged) == ([right.alarm] if right.alarm else [])

    if right.rest is None:
        later(x, hours=23)
        put(late_book, x, 2)
        assert sender.serve() == 1, "the next one leaves, this one never by itself"
        assert x.said() == [line(2)]
        return
    _until_published(x, right)
    later(x, seconds=right.rest.total_seconds() - 4)
    assert sender.serve() == 0, "too early"
    assert x.calls[POSTING] == 1
    later(x, seconds=6)
    assert sender.serve() == 1
    assert (states(late_book), x.said()) == (["sent"], [line(1)])
    assert x.calls[LOOKING] == (right.state == "unknown"), "looked for before it is sent again"
    assert x.calls[POSTING] == (1 if right.published else 2)


def _until_published(x: LocalX, right: Right) -> None:
    """X may take a moment longer with a post than we wait for its answer."""
    deadline = time.monotonic() + 5
    while right.published and not x.said():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("row", direct_troubles())
def test_who_takes_no_direct_message_is_told_so_under_the_post(
    late_book: LaterBook, x: LocalX, row: str
) -> None:
    sender = sending(late_book, x)
    open_account(late_book, wrote_first=True)
    put_private_answer(late_book, x.ask(1).id)
    x.faults.script("POST", "/2/dm_conversations", direct_troubles()[row])
    while sender.serve():
        pass
    assert rows(late_book, "SELECT kind, state FROM outbox ORDER BY id") == [
        ("answer", "gave_up"),
        ("pointer", "sent"),
    ]
    assert len(x.said()) == 1


@pytest.mark.parametrize(
    ("public", "said"),
    [
        (True, "User is over daily status update limit."),
        (False, "You are over the daily limit for sending Direct Messages."),
    ],
)
def test_beyond_the_days_cap_nothing_is_tried_and_nothing_given_up(
    late_book: LaterBook, x: LocalX, logged: list[Any], *, public: bool, said: str
) -> None:
    sender, capped = sending(late_book, x), forbidden(said)
    x.world.send_direct(ALICE, BOT.x_id, "#help")
    way = POSTING if public else ("POST", f"/2/dm_conversations/with/{ALICE}/messages")
    x.faults.script(*way, Fault(status=capped.status, body=capped.body))
    for number in range(1, 6):
        put(late_book, x, number, public=public)
    for _ in range(3):
        sender.serve()
        later(x, minutes=9)
    assert (states(late_book), x.calls[way]) == (["pending"] * 5, 1)
    later(x, minutes=4)
    sender.serve()
    assert states(late_book) == ["sent"] * 5
    assert _alarms(logged) == []


def test_200_with_errors_beside_the_data_is_an_answer(x: LocalX) -> None:
    found = client(x).resolve(["alice", "nobody_here"])
    assert found.keys() == {"alice"}


def test_what_never_left_our_host_is_sent_without_a_look(late_book: LaterBook, x: LocalX) -> None:
    put(late_book, x, 1)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = replace(x, url=f"http://127.0.0.1:{free.getsockname()[1]}")
        sending(late_book, nobody).serve()
    assert states(late_book) == ["pending"]
    assert errors(late_book) == ["not sent: ConnectionError"]
    later(x, seconds=11)
    sending(late_book, x).serve()
    assert (states(late_book), x.said()) == (["sent"], [line(1)])
    assert (x.calls[POSTING], x.calls[LOOKING]) == (1, 0)


@pytest.mark.parametrize(
    "row", ["503 resource-unavailable, but published", "cut off, but published"]
)
def test_a_sender_that_takes_an_unknown_outcome_for_a_refusal_sends_twice(
    late_book: LaterBook, x: LocalX, monkeypatch: pytest.MonkeyPatch, row: str
) -> None:
    """The negative control: nobody looks, and X no longer knows the words."""
    monkeypatch.setattr(sender_module.Sender, "_find", lambda *_: None)
    sender = sending(late_book, x)
    put(late_book, x, 1)
    x.faults.script(*POSTING, troubles(_now(x))[row])
    sender.serve()
    later(x, hours=2)
    sender.serve()
    assert x.said() == [line(1), line(1)]
