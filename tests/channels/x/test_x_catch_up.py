"""Reading X's lists, against a real server on loopback that answers from a script."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from scripted_server import ScriptedServer, running
from x_recordings import ALICE, BOB, BOT, dump, load

from smoney_bot.bank.errors import TryLater
from smoney_bot.bank.messages import Form, written_at
from smoney_bot.channels.x import catch_up, wire
from smoney_bot.channels.x.asking import NoAnswer
from smoney_bot.channels.x.client import MENTIONS_MAX, XClient

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
START = catch_up.id_at_moment(NOON)


@pytest.fixture
def x() -> Iterator[ScriptedServer]:
    with running() as server:
        yield server


@pytest.fixture
def client(x: ScriptedServer) -> XClient:
    return XClient(
        x.url,
        consumer_key="consumer-key",
        consumer_secret="consumer-secret",
        access_token="222222222-token",
        access_token_secret="token-secret",
        bearer_token="bearer",
        bot_id=BOT,
        read_seconds=0.3,
    )


def post_id(seconds: float) -> str:
    """An id of so many seconds after noon."""
    return catch_up.id_at_moment(NOON + seconds * SECOND)


def mention(seconds: float = 0, text: str = "@Smoney #20 @bob", **facts: Any) -> dict[str, Any]:  # noqa: ANN401
    """A row of the list of mentions."""
    own = post_id(seconds)
    marks = {"Smoney": BOT, "bob": BOB}
    return {
        "id": own,
        "text": text,
        "author_id": ALICE,
        "edit_history_tweet_ids": [own],
        "display_text_range": [0, len(text)],
        "entities": {
            "mentions": [
                {"start": at, "end": at + len(name) + 1, "username": name, "id": x_id}
                for name, x_id in marks.items()
                if (at := text.find(f"@{name}")) >= 0
            ]
        },
    } | facts


def direct(seconds: float = 0, **facts: Any) -> dict[str, Any]:  # noqa: ANN401
    """A row of the list of direct messages."""
    return {
        "id": post_id(seconds),
        "event_type": "MessageCreate",
        "text": "solde",
        "sender_id": ALICE,
        "dm_conversation_id": f"{ALICE}-{BOT}",
        "created_at": f"{NOON + seconds * SECOND:%Y-%m-%dT%H:%M:%S.000Z}",
    } | facts


def page(*rows: dict[str, Any], token: str | None = None) -> dict[str, Any]:
    meta = {"result_count": len(rows)} | ({"next_token": token} if token else {})
    return {"data": list(rows), "meta": meta} if rows else {"meta": meta}


def mentions(client: XClient, position: str = START) -> catch_up.Caught:
    return catch_up.mentions(client, position, bot_id=BOT)


def directs(client: XClient, position: str = START) -> catch_up.Caught:
    return catch_up.directs(client, position, bot_id=BOT)


# What is asked --------------------------------------------------------------------------


def test_mentions_are_asked_for_with_a_minute_of_overlap_and_without_people(
    x: ScriptedServer, client: XClient
) -> None:
    x.answer(200, page())
    mentions(client, post_id(0))
    (asked,) = x.asked
    assert asked.path == f"/2/users/{BOT}/mentions"
    assert written_at(asked.query["since_id"][0]) == NOON - 60 * SECOND
    assert asked.query["max_results"] == ["100"]
    assert "expansions" not in asked.query
    assert {"author_id", "entities", "edit_history_tweet_ids", "display_text_range"} <= set(
        asked.query["tweet.fields"][0].split(",")
    )
    assert asked.headers["authorization"].startswith("OAuth "), "an owned read is cheapest"


def test_direct_messages_are_asked_for_in_full_pages(x: ScriptedServer, client: XClient) -> None:
    x.answer(200, page())
    directs(client)
    (asked,) = x.asked
    assert (asked.path, asked.query["max_results"]) == ("/2/dm_events", ["100"])
    assert asked.query["event_types"] == ["MessageCreate"]


def test_nothing_new_leaves_the_position_where_it_was(x: ScriptedServer, client: XClient) -> None:
    x.answer(200, page())
    assert mentions(client, "42") == catch_up.Caught((), "42", (), gap=False)


def test_pages_are_read_to_the_end_and_the_newest_is_the_next_position(
    x: ScriptedServer, client: XClient
) -> None:
    x.answer(200, page(mention(9), mention(8), token="a"))
    x.answer(200, page(mention(7), token="b"))
    x.answer(200, page(mention(6)))
    caught = mentions(client)
    assert [one.message_id for one in caught.messages] == [post_id(at) for at in (9, 8, 7, 6)]
    assert caught.position == post_id(9)
    assert [asked.query.get("pagination_token") for asked in x.asked] == [None, ["a"], ["b"]]


def test_a_page_that_comes_again_and_again_ends_the_reading(
    x: ScriptedServer, client: XClient
) -> None:
    x.answer(200, page(mention(1), token="for-ever"))
    assert len(mentions(client).messages) == 1
    assert len(x.asked) == 2


def test_direct_messages_are_read_back_to_the_last_look_and_no_further(
    x: ScriptedServer, client: XClient
) -> None:
    x.answer(200, page(direct(30), direct(-30), direct(-90), token="older"))
    caught = directs(client)
    assert [one.message_id for one in caught.messages] == [post_id(30), post_id(-30)]
    assert len(x.asked) == 1


def test_a_list_that_ends_before_the_last_look_is_a_gap(x: ScriptedServer, client: XClient) -> None:
    newest_first = [mention(at) for at in range(MENTIONS_MAX, 0, -1)]
    for first in range(0, MENTIONS_MAX, 100):
        token = f"page-{first}" if first < MENTIONS_MAX - 100 else None
        x.answer(200, page(*newest_first[first : first + 100], token=token))
    caught = mentions(client, post_id(0))
    assert (len(caught.messages), caught.gap) == (MENTIONS_MAX, True)


def test_a_list_that_reaches_the_last_look_is_none(x: ScriptedServer, client: XClient) -> None:
    newest_first = [mention(at) for at in range(MENTIONS_MAX - 1, -1, -1)]
    for first in range(0, MENTIONS_MAX, 100):
        token = f"page-{first}" if first < MENTIONS_MAX - 100 else None
        x.answer(200, page(*newest_first[first : first + 100], token=token))
    assert mentions(client, post_id(0)).gap is False


# The same as by webhook -------------------------------------------------------------------


def test_a_post_reads_the_same_by_list_and_by_webhook(x: ScriptedServer, client: XClient) -> None:
    delivered = load("synthetic/xaa_mention_command")
    (by_webhook,) = wire.read(dump(delivered), bot_id=BOT).messages
    x.answer(200, page(delivered["data"]["payload"]))
    (by_list,) = mentions(client).messages
    facts = {name: getattr(by_list, name) for name in by_list.__slots__}
    # X bills the people beside a list; the handle is shown only.
    assert facts.pop("author_handle") == ""
    assert facts == {name: getattr(by_webhook, name) for name in facts}


def test_a_direct_message_reads_the_same_by_list_and_by_webhook(
    x: ScriptedServer, client: XClient
) -> None:
    delivered = load("synthetic/xaa_dm_command")
    (by_webhook,) = wire.read(dump(delivered), bot_id=BOT).messages
    row = direct(
        id=by_webhook.message_id,
        text=by_webhook.text,
        sender_id=by_webhook.author_id,
        dm_conversation_id=f"{by_webhook.author_id}-{BOT}",
        created_at=by_webhook.written_at.isoformat(timespec="milliseconds"),
    )
    x.answer(200, page(row))
    (by_list,) = directs(client, "1").messages
    assert (by_list.key, by_list.form, by_list.text) == (
        by_webhook.key,
        Form.DIRECT,
        by_webhook.text,
    )
    assert by_list.written_at == by_webhook.written_at


def test_an_edited_post_bears_the_key_of_its_first_version(
    x: ScriptedServer, client: XClient
) -> None:
    x.answer(200, page(mention(9, edit_history_tweet_ids=[post_id(1), post_id(9)])))
    (caught,) = mentions(client).messages
    assert (caught.key, caught.edited) == (f"t:{post_id(1)}", True)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (mention(author_id=BOT), "own"),
        (mention(text="RT @alice: @Smoney #20 @bob"), "repost"),
        (mention(referenced_tweets=[{"type": "retweeted", "id": "1"}]), "repost"),
        (mention(text="@Smoney \0"), "bad_text"),
        (mention(id="not-an-id"), "bad_id"),
    ],
)
def test_what_a_webhook_drops_is_dropped_here_and_the_rest_is_read(
    x: ScriptedServer, client: XClient, row: dict[str, Any], why: str
) -> None:
    x.answer(200, page(mention(2), row, mention(1)))
    caught = mentions(client)
    assert len(caught.messages) == 2
    assert caught.ignored == (why,)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (direct(sender_id=BOT), "own"),
        (direct(dm_conversation_id="1234567890123456789"), "not_ours"),
        (direct(dm_conversation_id=f"{ALICE}-{BOB}"), "not_ours"),
        (direct(created_at="yesterday"), "bad_time"),
        (direct(created_at="2026-11-24T12:00:00.000"), "bad_time"),
        (direct(text=None), "malformed"),
    ],
)
def test_direct_messages_of_ours_in_groups_and_without_sense_are_left_out(
    x: ScriptedServer, client: XClient, row: dict[str, Any], why: str
) -> None:
    x.answer(200, page(direct(2), row, direct(1)))
    caught = directs(client)
    assert len(caught.messages) == 2
    assert caught.ignored == (why,)


# When X does not say ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "field", ["author_id", "entities", "edit_history_tweet_ids", "display_text_range"]
)
def test_a_field_that_x_leaves_out_without_a_word_is_noticed(
    x: ScriptedServer, client: XClient, field: str
) -> None:
    rows = [mention(2), mention(1)]
    for row in rows:
        del row[field]
    x.answer(200, page(*rows))
    with pytest.raises(TryLater, match=field):
        mentions(client)


@pytest.mark.parametrize("field", ["sender_id", "dm_conversation_id", "created_at"])
def test_a_field_that_x_leaves_out_of_direct_messages_is_noticed(
    x: ScriptedServer, client: XClient, field: str
) -> None:
    row = direct()
    del row[field]
    x.answer(200, page(row))
    with pytest.raises(TryLater, match=field):
        directs(client)


def test_a_long_post_without_mentions_at_its_beginning_holds_nobody_up(
    x: ScriptedServer, client: XClient
) -> None:
    note = {"text": "x" * 300 + " @Smoney", "entities": {}}
    long = mention(note_tweet=note)
    del long["entities"]
    x.answer(200, page(long))
    assert len(mentions(client).messages) == 1


def test_a_rate_limit_tells_when_x_answers_again(x: ScriptedServer, client: XClient) -> None:
    reset = int(NOON.timestamp()) + 900
    x.answer(429, load("api/error_429_code88"), {"x-rate-limit-reset": str(reset)})
    with pytest.raises(NoAnswer) as raised:
        mentions(client)
    assert raised.value.until == NOON + timedelta(minutes=15)


def test_a_fault_in_the_middle_brings_nothing_at_all(x: ScriptedServer, client: XClient) -> None:
    x.answer(200, page(mention(2), token="a"))
    x.answer(503, b"<html>")
    with pytest.raises(NoAnswer, match="503") as raised:
        mentions(client)
    assert raised.value.until is None
