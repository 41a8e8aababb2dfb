"""The page of statements over HTTP: who gets in, what they see, and what nobody else does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from enrolment_cast import ALICE, KEYS, PIN, Answer, ask
from renewal_cast import CARD, WRONG, Holder, holder
from sqlalchemy import Connection, update
from starlette.applications import Starlette
from statement_cast import opened_in_october, two_months

from smoney_bot.bank import codes
from smoney_bot.bank.customers import State
from smoney_bot.bank.desk import Purpose, Renewal
from smoney_bot.book import customers, renewals
from smoney_bot.book.engine import Book
from smoney_bot.book.tables import statement_sessions
from smoney_bot.channels.sandbox.server import serve
from smoney_bot.web.statements import create_statements
from smoney_bot.web.statements.routes import COOKIE

REFUSED = "Not accepted. The word is good once"


class Site:
    """The page, where alice has two months, a card, a PIN and an app."""

    def __init__(self, book: Book, url: str) -> None:
        self.book, self.url = book, url
        self.alice: Holder = holder(book)

    def window(self, purpose: Purpose = Purpose.STATEMENT) -> str:
        """Open a window, as by direct message; return its word."""
        word = renewals.new_word()
        opened = [Renewal(self.alice.customer.id, word, purpose)]
        self.book.run(lambda c: renewals.open_windows(c, opened, self.book.now(c)))
        return word

    def come_in(self, word: str, code: str) -> Answer:
        """Send the form of the page."""
        return ask(f"{self.url}/statement?lang=en", {"word": word, "code": code})

    def cookie(self, code: str = PIN) -> dict[str, str]:
        """Come in; return what the browser sends from then on."""
        answer = self.come_in(self.window(), code)
        assert answer.status == 303, answer.text
        return {"Cookie": answer.headers["Set-Cookie"].partition(";")[0]}

    def month(self, month: str, headers: dict[str, str]) -> Answer:
        """Look at a month."""
        return ask(f"{self.url}/statement/{month}?lang=en", headers=headers)


@contextmanager
def site(book: Book) -> Iterator[Site]:
    two_months(book, ALICE)
    opened_in_october(book)
    routes = create_statements(book, KEYS, bot_handle="Smoney", requests_max=10_000)
    server = serve(Starlette(routes=routes))
    try:
        yield Site(book, server.url)
    finally:
        server.stop()


@pytest.fixture
def here(book: Book) -> Iterator[Site]:
    with site(book) as served:
        yield served


@pytest.fixture
def alone(sqlite_book: Book) -> Iterator[Site]:
    with site(sqlite_book) as served:
        yield served


def is_refused(answer: Answer) -> bool:
    return answer.status == 422 and REFUSED in answer.text


def test_a_living_code_shows_the_months_of_its_customer(here: Site) -> None:
    cookie = here.cookie(CARD[1])
    page = here.month("2026-11", cookie)
    assert page.status == 200
    assert "Account of @alice" in page.text
    assert re.search(r"Opening balance</dt><dd>€100.00", page.text)
    assert "=pizza, at noon" in page.text
    assert "\N{MINUS SIGN}€20.00" in page.text
    assert "€80.00" in page.text
    assert 'href="/statement/2026-10?lang=en"' in page.text
    assert "2026-09" not in here.month("2026-10", cookie).text
    sheet = here.month("2026-11.csv", cookie)
    assert sheet.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "smoney-2026-11.csv" in sheet.headers["Content-Disposition"]
    assert "To @bob" in sheet.text
    # A month before the account, one to come, and what is no month.
    for month in ("2026-09", "2999-01", "2026-13", "x.csv"):
        assert here.month(month, cookie).status == 404


def test_the_window_closes_and_the_code_of_a_card_is_used_up_but_no_pin(here: Site) -> None:
    word = here.window()
    assert here.come_in(word, CARD[0]).status == 303
    assert is_refused(here.come_in(word, CARD[1]))
    assert is_refused(here.come_in(here.window(), CARD[0]))
    for _ in range(2):
        assert here.come_in(here.window(), PIN).status == 303
    shown = here.alice.app_code
    assert here.come_in(here.window(), shown).status == 303
    assert is_refused(here.come_in(here.window(), shown))


def test_a_word_for_the_one_page_opens_no_other(alone: Site) -> None:
    assert is_refused(alone.come_in(alone.window(Purpose.RENEWAL), CARD[0]))
    assert alone.alice.customer.id  # no failure was counted either:
    assert alone.come_in(alone.window(), CARD[0]).status == 303


def test_without_a_word_no_code_is_looked_at_and_with_one_five_lock(
    alone: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks: list[int] = []
    check = codes.check

    def counted(*args: object, **named: object) -> object:
        checks.append(1)
        return check(*args, **named)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(codes, "check", counted)
    for _ in range(codes.FAILURES_MAX + 1):
        assert is_refused(alone.come_in("WDJB-MJHT", WRONG))
    assert checks == []
    word = alone.window()
    for _ in range(codes.FAILURES_MAX + 2):
        assert is_refused(alone.come_in(word, WRONG))
    assert len(checks) == codes.FAILURES_MAX
    assert is_refused(alone.come_in(word, CARD[0]))


def test_who_has_no_living_session_sees_nothing(alone: Site) -> None:
    cookie = alone.cookie()
    strangers: list[dict[str, str]] = [{}, {"Cookie": f"{COOKIE}="}, {"Cookie": f"{COOKIE}=guess"}]
    for headers in strangers:
        for month in ("2026-11", "2026-11.csv"):
            answer = alone.month(month, headers)
            assert (answer.status, answer.text) == (303, "")
    assert alone.month("2026-11", cookie).status == 200
    with alone.book.writing() as connection:  # its time passes
        over = alone.book.now(connection)
        values = {"opened_at": over - renewals.LIFE, "expires_at": over}
        connection.execute(update(statement_sessions).values(**values))
    assert alone.month("2026-11", cookie).status == 303


def test_closing_and_freezing_end_the_session(alone: Site) -> None:
    cookie = alone.cookie()
    assert ask(f"{alone.url}/statement/leave", {}, headers=cookie).status == 303
    assert alone.month("2026-11", cookie).status == 303
    cookie = alone.cookie()

    def freeze(connection: Connection) -> None:
        one = customers.by_x_ids(connection, [ALICE], lock=True)[ALICE]
        customers.update(connection, [replace(one, state=State.FROZEN)])

    alone.book.run(freeze)
    assert alone.month("2026-11", cookie).status == 303
    assert is_refused(alone.come_in(alone.window(), PIN))


def test_the_cookie_is_for_this_host_over_https_and_no_script(alone: Site) -> None:
    answer = alone.come_in(alone.window(), PIN)
    parts = {one.strip().lower() for one in answer.headers["Set-Cookie"].split(";")[1:]}
    assert parts == {"httponly", "secure", "samesite=strict", "path=/", "max-age=900"}
    assert answer.headers["Set-Cookie"].startswith("__Host-")


def test_every_answer_is_shielded_and_no_page_has_a_script(alone: Site) -> None:
    cookie = alone.cookie()
    foreign = {"Sec-Fetch-Site": "cross-site"}
    answers = [
        ask(f"{alone.url}/statement"),
        alone.come_in("WDJB", "1"),
        alone.month("2026-11", cookie),
        alone.month("2026-11.csv", cookie),
        ask(f"{alone.url}/statement", {"word": alone.window(), "code": PIN}, headers=foreign),
        ask(f"{alone.url}/statement/static/statement.css"),
    ]
    assert [one.status for one in answers] == [200, 422, 200, 200, 403, 200]
    for one in answers:
        assert one.headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in one.headers["Content-Security-Policy"]
        assert not re.search(r"<script|<style|\sstyle=|\son\w+=|javascript:", one.text)


def test_a_note_is_shown_and_never_run(alone: Site) -> None:
    with alone.book.writing() as connection:
        connection.exec_driver_sql("UPDATE payments SET note = '<script>alert(1)</script>'")
    page = alone.month("2026-11", alone.cookie()).text
    assert "<script" not in page
    assert "&lt;script&gt;" in page
