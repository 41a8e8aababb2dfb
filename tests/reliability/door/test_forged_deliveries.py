"""Nobody but X gets in: not by forging, nor by having our own answers sign.

Full counts (`SMONEY_RELIABILITY=full`): 100,000 forged deliveries, 10,000 signatures got
from the challenge and tried, 1,000 challenges of X's own.
"""

from __future__ import annotations

import itertools
import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
import structlog
from calls import Answer, Call, ask_all, ask_all_meanwhile
from challenges import attempts, challenge, genuine_token, is_genuine
from door_cast import SECRET, X, kept, settings
from forgeries import HEADER, for_somebody_else, forgeries, genuine
from reliability_figures import FULL, SEED, chance, record
from starlette.testclient import TestClient

from smoney_bot.book.engine import Book
from smoney_bot.channels.x import signature
from smoney_bot.web.app import create_app
from smoney_bot.web.memory import Signed

FORGED = 100_000 if FULL else 1_000
LOOPS = 36_000 if FULL else 400  # more than a quarter is answered
CHALLENGES = 1_000 if FULL else 100

_IN_BETWEEN = 500  # forgeries between two deliveries of X's own
_SLOWEST_SECONDS = 0.1
_CONTENT_TYPES = (b"application/json", b"application/x-www-form-urlencoded", b"text/plain")


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Let the door say nothing: a line for each refusal takes longer than the refusal."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))
    yield
    structlog.configure(**before)


@contextmanager
def _door(book: Book, url: str) -> Iterator[TestClient]:
    with TestClient(create_app(settings(url), book)) as client:
        yield client


# Forged deliveries ------------------------------------------------------------------------


def test_no_forged_delivery_gets_in(sqlite_book: Book, sqlite_url: str) -> None:
    started, x = time.monotonic(), X()
    forged = forgeries(chance("forgeries"), [x.mention() for _ in range(20)])
    wrong, brought = list[str](), 0
    with _door(sqlite_book, sqlite_url) as client:
        for _ in range(-(-FORGED // _IN_BETWEEN)):
            part = list(itertools.islice(forged, _IN_BETWEEN))
            answers = ask_all(client, [one.call for one in part])
            pairs = zip(part, answers, strict=True)
            wrong += [f"{one} got {got}" for one, got in pairs if got.status != one.status]
            # X's own come through all the while; those for others are not for us.
            mine, other = ask_all(client, [genuine(x.mention()), for_somebody_else(x.mention())])
            brought += mine.kept
            assert (other.status, other.kept) == (200, 0)
    inside = len(kept(sqlite_book))
    _record("forged deliveries", f"{FORGED:,} deliveries", len(wrong) + inside - brought, started)
    assert wrong == []
    assert inside == brought == -(-FORGED // _IN_BETWEEN)


def _record(name: str, counted: str, violations: int, started: float, note: str = "") -> None:
    seconds = time.monotonic() - started
    record(
        name,
        counted=counted,
        violations=violations,
        seconds=seconds,
        seed=SEED,
        engine="sqlite",
        note=note,
    )


# The challenge as a pen -------------------------------------------------------------------


@dataclass
class Attack:
    """What somebody got who asked for signatures and tried them."""

    answered: int = 0
    answered_wrongly: list[str] = field(default_factory=list)
    got_in: list[bytes] = field(default_factory=list)


def _attack(client: TestClient, loops: int) -> Attack:
    """Ask for signatures, and bring each that we give: for its own token, and for a delivery."""
    x, attack, dice = X(), Attack(), chance("challenges")
    wanted = [x.mention() for _ in range(5)]
    tried = list(itertools.islice(attempts(dice, wanted), loops))
    for (token, _), answer in zip(tried, ask_all(client, [one for _, one in tried]), strict=True):
        if answer.status != 200:
            continue
        attack.answered += 1
        if not is_genuine(token):
            attack.answered_wrongly.append(token)
        signed = json.loads(answer.body)["response_token"].encode()
        bodies = [token.encode(), dice.choice(wanted)]
        calls = [_signed(body, signed, kind) for body in bodies for kind in _CONTENT_TYPES]
        brought = zip(calls, ask_all(client, calls), strict=True)
        attack.got_in += [call.body for call, got in brought if got.status < 300]
    return attack


def _signed(body: bytes, with_: bytes, content_type: bytes) -> Call:
    return Call(body, [(b"content-type", content_type), (HEADER, with_)])


def test_no_answer_of_ours_signs_a_delivery(sqlite_book: Book, sqlite_url: str) -> None:
    started = time.monotonic()
    with _door(sqlite_book, sqlite_url) as client:
        attack = _attack(client, LOOPS)
    _record(
        "challenges as a pen",
        f"{LOOPS:,} attempts, {attack.answered:,} answered",
        len(attack.answered_wrongly) + len(attack.got_in),
        started,
    )
    assert attack.answered_wrongly == []
    assert attack.got_in == []
    assert LOOPS // 4 < attack.answered < LOOPS // 2
    assert kept(sqlite_book) == []


def _sign_any_token(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(signature.CRC_TOKENS, "uuid", str.isascii)


def test_a_door_that_signs_any_token_and_forgets_it_is_open(
    sqlite_book: Book, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: X's own sample signs any token."""
    _sign_any_token(monkeypatch)
    monkeypatch.setattr(Signed, "add", lambda *_: None)
    with _door(sqlite_book, sqlite_url) as client:
        attack = _attack(client, 200)
    assert attack.got_in != []
    assert kept(sqlite_book) != []


def test_a_door_that_signs_any_token_is_still_shut_by_its_memory(
    sqlite_book: Book, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _sign_any_token(monkeypatch)
    with _door(sqlite_book, sqlite_url) as client:
        attack = _attack(client, 200)
    assert attack.answered_wrongly != []
    assert attack.got_in == []


# X's own challenges -----------------------------------------------------------------------


def test_x_is_answered_at_once_while_the_database_is_silent() -> None:
    """It takes calls and never answers, which is worse than one that is away."""
    started, dice, x = time.monotonic(), chance("genuine challenges"), X()
    tokens = [genuine_token(dice) for _ in range(CHALLENGES)]
    silent = socket.create_server(("127.0.0.1", 0), backlog=32)
    url = f"postgresql+psycopg://smoney:hush@127.0.0.1:{silent.getsockname()[1]}/smoney"
    book = Book(url)
    with TestClient(create_app(settings(url), book)) as client:
        waiting = [genuine(x.mention()) for _ in range(8)]
        calls = [challenge(token, dice) for token in tokens]
        answers = ask_all_meanwhile(client, calls, waiting)
        silent.close()  # or the keeper would wait for it a little longer
    book.close()
    wrong = [one for one in zip(tokens, answers, strict=True) if not _is_right(*one)]
    slow = sorted(one.seconds for one in answers)[CHALLENGES * 99 // 100]
    note = f"99 of 100 within {slow * 1000:.1f} ms"
    _record("challenges, database silent", f"{CHALLENGES:,} challenges", len(wrong), started, note)
    assert wrong == []
    assert slow < _SLOWEST_SECONDS


def _is_right(token: str, answer: Answer) -> bool:
    right = {"response_token": signature.sign(SECRET, token.encode())}
    return answer.status == 200 and json.loads(answer.body) == right
