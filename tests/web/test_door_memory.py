"""X's door on real HTTP: what it signs it remembers, and what is brought twice changes nothing."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from structlog.testing import capture_logs

from smoney_bot.bank.keys import Keyring
from smoney_bot.bank.messages import Message
from smoney_bot.bank.orders import Bot
from smoney_bot.book import deletions, inbox
from smoney_bot.book.engine import Book
from smoney_bot.channels.sandbox.server import serve
from smoney_bot.channels.x.signature import SIGNATURE_HEADERS, sign
from smoney_bot.web.keeper import Keeper
from smoney_bot.web.memory import CHALLENGES_MAX, SIGNED_MAX, Signed, Throttle
from smoney_bot.web.webhook import Door

BOT = Bot("222222222", "Smoney")
KEYS = Keyring({"k": b"k" * 32})
SECRET, OTHER_SECRET = "an-invented-consumer-secret", "an-invented-client-secret"
HEADER = SIGNATURE_HEADERS["consumer"]


@dataclass
class Answer:
    status: int
    facts: dict[str, Any]


class CarelessDoor(Door):
    """A door that signs whatever it is asked to: the sabotage that the memory must catch."""

    async def challenge(self, request: Request) -> Response:
        answer = sign(self.secret, request.query_params["crc_token"].encode())
        self.signed.add(answer)
        return Response(json.dumps({"response_token": answer}))


@dataclass
class AtTheDoor:
    """The way to the door, as X and others take it."""

    door: Door
    connection: HTTPConnection
    events: list[dict[str, Any]] = field(default_factory=list)

    def challenge(self, token: str) -> Answer:
        return self._ask("GET", f"/webhooks/x?crc_token={quote(token)}", b"", {})

    def bring(self, body: bytes, signature: str | None = None) -> Answer:
        headers = {HEADER: sign(SECRET, body) if signature is None else signature}
        return self._ask("POST", "/webhooks/x", body, headers)

    def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        return Answer(answer.status, json.loads(answer.read()))


@contextmanager
def at_the_door(book: Book, kind: type[Door] = Door, **facts: Any) -> Iterator[AtTheDoor]:  # noqa: ANN401 - of a door
    keeper = Keeper(book)
    unthrottled = {"throttle": Throttle(most=10**6)}
    door = kind(
        book=book,
        keeper=keeper,
        keyring=KEYS,
        bot=BOT,
        secret=SECRET,
        header=HEADER,
        **unthrottled | facts,
    )
    keeper.start()
    server = serve(
        Starlette(
            routes=[
                Route("/webhooks/x", door.challenge, methods=["GET"]),
                Route("/webhooks/x", door.deliver, methods=["POST"]),
            ]
        )
    )
    connection = HTTPConnection(urlsplit(server.url).netloc)
    try:
        yield AtTheDoor(door, connection)
    finally:
        connection.close()
        server.stop()
        keeper.stop()


def token() -> str:
    """A challenge as X makes one."""
    return base64.b64encode(str(uuid.uuid4()).encode()).decode()


def delivery(kind: str, payload: dict[str, Any]) -> bytes:
    event = {"filter": {"user_id": BOT.x_id}, "event_type": kind, "payload": payload}
    return json.dumps({"data": event}).encode()


def post(post_id: str) -> dict[str, Any]:
    return {
        "id": post_id,
        "text": "@Smoney #aide",
        "author_id": "111111111",
        "edit_history_tweet_ids": [post_id],
        "entities": {"mentions": [{"start": 0, "end": 7, "username": "Smoney", "id": BOT.x_id}]},
    }


MENTION = delivery("post.mention.create", post("1900000000000000001"))


def keys(book: Book) -> list[str]:
    with book.reading() as connection:
        return [line.key for line in inbox.listing(connection, limit=1000)]


# What was signed ---------------------------------------------------------------------------


def test_no_answer_to_a_challenge_ever_opens_the_door(sqlite_book: Book) -> None:
    with at_the_door(sqlite_book) as x, capture_logs() as logs:
        for _ in range(300):
            asked = token()
            signed = x.challenge(asked).facts["response_token"]
            assert x.bring(asked.encode(), signed).status == 401
            assert x.bring(MENTION, signed).status == 401
    attacks = [line for line in logs if line["event"] == "door.attack"]
    assert len(attacks) == 600
    assert {line["log_level"] for line in attacks} == {"error"}
    assert keys(sqlite_book) == []


def test_a_door_that_signs_anything_is_caught_by_its_memory(sqlite_book: Book) -> None:
    """The negative control: here the forged delivery bears a signature that is right."""
    with at_the_door(sqlite_book, CarelessDoor) as x, capture_logs() as logs:
        signed = x.challenge(MENTION.decode()).facts["response_token"]
        assert signed == sign(SECRET, MENTION)
        assert x.bring(MENTION, signed).status == 401
    assert [line["event"] for line in logs].count("door.attack") == 1
    assert keys(sqlite_book) == []


def test_without_a_memory_the_careless_door_would_have_been_open(sqlite_book: Book) -> None:
    """What the memory is for: the same attack, with nothing remembered."""
    with at_the_door(sqlite_book, CarelessDoor, signed=Signed(0)) as x:
        signed = x.challenge(MENTION.decode()).facts["response_token"]
        assert x.bring(MENTION, signed).status == 200


def test_what_x_itself_signs_is_no_attack(sqlite_book: Book) -> None:
    with at_the_door(sqlite_book) as x, capture_logs() as logs:
        assert x.challenge(token()).status == 200
        assert x.bring(MENTION).status == 200
    assert "door.attack" not in [line["event"] for line in logs]
    assert keys(sqlite_book) == ["t:1900000000000000001"]


def test_two_secrets_answer_challenges_with_one_and_check_with_the_other(
    sqlite_book: Book,
) -> None:
    with at_the_door(sqlite_book, crc_secret=OTHER_SECRET) as x:
        asked = token()
        signed = x.challenge(asked).facts["response_token"]
        assert signed == sign(OTHER_SECRET, asked.encode())
        assert x.bring(MENTION, sign(OTHER_SECRET, MENTION)).status == 401
        assert x.bring(MENTION).status == 200


def test_the_memory_holds_the_latest_and_no_more() -> None:
    signed = Signed()
    for number in range(SIGNED_MAX + 1):
        signed.add(f"sha256={number}")
    assert "sha256=0" not in signed
    assert "sha256=1" in signed
    assert f"sha256={SIGNED_MAX}" in signed


def test_what_is_signed_again_is_remembered_anew() -> None:
    signed = Signed(2)
    for answer in ("a", "b", "a", "c"):
        signed.add(answer)
    assert ["a" in signed, "b" in signed, "c" in signed] == [True, False, True]


# How often ---------------------------------------------------------------------------------


def test_challenges_beyond_sixty_a_minute_are_put_off(sqlite_book: Book) -> None:
    with at_the_door(sqlite_book, throttle=Throttle()) as x:
        answers = [x.challenge(token()).status for _ in range(CHALLENGES_MAX + 2)]
        assert x.bring(MENTION).status == 200, "deliveries are not counted"
    assert answers == [200] * CHALLENGES_MAX + [429] * 2


def test_a_minute_later_an_address_may_ask_again_and_others_always_may() -> None:
    now = 0.0
    throttle = Throttle(most=2, clock=lambda: now)
    assert [throttle.admit("a") for _ in range(3)] == [True, True, False]
    assert throttle.admit("b")
    now = 59.9
    assert not throttle.admit("a")
    now = 60.0
    assert throttle.admit("a")


def test_however_many_addresses_ask_only_so_many_are_remembered() -> None:
    throttle = Throttle()
    for number in range(5_000):
        throttle.admit(f"192.0.2.{number}")
    assert len(throttle._asked) == 1_000  # noqa: SLF001 - memory has no other way to be seen


# Brought twice, and deletions ----------------------------------------------------------------


def test_a_body_brought_again_and_again_is_kept_once(book: Book) -> None:
    with at_the_door(book) as x:
        assert {x.bring(MENTION).status for _ in range(50)} == {200}
    assert keys(book) == ["t:1900000000000000001"]


GONE = {
    "by the Activity API": delivery("post.delete", {"id": "1900000000000000001"}),
    "by the older one": json.dumps(
        {
            "for_user_id": BOT.x_id,
            "tweet_delete_events": [{"status": {"id": "1900000000000000001", "user_id": "1"}}],
        }
    ).encode(),
}


@pytest.mark.parametrize("body", GONE.values(), ids=GONE)
def test_a_deletion_is_on_record_before_x_is_told_so(book: Book, body: bytes) -> None:
    with at_the_door(book) as x:
        assert x.bring(MENTION).status == 200
        for _ in range(3):
            assert x.bring(body).status == 200
    assert _gone(book) == frozenset({"t:1900000000000000001"})


def _gone(book: Book) -> frozenset[str]:
    with book.writing() as connection:
        (payload,) = connection.exec_driver_sql("SELECT payload FROM inbox").one()
        return deletions.among(connection, [Message.from_json(payload)], book.now(connection))


def test_x_is_told_to_come_again_while_the_database_is_away() -> None:
    away = Book("sqlite:////nowhere/at/all.db")
    with at_the_door(away) as x:
        for body in (MENTION, *GONE.values()):
            assert x.bring(body).status == 503
        assert x.challenge(token()).status == 200, "a challenge asks no database"
    away.close()
