"""Which secret answers X's challenge, and which challenges are answered: as the settings say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest
from door_cast import CLIENT_SECRET, SECRET, X, kept, settings, signed
from starlette.testclient import TestClient

from smoney_bot.book.engine import Book
from smoney_bot.channels.x.signature import is_no_object, sign
from smoney_bot.settings import BadSettings
from smoney_bot.web.app import create_app

DOOR = "/webhooks/x"
TOKEN = str(UUID(int=7))
OTHER_FORM = "a-token+of/another_form=="


@contextmanager
def door(book: Book, url: str, **given: object) -> Iterator[TestClient]:
    with TestClient(create_app(settings(url, **given), book)) as client:
        yield client


@pytest.mark.parametrize(
    ("given", "secret"),
    [
        ({}, SECRET),
        ({"x_crc": "consumer"}, SECRET),
        ({"x_crc": "client"}, CLIENT_SECRET),
        ({"x_signature": "client"}, CLIENT_SECRET),
        ({"x_signature": "client", "x_crc": "consumer"}, SECRET),
    ],
)
def test_the_setting_says_which_secret_answers(
    sqlite_book: Book, sqlite_url: str, given: dict[str, object], secret: str
) -> None:
    with door(sqlite_book, sqlite_url, **given) as client:
        answer = client.get(DOOR, params={"crc_token": TOKEN}).json()
    assert answer == {"response_token": sign(secret, TOKEN.encode())}


def test_with_two_secrets_no_answer_is_a_signature_of_a_delivery(
    sqlite_book: Book, sqlite_url: str
) -> None:
    """Not even if the challenge were signed whatever it says, by another process of ours."""
    body = X().mention()
    with door(sqlite_book, sqlite_url, x_crc="client") as client:
        for header in ("consumer", "client"):
            forged = signed(body, CLIENT_SECRET, header)
            assert client.post(DOOR, content=body, headers=forged).status_code == 401
        assert kept(sqlite_book) == []
        assert client.post(DOOR, content=body, headers=signed(body)).status_code == 200


def test_with_one_secret_such_an_answer_would_be_one(sqlite_book: Book, sqlite_url: str) -> None:
    """The negative control."""
    body = X().mention()
    with door(sqlite_book, sqlite_url) as client:
        forged = signed(body, SECRET)
        assert client.post(DOOR, content=body, headers=forged).status_code == 200


def test_a_secret_that_is_needed_and_missing_stops_the_start(
    sqlite_book: Book, sqlite_url: str
) -> None:
    given = settings(sqlite_url, x_crc="client", x_client_secret="")
    with pytest.raises(BadSettings, match="SMONEY_X_CLIENT_SECRET is not set"):
        create_app(given, sqlite_book)


@pytest.mark.parametrize(("tokens", "status"), [("uuid", 400), ("relaxed", 200)])
def test_other_tokens_are_signed_only_if_the_setting_says_so(
    sqlite_book: Book, sqlite_url: str, tokens: str, status: int
) -> None:
    with door(sqlite_book, sqlite_url, x_crc_tokens=tokens) as client:
        assert client.get(DOOR, params={"crc_token": OTHER_FORM}).status_code == status
        assert client.get(DOOR, params={"crc_token": TOKEN}).status_code == 200
        body = X().mention().decode()
        assert client.get(DOOR, params={"crc_token": body}).status_code == 400


@pytest.mark.parametrize("token", ["{}", '{"a":1}', "a" * 15, "a" * 129, "a" * 16 + "\n", "é" * 20])
def test_relaxed_never_means_an_object(token: str) -> None:
    assert not is_no_object(token)


def test_a_number_that_was_signed_when_relaxed_opens_nothing(
    sqlite_book: Book, sqlite_url: str
) -> None:
    """Digits are letters of base64, and JSON."""
    number = "1234567890123456"
    assert isinstance(json.loads(number), int)
    with door(sqlite_book, sqlite_url, x_crc_tokens="relaxed") as client:
        answer = client.get(DOOR, params={"crc_token": number}).json()["response_token"]
        headers = {"x-twitter-webhooks-signature": answer}
        delivered = client.post(DOOR, content=number.encode(), headers=headers)
    assert delivered.status_code == 401
    assert kept(sqlite_book) == []
