"""The whole service from outside, on both databases."""

from __future__ import annotations

import json
import queue
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from driver import ALICE, BOB, FakeX, Service, mention, new_id, sign


@pytest.fixture
def fake_x() -> Iterator[FakeX]:
    server = FakeX()
    yield server
    server.close()


@pytest.fixture
def service(book_url: str, tmp_path: Path, fake_x: FakeX) -> Iterator[Service]:
    with Service(tmp_path, book_url, fake_x.url) as running:
        yield running


def _open_accounts(service: Service) -> list[str]:
    assert service.call("db", "upgrade").code == 0
    service.json("customer", "open", "alice", "--x-id", ALICE)
    service.json("customer", "open", "bob", "--x-id", BOB)
    service.json("deposit", "alice", "100", "--reference", "first")
    codes: list[str] = service.json("customer", "card", "alice")["codes"]
    return codes


def _next(fake_x: FakeX) -> dict[str, Any]:
    return fake_x.posts.get(timeout=15)


def test_a_signed_mention_pays_once_and_is_answered_once(service: Service, fake_x: FakeX) -> None:
    codes = _open_accounts(service)
    service.start("serve")
    service.wait_ready()
    post_id = new_id()
    body = mention(f"@Smoney #20 @bob #{codes[0]}", post_id=post_id)

    assert service.deliver(body) == 200
    reply = _next(fake_x)
    assert (reply["path"], reply["reply"]["in_reply_to_tweet_id"]) == ("/2/tweets", post_id)
    assert (service.balance("alice"), service.balance("bob")) == (8000, 2000)

    assert [service.deliver(body) for _ in range(10)] == [200] * 10
    other = mention(f"@Smoney #1 @bob #{codes[1]}")
    assert service.deliver(other) == 200
    assert _next(fake_x)["text"] != reply["text"]
    assert (service.balance("alice"), service.balance("bob")) == (7900, 2100)
    with pytest.raises(queue.Empty):
        fake_x.posts.get(timeout=0.5)

    found = re.search(r"[0-9A-Z]{4,}-[0-9]{2}", reply["text"])
    assert found is not None
    payment = service.json("payment", "show", found[0])
    assert (payment["state"], payment["amount_cents"]) == ("booked", 2000)
    assert (payment["payer"], payment["payee"]) == ("alice", "bob")
    assert payment["message_id"] == post_id
    assert service.run("ledger", "verify").code == 0
    assert service.stop() == [0]
    assert codes[0] not in service.log()
    assert _story(service, f"t:{post_id}", found[0]) == [
        "message.kept",
        "payment.booked",
        "reply.sent",
    ]


def _story(service: Service, key: str, reference: str) -> list[str]:
    """Return what the log tells of one payment, in order of time; each line names it."""
    lines = [json.loads(line) for line in service.log().splitlines() if line.startswith("{")]
    ours = [line for line in lines if line.get("key") == key]
    assert all(line["reference"] == reference for line in ours if "reference" in line)
    assert ours == [line for line in lines if {key, reference} & {*map(str, line.values())}]
    return [line["event"] for line in sorted(ours, key=lambda line: line["timestamp"])]


def test_what_is_not_an_order_moves_nothing(service: Service, fake_x: FakeX) -> None:
    codes = iter(_open_accounts(service))
    service.start("serve")
    service.wait_ready()
    edited = [new_id(), new_id()]
    silent = [
        mention(f"RT @alice: @Smoney #20 @bob #{next(codes)}"),
        mention(
            f"@Smoney #20 @bob #{next(codes)}",
            referenced_tweets=[{"type": "quoted", "id": "1"}],
        ),
        mention(f"@Smoney #20 @bob #{next(codes)}", author="222222222"),
        mention(
            f"@Smoney @bob #20 @bob #{next(codes)}",
            display_text_range=[8, 34],
            referenced_tweets=[{"type": "replied_to", "id": "1"}],
        ),
    ]
    answered = [
        mention(
            f"@Smoney #20 @bob #{next(codes)}",
            post_id=edited[1],
            edit_history_tweet_ids=edited,
        ),
        mention(f"@Smoney #250.01 @bob #{next(codes)}"),
        mention("@Smoney #20 @bob #01000000"),
    ]
    for body in silent:
        assert service.deliver(body) == 200
    for body in answered:
        assert service.deliver(body) == 200
        _next(fake_x)
    with pytest.raises(queue.Empty):
        fake_x.posts.get(timeout=0.5)
    assert (service.balance("alice"), service.balance("bob")) == (10000, 0)


def test_the_door_is_closed_to_whatever_is_not_signed(service: Service) -> None:
    codes = _open_accounts(service)
    service.start("serve")
    service.wait_ready()
    body = mention(f"@Smoney #20 @bob #{codes[0]}")
    name = "x_twitter_webhooks_signature"

    assert service.post(body)[0] == 401
    assert service.post(body, **{name: sign(body, "another-secret")})[0] == 401
    assert service.post(body, **{name: sign(body + b" ")})[0] == 401
    assert service.post(body, x_twitter_webhooks_signature_oauth2=sign(body))[0] == 401
    huge = b'{"data": "' + b"x" * 300_000 + b'"}'
    assert service.post(huge, **{name: sign(huge)})[0] == 413
    for broken in (b"", b"[]", b'"text"', b"{", b"[" * 1000, b'{"data": NaN}'):
        assert service.post(broken, **{name: sign(broken)})[0] == 400
    for unknown in (b"{}", b'{"something": []}', b'{"replay_job_status": {}}'):
        assert service.deliver(unknown) == 200
    assert service.json("inbox", "list") == []
    assert service.get("/webhooks/x?crc_token=%7B%22a%22%3A1%7D")[0] == 400
    assert service.get("/webhooks/x?crc_token=0c8e29f5-5b5a-4c0a-9d07-6b1d2f3a4b5c")[0] == 200


def test_a_web_process_and_a_worker_process_share_the_book(
    postgres_url: Callable[[], str], tmp_path: Path, fake_x: FakeX
) -> None:
    with Service(tmp_path, postgres_url(), fake_x.url) as service:
        codes = _open_accounts(service)
        service.start("web")
        service.start("work")
        service.wait_ready()
        assert service.deliver(mention(f"@Smoney #20 @bob #{codes[0]}")) == 200
        _next(fake_x)
        assert service.balance("bob") == 2000
        assert service.stop() == [0, 0]
