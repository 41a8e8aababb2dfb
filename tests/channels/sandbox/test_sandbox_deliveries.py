"""Deliveries of the local X, received by a webhook that checks everything."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import threading
import time
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from local_x import ALICE, APP, BOB, CAROL, SMONEY, TEN_O_CLOCK, Clock, LocalX, Stage, local_x
from requests_oauthlib import OAuth1  # type: ignore[import-untyped] # it ships no types

from smoney_bot.channels.sandbox import deliveries as deliveries_module
from smoney_bot.channels.sandbox.deliveries import Deliveries
from smoney_bot.channels.sandbox.problems import Problem

Json = dict[str, Any]


def signature(key: str, message: bytes) -> str:
    digest = hmac.new(key.encode(), message, hashlib.sha256).digest()
    return "sha256=" + base64.b64encode(digest).decode()


class Webhook:
    """A bot's door: answers the CRC with `key`, POSTs with `statuses` in turn, then 200."""

    def __init__(self) -> None:
        self.key = APP.consumer_secret
        self.crc_status = 200
        self.statuses: list[int] = []
        self.challenges: list[tuple[Json, str | None]] = []
        self.calls: list[tuple[bytes, dict[str, str], float]] = []
        door = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                query = parse_qs(urlsplit(self.path).query)
                door.challenges.append((query, self.headers["User-Agent"]))
                token = signature(door.key, query["crc_token"][0].encode())
                self.answer(door.crc_status, json.dumps({"response_token": token}).encode())

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                door.calls.append((raw, headers, time.monotonic()))
                self.answer(door.statuses.pop(0) if door.statuses else 200, b"")

            def answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                if status == 302:
                    self.send_header("Location", self.path)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Stay quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/webhooks/x"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def bodies(self) -> list[Json]:
        """Return what arrived, after checking that X signed exactly these bytes."""
        for raw, headers, _ in self.calls:
            assert headers["x-twitter-webhooks-signature"] == signature(APP.consumer_secret, raw)
            assert headers["content-type"] == "application/json"
        return [json.loads(raw)["data"] for raw, _, _ in self.calls]


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    running = Stage()
    yield running
    running.server.stop()


@pytest.fixture
def door() -> Iterator[Webhook]:
    webhook = Webhook()
    yield webhook
    webhook.close()


@pytest.fixture
def x(stage: Stage, door: Webhook) -> Iterator[LocalX]:
    with local_x(stage, Clock()) as running:
        connect(running.deliveries, door)
        yield running


def connect(deliveries: Deliveries, door: Webhook) -> None:
    """Register *door* and let it hear of mentions and direct messages."""
    webhook = deliveries.register(door.url)
    deliveries.subscribe("post.mention.create", webhook_id=webhook.id, tag="mentions")
    deliveries.subscribe("dm.received", webhook_id=webhook.id, tag="dms")


def delivered(x: LocalX, door: Webhook) -> list[Json]:
    assert x.deliveries.settle(5)
    return door.bodies()


# What is told


def test_a_mention_is_told_as_x_tells_it(x: LocalX, door: Webhook) -> None:
    post = x.world.post(ALICE, "@Smoney #20 @bob #1234")
    (told,) = delivered(x, door)

    assert list(told) == ["event_uuid", "filter", "event_type", "tag", "payload", "includes"]
    assert told["filter"] == {"user_id": SMONEY}
    assert (told["event_type"], told["tag"]) == ("post.mention.create", "mentions")
    expected = {
        "id": post.id,
        "conversation_id": post.id,
        "author_id": ALICE,
        "text": "@Smoney #20 @bob #1234",
        "display_text_range": [0, 22],
        "edit_history_tweet_ids": [post.id],
        "in_reply_to_user_id": SMONEY,
        "created_at": "2026-11-20T10:00:00.000Z",
        "edit_controls": {
            "edits_remaining": 5,
            "edits_remaining_str": "5",
            "is_edit_eligible": True,
            "editable_until": "2026-11-20T11:00:00.000Z",
        },
        "entities": {
            "mentions": [
                {
                    "start": 0,
                    "start_str": "0",
                    "end": 7,
                    "end_str": "7",
                    "username": "Smoney",
                    "id": SMONEY,
                },
                {
                    "start": 12,
                    "start_str": "12",
                    "end": 16,
                    "end_str": "16",
                    "username": "bob",
                    "id": BOB,
                },
            ]
        },
    }
    assert {name: told["payload"][name] for name in expected} == expected
    assert "referenced_tweets" not in told["payload"]
    assert [user["username"] for user in told["includes"]["users"]] == ["alice", "Smoney", "bob"]
    assert told["includes"]["tweets"] == [told["payload"]]


def test_an_edited_mention_is_told_again_with_its_history(x: LocalX, door: Webhook) -> None:
    first = x.world.post(ALICE, "@Smoney #20 @bob #1234")
    second = x.world.edit(first.id, "@Smoney #200 @bob #1234")
    original, edited = delivered(x, door)

    assert original["event_uuid"] != edited["event_uuid"]
    assert edited["payload"]["id"] == second.id
    assert edited["payload"]["edit_history_tweet_ids"] == [first.id, second.id]
    assert edited["payload"]["edit_controls"]["edits_remaining"] == 4


def test_an_order_in_a_reply_is_told_with_the_inherited_mention_outside(
    x: LocalX, door: Webhook
) -> None:
    lunch = x.world.post(CAROL, "Who pays for lunch?")
    x.world.post(ALICE, "@Smoney #20 @bob #1234", in_reply_to=lunch.id)
    (told,) = delivered(x, door)

    payload = told["payload"]
    assert payload["text"] == "@carol @Smoney #20 @bob #1234"
    assert payload["display_text_range"] == [7, 29]
    assert payload["in_reply_to_tweet_id"] == lunch.id
    assert payload["in_reply_to_user_id"] == CAROL
    assert payload["referenced_tweets"] == [{"type": "replied_to", "id": lunch.id}]
    assert payload["conversation_id"] == lunch.id


def test_an_inherited_mention_a_repost_and_a_protected_post_are_not_told(
    x: LocalX, door: Webhook
) -> None:
    order = x.world.post(ALICE, "@Smoney #20 @bob #1234")
    x.world.post(BOB, "thank you", in_reply_to=order.id)
    x.world.repost(BOB, order.id)
    dave = x.world.add_user("dave", "Dave", protected=True)
    x.world.post(dave.x_id, "@Smoney #aide")
    x.world.post(SMONEY, "@Smoney talks to itself")

    assert [told["payload"]["id"] for told in delivered(x, door)] == [order.id]


def test_a_quote_that_mentions_the_bot_says_what_it_quotes(x: LocalX, door: Webhook) -> None:
    order = x.world.post(ALICE, "hello")
    x.world.post(BOB, "@Smoney look", quote_of=order.id)
    (told,) = delivered(x, door)

    assert told["payload"]["referenced_tweets"] == [{"type": "quoted", "id": order.id}]


def test_a_direct_message_to_the_bot_is_told(x: LocalX, door: Webhook) -> None:
    direct = x.world.send_direct(ALICE, SMONEY, "#20 @bob #1234")
    x.world.send_direct(SMONEY, ALICE, "the bot's own answer is not told")
    x.world.send_direct(ALICE, BOB, "nor is what others write")
    (told,) = delivered(x, door)

    assert (told["event_type"], told["tag"]) == ("dm.received", "dms")
    nothing: Json = {"hashtags": [], "symbols": [], "user_mentions": [], "urls": []}
    assert told["payload"]["direct_message_events"] == [
        {
            "type": "message_create",
            "id": direct.id,
            "created_timestamp": str(int(TEN_O_CLOCK * 1000)),
            "message_create": {
                "target": {"recipient_id": SMONEY},
                "sender_id": ALICE,
                "message_data": {"text": "#20 @bob #1234", "entities": nothing},
            },
        }
    ]
    assert told["payload"]["users"][ALICE]["data"]["username"] == "alice"
    assert told["payload"]["users"][SMONEY]["data"]["affiliation"]["description"] == "Automated"


def test_one_reply_may_be_told_twice_under_two_subscriptions(x: LocalX, door: Webhook) -> None:
    hook = x.deliveries.webhooks.all()[0]
    x.deliveries.subscribe("post.reply.create", webhook_id=hook.id)
    order = x.world.post(ALICE, "@Smoney #aide")
    answer = x.world.post(SMONEY, "Help. 7K3Q-19", in_reply_to=order.id)
    x.world.post(ALICE, "@Smoney #solde", in_reply_to=answer.id)

    kinds = [told["event_type"] for told in delivered(x, door)]
    assert kinds == ["post.mention.create", "post.mention.create", "post.reply.create"]


# Retries


def test_a_failed_delivery_is_tried_three_times_more(x: LocalX, door: Webhook) -> None:
    door.statuses = [500, 503, 404]
    post = x.world.post(ALICE, "@Smoney #aide")
    told = delivered(x, door)

    assert [one["payload"]["id"] for one in told] == [post.id] * 4
    assert len({one["event_uuid"] for one in told}) == 4


def test_after_three_more_failures_it_is_lost_and_the_next_one_arrives(
    x: LocalX, door: Webhook
) -> None:
    door.statuses = [500] * 4
    lost = x.world.post(ALICE, "@Smoney one")
    assert x.deliveries.settle(5)
    arrived = x.world.post(ALICE, "@Smoney two")

    ids = [told["payload"]["id"] for told in delivered(x, door)]
    assert ids == [lost.id] * 4 + [arrived.id]


def test_a_redirect_is_a_failure(x: LocalX, door: Webhook) -> None:
    door.statuses = [302]
    x.world.post(ALICE, "@Smoney #aide")

    assert len(delivered(x, door)) == 2


def test_a_retry_waits_and_holds_nobody_up(stage: Stage, door: Webhook) -> None:
    with local_x(stage, retry_after=(0.3,)) as x:
        connect(x.deliveries, door)
        door.statuses = [500]
        first = x.world.post(ALICE, "@Smoney one")
        second = x.world.post(ALICE, "@Smoney two")
        told = delivered(x, door)

        assert [one["payload"]["id"] for one in told] == [first.id, second.id, first.id]
        assert door.calls[2][2] - door.calls[0][2] >= 0.3


def test_x_waits_as_long_as_the_real_one() -> None:
    assert deliveries_module.TIMEOUT == 10
    assert deliveries_module.RETRY_AFTER == (3, 30, 300)


def test_closing_does_not_wait_for_retries(stage: Stage, door: Webhook) -> None:
    with local_x(stage, retry_after=(300,)) as x:
        connect(x.deliveries, door)
        door.statuses = [500]
        x.world.post(ALICE, "@Smoney #aide")
        assert not x.deliveries.settle(0.2)
        start = time.monotonic()
        x.deliveries.close()

        assert time.monotonic() - start < 0.5
        x.world.post(ALICE, "@Smoney is anybody there?")
    assert len(door.calls) == 1


# Signatures


def test_an_app_with_a_client_secret_gets_both_signatures(stage: Stage, door: Webhook) -> None:
    with local_x(stage, client_secret="invented-client-secret") as x:
        connect(x.deliveries, door)
        x.world.post(ALICE, "@Smoney #aide €")
        delivered(x, door)

    raw, headers, _ = door.calls[0]
    assert headers["x-twitter-webhooks-signature-oauth2"] == signature(
        "invented-client-secret", raw
    )


def test_the_check_of_these_tests_notices_one_changed_byte(x: LocalX, door: Webhook) -> None:
    x.world.post(ALICE, "@Smoney #aide")
    delivered(x, door)
    raw, headers, at = door.calls[0]
    door.calls[0] = (raw + b" ", headers, at)

    with pytest.raises(AssertionError):
        door.bodies()


# The challenge, and managing webhooks over HTTP


def as_user() -> OAuth1:
    return OAuth1(APP.consumer_key, APP.consumer_secret, APP.access_token, APP.access_token_secret)


def test_the_challenge_looks_like_the_real_one(x: LocalX, door: Webhook) -> None:
    ((query, agent),) = door.challenges
    (token,), (nonce,) = query["crc_token"], query["nonce"]

    assert re.fullmatch(r"[A-Za-z0-9]{48}", token)
    uuid.UUID(base64.b64decode(token).decode())
    assert base64.b64decode(nonce + "==").isdigit()
    assert agent == ""
    assert x.deliveries.webhooks.all()[0].valid


@pytest.mark.parametrize(("key", "status"), [("wrong", 200), (APP.consumer_secret, 302)])
def test_a_webhook_that_fails_the_challenge_is_not_registered(
    stage: Stage, door: Webhook, key: str, status: int
) -> None:
    door.key, door.crc_status = key, status
    with local_x(stage) as x:
        answer = x.as_app("POST", "/2/webhooks", {"url": door.url})

        assert (answer.status_code, answer.json()["title"]) == (400, "CrcValidationFailed")
        assert x.deliveries.webhooks.all() == []


def test_a_webhook_that_stops_passing_gets_nothing_until_it_passes_again(
    x: LocalX, door: Webhook
) -> None:
    hook = x.as_app("GET", "/2/webhooks").json()["data"][0]
    door.key = "wrong"
    assert x.as_app("PUT", f"/2/webhooks/{hook['id']}").status_code == 400
    assert x.as_app("GET", "/2/webhooks").json()["data"] == [{**hook, "valid": False}]
    x.world.post(ALICE, "@Smoney one")
    assert delivered(x, door) == []

    door.key = APP.consumer_secret
    assert x.as_app("PUT", f"/2/webhooks/{hook['id']}").json() == {"data": {"valid": True}}
    x.world.post(ALICE, "@Smoney two")
    assert len(delivered(x, door)) == 1


def test_a_bot_connects_over_http(stage: Stage, door: Webhook) -> None:
    with local_x(stage) as x:
        hook = x.as_app("POST", "/2/webhooks", {"url": door.url}).json()["data"]
        asked = {
            "event_type": "post.mention.create",
            "filter": {"user_id": SMONEY},
            "tag": "t",
            "webhook_id": hook["id"],
        }
        session, url = x.client().session, x.url + "/2/activity/subscriptions"
        made = session.post(url, json=asked, auth=as_user())
        again = session.post(url, json=asked, auth=as_user())
        listed = x.as_app("GET", "/2/activity/subscriptions").json()

        subscription = made.json()["data"]["subscription"]
        assert subscription.items() >= asked.items()
        assert (again.status_code, again.json()["title"]) == (409, "DuplicateSubscription")
        assert listed == {"data": [subscription], "meta": {"result_count": 1}}

        path = f"/2/activity/subscriptions/{subscription['subscription_id']}"
        changed = x.as_app("PUT", path, {"tag": "mentions"}).json()["data"]["subscription"]
        assert (changed["tag"], changed["webhook_id"]) == ("mentions", hook["id"])
        x.world.post(ALICE, "@Smoney #aide")
        assert [told["tag"] for told in delivered(x, door)] == ["mentions"]

        assert x.as_app("DELETE", path).json() == {"data": {"deleted": True}}
        assert x.as_app("DELETE", path).status_code == 404
        gone = x.as_app("DELETE", f"/2/webhooks/{hook['id']}")
        assert gone.json() == {"data": {"deleted": True}}


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"webhook_id": "5"}, 400),
        ({"event_type": "weather.change"}, 400),
        ({"filter": {"user_id": ALICE}}, 403),
        ({"filter": {"user_id": SMONEY, "colour": "red"}}, 400),
        ({"tag": "x" * 201}, 400),
    ],
)
def test_a_subscription_that_x_would_refuse_is_refused(
    x: LocalX, change: Json, status: int
) -> None:
    asked = {"event_type": "post.quote.create", "filter": {"user_id": SMONEY}} | change
    url = x.url + "/2/activity/subscriptions"
    answer = x.client().session.post(url, json=asked, auth=as_user())

    assert answer.status_code == status


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://bot.example/webhooks/x", "UrlValidationFailed"),
        ("https://bot.example:8443/webhooks/x", "UrlValidationFailed"),
        ("https://bot.example:port/", "UrlValidationFailed"),
        ("https:///webhooks/x", "UrlValidationFailed"),
        ("ftp://127.0.0.1/", "UrlValidationFailed"),
    ],
)
def test_an_address_that_x_would_not_call_is_refused(x: LocalX, url: str, reason: str) -> None:
    with pytest.raises(Problem, match=reason):
        x.deliveries.register(url)


def test_one_address_once_and_one_webhook_in_all(x: LocalX, door: Webhook) -> None:
    with pytest.raises(Problem, match="DuplicateUrlFailed"):
        x.deliveries.register(door.url)
    with pytest.raises(Problem, match="WebhookLimitExceeded"):
        x.deliveries.register(door.url + "/other")


def test_half_a_character_stops_nothing(x: LocalX, door: Webhook) -> None:
    x.world.post(ALICE, "@Smoney \ud800")
    x.world.post(ALICE, "@Smoney #aide")

    texts = [told["payload"]["text"] for told in delivered(x, door)]
    assert texts == ["@Smoney \ud800", "@Smoney #aide"]
