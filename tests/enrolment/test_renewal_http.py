"""Renewing by a living code, over HTTP: who is let in, at what cost, and who never is."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from enrolment_cast import PIN, Answer, Site, ask, site
from renewal_cast import CARD, WRONG, Holder, holder, renew
from sqlalchemy import Connection, select

from smoney_bot.bank import codes
from smoney_bot.bank.customers import State
from smoney_bot.book import codes as code_records
from smoney_bot.book import customers, renewals
from smoney_bot.book.engine import Book
from smoney_bot.book.tables import card_codes, invitations, pins
from smoney_bot.web.enrolment.porter import LINK_LIFE

MALLORY = "999999999"
REFUSED = "Not accepted. The word is good once"


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


def is_refused(answer: Answer) -> bool:
    return answer.status == 422 and REFUSED in answer.text


def test_a_code_of_the_card_opens_a_fresh_link_and_is_used_up(here: Site) -> None:
    alice = holder(here.book)
    word = alice.opens_window()

    admitted = renew(here, word, CARD[1])

    assert admitted.status == 303
    link = here.url + admitted.headers["Location"]
    assert "@alice, is this you?" in ask(link).text
    assert alice.failures == 0
    with here.book.reading() as connection:
        used = select(card_codes.c.place, card_codes.c.used_by).where(
            card_codes.c.used_at.is_not(None)
        )
        assert connection.execute(used).all() == [(2, f"renewal:{word}")]
        ends = connection.execute(select(invitations.c.expires_at)).scalar_one()
        left = ends - here.book.now(connection)
    assert LINK_LIFE - timedelta(minutes=1) < left <= LINK_LIFE
    assert is_refused(renew(here, word, CARD[2]))  # the window is closed
    again = alice.opens_window()
    assert is_refused(renew(here, again, CARD[1]))  # the code is used up


def test_the_link_replaces_all_codes_on_confirmation_and_not_before(alone: Site) -> None:
    alice = holder(alone.book)
    link = alone.url + renew(alone, alice.opens_window(), CARD[0]).headers["Location"]
    link = link.partition("?")[0]
    drawn = alone.drawn(link)
    assert codes_left(alice) == len(CARD) - 1
    assert ask(f"{link}/code", {"code": drawn.codes[0]}).status == 303
    assert codes_left(alice) == codes.CARD_PLACES - 1
    for old in (CARD[2], alice.app_code):
        assert is_refused(renew(alone, alice.opens_window(), old))
    assert renew(alone, alice.opens_window(), drawn.codes[2]).status == 303


def codes_left(alice: Holder) -> int:
    with alice.book.reading() as connection:
        one = alice.customer.id
        return code_records.codes_left(connection, [one], alice.book.now(connection))[one]


def test_a_code_of_the_app_is_let_in_once(here: Site) -> None:
    alice = holder(here.book)
    shown = alice.app_code
    assert renew(here, alice.opens_window(), shown).status == 303
    assert is_refused(renew(here, alice.opens_window(), shown))


def test_a_pin_is_let_in_and_stays_good_for_nobody_else_has_read_it(alone: Site) -> None:
    alice = holder(alone.book)
    for _ in range(2):
        assert renew(alone, alice.opens_window(), PIN).status == 303
    with alone.book.reading() as connection:
        assert connection.execute(select(pins.c.void_at)).scalars().all() == [None]


def test_five_wrong_codes_lock_the_account_for_the_right_one_too(
    here: Site, checked: list[int]
) -> None:
    alice = holder(here.book)
    word = alice.opens_window()
    for tried in range(1, codes.FAILURES_MAX + 1):
        assert is_refused(renew(here, word, "04111111"))
        assert alice.failures == tried
    assert is_refused(renew(here, word, CARD[0]))
    assert is_refused(renew(here, alice.opens_window(), CARD[0]))
    assert len(checked) == codes.FAILURES_MAX


def test_wrong_tries_in_parallel_are_counted_before_they_are_checked(
    here: Site, checked: list[int]
) -> None:
    word = holder(here.book).opens_window()
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda _: renew(here, word, WRONG), range(16)))
    assert len(checked) == codes.FAILURES_MAX


def test_tries_that_are_not_counted_are_caught(
    alone: Site, checked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    word = holder(alone.book).opens_window()
    granted = code_records.Reserved(True, 1, None)  # noqa: FBT003 - named in the class
    monkeypatch.setattr(code_records, "reserve", lambda _, of, __: dict.fromkeys(of, granted))
    for _ in range(codes.FAILURES_MAX + 1):
        renew(alone, word, "04111111")
    assert len(checked) > codes.FAILURES_MAX


def test_of_sixteen_right_codes_at_once_one_is_let_in(here: Site) -> None:
    alice = holder(here.book)
    word = alice.opens_window()
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda at: renew(here, word, CARD[at % 3]), range(16)))
    assert [answer.status for answer in answers].count(303) == 1
    assert codes_left(alice) == len(CARD) - 1


def test_a_window_that_is_not_closed_is_caught(
    alone: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = holder(alone.book)
    word = alice.opens_window()
    monkeypatch.setattr(renewals, "close", lambda *_: True)
    assert [renew(alone, word, code).status for code in CARD[:2]] == [303, 303]


def test_a_place_of_the_card_tried_wrongly_twice_is_retired(alone: Site) -> None:
    alice = holder(alone.book)
    word = alice.opens_window()
    for _ in range(2):
        assert is_refused(renew(alone, word, WRONG))
    assert is_refused(renew(alone, word, CARD[0]))
    assert renew(alone, word, CARD[1]).status == 303


# --- strangers ------------------------------------------------------------------------


def test_without_the_word_nothing_is_counted_and_nothing_hashed(
    here: Site, checked: list[int]
) -> None:
    alice = holder(here.book)
    for code in (*CARD, PIN, alice.app_code, WRONG):
        assert is_refused(renew(here, renewals.new_word(), code))  # no window is open
    word = alice.opens_window()
    for code in (*CARD, PIN, alice.app_code, WRONG):
        assert is_refused(renew(here, renewals.new_word(), code))  # nor is this one hers
    assert (alice.failures, checked) == (0, [])
    assert renew(here, word, CARD[0]).status == 303


def test_a_page_that_does_not_ask_for_the_word_is_caught(
    alone: Site, checked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = holder(alone.book)
    monkeypatch.setattr(renewals, "find", lambda *_: alice.customer.id)
    assert is_refused(renew(alone, renewals.new_word(), WRONG))
    assert (alice.failures, checked) == (1, [1])


def test_a_strangers_own_word_takes_only_codes_of_that_stranger(alone: Site) -> None:
    alice = holder(alone.book)

    def open_account(connection: Connection) -> None:
        now = alone.book.now(connection)
        customers.open_account(connection, handle="mallory", x_id=MALLORY, now=now)

    alone.book.run(open_account)
    mallory = holder(alone.book, MALLORY)
    word, hers = mallory.opens_window(), alice.opens_window()
    assert is_refused(renew(alone, word, alice.app_code))
    assert (alice.failures, mallory.failures) == (0, 1)
    assert renew(alone, word, CARD[0]).status == 303  # mallory's card has the same digits
    assert renew(alone, hers, CARD[0]).status == 303
    assert codes_left(alice) == codes_left(mallory) == len(CARD) - 1


# --- one refusal for every cause --------------------------------------------------------


def unknown_word(_: Holder) -> tuple[str, str]:
    return renewals.new_word(), CARD[0]


def window_replaced(alice: Holder) -> tuple[str, str]:
    word, _ = alice.opens_window(), alice.opens_window()
    return word, CARD[0]


def window_expired(alice: Holder) -> tuple[str, str]:
    word = alice.opens_window()
    alice.window_ends()
    return word, CARD[0]


def wrong_code(alice: Holder) -> tuple[str, str]:
    return alice.opens_window(), WRONG


def wrong_pin(alice: Holder) -> tuple[str, str]:
    return alice.opens_window(), "7392"


def wrong_app_code(alice: Holder) -> tuple[str, str]:
    return alice.opens_window(), f"{(int(alice.app_code) + 1) % 1_000_000:06}"


def used_code(alice: Holder) -> tuple[str, str]:
    with alice.book.writing() as connection:
        connection.execute(
            card_codes.update().values(used_at=alice.book.now(connection), used_by="t:1")
        )
    return alice.opens_window(), CARD[0]


def account_frozen(alice: Holder) -> tuple[str, str]:
    alice.turns(State.FROZEN)
    return alice.opens_window(), CARD[0]


def account_locked(alice: Holder) -> tuple[str, str]:
    one, book = alice.customer.id, alice.book
    book.run(lambda c: code_records.reserve(c, {one: codes.FAILURES_MAX}, book.now(c)))
    return alice.opens_window(), CARD[0]


CAUSES = (
    unknown_word,
    window_replaced,
    window_expired,
    wrong_code,
    wrong_pin,
    wrong_app_code,
    used_code,
    account_frozen,
    account_locked,
)


def test_every_refusal_is_the_same_to_the_byte(alone: Site) -> None:
    refusals = {}
    for cause in CAUSES:
        alice = holder(alone.book)
        word, code = cause(alice)
        refused = renew(alone, word, code)
        assert is_refused(refused), cause.__name__
        refusals[cause.__name__] = (refused.text, sorted(set(refused.headers) - {"date"}))
        alice.starts_over()
    assert len({str(refusal) for refusal in refusals.values()}) == 1
    assert renew(alone, "no word", CARD[0]).text != refusals["unknown_word"][0]
    assert renew(alone, alice.opens_window(), CARD[0]).status == 303  # the measure knows a yes


def test_frozen_while_the_code_is_checked_is_frozen_in_time(
    alone: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = holder(alone.book)
    word, check = alice.opens_window(), codes.check

    def freeze_meanwhile(*args: object, **named: object) -> object:
        alice.turns(State.FROZEN)
        return check(*args, **named)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(codes, "check", freeze_meanwhile)
    assert is_refused(renew(alone, word, CARD[0]))
    with alone.book.reading() as connection:
        assert connection.execute(select(invitations)).all() == []


# --- the form ----------------------------------------------------------------------------


def test_what_cannot_be_a_word_or_a_code_is_said_and_not_counted(alone: Site) -> None:
    alice = holder(alone.book)
    word = alice.opens_window()
    for typed, why in (("", "8 letters"), ("AEIO-UAEI", "8 letters"), ("WDJB-MJH7", "8 letters")):
        answer = renew(alone, typed, CARD[0])
        assert (answer.status, why in answer.text) == (422, True)
    for typed in ("", "123", "12345", "1234567", "１２３４"):  # noqa: RUF001 - full-width digits are the test
        answer = renew(alone, word, typed)
        assert (answer.status, "8 digits on the card" in answer.text) == (422, True)
    assert alice.failures == 0
    half, other = word.lower().split("-")
    assert renew(alone, f" {half} {other} ", f"#{CARD[0][:2]} {CARD[0][2:]}").status == 303


def test_the_page_shows_nothing_that_was_typed_and_looking_changes_nothing(alone: Site) -> None:
    alice = holder(alone.book)
    word = alice.opens_window()
    for method in ("GET", "HEAD"):
        assert ask(f"{alone.url}/enrolment", method=method).status == 200
    refused = renew(alone, word, WRONG)
    assert word not in refused.text
    assert WRONG not in refused.text
    assert renew(alone, word, CARD[0]).status == 303


@pytest.mark.parametrize(
    ("speaks", "language"),
    [("", "fr"), ("en-GB,en;q=0.9,fr;q=0.8", "en"), ("de-DE,fr;q=0.7", "fr"), ("de", "fr")],
)
def test_the_page_speaks_the_browsers_language(alone: Site, speaks: str, language: str) -> None:
    answer = ask(f"{alone.url}/enrolment", headers={"Accept-Language": speaks})
    assert f'<html lang="{language}">' in answer.text
