"""The HTTP API of the local X, asked by the real tweepy."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
import requests
import tweepy
from local_x import ALICE, APP, BOB, CAROL, SMONEY, Clock, LocalX, Stage, local_x
from requests_oauthlib import OAuth1  # type: ignore[import-untyped] # it ships no types

from smoney_bot.channels.sandbox.faults import Fault
from smoney_bot.channels.sandbox.limits import Allowance


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    running = Stage()
    yield running
    running.server.stop()


@pytest.fixture
def x(stage: Stage) -> Iterator[LocalX]:
    with local_x(stage) as running:
        yield running


def ask(x: LocalX, text: str = "@Smoney #20 @bob #1234") -> str:
    """Let alice write to the bot, and return the id of her post."""
    return x.world.post(ALICE, text).id


# Posts


def test_a_reply_to_whoever_mentioned_the_bot_is_published(x: LocalX) -> None:
    order = ask(x)
    answer = x.client().create_tweet(text="Done. 7K3Q-19", in_reply_to_tweet_id=order)

    reply = x.world.timeline(1)[0]
    assert answer.status_code == 201
    assert answer.json() == {
        "data": {
            "id": reply.id,
            "text": "@alice @bob Done. 7K3Q-19",
            "edit_history_tweet_ids": [reply.id],
        }
    }
    assert (reply.author_id, reply.in_reply_to) == (SMONEY, order)


def test_a_reply_leaves_out_whom_it_excludes(x: LocalX) -> None:
    answer = x.client().create_tweet(
        text="Done.", in_reply_to_tweet_id=ask(x), exclude_reply_user_ids=[BOB]
    )

    assert answer.json()["data"]["text"] == "@alice Done."


def test_the_same_reply_twice_is_refused_as_duplicate(x: LocalX) -> None:
    order, client = ask(x), x.client()
    client.create_tweet(text="Done. 7K3Q-19", in_reply_to_tweet_id=order)
    with pytest.raises(tweepy.Forbidden) as refused:
        client.create_tweet(text="Done. 7K3Q-19", in_reply_to_tweet_id=order)

    assert refused.value.response.json() == {
        "detail": "You are not allowed to create a Tweet with duplicate content.",
        "type": "about:blank",
        "title": "Forbidden",
        "status": 403,
    }
    assert len(x.world.timeline(9)) == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a" * 281, "400 Bad Request\nYour Tweet text is too long."),
        ("", "400 Bad Request\n$.text: required"),
    ],
)
def test_a_text_that_x_would_not_take_is_a_bad_request(x: LocalX, text: str, said: str) -> None:
    with pytest.raises(tweepy.BadRequest) as refused:
        x.client().create_tweet(text=text, in_reply_to_tweet_id=ask(x))
    assert str(refused.value).startswith(said)


def test_a_program_replies_only_to_who_mentioned_it(x: LocalX) -> None:
    stranger = x.world.post(BOB, "I like bread").id
    client = x.client()

    with pytest.raises(tweepy.Forbidden, match="you have not been mentioned"):
        client.create_tweet(text="Pay with me", in_reply_to_tweet_id=stranger)
    with pytest.raises(tweepy.Forbidden, match="deleted or not visible"):
        client.create_tweet(text="Hello?", in_reply_to_tweet_id="123456789")
    with pytest.raises(tweepy.Forbidden, match="not permitted"):
        client.create_tweet(text="Hello @bob")
    client.create_tweet(text="Hello everybody")


def test_a_program_deletes_its_own_posts_only(x: LocalX) -> None:
    order, client = ask(x), x.client()
    own = client.create_tweet(text="Done.", in_reply_to_tweet_id=order).json()["data"]["id"]

    assert client.delete_tweet(own).json() == {"data": {"deleted": True}}
    with pytest.raises(tweepy.Forbidden):
        client.delete_tweet(order)
    with pytest.raises(tweepy.NotFound):
        client.delete_tweet(own)


def test_looking_up_posts_names_the_missing_ones(x: LocalX) -> None:
    order = ask(x)
    answer = x.client().get_tweets([order, "99"], tweet_fields=["author_id", "no_such_field"])

    body = answer.json()
    assert body["data"] == [
        {
            "id": order,
            "text": "@Smoney #20 @bob #1234",
            "author_id": ALICE,
            "edit_history_tweet_ids": [order],
        }
    ]
    assert [error["resource_id"] for error in body["errors"]] == ["99"]


# Mentions


def test_mentions_come_newest_first_in_pages(x: LocalX) -> None:
    ids = [ask(x, f"@Smoney #aide {number}") for number in range(12)]
    client = x.client()
    newest = client.get_users_mentions(SMONEY, max_results=5).json()
    middle = client.get_users_mentions(
        SMONEY, max_results=5, pagination_token=newest["meta"]["next_token"]
    ).json()
    oldest = client.get_users_mentions(
        SMONEY, max_results=5, pagination_token=middle["meta"]["next_token"]
    ).json()

    pages = [[post["id"] for post in page["data"]] for page in (newest, middle, oldest)]
    assert pages == [ids[:6:-1], ids[6:1:-1], ids[1::-1]]
    assert oldest["meta"] == {"result_count": 2, "newest_id": ids[1], "oldest_id": ids[0]}


def test_mentions_since_an_id_leave_it_out_and_may_be_none(x: LocalX) -> None:
    first, second = ask(x, "@Smoney one"), ask(x, "@Smoney two")
    client = x.client()

    since_first = client.get_users_mentions(SMONEY, since_id=first).json()
    assert [post["id"] for post in since_first["data"]] == [second]
    assert client.get_users_mentions(SMONEY, since_id=second).json() == {
        "meta": {"result_count": 0}
    }


def test_mentions_hold_inherited_ones_but_no_reposts_and_nothing_protected(x: LocalX) -> None:
    hidden = x.world.add_user("dave", "Dave", protected=True)
    order = ask(x)
    thanks = x.world.post(BOB, "thank you", in_reply_to=order).id
    x.world.repost(CAROL, order)
    x.world.post(hidden.x_id, "@Smoney #aide")

    found = x.client().get_users_mentions(SMONEY).json()["data"]
    assert [post["id"] for post in found] == [thanks, order]


def test_mentions_carry_what_the_bot_reads(x: LocalX) -> None:
    order = ask(x)
    fields = ["author_id", "created_at", "entities", "display_text_range", "referenced_tweets"]
    answer = x.client().get_users_mentions(SMONEY, tweet_fields=fields, expansions="author_id")

    (post,) = answer.json()["data"]
    assert post["author_id"] == ALICE
    assert post["display_text_range"] == [0, 22]
    assert post["entities"]["mentions"] == [
        {"start": 0, "end": 7, "username": "Smoney", "id": SMONEY},
        {"start": 12, "end": 16, "username": "bob", "id": BOB},
    ]
    assert post["edit_history_tweet_ids"] == [order]
    assert answer.json()["includes"]["users"] == [
        {"id": ALICE, "username": "alice", "name": "Alice"}
    ]


def test_own_posts_are_read_back(x: LocalX) -> None:
    order, client = ask(x), x.client()
    own = client.create_tweet(text="Done.", in_reply_to_tweet_id=order).json()["data"]["id"]
    found = client.get_users_tweets(SMONEY, tweet_fields="referenced_tweets").json()["data"]

    assert [post["id"] for post in found] == [own]
    assert found[0]["referenced_tweets"] == [{"type": "replied_to", "id": order}]


# People


def test_handles_are_resolved_and_the_missing_one_is_named(x: LocalX) -> None:
    body = x.client().get_users(usernames=["BOB", "nobody"]).json()

    assert body["data"] == [{"id": BOB, "username": "bob", "name": "Bob"}]
    assert [(error["parameter"], error["value"]) for error in body["errors"]] == [
        ("usernames", "nobody")
    ]
    assert "data" not in x.client().get_users(usernames="nobody").json()


def test_a_malformed_handle_is_a_bad_request(x: LocalX) -> None:
    with pytest.raises(tweepy.BadRequest):
        x.client().get_users(usernames="b@b")


def test_the_bot_asks_who_it_is(x: LocalX) -> None:
    assert x.client().get_me().json()["data"]["id"] == SMONEY
    assert x.client().get_user(username="alice").json()["data"]["id"] == ALICE
    assert x.client().get_user(id=CAROL).json()["data"]["username"] == "carol"
    assert x.client().get_user(id="5").json()["errors"][0]["resource_id"] == "5"


# Direct messages


def test_a_direct_message_reaches_who_wrote_first(x: LocalX) -> None:
    x.world.send_direct(ALICE, SMONEY, "#solde")
    answer = x.client().create_direct_message(participant_id=ALICE, text="100 € & more")

    told = x.world.conversation(SMONEY, ALICE)[-1]
    assert told.text == "100 € & more"
    assert answer.status_code == 201
    assert answer.json() == {
        "data": {"dm_conversation_id": f"{ALICE}-{SMONEY}", "dm_event_id": told.id}
    }


def test_a_direct_message_to_a_stranger_is_forbidden(x: LocalX) -> None:
    with pytest.raises(tweepy.Forbidden, match="do not have permission to DM"):
        x.client().create_direct_message(participant_id=BOB, text="hello")
    assert x.world.conversation(SMONEY, BOB) == []


def test_direct_messages_are_read_newest_first(x: LocalX) -> None:
    x.world.send_direct(ALICE, SMONEY, "#solde")
    x.world.send_direct(BOB, SMONEY, "<3")
    client = x.client()
    events = client.get_direct_message_events(
        dm_event_fields=["sender_id", "created_at", "dm_conversation_id"], user_auth=True
    ).json()

    assert [event["text"] for event in events["data"]] == ["&lt;3", "#solde"]
    assert events["data"][1]["sender_id"] == ALICE
    assert events["data"][1]["event_type"] == "MessageCreate"
    for way in ({"participant_id": BOB}, {"dm_conversation_id": f"{SMONEY}-{BOB}"}):
        with_bob = client.get_direct_message_events(**way, max_results=1, user_auth=True).json()
        assert [event["text"] for event in with_bob["data"]] == ["&lt;3"]


# Keys


@pytest.mark.parametrize(
    "wrong", ["consumer_key", "consumer_secret", "access_token", "access_token_secret"]
)
def test_one_wrong_key_is_unauthorized(x: LocalX, wrong: str) -> None:
    order = ask(x)
    with pytest.raises(tweepy.Unauthorized) as refused:
        x.client(**{wrong: "another"}).create_tweet(text="hi", in_reply_to_tweet_id=order)

    assert refused.value.response.json()["status"] == 401
    assert len(x.world.timeline(9)) == 1


def test_no_key_and_a_wrong_bearer_are_unauthorized(x: LocalX) -> None:
    url = x.url + "/2/users/by?usernames=bob"
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "OAuth nonsense"}):
        assert requests.get(url, headers=headers, timeout=5).status_code == 401
    with pytest.raises(tweepy.Unauthorized):
        x.client(bearer_token="wrong").get_users(usernames="bob")


def test_a_signature_holds_for_its_own_address_and_once(x: LocalX) -> None:
    keys = (APP.consumer_key, APP.consumer_secret, APP.access_token, APP.access_token_secret)
    url = x.url + "/2/users/by?usernames=bob"
    signed = requests.Request("GET", url, auth=OAuth1(*keys)).prepare()
    with requests.Session() as session:
        assert session.send(signed, timeout=5).status_code == 200
        assert session.send(signed, timeout=5).status_code == 401
        signed = requests.Request("GET", url, auth=OAuth1(*keys)).prepare()
        signed.url = url.replace("bob", "carol")
        assert session.send(signed, timeout=5).status_code == 401


def test_the_app_alone_cannot_speak_and_the_user_alone_cannot_list_webhooks(x: LocalX) -> None:
    refused = x.as_app("POST", "/2/tweets", {"text": "hello"})
    assert refused.status_code == 403
    assert refused.json()["title"] == "Unsupported Authentication"

    session = x.client().session
    keys = (APP.consumer_key, APP.consumer_secret, APP.access_token, APP.access_token_secret)
    assert session.get(x.url + "/2/webhooks", auth=OAuth1(*keys)).status_code == 403
    assert x.as_app("GET", "/2/webhooks").json() == {"meta": {"result_count": 0}}


# Strictness


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({"text": "hi", "idempotency_key": "1"}, "$.idempotency_key: is not defined in the schema"),
        ({"text": 5}, "$.text: str expected"),
        ({"text": "hi", "reply": {"to": "1"}}, "$.reply.to: is not defined in the schema"),
        (["text"], "$: object expected"),
    ],
)
def test_a_body_outside_the_schema_is_a_bad_request(
    x: LocalX, body: object, complaint: str
) -> None:
    keys = (APP.consumer_key, APP.consumer_secret, APP.access_token, APP.access_token_secret)
    answer = requests.post(x.url + "/2/tweets", json=body, auth=OAuth1(*keys), timeout=5)

    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json; charset=utf-8"
    assert answer.json()["title"] == "Invalid Request"
    assert answer.json()["errors"][0]["message"].startswith(complaint)


@pytest.mark.parametrize(
    "query", ["max_results=4", "max_results=101", "since_id=x", "pagination_token=x", "colour=red"]
)
def test_a_query_outside_the_schema_is_a_bad_request(x: LocalX, query: str) -> None:
    assert x.as_app("GET", f"/2/users/{SMONEY}/mentions?{query}").status_code == 400


def test_an_unknown_address_is_not_found(x: LocalX) -> None:
    assert x.as_app("GET", "/2/nothing").json()["status"] == 404


# Limits


def test_the_headers_count_down_and_the_window_ends_after_15_minutes(stage: Stage) -> None:
    clock = Clock()
    with local_x(stage, clock, allowances={"POST /2/tweets": Allowance(user=2)}) as x:
        client = x.client()
        answers = [client.create_tweet(text=f"number {number}") for number in range(2)]
        told = [
            (answer.headers["x-rate-limit-limit"], answer.headers["x-rate-limit-remaining"])
            for answer in answers
        ]
        assert told == [("2", "1"), ("2", "0")]

        clock.now += 899
        with pytest.raises(tweepy.TooManyRequests) as refused:
            client.create_tweet(text="number 3")
        assert refused.value.reset_time == clock.now + 1
        assert refused.value.response.json()["title"] == "Too Many Requests"

        clock.now += 1
        client.create_tweet(text="number 3")


def test_429_has_an_older_form(stage: Stage) -> None:
    with local_x(stage, allowances={"GET /2/users/me": Allowance(user=0)}, code_88=True) as x:
        with pytest.raises(tweepy.TooManyRequests) as refused:
            x.client().get_me()
        assert refused.value.api_codes == [88]


def test_a_day_ends_later_than_a_window(stage: Stage) -> None:
    clock = Clock()
    with local_x(stage, clock, allowances={"POST /2/tweets": Allowance(user=9, app_day=1)}) as x:
        x.client().create_tweet(text="one")
        clock.now += 900
        with pytest.raises(tweepy.TooManyRequests) as refused:
            x.client().create_tweet(text="two")

        headers = refused.value.response.headers
        assert headers["x-app-limit-24hour-remaining"] == "0"
        assert int(headers["x-app-limit-24hour-reset"]) == clock.now + 86_400 - 900
        assert headers["x-rate-limit-remaining"] == "9"


def test_direct_messages_share_15_in_15_minutes_and_others_are_not_hurt(x: LocalX) -> None:
    x.world.send_direct(ALICE, SMONEY, "hello")
    client = x.client()
    for number in range(15):
        client.create_direct_message(participant_id=ALICE, text=f"line {number}")
    with pytest.raises(tweepy.TooManyRequests):
        client.create_direct_message(dm_conversation_id=f"{ALICE}-{SMONEY}", text="one more")

    assert len(x.world.conversation(SMONEY, ALICE)) == 16
    assert client.get_me().headers["x-rate-limit-remaining"] == "74"


# Faults


def test_a_scripted_fault_answers_once_instead_of_x(x: LocalX) -> None:
    x.faults.script("POST", "/2/tweets", Fault(status=503, body="<html>over capacity</html>"))
    client = x.client()

    with pytest.raises(tweepy.TwitterServerError):
        client.create_tweet(text="hello")
    assert x.world.timeline(1) == []
    client.create_tweet(text="hello")
    assert len(x.world.timeline(9)) == 1


def test_a_fault_may_carry_headers_and_leave_other_calls_alone(x: LocalX) -> None:
    spent = Fault(status=402, body={"title": "CreditsDepleted"}, headers={"x-why": "credits"})
    x.faults.script("POST", "/2/tweets", spent)
    client = x.client()

    assert client.get_me().status_code == 200
    with pytest.raises(tweepy.HTTPException) as refused:
        client.create_tweet(text="hello")
    assert refused.value.response.status_code == 402
    assert refused.value.response.headers["x-why"] == "credits"


def test_a_cut_connection_may_hide_that_the_post_is_out(x: LocalX) -> None:
    x.faults.script("POST", "/2/tweets", Fault(cut=True, done=True), Fault(cut=True))
    for text in ("this one is out", "this one is not"):
        with pytest.raises(requests.RequestException):
            x.client().create_tweet(text=text)

    assert [post.text for post in x.world.timeline(9)] == ["this one is out"]


def test_a_slow_answer_is_the_usual_one(x: LocalX) -> None:
    x.faults.script("GET", "/2/users/me", Fault(delay=0.2))
    start = time.monotonic()

    assert x.client().get_me().status_code == 200
    assert time.monotonic() - start >= 0.2
