"""The enrolment page over HTTP, on both engines: what counts, what does not, and when it ends."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from enrolment_cast import ALICE, KEYS, PIN, Answer, Site, ask, site
from sqlalchemy import Connection, select
from starlette.applications import Starlette

from smoney_bot.bank import codes
from smoney_bot.bank.customers import State
from smoney_bot.bank.hashing import ARGON2
from smoney_bot.book import authenticators, customers, guards, invitations
from smoney_bot.book import codes as code_records
from smoney_bot.book.engine import Book
from smoney_bot.book.tables import card_codes, pins
from smoney_bot.book.tables import guards as guards_table
from smoney_bot.channels.sandbox.server import serve
from smoney_bot.web.enrolment import create_enrolment
from smoney_bot.web.enrolment.clerk import Clerk, LinkEnded


@pytest.fixture
def here(book: Book) -> Iterator[Site]:
    """The page, once on each engine."""
    with site(book) as served:
        yield served


@pytest.fixture
def alone(sqlite_book: Book) -> Iterator[Site]:
    """The page on SQLite alone, where the engine does not matter."""
    with site(sqlite_book) as served:
        yield served


def confirm(link: str, code: str) -> Answer:
    return ask(f"{link}/code", {"code": code})


def wrong(code: str) -> str:
    """Another code at the same place."""
    return f"{code[:-1]}{(int(code[-1]) + 1) % 10}"


def alices_id(connection: Connection) -> int:
    return customers.by_x_ids(connection, [ALICE])[ALICE].id


def codes_left(book: Book) -> int:
    with book.reading() as connection:
        alice = alices_id(connection)
        return code_records.codes_left(connection, [alice], book.now(connection))[alice]


def works_as_pin(book: Book, digits: str) -> bool:
    with book.reading() as connection:
        row = connection.execute(select(pins)).first()
    if row is None:
        return False
    tag = codes.tags(KEYS, ALICE, digits)[row.key_id]
    return bool(ARGON2.verify(tag, row.hash))


def test_looking_changes_nothing_however_often(alone: Site) -> None:
    link = alone.invite()
    for method in ("GET", "HEAD", "GET"):
        assert ask(link, method=method).status == 200
        assert ask(f"{link}/code", method=method).status == 303  # nothing to confirm yet
    assert "@alice, is this you?" in ask(link).text
    assert codes_left(alone.book) == 0
    assert alone.drawn(link).codes


def test_the_right_card_code_makes_everything_living_and_is_used_up(here: Site) -> None:
    link = here.invite()
    drawn = here.drawn(link)
    assert len(drawn.codes) == codes.CARD_PLACES
    assert codes_left(here.book) == 0
    assert not works_as_pin(here.book, PIN)

    done = confirm(link, drawn.codes[6])

    assert (done.status, done.headers["Location"]) == (303, "/enrolment/done?lang=en")
    assert "@Smoney" in ask(here.url + done.headers["Location"]).text
    assert works_as_pin(here.book, PIN)
    assert codes_left(here.book) == codes.CARD_PLACES - 1
    with here.book.reading() as connection:
        used = select(card_codes.c.place, card_codes.c.used_by).where(
            card_codes.c.used_at.is_not(None)
        )
        assert connection.execute(used).all() == [(7, "enrolment:1")]
        assert len(authenticators.on_file(connection, [alices_id(connection)])) == 1


def test_the_apps_code_confirms_too_and_its_moment_is_used_up(alone: Site) -> None:
    link = alone.invite()
    drawn = alone.drawn(link)
    assert confirm(link, drawn.app_code).status == 303
    assert codes_left(alone.book) == codes.CARD_PLACES
    with alone.book.reading() as connection:
        kept = authenticators.on_file(connection, [alices_id(connection)])
    (on_file,) = kept.values()
    assert on_file.last_step > 0


def test_a_link_works_once(alone: Site) -> None:
    link = alone.invite()
    drawn = alone.drawn(link)
    assert confirm(link, drawn.codes[0]).status == 303
    for answer in (
        confirm(link, drawn.codes[1]),
        ask(link),
        ask(f"{link}/code"),
        ask(link, {"pin": "8264", "again": "8264"}),
    ):
        assert answer.status == 404
    assert works_as_pin(alone.book, PIN)
    assert not works_as_pin(alone.book, "8264")


def test_of_sixteen_confirmations_at_once_exactly_one_counts(here: Site) -> None:
    link = here.invite()
    drawn = here.drawn(link)
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda code: confirm(link, code), drawn.codes[:16]))
    statuses = [answer.status for answer in answers]
    assert statuses.count(303) == 1
    assert statuses.count(404) == 15
    assert codes_left(here.book) == codes.CARD_PLACES - 1


def test_a_confirmation_that_does_not_look_whether_the_link_was_used_is_caught(
    alone: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = alone.invite()
    drawn = alone.drawn(link)
    clerk = Clerk(alone.book, KEYS)
    visit = clerk.visit(link.rsplit("/", 1)[1])
    clerk.confirm(visit, drawn.codes[0])
    with pytest.raises(LinkEnded):
        clerk.confirm(visit, drawn.codes[1])
    monkeypatch.setattr(invitations, "reserve", lambda *_: True)
    with pytest.raises(LinkEnded):
        clerk.confirm(visit, drawn.codes[1])
    monkeypatch.setattr(invitations, "accept", lambda *_: True)
    clerk.confirm(visit, drawn.codes[1])  # the sabotage goes through


def test_five_wrong_first_codes_end_the_link(alone: Site) -> None:
    link = alone.invite()
    drawn = alone.drawn(link)
    said = [confirm(link, wrong(drawn.codes[0])) for _ in range(5)]
    assert [answer.status for answer in said] == [422, 422, 422, 422, 404]
    assert "You have 4 tries left" in said[0].text
    assert "one try left" in said[3].text
    assert confirm(link, drawn.codes[0]).status == 404
    assert codes_left(alone.book) == 0


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that gets one element for each code that is checked."""
    checks: list[int] = []
    check = codes.check

    def counted(*args: object, **named: object) -> object:
        checks.append(1)
        return check(*args, **named)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(codes, "check", counted)
    return checks


def test_wrong_tries_in_parallel_are_counted_before_they_are_checked(
    here: Site, checked: list[int]
) -> None:
    link = here.invite()
    drawn = here.drawn(link)
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda code: confirm(link, wrong(code)), drawn.codes[:16]))
    assert len(checked) <= codes.FAILURES_MAX


def test_tries_that_are_not_counted_are_caught(
    alone: Site, checked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    link = alone.invite()
    drawn = alone.drawn(link)
    monkeypatch.setattr(invitations, "reserve", lambda *_: True)
    for code in drawn.codes[: codes.FAILURES_MAX + 1]:
        confirm(link, wrong(code))
    assert len(checked) > codes.FAILURES_MAX


def test_a_wrong_try_can_be_made_good(alone: Site) -> None:
    link = alone.invite()
    drawn = alone.drawn(link)
    assert confirm(link, wrong(drawn.codes[3])).status == 422
    assert ask(f"{link}/code").status == 200
    assert confirm(link, f"#{drawn.codes[3][:2]} {drawn.codes[3][2:]} ").status == 303


def test_what_cannot_be_a_code_is_said_and_not_counted(alone: Site) -> None:
    link = alone.invite()
    drawn = alone.drawn(link)
    for typed in ("", "1234567", "123456789", "abcdefgh", "１２３４５６７８", PIN):  # noqa: RUF001 - full-width digits are the test
        assert confirm(link, typed).status == 422
    assert confirm(link, drawn.codes[0]).status == 303


def test_starting_again_makes_the_card_before_void(alone: Site) -> None:
    link = alone.invite()
    first, second = alone.drawn(link), alone.drawn(link)
    assert not set(first.codes) & set(second.codes)
    assert first.secret != second.secret
    assert "Enter one of its codes" in ask(link).text
    assert confirm(link, first.codes[0]).status == 422
    assert confirm(link, first.app_code).status == 422
    assert confirm(link, second.codes[0]).status == 303


def test_a_new_enrolment_replaces_what_was_and_forgives_failures(alone: Site) -> None:
    first = alone.invite()
    confirm(first, alone.drawn(first).codes[0])
    book = alone.book
    book.run(lambda c: guards.reserve(c, {alices_id(c): 4}, book.now(c)))
    second = alone.invite()
    drawn = alone.drawn(second)
    assert codes_left(book) == codes.CARD_PLACES - 1  # the older card works until the new one does
    assert confirm(second, drawn.codes[0]).status == 303
    assert codes_left(book) == codes.CARD_PLACES - 1
    with book.reading() as connection:
        assert connection.execute(select(guards_table.c.failures)).scalars().all() == [0]


def test_a_dead_link_looks_the_same_whatever_it_died_of(alone: Site) -> None:
    expired = alone.invite(timedelta(seconds=-1))
    replaced, _ = alone.invite(), alone.invite()
    used = alone.invite()
    confirm(used, alone.drawn(used).codes[0])
    unknown = f"{alone.url}/enrolment/{invitations.new_token()}"
    odd = f"{alone.url}/enrolment/nothing"
    answers = [ask(link) for link in (expired, replaced, used, unknown, odd)]
    answers += [ask(f"{link}?lang=en") for link in (expired, unknown)]
    assert {answer.status for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    assert "Ce lien ne marche pas" in answers[0].text
    assert "This link does not work" in answers[0].text
    dead = confirm(expired, "01123456")
    assert (dead.status, dead.text) == (404, answers[0].text)


def test_a_closed_account_has_no_page(alone: Site) -> None:
    link = alone.invite()

    def close(connection: Connection) -> None:
        alice = customers.by_x_ids(connection, [ALICE], lock=True)[ALICE]
        customers.update(connection, [replace(alice, state=State.CLOSED)])

    alone.book.run(close)
    assert ask(link).status == 404


def test_a_pin_that_is_no_good_is_refused_with_the_reason(alone: Site) -> None:
    link = alone.invite()
    for pin, again, why in (
        ("1212", "1212", "repeats itself"),
        ("1234", "1234", "in a row"),
        ("12a4", "12a4", "4 digits"),
        (PIN, "", "not the same"),
    ):
        answer = ask(link, {"pin": pin, "again": again})
        assert answer.status == 422
        assert why in answer.text
        assert not answer.codes
        assert f'value="{pin}"' not in answer.text
    assert ask(f"{link}/code").status == 303  # nothing was staged


def test_a_field_given_twice_is_no_answer(alone: Site) -> None:
    link = alone.invite()
    twice = b"pin=7391&pin=8264&again=7391"
    assert ask(link, body=twice).status == 422


def test_when_the_database_is_away_the_page_says_so() -> None:
    away = Book("postgresql+psycopg://nobody@127.0.0.1:9/nothing")
    server = serve(Starlette(routes=create_enrolment(away, KEYS, bot_handle="Smoney")))
    answer = ask(f"{server.url}/enrolment/{invitations.new_token()}")
    server.stop()
    away.close()
    assert answer.status == 503
    assert answer.headers["Retry-After"] == "5"
    assert "Come back in a moment" in answer.text
