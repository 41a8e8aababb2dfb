"""Recorded and written bodies of X, read as messages of the bank."""

from __future__ import annotations

import html
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from x_recordings import ALICE, BOB, BOT, CAROL, dump, load, raw

from smoney_bot.bank import orders
from smoney_bot.bank.keys import Keyring
from smoney_bot.bank.messages import ClearMessage, Form, Mention
from smoney_bot.bank.orders import Bot, Pay
from smoney_bot.bank.redaction import conceal
from smoney_bot.channels.x import wire

TEN = datetime(2026, 11, 20, 10, tzinfo=UTC)
AT_BOT, AT_BOB = Mention(0, 7, "Smoney", BOT), Mention(12, 16, "bob", BOB)


def read(facts: object, bot_id: str = BOT) -> wire.Delivery:
    return wire.read(dump(facts), bot_id=bot_id)


def one(name: str, bot_id: str = BOT) -> ClearMessage:
    delivery = wire.read(raw(name), bot_id=bot_id)
    assert delivery.ignored == ()
    (message,) = delivery.messages
    return message


def mention(**changes: object) -> Any:  # noqa: ANN401  JSON
    """The recorded mention, its payload changed."""
    facts = load("synthetic/xaa_mention_command")
    facts["data"]["payload"] |= changes
    return facts


def shown(message: ClearMessage) -> str:
    return message.text[slice(*message.body)]


def marked(message: ClearMessage) -> list[str]:
    return [message.text[mark.start : mark.end] for mark in message.mentions]


# The command, five ways -----------------------------------------------------------


def test_a_mention_is_read_whole() -> None:
    assert one("synthetic/xaa_mention_command") == ClearMessage(
        key="t:2123717988971446273",
        form=Form.POST,
        edited=False,
        message_id="2123717988971446273",
        author_id=ALICE,
        author_handle="alice",
        text="@Smoney #20 @bob #1234",
        written_at=TEN,
        body=(0, 22),
        mentions=(AT_BOT, AT_BOB),
    )


def test_the_older_dialect_gives_the_same_message() -> None:
    assert one("synthetic/aaa_mention_command") == one("synthetic/xaa_mention_command")


def test_the_newer_spelling_of_the_keys_gives_the_same_message() -> None:
    facts = load("synthetic/xaa_mention_command_in_reply")
    payload = facts["data"]["payload"]
    payload["edit_history_post_ids"] = payload.pop("edit_history_tweet_ids")
    payload["referenced_posts"] = payload.pop("referenced_tweets")
    assert read(facts).messages == (one("synthetic/xaa_mention_command_in_reply"),)


def test_an_edited_post_keeps_the_key_and_the_time_of_its_first_version() -> None:
    first, edited = (
        one("synthetic/xaa_mention_command"),
        one("synthetic/xaa_mention_command_edited"),
    )
    assert (edited.key, edited.written_at) == (first.key, TEN)
    assert edited.edited
    assert edited.message_id != first.message_id


def test_the_older_dialect_tells_edits_too() -> None:
    facts = load("synthetic/aaa_mention_command")
    post = facts["tweet_create_events"][0]
    for name, edited in (("original", False), ("edited", True)):
        sample = load(f"aaa_docs/v11_edit_metadata_{name}")
        changed = {key: sample[key] for key in ("id_str", "edit_history")}
        facts["tweet_create_events"] = [post | changed]
        (message,) = read(facts).messages
        assert (message.key, message.edited) == ("t:1557433858676740098", edited)


def test_a_post_whose_id_is_not_the_first_of_its_chain_counts_as_edited() -> None:
    (message,) = read(mention(edit_history_tweet_ids=["2123717988971446200"])).messages
    assert message.edited
    assert message.key == "t:2123717988971446200"


def test_a_reply_shows_only_what_its_author_wrote() -> None:
    message = one("synthetic/xaa_mention_command_in_reply")
    assert shown(message) == "@Smoney #20 @bob #1234"
    assert [mark.x_id for mark in message.mentions] == [CAROL, BOT, BOB]


def test_offsets_count_code_points() -> None:
    message = one("synthetic/xaa_mention_command_emoji_escaped")
    assert marked(message) == ["@Smoney", "@bob"]
    assert message.body == (0, len(message.text))


def test_a_direct_message_is_read_whole() -> None:
    assert one("synthetic/xaa_dm_command") == ClearMessage(
        key="d:2123717988971446282",
        form=Form.DIRECT,
        edited=False,
        message_id="2123717988971446282",
        author_id=ALICE,
        author_handle="alice",
        text="@Smoney #20 @bob #1234",
        written_at=TEN,
        body=(0, 22),
        mentions=(),
    )


def test_live_bodies_of_the_real_service_are_read() -> None:
    post, direct = one("xaa_live/post_mention_create"), one("xaa_live/dm_received")
    assert (post.author_id, post.author_handle, marked(post)) == (ALICE, "alt_account", ["@mybot"])
    assert shown(post) == "@mybot what time is it"
    assert (direct.key, direct.author_handle) == ("d:1900000000000000003", "alt_account")
    assert direct.written_at == datetime(2026, 7, 7, 13, 27, 3, 813000, UTC)


def test_a_direct_message_of_the_older_dialect_is_read() -> None:
    direct = one("aaa_docs/direct_message_events", bot_id="4300000001")
    assert (direct.author_id, direct.author_handle, direct.text) == (
        "3000000001",
        "sample_sender",
        "Hello World!",
    )


def test_a_reply_to_the_bot_is_read_like_a_mention() -> None:
    message = one("xaa/post.reply.create", bot_id="1111111111111111111")
    assert message.form is Form.POST
    assert shown(message) == "reat post — thanks for sharing!"  # the sample's own offset


# What is never an order -------------------------------------------------------------


def test_a_quote_is_told_apart_however_it_arrives() -> None:
    assert one("xaa/post.quote.create", bot_id="1111111111111111111").form is Form.QUOTE
    quoting = mention(referenced_tweets=[{"type": "quoted", "id": "1"}])
    assert read(quoting).messages[0].form is Form.QUOTE
    facts = load("synthetic/xaa_mention_command")
    facts["data"]["event_type"] = "post.quote.create"
    assert read(facts).messages[0].form is Form.QUOTE


@pytest.mark.parametrize(
    "mark", [{"is_quote_status": True}, {"quoted_status": {}}, {"quoted_status_id_str": "1"}]
)
def test_a_quote_of_the_older_dialect_is_told_apart(mark: dict[str, object]) -> None:
    facts = load("synthetic/aaa_mention_command")
    facts["tweet_create_events"][0] |= mark
    assert read(facts).messages[0].form is Form.QUOTE


def test_the_documented_quote_and_repost_of_the_older_dialect() -> None:
    envelope = {"for_user_id": BOT}
    quote = envelope | {"tweet_create_events": [load("aaa_docs/native_status_quote_tweet")]}
    assert read(quote).messages[0].form is Form.QUOTE
    repost = envelope | {"tweet_create_events": [load("aaa_docs/native_status_retweet")]}
    assert read(repost).ignored == ("repost",)


@pytest.mark.parametrize(
    "changes",
    [
        {"referenced_tweets": [{"type": "retweeted", "id": "1"}]},
        {"referenced_posts": [{"type": "replied_to"}, {"type": "retweeted"}]},
        {"text": "RT @alice: @Smoney #20 @bob #1234", "display_text_range": None},
        {"text": "@carol RT @alice: @Smoney #20 @bob", "display_text_range": [7, 34]},
        {"note_tweet": {"text": "RT @alice: @Smoney #20 @bob #1234"}},
    ],
)
def test_a_repost_is_left_out(changes: dict[str, object]) -> None:
    delivery = read(mention(**changes))
    assert (delivery.messages, delivery.ignored) == ((), ("repost",))


def test_what_the_bot_said_itself_is_left_out() -> None:
    assert read(mention(author_id=BOT)).ignored == ("own",)
    facts = load("synthetic/xaa_dm_command")
    facts["data"]["payload"]["direct_message_events"][0]["message_create"]["sender_id"] = BOT
    assert read(facts).ignored == ("own",)


def test_an_automated_account_is_left_out() -> None:
    bot_id = "1111111111111111111"
    for name in ("xaa/post.mention.create", "xaa/dm.received"):
        assert wire.read(raw(name), bot_id=bot_id).ignored == ("automated",)
    facts = load("synthetic/xaa_mention_command")
    alice = facts["data"]["includes"]["users"][0]
    for label, left_out in (("Automated by @carol", True), ("Automata Museum", False)):
        alice["affiliation"] = {"description": label}
        assert (read(facts).ignored == ("automated",)) is left_out


def test_what_is_meant_for_another_account_is_left_out() -> None:
    for name in ("synthetic/xaa_mention_command", "synthetic/aaa_mention_command"):
        delivery = wire.read(raw(name), bot_id=CAROL)
        assert (delivery.messages, delivery.ignored) == ((), ("not_ours",))
    facts = load("synthetic/xaa_dm_command")
    direct = facts["data"]["payload"]["direct_message_events"][0]
    direct["message_create"]["target"]["recipient_id"] = CAROL
    assert read(facts).ignored == ("not_ours",)


# Long texts -----------------------------------------------------------------------


LONG = "@carol @Smoney " + "x" * 300 + " #20 @bob #1234"


@pytest.mark.parametrize("name", ["note_tweet", "note_post"])
def test_a_long_post_is_read_in_full(name: str) -> None:
    marks = [{"start": 0, "end": 6, "username": "carol", "id": CAROL}]
    marks += [{"start": 7, "end": 14, "username": "Smoney", "id": BOT}]
    long = {"text": LONG, "entities": {"mentions": marks}}
    beginning = LONG[:279] + "…"
    changes = {"text": beginning, "display_text_range": [7, 280], name: long}
    (message,) = read(mention(**changes)).messages
    assert (message.text, message.body) == (LONG, (7, len(LONG)))
    assert marked(message) == ["@carol", "@Smoney"]


def test_a_long_post_of_the_older_dialect_is_read_in_full() -> None:
    facts = load("synthetic/aaa_mention_command")
    post = facts["tweet_create_events"][0]
    marks = [{"screen_name": "bob", "id_str": BOB, "indices": [320, 324]}]
    post |= {"truncated": True, "text": LONG[:139] + "…"}
    post["extended_tweet"] = {
        "full_text": LONG,
        "display_text_range": [7, len(LONG)],
        "entities": {"user_mentions": marks},
    }
    (message,) = read(facts).messages
    assert (message.text, message.body) == (LONG, (7, len(LONG)))
    assert message.mentions == (Mention(320, 324, "bob", BOB),)


@pytest.mark.parametrize("long", [{}, {"full_text": None}, {"full_text": 5}, "text", []])
def test_the_beginning_of_a_text_is_no_text(long: object) -> None:
    facts = load("synthetic/aaa_mention_command")
    facts["tweet_create_events"][0] |= {"truncated": True, "extended_tweet": long}
    assert read(facts).ignored == ("truncated",)
    assert read(mention(note_tweet=long)).ignored == ("truncated",)


# Mentions that are not where X says ---------------------------------------------------


def test_mentions_are_searched_when_x_counted_another_spelling_of_the_text() -> None:
    text = "Salut &amp; merci @Smoney #20 @bob #07482193"
    marks = [{"start": 14, "end": 21, "username": "Smoney", "id": BOT}]  # four too early:
    marks += [{"start": 26, "end": 30, "username": "BOB", "id": BOB}]  # & counted once
    changes = {"text": text, "entities": {"mentions": marks}, "display_text_range": [0, 40]}
    (message,) = read(mention(**changes)).messages
    assert marked(message) == ["@Smoney", "@bob"]
    assert message.mentions[1].x_id == BOB
    assert shown(message) == text  # the code is not cut in the middle


NOTES = ("tea &amp; milk", "tea &amp; milk &amp; jam", "A&amp;B &amp; C&amp;D &amp;lt;")


@pytest.mark.parametrize("note", NOTES)
@pytest.mark.parametrize("counted", [len, lambda text: len(html.unescape(text))])
def test_a_note_with_and_is_read_to_its_end_however_x_counts_it(
    note: str, counted: Callable[[str], int]
) -> None:
    text = f"@Smoney #20 @bob {note} #07482193"
    displayed = [0, counted(text)]
    newer = mention(text=text, display_text_range=displayed)
    older = load("synthetic/aaa_mention_command")
    older["tweet_create_events"][0] |= {"text": text, "display_text_range": displayed}
    for facts in (newer, older):
        (clear,) = read(facts).messages
        kept = conceal(clear, Keyring({"t": b"k" * 32}), Bot(BOT, "Smoney"))
        order = orders.read(kept, Bot(BOT, "Smoney"))
        assert isinstance(order, Pay)
        assert order.note == html.unescape(note)
        assert order.code_at == kept.codes[0].start == text.index("07482193")
        assert not any(map(str.isdigit, kept.text[20:]))


LINK = "https://t.co/AbCd012345"


@pytest.mark.parametrize(
    ("tail", "hidden"),
    [
        (f" {LINK}", True),
        (f" {LINK} {LINK}", True),
        (f" {LINK} too", False),
        (" https://t.co.example/x", False),
        (" http", False),
    ],
)
def test_only_links_of_x_are_hidden_at_the_end(tail: str, *, hidden: bool) -> None:
    said = "@Smoney #20 @bob #1234"
    (message,) = read(mention(text=said + tail, display_text_range=[0, len(said)])).messages
    assert shown(message) == (said if hidden else said + tail)


@pytest.mark.parametrize("offsets", [(12, 15), (-10, -6), (None, None), ("12", "16"), (16, 12)])
def test_a_wrong_offset_is_not_believed(offsets: tuple[object, object]) -> None:
    mark = {"start": offsets[0], "end": offsets[1], "username": "bob", "id": BOB}
    (message,) = read(mention(entities={"mentions": [mark]})).messages
    assert message.mentions == (AT_BOB,)


def test_a_mention_that_stands_nowhere_is_left_out() -> None:
    marks = [{"start": 0, "end": 7, "username": "carol", "id": CAROL}]
    marks += [{"start": 12, "end": 16, "username": "bo", "id": CAROL}]
    (message,) = read(mention(entities={"mentions": marks})).messages
    assert message.mentions == ()


def test_a_mention_without_an_id_has_none() -> None:
    mark = {"start": 12, "end": 16, "username": "bob"}
    (message,) = read(mention(entities={"mentions": [mark]})).messages
    assert message.mentions == (Mention(12, 16, "bob", None),)


def test_the_displayed_part_is_clamped_to_the_text() -> None:
    for given, body in (([-5, 99], (0, 22)), ([8, 3], (8, 22)), ([50, 60], (22, 22))):
        (message,) = read(mention(display_text_range=given)).messages
        assert message.body == body


# Several in one body, and bad ones among them -------------------------------------------


def test_one_bad_event_does_not_stop_the_others() -> None:
    good = load("synthetic/xaa_mention_command")["data"]
    direct = load("synthetic/xaa_dm_command")["data"]
    bad = mention(id="12a")["data"]
    delivery = read({"data": [bad, good, {"event_type": "like.create"}, direct, good]})
    assert [message.key[:2] for message in delivery.messages] == ["t:", "d:"]
    assert delivery.ignored == ("bad_id", "not_ours", "twice")


@pytest.mark.parametrize("post_id", [12, "", "0", "012", "12\n", "١٢", "-1", "1" * 21, None, []])
def test_an_id_that_is_not_one_of_x_drops_the_post(post_id: object) -> None:
    assert read(mention(id=post_id)).ignored == ("bad_id",)
    assert read(mention(author_id=post_id)).ignored == ("bad_id",)
    assert read(mention(edit_history_tweet_ids=[post_id])).ignored == ("bad_id",)


def test_an_id_that_is_not_one_of_x_is_not_passed_on() -> None:
    for name, field in (("xaa/post.delete", "id"), ("xaa/oauth.revoke", "user_id")):
        facts = load(name)
        facts["data"]["payload"][field] = "12 or more"
        delivery = read(facts)
        assert (delivery.deleted, delivery.revoked, delivery.ignored) == ((), (), ("bad_id",))


@pytest.mark.parametrize("history", [[], "1", {}, {"initial_tweet_id": 5}])
def test_versions_that_cannot_be_read_drop_the_post(history: object) -> None:
    facts = load("synthetic/aaa_mention_command")
    facts["tweet_create_events"][0]["edit_history"] = history
    assert read(facts).ignored == ("bad_id",)


@pytest.mark.parametrize("text", ["@Smoney\0 #20 @bob", "@Smoney #20 @bob \ud83d", "\udcff"])
def test_a_text_that_no_database_takes_drops_the_post(text: str) -> None:
    assert read(mention(text=text)).ignored == ("bad_text",)
    facts = load("synthetic/xaa_dm_command")
    data = facts["data"]["payload"]["direct_message_events"][0]["message_create"]["message_data"]
    data["text"] = text
    assert read(facts).ignored == ("bad_text",)


@pytest.mark.parametrize("stamp", [1795168800000, "-1", "", "9" * 14, "1e3", None])
def test_a_direct_message_without_a_time_is_dropped(stamp: object) -> None:
    facts = load("synthetic/xaa_dm_command")
    facts["data"]["payload"]["direct_message_events"][0]["created_timestamp"] = stamp
    assert read(facts).ignored == ("bad_time",)


# What else X tells ----------------------------------------------------------------------


def test_a_new_handle_is_told_by_the_id_of_its_owner() -> None:
    event = {
        "event_type": "profile.update.handle",
        "filter": {"user_id": BOB},
        "payload": {"before": "bob", "after": "bob_2"},
    }
    assert read({"data": event}).handles == {BOB: "bob_2"}
    event["payload"] = {"before": "bob", "after": "bob two"}
    assert read({"data": event}).ignored == ("malformed",)


def test_a_display_name_is_not_taken_for_a_handle() -> None:
    event = load("xaa/profile.update.screenname")
    event["data"]["payload"]["after"] = "carol"  # anybody may call themselves so
    delivery = read(event, bot_id=event["data"]["filter"]["user_id"])
    assert (delivery.handles, delivery.ignored) == ({}, ("profile.update.screenname",))


def test_deleted_posts_are_told() -> None:
    assert read(load("xaa/post.delete")).deleted == ("2080761269309813134",)
    older = wire.read(raw("aaa_docs/tweet_delete_events"), bot_id="930524282358325248")
    assert older.deleted == ("1045405559317569537",)


def test_revoked_access_is_told() -> None:
    assert read(load("xaa/oauth.revoke")).revoked == ("1111111111111111111",)
    assert read(load("aaa_docs/user_event")).revoked == ("63000001",)


def test_the_end_of_a_replay_is_a_word_for_the_log() -> None:
    assert read(load("api/webhook_replay_status_event")).ignored == ("replay_complete",)


@pytest.mark.parametrize(
    ("name", "bot_id", "word"),
    [
        ("xaa/chat.received", "1111111111111111111", "chat.received"),
        ("xaa/post.repost.create", "1111111111111111111", "post.repost.create"),
        ("xaa/post.create", "1111111111111111111", "post.create"),
        ("xaa/dm.sent", "1111111111111111111", "dm.sent"),
        (
            "aaa_docs/direct_message_mark_read_events",
            "4300000001",
            "direct_message_mark_read_events",
        ),
        ("aaa_docs/support_for_longform_posts", "1603419180975409153", "bad_id"),  # no author
        ("api/post_tweets_201", BOT, "not_ours"),
        ("api/error_429_code88", BOT, "unknown"),
    ],
)
def test_other_kinds_are_a_word_for_the_log(name: str, bot_id: str, word: str) -> None:
    delivery = wire.read(raw(name), bot_id=bot_id)
    assert (delivery.messages, delivery.ignored) == ((), (word,))


def test_a_strange_kind_does_not_reach_the_log_as_it_is() -> None:
    facts = load("synthetic/xaa_mention_command")
    facts["data"]["event_type"] = "#07482193\nforged line"
    assert read(facts).ignored == ("unknown",)


def test_neither_a_delivery_nor_an_error_shows_the_text() -> None:
    delivery = wire.read(raw("synthetic/xaa_mention_command"), bot_id=BOT)
    assert "1234" not in repr(delivery)
    body = raw("synthetic/xaa_mention_command")
    for broken in (body[:-2], body + b"1", body.replace(b"@bob", b"\xff"), b"[" + body + b"]"):
        with pytest.raises(wire.BadBody) as bad:
            wire.read(broken, bot_id=BOT)
        assert bad.value.__context__ is None  # the decoders' own errors hold the whole body
        assert "1234" not in repr(bad.value)
