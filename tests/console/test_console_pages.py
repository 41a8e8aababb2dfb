"""What the pages of the console show, and that every sentence is there in both languages."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from console_cast import (
    KEYS,
    Desk,
    House,
    ask_desk,
    give_up_reply,
    house,
    open_account,
    pay,
    set_message_aside,
)

from smoney_bot.bank import errors, references, refunding
from smoney_bot.bank.customers import Kind, Language
from smoney_bot.bank.desk import PaymentState
from smoney_bot.bank.money import Cents, euros
from smoney_bot.bank.operators import Deed, Role
from smoney_bot.bank.reception import ANSWER_MAX
from smoney_bot.book import collections, flows, refunds, rounds, seals, spending
from smoney_bot.book.engine import Book
from smoney_bot.book.rounds import Round
from smoney_bot.channels.sandbox.server import serve
from smoney_bot.cli.keys import make_key
from smoney_bot.settings import load
from smoney_bot.web import console
from smoney_bot.web.app import create_app
from smoney_bot.web.console import charts, codes, deeds, formats, words
from smoney_bot.web.console.views import PAGES

_TEMPLATES = Path(console.__file__).with_name("templates")
#: What `_(…)` is given in a template: first a sentence, later its facts.
_SAID = re.compile(r'_\(("[^"]*"(?: if .*? else "[^"]*")?)')
_MENU = re.compile(r'\("[^"]*", "([A-Z][a-z]+)"\)')


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


def furnish(here: House) -> None:
    """Let something stand on every page."""
    book, now = here.book, here.paid.created_at
    carol = open_account(book, "carol", 50)
    club = open_account(book, "entraide", kind=Kind.ASSOCIATION)
    pay(book, 2, carol, here.bob, 30000, now, PaymentState.REFUSED)
    pay(book, 3, carol, "newcomer", 900, now, PaymentState.HELD)
    gone = pay(book, 4, carol, here.bob, 700, now)
    give_up_reply(book, gone)
    set_message_aside(book, carol, 99)
    window, office = here.operator(Role.TELLER), here.operator(Role.SUPERVISOR)
    for reference in (here.paid.reference, gone.reference):
        book.run(lambda c, one=reference: refunds.ask(c, one, "paid twice", window, now))  # type: ignore[misc] # bound at once
    book.run(lambda c: refunds.approve(c, 2, office, now))
    book.run(
        lambda c: collections.open_collection(
            c,
            tag="jardin",
            owner=club,
            title="Le jardin",
            goal=euros(500),
            ends_at=None,
            all_or_nothing=False,
            now=now,
        )
    )
    ask_desk(book, here.alice, here.paid.reference)
    late = Round("timers", 5, now - timedelta(minutes=4))
    book.run(lambda c: rounds.note(c, [Round("inbox", 3600, now), late]))
    book.run(lambda c: spending.add(c, "replies posted", 3, 45_000, now))
    book.run(lambda c: seals.close_page(c, KEYS, now + timedelta(minutes=5)))


@pytest.mark.parametrize("language", list(Language))
def test_every_page_speaks_both_languages_and_leaves_no_slot(
    alone: House, language: Language
) -> None:
    furnish(alone)
    desk = alone.as_(Role.SUPERVISOR, language=language)
    french = language is Language.FRENCH
    for shown in PAGES:
        path = shown.path.replace("{reference}", alone.paid.reference)
        page = desk.get(path.replace("{number:int}", str(alone.alice.id)))
        assert page.status == 200, path
        assert f'<html lang="{language}">' in page.text
        assert not re.search(r"\{\w*\}", page.text), path
        assert "coffee" not in page.text  # what a customer wrote is for the payee
        for code in ("code_refused", "over_limit", "replies posted", f"customer {alone.alice.id}"):
            assert not french or code not in page.text, path
    for text in (desk.get("/console/nowhere").text, alone.stranger.get("/console/sign-in").text):
        assert not re.search(r"\{\w*\}", text)


def test_every_sentence_has_its_french_and_no_french_is_left_over() -> None:
    said = {*words.DONE.values(), *words.WHY.values(), *words.STOPS.values()}
    for template in _TEMPLATES.glob("*.html"):
        text = template.read_text(encoding="utf-8")
        for found in _SAID.findall(text):
            said |= set(re.findall(r'"([^"]*)"', found)) - {"asked", "approved"}
        said |= set(_MENU.findall(text))
    assert said - set(words.FRENCH) == set()
    assert set(words.FRENCH) - said == set()


def test_every_word_of_the_program_has_its_french() -> None:
    assert set(codes.CODES) == set(codes.FRENCH)
    refusals = {
        re.sub(r"(?<!^)([A-Z])", r" \1", one.__name__).lower()
        for one in errors.Refused.__subclasses__()
    }
    assert refusals - set(codes.FRENCH) == set()


@pytest.mark.parametrize(
    ("code", "french", "english"),
    [
        ("code_refused", "code refusé", "code refused"),
        ("customer 1", "client 1", "customer 1"),
        ("message t:19", "message t:19", "message t:19"),
        ("desk-5", "guichet 5", "desk 5"),
        ("403: X said_so", "403: X said_so", "403: X said_so"),
        ("", "", ""),
    ],
)
def test_a_word_of_the_program_is_said_in_both_languages(
    code: str, french: str, english: str
) -> None:
    assert codes.told(code, Language.FRENCH) == french
    assert codes.told(code, Language.ENGLISH) == english


def test_requests_and_collections_are_feminine(alone: House) -> None:
    furnish(alone)
    desk = alone.as_(Role.SUPERVISOR, language=Language.FRENCH)
    assert "<dd>ouverte</dd>" in desk.get(f"/console/desk/{alone.paid.reference}").text
    assert ">ouverte</span>" in desk.get("/console/collections").text
    assert ">ouvert</span>" in desk.get("/console/customers").text


def test_french_has_the_slots_of_the_english() -> None:
    for english, french in words.FRENCH.items():
        slots = re.findall(r"\{\w+\}", english)
        assert sorted(re.findall(r"\{\w+\}", french)) == sorted(slots), english


def test_each_refusal_of_a_refund_has_a_sentence() -> None:
    source = "".join(inspect.getsource(one) for one in (deeds, refunding, refunds))
    named = set(re.findall(r'(?:NotRefundable|Unwilling)\("(\w+)"\)', source))
    assert named
    assert named - set(words.WHY) == set()
    assert {form.deed.value for form in deeds.FORMS} == set(words.DONE)


def test_the_story_of_a_payment_is_on_one_page(here: House) -> None:
    furnish(here)
    desk = here.as_(Role.TELLER)
    with here.book.reading() as connection:
        gone = refunds.listing(connection)[0].payment_reference
    page = desk.get(f"/console/payments/{gone.lower()}").status
    assert page == 404  # a reference has one address
    text = desk.get(f"/console/payments/{gone}").text
    story = re.findall(r"<li[^>]*><b>([^<]*)</b>", text)
    assert story == [
        "Ordered",
        "Message kept",
        "Message decided",
        "Money moved",
        "Money moved",
        "Reply",
        "Reply",
        "Reply",
    ]
    assert "Send again" in text  # the reply that was given up
    assert "This payment was refunded." in text


def test_a_reference_opens_the_payment_and_a_handle_lists_payments(here: House) -> None:
    furnish(here)
    desk = here.as_(Role.VIEWER)
    typed = here.paid.reference.lower().replace("-", "")
    assert desk.get(f"/console/payments?q={typed}").to == f"/console/payments/{here.paid.reference}"
    of_carol = desk.get("/console/payments?q=@Carol").text
    assert len(re.findall(r"/console/payments/[0-9A-Z]+-[0-9]{2}", of_carol)) == 3
    assert "Nothing here." in desk.get("/console/payments?q=nobody").text
    assert "&lt;script&gt;" in desk.get("/console/payments?q=<script>").text


def test_customers_are_found_by_the_beginning_of_a_handle_or_their_id(here: House) -> None:
    open_account(here.book, "al_x")
    desk = here.as_(Role.VIEWER)

    def found(asked: str) -> list[str]:
        return re.findall(r">@(\w+)</a>", desk.get(f"/console/customers?q={asked}").text)

    assert found("AL") == ["al_x", "alice"]
    assert found("@alice") == ["alice"]
    assert found("al_") == ["al_x"]  # no sign stands for any other
    assert found(here.bob.x_id) == ["bob"]
    assert found("zo") == []


def test_today_counts_what_was_booked_today(here: House) -> None:
    with here.book.reading() as connection:
        now = here.book.now(connection)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    pay(here.book, 2, here.alice, here.bob, 300, midnight)
    pay(here.book, 3, here.alice, here.bob, 500, midnight - timedelta(seconds=1))
    pay(here.book, 4, here.alice, here.bob, 99999, midnight, PaymentState.REFUSED)
    with here.book.reading() as connection:
        today = flows.of_day(connection, now)
        yesterday = flows.of_day(connection, now - timedelta(days=1))
    assert [one.hour for one in today] == list(range(24))
    assert today[0].cents >= 300
    assert (sum(one.payments for one in today), sum(one.cents for one in today)) == (2, 2300)
    assert [one.cents for one in yesterday if one.payments] == [500]
    assert yesterday[23].cents == 500
    # Closed pages spare the look at older transfers; the sums stay the same.
    here.book.run(lambda c: seals.close_page(c, KEYS, midnight + timedelta(minutes=1)))
    with here.book.reading() as connection:
        assert flows.of_day(connection, now) == today


def test_bars_are_as_high_as_their_euros() -> None:
    hours = [flows.Hour(0, 2, Cents(100)), flows.Hour(1, 0, Cents(0)), flows.Hour(2, 9, Cents(400))]
    low, none, high = charts.bars(hours)
    assert abs(high.height - 4 * low.height) <= 4
    assert none.height == 0
    assert high.top > 0
    for bar in (low, high):
        assert bar.top + bar.height == low.top + low.height  # they stand on one ground


def test_moments_and_ages_are_written_for_people() -> None:
    at = datetime(2026, 11, 24, 9, 5, tzinfo=UTC)
    assert formats.moment(at, Language.FRENCH) == "24/11/2026 09:05"
    assert formats.moment(at, Language.ENGLISH) == "24 Nov 2026 09:05"
    assert formats.moment(None, Language.ENGLISH) == "—"
    ages = [formats.since(one, Language.FRENCH) for one in (0.5, 59, 60, 7200, 200_000, None)]
    assert ages == ["0 s", "59 s", "1 min", "2 h", "2 j", "—"]


def test_a_verification_that_finds_something_says_so(alone: House) -> None:
    alone.book.run(lambda c: c.exec_driver_sql("UPDATE payments SET amount_cents = 1999"))
    desk = alone.as_(Role.TELLER)
    desk.send("/console/seals/verify")
    page = desk.get("/console/seals").text
    assert "booked_payment_has_transfer" in page
    assert "Every sum" not in page
    assert (Deed.VERIFY.value, "book") in {(deed, subject) for _, deed, subject in alone.deeds()}


def test_strange_addresses_and_signs_are_answered_kindly(here: House) -> None:
    desk = here.as_(Role.SUPERVISOR)
    huge = "9" * 30
    for path in (f"/console/customers/{huge}", "/console/payments/%00", "/console/payments/a%2Fb"):
        assert desk.get(path).status == 404
    for path in ("/console/payments?q=%00a", "/console/customers?q=%00", "/console?said=%00"):
        assert desk.get(path).status == 200
    assert desk.send(f"/console/customers/{huge}/freeze").status == 404
    assert desk.send("/console/payments/%00/refund", reason="paid twice").status == 404
    assert desk.send("/console/messages/retry", key="\0").status == 409
    assert here.sign_in("\0", "\0", "\0").status == 401
    many = {f"field-{one}": "" for one in range(20)}
    assert desk.post("/console/seals/verify", **many).status == 400
    assert desk.post("/console/seals/verify", csrf="x" * 20_000).status == 413


@pytest.mark.parametrize("sign", ["é", "ї", "€", "\U0001f600", "\n"])
def test_the_longest_answer_of_the_desk_fits_in_any_script(alone: House, sign: str) -> None:
    asked = references.reference(77)
    ask_desk(alone.book, alone.alice, asked)
    words = "a" + sign * (ANSWER_MAX - 2) + "b"
    sent = alone.as_(Role.TELLER).send(f"/console/desk/{asked}/answer", words=words)
    assert (sent.status, sent.to) == (303, f"/console/desk/{asked}?said=answered_request")


@pytest.mark.parametrize(("setting", "status"), [("on", 303), ("off", 404)])
def test_a_process_without_the_console_has_no_such_address(
    sqlite_book: Book, monkeypatch: pytest.MonkeyPatch, setting: str, status: int
) -> None:
    monkeypatch.setenv("SMONEY_CONSOLE", setting)
    settings = load(secret_keys=make_key(), x_bot_id="1", x_consumer_secret="secret")
    server = serve(create_app(settings, sqlite_book))
    try:
        assert Desk(server.url).get("/console").status == status
    finally:
        server.stop()
