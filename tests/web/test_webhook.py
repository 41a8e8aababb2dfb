"""X's door over HTTP: what is signed is kept and then acknowledged; nothing else gets in."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
import requests
from door_cast import (
    ALICE,
    AWAY,
    BOB,
    BOT,
    CLIENT_SECRET,
    CODE,
    SECRET,
    X,
    kept,
    open_account,
    rows,
    settings,
    signed,
    writes_held,
)
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from smoney_bot.book.engine import Book
from smoney_bot.channels.sandbox.server import serve
from smoney_bot.channels.x.signature import sign
from smoney_bot.web import keeper
from smoney_bot.web.app import create_app
from smoney_bot.web.webhook import BODY_MAX

DOOR = "/webhooks/x"
UUID_TOKEN = str(UUID(int=7))


@pytest.fixture
def x() -> X:
    return X()


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[Any]]:
    with capture_logs() as lines:
        yield lines


@pytest.fixture
def door(book: Book, book_url: str) -> Iterator[TestClient]:
    with TestClient(create_app(settings(book_url), book)) as client:
        yield client


@pytest.fixture
def small_door(sqlite_book: Book, sqlite_url: str) -> Iterator[TestClient]:
    """The door where the engine does not matter."""
    with TestClient(create_app(settings(sqlite_url), sqlite_book)) as client:
        yield client


@pytest.fixture
def away() -> Iterator[TestClient]:
    """The door of a book whose database is away."""
    book = Book(AWAY)
    with TestClient(create_app(settings(AWAY), book)) as client:
        yield client
    book.close()


# What is kept -------------------------------------------------------------------------


def test_a_signed_delivery_is_kept_and_then_acknowledged(
    door: TestClient, book: Book, x: X
) -> None:
    body = x.mention()
    answer = door.post(DOOR, content=body, headers=signed(body))
    assert (answer.status_code, answer.json()) == (200, {"kept": 1})
    (line,) = kept(book)
    assert (line.author_id, line.public, line.state) == (ALICE, True, "received")


def test_posts_and_direct_messages_come_through_one_door(
    small_door: TestClient, sqlite_book: Book, x: X
) -> None:
    for body in (x.mention(), x.direct()):
        assert small_door.post(DOOR, content=body, headers=signed(body)).status_code == 200
    assert {one.key[:2] for one in kept(sqlite_book)} == {"t:", "d:"}


def test_a_body_brought_twice_is_kept_once(door: TestClient, book: Book, x: X) -> None:
    body = x.mention()
    answers = [door.post(DOOR, content=body, headers=signed(body)) for _ in range(3)]
    assert [one.status_code for one in answers] == [200] * 3
    assert len(kept(book)) == 1


def test_no_digit_of_a_code_reaches_table_or_log(
    door: TestClient, book: Book, x: X, logged: list[Any]
) -> None:
    for body in (x.mention(), x.direct(f"#20 @bob #{CODE}"), x.direct(f"my code is {CODE}")):
        assert CODE in body.decode()
        door.post(DOOR, content=body, headers=signed(body))
    payloads = repr(rows(book, "SELECT payload FROM inbox"))
    assert payloads.count("********") == 3
    assert CODE not in payloads + repr(logged)
    assert CODE[2:] not in payloads + repr(logged)
    assert {one["event"] for one in logged} == {"message.kept"}


def test_whoever_keeps_wakes_the_workers(sqlite_book: Book, sqlite_url: str, x: X) -> None:
    woken = threading.Event()
    with TestClient(create_app(settings(sqlite_url), sqlite_book, woken.set)) as client:
        body = x.mention()
        client.post(DOOR, content=body, headers=signed(body))
        assert woken.wait(5)


def test_what_is_of_no_concern_is_acknowledged_and_not_kept(
    small_door: TestClient, sqlite_book: Book
) -> None:
    for body in (b"{}", b'{"data": {"event_type": "news"}}', b'{"for_user_id": "1"}'):
        answer = small_door.post(DOOR, content=body, headers=signed(body))
        assert (answer.status_code, answer.json()) == (200, {"kept": 0})
    assert kept(sqlite_book) == []


def test_the_end_of_a_replay_is_acknowledged_and_logged(
    small_door: TestClient, sqlite_book: Book, logged: list[Any]
) -> None:
    body = b'{"replay_job_status": {"webhook_id": "1", "job_state": "Complete", "job_id": "2"}}'
    answer = small_door.post(DOOR, content=body, headers=signed(body))
    assert (answer.status_code, kept(sqlite_book)) == (200, [])
    assert [(one["event"], one["why"]) for one in logged] == [
        ("delivery.ignored", "replay_complete")
    ]


@pytest.mark.parametrize(("whose", "level"), [(BOT, "error"), (BOB, "info")])
@pytest.mark.parametrize("older", [False, True])
def test_who_takes_back_our_access_is_told(
    small_door: TestClient, logged: list[Any], whose: str, level: str, *, older: bool
) -> None:
    newer = {"data": {"event_type": "oauth.revoke", "filter": {}, "payload": {"user_id": whose}}}
    event = {"user_event": {"revoke": {"source": {"user_id": whose}}}} if older else newer
    body = json.dumps(event).encode()
    assert small_door.post(DOOR, content=body, headers=signed(body)).status_code == 200
    told = [(one["event"], one["log_level"], one["own"]) for one in logged]
    assert told == [("access.revoked", level, whose == BOT)]


def test_a_new_handle_is_shown_from_then_on(door: TestClient, book: Book, x: X) -> None:
    open_account(book)
    for x_id in (ALICE, BOB):
        body = x.renamed(x_id, "alice_in_x")
        assert door.post(DOOR, content=body, headers=signed(body)).status_code == 200
    assert rows(book, "SELECT x_id, handle FROM customers") == [(ALICE, "alice_in_x")]


# What is turned away ------------------------------------------------------------------


def turned_away(x: X) -> dict[str, tuple[int, bytes, dict[str, str]]]:
    """Calls that do not get in: the status, the body, its headers."""
    body = x.mention()
    right = signed(body)
    signature = right["x-twitter-webhooks-signature"]
    large = b'{"x":"' + b"a" * BODY_MAX + b'"}'
    return {
        "no signature": (401, body, {}),
        "empty signature": (401, body, {"x-twitter-webhooks-signature": ""}),
        "another secret": (401, body, signed(body, "another-secret")),
        "another body": (401, body + b" ", right),
        "a changed letter": (401, body.replace(b"#20", b"#21"), right),
        "without its prefix": (401, body, {"x-twitter-webhooks-signature": signature[7:]}),
        "of another kind": (401, body, signed(body, by="client")),
        "of another secret's kind": (401, body, signed(body, CLIENT_SECRET, "client")),
        "in another header": (401, body, {"x-hub-signature-256": signature}),
        "two signatures": (401, body, {"x-twitter-webhooks-signature": f"{signature},{signature}"}),
        "gzip": (415, body, right | {"content-encoding": "gzip"}),
        "gzip, as a list": (415, body, right | {"content-encoding": "identity, gzip"}),
        "too large": (413, large, signed(large)),
        "empty": (400, b"", signed(b"")),
        "not JSON": (400, b"crc_token=1", signed(b"crc_token=1")),
        "a list": (400, b"[]", signed(b"[]")),
        "a number": (400, b"7", signed(b"7")),
        "NaN": (400, b'{"a": NaN}', signed(b'{"a": NaN}')),
        "a key twice": (400, b'{"a": 1, "a": 2}', signed(b'{"a": 1, "a": 2}')),
        "deep": (400, b'{"a":' * 1000 + b"1" + b"}" * 1000, {}),
        "latin-1": (400, '{"a": "é"}'.encode("latin-1"), signed('{"a": "é"}'.encode("latin-1"))),
    }


@pytest.mark.parametrize("name", turned_away(X()))
def test_turned_away(small_door: TestClient, sqlite_book: Book, x: X, name: str) -> None:
    status, body, headers = turned_away(x)[name]
    answer = small_door.post(DOOR, content=body, headers=headers or _unless_unsigned(name, body))
    assert answer.status_code == status
    assert kept(sqlite_book) == []
    assert SECRET not in answer.text


def _unless_unsigned(name: str, body: bytes) -> dict[str, str]:
    return {} if "signature" in name else signed(body)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_not_allowed(small_door: TestClient, x: X, method: str) -> None:
    body = x.mention()
    answer = small_door.request(method, DOOR, content=body, headers=signed(body))
    assert answer.status_code == 405


def test_a_body_without_a_length_is_bounded_too(
    small_door: TestClient, sqlite_book: Book, x: X
) -> None:
    """Sent in chunks, nothing announces how much will come."""

    def chunks() -> Iterator[bytes]:
        for _ in range(5):
            yield b" " * (BODY_MAX // 4)

    answer = small_door.post(DOOR, content=chunks(), headers=signed(x.mention()))
    assert answer.status_code == 413
    assert kept(sqlite_book) == []


def test_the_largest_body_that_x_may_bring_is_read(small_door: TestClient, x: X) -> None:
    body = x.mention()
    body += b" " * (BODY_MAX - len(body))
    assert small_door.post(DOOR, content=body, headers=signed(body)).status_code == 200


def test_with_the_client_secret_pinned_the_other_one_opens_nothing(
    sqlite_book: Book, sqlite_url: str, x: X
) -> None:
    given = settings(sqlite_url, x_signature="client")
    with TestClient(create_app(given, sqlite_book)) as client:
        body = x.mention()
        both = signed(body) | signed(body, "forged", "client")
        assert client.post(DOOR, content=body, headers=signed(body)).status_code == 401
        assert client.post(DOOR, content=body, headers=both).status_code == 401
        right = signed(body, CLIENT_SECRET, "client")
        assert client.post(DOOR, content=body, headers=right).status_code == 200
    assert len(kept(sqlite_book)) == 1


# The challenge ------------------------------------------------------------------------


def test_the_challenge_is_answered_as_x_computes_it(small_door: TestClient) -> None:
    answer = small_door.get(DOOR, params={"crc_token": UUID_TOKEN, "nonce": "MTc2OTUx"})
    assert answer.json() == {"response_token": sign(SECRET, UUID_TOKEN.encode())}
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "query",
    ["", "?crc_token=", "?crc_token=7", "?crc_token={}", f"?crc_token={UUID_TOKEN}&crc_token=1"],
)
def test_no_other_token_is_ever_signed(small_door: TestClient, query: str) -> None:
    answer = small_door.get(DOOR + query)
    assert answer.status_code == 400
    assert "sha256=" not in answer.text


def test_nobody_gets_a_delivery_signed_by_way_of_the_challenge(
    small_door: TestClient, sqlite_book: Book, x: X
) -> None:
    """X's challenge and X's deliveries are signed alike: the door must not be the pen."""
    forged = x.mention()
    assert small_door.get(DOOR, params={"crc_token": forged}).status_code == 400
    token = small_door.get(DOOR, params={"crc_token": UUID_TOKEN}).json()["response_token"]
    headers = {"x-twitter-webhooks-signature": token}
    for body in (UUID_TOKEN.encode(), forged):
        assert small_door.post(DOOR, content=body, headers=headers).status_code in (400, 401)
    assert kept(sqlite_book) == []


def test_a_pen_for_hire_would_let_a_forger_in(
    small_door: TestClient, sqlite_book: Book, x: X
) -> None:
    """The negative control: a door that signed any token, and its answer as a signature."""
    forged = x.mention()
    headers = {"x-twitter-webhooks-signature": sign(SECRET, forged)}
    assert small_door.post(DOOR, content=forged, headers=headers).status_code == 200
    assert len(kept(sqlite_book)) == 1


# When the disk is away ----------------------------------------------------------------


def test_without_its_database_the_door_asks_for_another_delivery(away: TestClient, x: X) -> None:
    for body in (x.mention(), x.renamed(ALICE, "alice_in_x")):
        answer = away.post(DOOR, content=body, headers=signed(body))
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        assert "invented-word" not in answer.text


def test_without_its_database_the_challenge_is_answered(away: TestClient) -> None:
    answer = away.get(DOOR, params={"crc_token": UUID_TOKEN})
    assert answer.status_code == 200


def test_nothing_is_acknowledged_while_nobody_can_write(book: Book, book_url: str, x: X) -> None:
    server = serve(create_app(settings(book_url), book))
    body = x.mention()
    with ThreadPoolExecutor(1) as pool, writes_held(book_url):
        answer = pool.submit(_post, server.url, body)
        time.sleep(0.3)
        assert not answer.done()
    assert answer.result() == 200
    assert len(kept(book)) == 1
    server.stop()


def _post(url: str, body: bytes) -> int:
    return requests.post(url + DOOR, data=body, headers=signed(body), timeout=10).status_code


def test_more_deliveries_than_may_wait_are_sent_back_and_none_is_lost(
    sqlite_book: Book, sqlite_url: str, x: X, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "_WAITING_MAX", 3)
    server = serve(create_app(settings(sqlite_url), sqlite_book))
    bodies = [x.mention() for _ in range(20)]
    with ThreadPoolExecutor(20) as pool:
        with writes_held(sqlite_url):
            answers = [pool.submit(_post, server.url, body) for body in bodies]
            time.sleep(0.4)
        told = [one.result() for one in answers]
    assert set(told) == {200, 503}
    assert len(kept(sqlite_book)) == told.count(200)
    again = [_post(server.url, body) for body in bodies]
    assert set(again) == {200}
    assert len(kept(sqlite_book)) == 20
    server.stop()


def test_clients_who_hang_up_do_not_break_the_door(
    sqlite_book: Book, sqlite_url: str, x: X
) -> None:
    server = serve(create_app(settings(sqlite_url), sqlite_book))
    with writes_held(sqlite_url):
        for share in (0.0, 0.5, 1.0):
            for _ in range(5):
                _hang_up(server.url, x.mention(), share)
        time.sleep(0.2)
    assert _post(server.url, x.mention()) == 200
    assert len(kept(sqlite_book)) <= 6, "what never came whole is not kept"
    server.stop()


def _hang_up(url: str, body: bytes, share: float) -> None:
    """Send a *share* of a delivery, and leave without reading the answer."""
    named = {"host": "door", "content-length": str(len(body)), **signed(body)}
    head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    address = urlsplit(url)
    with socket.create_connection((address.hostname or "", address.port or 0)) as connection:
        connection.sendall(f"POST {DOOR} HTTP/1.1\r\n{head}\r\n".encode())
        connection.sendall(body[: int(len(body) * share)])
        time.sleep(0.02)


def test_the_bodies_used_here_are_those_of_x(x: X) -> None:
    event = json.loads(x.mention())["data"]
    assert event["event_type"] == "post.mention.create"
    assert event["payload"]["author_id"] == ALICE
