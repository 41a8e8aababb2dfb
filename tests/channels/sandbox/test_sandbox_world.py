"""The world: ids, mentions, replies, edits, as X has them."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from local_x import ALICE, BOB, CAROL, SMONEY, TEN_O_CLOCK, Clock, new_world

from smoney_bot.bank.messages import written_at
from smoney_bot.channels.sandbox.refusals import BadHandle, Empty, NotEditable, NotThere
from smoney_bot.channels.sandbox.text import weight
from smoney_bot.channels.sandbox.world import Direct, DuplicateContent, Post, TooLong, World


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def world(clock: Clock) -> World:
    return new_world(clock)


def mentioned(post: Post) -> list[str]:
    """Return the handles that X marked, after checking where each one stands."""
    for mention in post.mentions:
        assert post.text[mention.start + 1 : mention.end].lower() == mention.value.lower()
    return [mention.value for mention in post.mentions]


def test_an_id_carries_the_time_and_grows_even_when_the_clock_stands_still(world: World) -> None:
    posts = [world.post(ALICE, f"post {number}") for number in range(50)]
    ids = [int(post.id) for post in posts]

    assert ids == sorted(set(ids))
    assert {written_at(post.id) for post in posts} == {datetime(2026, 11, 20, 10, tzinfo=UTC)}


def test_an_id_grows_even_when_the_clock_goes_back(world: World, clock: Clock) -> None:
    before = world.post(ALICE, "before")
    clock.now -= 60

    assert int(world.post(ALICE, "after").id) > int(before.id)


@pytest.mark.parametrize(
    ("text", "handles"),
    [
        ("@Smoney #20 @bob #1234", ["Smoney", "bob"]),
        ("@SMONEY pays @BOB", ["Smoney", "bob"]),
        ("@Smoney#20@bob#1234", ["Smoney"]),
        ("#20@bob", []),
        ("x@bob !@bob $@bob &@bob *@bob @@bob", []),
        ("の@bob, (@bob)", ["bob", "bob"]),
        ("@bobby @bob_ @nobody @bobé @bob@carol @bob:// @bob/list", []),
        ("@bob. @bob: @bob's", ["bob", "bob", "bob"]),
        ("💸 @Smoney <3 & > @bob", ["Smoney", "bob"]),
    ],
)
def test_mentions_are_found_where_x_finds_them(world: World, text: str, handles: list[str]) -> None:
    assert mentioned(world.post(ALICE, text)) == handles


def test_numbers_are_no_hashtags(world: World) -> None:
    post = world.post(ALICE, "#20 #1234 #ecole #2nd a#b")

    assert [tag.value for tag in post.hashtags] == ["ecole", "2nd"]


def test_text_is_escaped_as_x_escapes_it(world: World) -> None:
    assert world.post(ALICE, '<3 & "you"').text == '&lt;3 &amp; "you"'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a" * 280, 280),
        ("é" * 10, 10),
        ("20 €", 5),
        ("日本", 4),
        ("💸", 2),
        ("👨‍👩‍👧‍👦", 2),
        ("🇫🇷", 2),
        ("👍🏽", 2),
        ("1️⃣", 2),
        ("see https://example.org/a/very/long/address now", 31),
        ("e\u0301", 1),
    ],
)
def test_text_weighs_what_x_says(text: str, expected: int) -> None:
    assert weight(text) == expected


def test_a_post_may_weigh_280_and_no_more(world: World) -> None:
    world.post(ALICE, "a" * 280)

    with pytest.raises(TooLong):
        world.post(ALICE, "a" * 281)
    with pytest.raises(Empty):
        world.post(ALICE, " ")


def test_the_same_words_twice_are_refused_until_an_hour_has_passed(
    world: World, clock: Clock
) -> None:
    world.post(ALICE, "@Smoney #aide")
    world.post(BOB, "@Smoney #aide")
    with pytest.raises(DuplicateContent):
        world.post(ALICE, "@Smoney #aide")

    clock.now += 3600
    world.post(ALICE, "@Smoney #aide")


def test_a_reply_inherits_mentions_outside_its_body(world: World) -> None:
    first = world.post(CAROL, "Lunch with @bob was 20 euros")
    reply = world.post(ALICE, "@Smoney #20 @carol #1234", in_reply_to=first.id)

    assert reply.text == "@bob @Smoney #20 @carol #1234"
    assert reply.body == (5, len(reply.text))
    assert reply.conversation_id == first.id
    assert reply.mentions_explicitly(SMONEY)
    assert not reply.mentions_explicitly(BOB)


def test_an_inherited_mention_of_the_bot_is_not_explicit(world: World) -> None:
    order = world.post(ALICE, "@Smoney #20 @bob #1234")
    reply = world.post(BOB, "thank you!", in_reply_to=order.id)

    assert mentioned(reply) == ["alice", "Smoney"]
    assert not reply.mentions_explicitly(SMONEY)


def test_the_author_of_the_parent_cannot_be_excluded_from_a_reply(world: World) -> None:
    order = world.post(ALICE, "@Smoney #20 @bob #1234")
    reply = world.post(SMONEY, "done", in_reply_to=order.id, exclude=(ALICE, BOB))

    assert reply.text == "@alice done"


def test_an_edit_has_a_new_id_and_the_whole_history(world: World, clock: Clock) -> None:
    first = world.post(ALICE, "@Smoney #20 @bob #1234")
    clock.now += 300
    second = world.edit(first.id, "@Smoney #200 @bob #1234")

    assert second.history == (first.id, second.id)
    assert second.key == first.id
    assert second.written_at - first.written_at == timedelta(minutes=5)
    assert world.find(first.id) == world.find(second.id) == second
    assert world.timeline(10) == [second]


def test_an_edited_reply_keeps_its_place(world: World) -> None:
    parent = world.post(CAROL, "hello")
    reply = world.post(ALICE, "@Smoney #aide", in_reply_to=parent.id)
    edited = world.edit(reply.id, "@Smoney #solde")

    assert (edited.in_reply_to, edited.conversation_id) == (parent.id, parent.id)
    assert edited.text == "@carol @Smoney #solde"
    assert edited.body == (7, len(edited.text))


def test_a_post_can_be_edited_five_times_within_an_hour(world: World, clock: Clock) -> None:
    post = world.post(ALICE, "version 0")
    for number in range(1, 6):
        post = world.edit(post.id, f"version {number}")
    with pytest.raises(NotEditable):
        world.edit(post.id, "version 6")

    late = world.post(ALICE, "another")
    clock.now += 3601
    with pytest.raises(NotEditable):
        world.edit(late.id, "too late")


def test_a_repost_repeats_the_mentions_and_mentions_nobody_itself(world: World) -> None:
    order = world.post(ALICE, "@Smoney #20 @bob &c #1234")
    repost = world.repost(BOB, order.id)

    assert repost.text == "RT @alice: @Smoney #20 @bob &amp;c #1234"
    assert mentioned(repost) == ["alice", "Smoney", "bob"]
    assert not repost.mentions_explicitly(SMONEY)


def test_a_quote_ends_with_a_link_outside_its_body(world: World) -> None:
    order = world.post(ALICE, "@Smoney #20 @bob #1234")
    quote = world.post(BOB, "look", quote_of=order.id)

    assert quote.text.startswith("look https://t.co/")
    assert quote.body == (0, 4)


def test_a_deleted_post_is_gone_with_all_its_versions(world: World) -> None:
    first = world.post(ALICE, "one")
    second = world.edit(first.id, "two")
    world.delete(first.id)

    assert world.find(first.id) is world.find(second.id) is None
    with pytest.raises(NotThere):
        world.post(BOB, "what?", in_reply_to=second.id)
    world.post(ALICE, "two")


def test_a_handle_passes_to_another_user_and_the_id_does_not(world: World) -> None:
    world.rename(BOB, "robert")
    other = world.add_user("BOB", "Another Bob")

    assert world.by_handle("bob") == other
    assert world.user(BOB).handle == "robert"
    assert world.post(ALICE, "@bob @Robert").mentions[0].x_id == other.x_id
    for taken in ("robert", "way_too_long_for_x", "é", ""):
        with pytest.raises(BadHandle):
            world.add_user(taken, "Somebody")


def test_a_conversation_is_between_two_oldest_first(world: World) -> None:
    one = world.send_direct(ALICE, SMONEY, "#solde")
    world.send_direct(BOB, SMONEY, "#aide")
    two = world.send_direct(SMONEY, ALICE, "100 €")

    assert world.conversation(SMONEY, ALICE) == [one, two]
    with pytest.raises(TooLong):
        world.send_direct(ALICE, SMONEY, "a" * 10_001)


def test_a_direct_message_shows_no_text_in_its_repr(world: World) -> None:
    message = world.send_direct(ALICE, SMONEY, "#20 @bob #07482193")
    assert "07482193" not in repr(message)


def test_whoever_waits_is_woken_by_a_change(world: World) -> None:
    seen = world.changes()
    later = threading.Timer(0.05, world.post, (ALICE, "hello"))
    later.start()

    assert world.wait(seen, timeout=5) == seen + 1
    assert world.wait(seen + 1, timeout=0.01) == seen + 1
    later.join()


def test_listeners_hear_everything_in_order(world: World) -> None:
    heard: list[Post | Direct] = []
    world.listen(heard.append)
    threads = [
        threading.Thread(target=lambda name=name: [world.post(name, str(n)) for n in range(20)])
        for name in (ALICE, BOB, CAROL)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(heard) == 60
    assert [int(one.id) for one in heard] == sorted(int(one.id) for one in heard)
    assert world.timeline(60) == heard[::-1]


def test_the_clock_of_the_world_is_the_one_it_was_given(world: World) -> None:
    assert world.now().timestamp() == TEN_O_CLOCK
