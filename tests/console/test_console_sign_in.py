"""Signing in to the console: who gets in, how often one may fail, and when a session ends."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from console_cast import PASSWORD, Desk, House, house
from sqlalchemy import Connection, update

from smoney_bot.bank import operators as rules
from smoney_bot.bank.customers import Language
from smoney_bot.bank.operators import FAILURES_FREE, IDLE, SESSION, Role
from smoney_bot.book import operators, sessions, tables
from smoney_bot.book.engine import Book
from smoney_bot.book.operators import Operator

_THREADS = 8


@pytest.fixture
def here(book: Book) -> Iterator[House]:
    """The console, once on each engine."""
    with house(book) as served:
        yield served


@pytest.fixture
def alone(sqlite_book: Book) -> Iterator[House]:
    """The console on SQLite alone, where the engine does not matter."""
    with house(sqlite_book) as served:
        yield served


def change(here: House, table: Any, **values: object) -> None:  # noqa: ANN401 - a table
    here.book.run(lambda c: c.execute(update(table).values(**values)))


def test_the_right_password_opens_a_session_and_signing_out_ends_it(here: House) -> None:
    here.operator(Role.TELLER)
    answer = here.sign_in("Window ")
    assert (answer.status, answer.to) == (303, "/console")
    flags = answer.headers["Set-Cookie"]
    assert flags.startswith("__Host-")
    for flag in ("HttpOnly", "Secure", "SameSite=strict", "Path=/"):
        assert flag in flags
    desk = Desk(here.url, answer.cookie)
    assert "window" in desk.get("/console").text
    out = desk.send("/console/sign-out")
    assert (out.status, out.to) == (303, "/console/sign-in")
    assert desk.get("/console").to == "/console/sign-in"
    assert [deed for _, deed, _ in here.deeds()] == ["signed_in", "signed_out"]


def test_all_failures_sound_alike_and_only_a_known_name_is_recorded(alone: House) -> None:
    alone.operator(Role.TELLER)
    alone.operator(Role.SUPERVISOR)
    texts = set()
    for name, password in (
        ("window", "wrong password one"),
        ("nobody", PASSWORD),
        ("office", PASSWORD),  # a supervisor without an authenticator
        ("", ""),
        ("window", "p" * 5000),
    ):
        answer = alone.sign_in(name, password[:3000])
        assert (answer.status, answer.cookie) == (401, "")
        texts.add(answer.text)
    assert len(texts) == 1
    names = [(name, deed) for name, deed, _ in alone.deeds()]
    assert set(names) == {(name, "failed_to_sign_in") for name in ("window", "office", "unknown")}


def test_a_refusal_takes_as_long_for_a_name_that_exists(
    sqlite_book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A known name costs a write more; here that one is slow."""
    slow, told_after, took = 0.3, 0.6, []
    reserve = operators.reserve

    def slower(connection: Connection, name: str, now: datetime) -> Operator | None:
        if name == "window":
            time.sleep(slow)
        return reserve(connection, name, now)

    monkeypatch.setattr(operators, "reserve", slower)
    with house(sqlite_book, refused_after=told_after) as alone:
        alone.operator(Role.TELLER)
        for name in ("window", "nobody"):
            began = time.monotonic()
            assert alone.sign_in(name, "wrong password one").status == 401
            took.append(time.monotonic() - began)
    assert min(took) >= told_after
    assert max(took) - min(took) < slow


def test_a_supervisor_shows_six_digits_and_shows_them_once(here: House) -> None:
    app = here.give_authenticator(here.operator(Role.SUPERVISOR))
    assert here.sign_in("office").status == 401
    assert here.sign_in("office", code="000000").status == 401
    digits = app.generate().token
    assert here.sign_in("office", "another password", digits).status == 401
    assert here.sign_in("office", code=f"{digits[:3]} {digits[3:]}").status == 303
    assert here.sign_in("office", code=digits).status == 401


def test_a_teller_with_an_authenticator_needs_it_too(alone: House) -> None:
    app = alone.give_authenticator(alone.operator(Role.TELLER))
    assert alone.sign_in("window").status == 401
    assert alone.sign_in("window", code=app.generate().token).status == 303


def test_after_five_failures_even_the_right_password_waits(here: House) -> None:
    here.operator(Role.TELLER)
    for _ in range(FAILURES_FREE):
        assert here.sign_in("window", "wrong password").status == 401
    assert here.sign_in("window").status == 401
    with here.book.reading() as connection:
        now = here.book.now(connection)
        locked = operators.find(connection, "window")
    assert locked
    assert locked.is_locked(now)
    assert locked.failures == FAILURES_FREE  # while it is locked nothing is tried
    change(here, tables.operators, locked_until=now - timedelta(seconds=1))
    assert here.sign_in("window").status == 303
    assert here.operator(Role.TELLER).failures == 0


def test_guessing_in_parallel_gains_nothing(here: House) -> None:
    here.operator(Role.TELLER)
    guesses = [f"wrong password {one}" for one in range(2 * _THREADS)]
    with ThreadPoolExecutor(_THREADS) as threads:
        statuses = list(threads.map(lambda one: here.sign_in("window", one).status, guesses))
    assert set(statuses) == {401}
    assert here.operator(Role.TELLER).failures == FAILURES_FREE
    assert here.sign_in("window").status == 401


def test_each_further_failure_locks_twice_as_long() -> None:
    now = datetime(2026, 11, 24, tzinfo=UTC)
    locks = [rules.lock_until(failures, now) for failures in range(FAILURES_FREE - 1, 14)]
    waits = [None if one is None else int((one - now).total_seconds()) for one in locks]
    assert waits == [None, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]


@pytest.mark.parametrize(
    ("column", "age"), [("seen_at", IDLE), ("opened_at", SESSION)], ids=["rest", "day"]
)
def test_a_session_ends_after_a_rest_and_after_a_day(
    here: House, column: str, age: timedelta
) -> None:
    desk = here.as_(Role.TELLER)
    assert desk.get("/console").status == 200
    with here.book.reading() as connection:
        now = here.book.now(connection)
    change(here, tables.sessions, opened_at=now - timedelta(hours=7), seen_at=now)
    assert desk.get("/console").status == 200  # the negative control
    change(here, tables.sessions, **{column: now - age, "opened_at": now - max(age, IDLE)})
    assert desk.get("/console").to == "/console/sign-in"
    csrf = {"csrf": "0" * 64}
    assert desk.post("/console/seals/verify", **csrf).to == "/console/sign-in"


def test_each_request_begins_the_rest_anew(alone: House) -> None:
    desk = alone.as_(Role.TELLER)
    with alone.book.reading() as connection:
        now = alone.book.now(connection)
    earlier = now - IDLE + timedelta(minutes=1)
    change(alone, tables.sessions, opened_at=earlier, seen_at=earlier)
    assert desk.get("/console").status == 200
    with alone.book.reading() as connection:
        session = sessions.find(connection, desk.token, now)
    assert session
    assert session.seen_at >= now


def test_a_disabled_operator_is_out_at_once(alone: House) -> None:
    desk, operator = alone.as_(Role.TELLER), alone.operator(Role.TELLER)
    with alone.book.reading() as connection:
        now = alone.book.now(connection)
    alone.book.run(lambda c: operators.set_disabled(c, operator, now))
    assert desk.get("/console").to == "/console/sign-in"
    assert alone.sign_in("window").status == 401


def test_a_password_changed_meanwhile_lets_nobody_in_by_the_old_one(alone: House) -> None:
    operator = alone.operator(Role.TELLER)
    alone.book.run(lambda c: operators.set_password(c, operator, "another hash"))
    assert not alone.book.run(lambda c: operators.admit(c, operator, None))


def test_only_the_hash_of_a_token_is_kept(alone: House) -> None:
    desk = alone.as_(Role.TELLER)
    with alone.book.reading() as connection:
        kept = connection.execute(tables.sessions.select()).one()
    assert desk.token not in str(kept)
    assert kept.token_hash == sessions.hash_token(desk.token)


def test_one_address_tries_ten_times_a_minute(sqlite_book: Book) -> None:
    with house(sqlite_book, sign_ins_max=3) as alone:
        statuses = [alone.sign_in("nobody").status for _ in range(4)]
    assert statuses == [401, 401, 401, 429]


def test_the_page_to_sign_in_speaks_the_browsers_language(alone: House) -> None:
    french = alone.stranger.get("/console/sign-in", {"Accept-Language": "fr-FR,fr;q=0.9,en;q=0.8"})
    english = alone.stranger.get("/console/sign-in?lang=en", {"Accept-Language": "fr"})
    assert "Mot de passe" in french.text
    assert "Password" in english.text
    for lang, there in (("en", "/console/sign-in?lang=en"), ("de", "/console/sign-in")):
        assert alone.stranger.get(f"/console/desk?lang={lang}").to == there


def test_a_session_changes_its_language_by_a_form(alone: House) -> None:
    desk = alone.as_(Role.VIEWER, language=Language.ENGLISH)
    assert desk.send("/console/language", language="fr").status == 303
    assert "Aujourd’hui" in desk.get("/console").text
    assert desk.send("/console/language", language="de").status == 303
    assert "Aujourd’hui" in desk.get("/console").text


@pytest.mark.parametrize(
    ("password", "good"),
    [
        ("short", False),
        ("window window", False),
        ("aaaaaaaaaaaaaa", False),
        ("x" * 201, False),
        (PASSWORD, True),
    ],
)
def test_a_password_is_long_and_no_name(password: str, good: bool) -> None:  # noqa: FBT001 - a table
    assert (rules.fault_of_password(password, "window") is None) is good
