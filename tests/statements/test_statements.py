"""A month of an account: each line, the balance after it, and the sums at both ends."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from unicodedata import normalize

import pytest
from statement_cast import NOVEMBER, OCTOBER, opens, payment, pays, two_months

from smoney_bot.bank.customers import Customer, Kind, Language
from smoney_bot.bank.money import Cents, euros
from smoney_bot.bank.receipts import Fate
from smoney_bot.book import holds, ledger, receipts, statement_sessions, statements
from smoney_bot.book.engine import Book
from smoney_bot.book.months import Month, month_of, read_month
from smoney_bot.book.statements import Line, LineKind, Statement
from smoney_bot.web.statements.sheet import sheet
from smoney_bot.web.statements.words import WORDS

OCT, NOV, DEC = Month(2026, 10), Month(2026, 11), Month(2026, 12)


def test_a_month_has_every_line_and_the_balance_after_it(book: Book) -> None:
    alice, _ = two_months(book)
    with book.reading() as connection:
        november = statements.of_month(connection, alice, NOV)
    assert november.opening == euros(100)
    told = [
        (one.kind, one.signed, one.other, one.reference, int(one.balance)) for one in november.lines
    ]
    assert told == [
        (LineKind.PAYMENT, -2000, "bob", "REF1-00", 8000),
        (LineKind.PAYMENT, 550, "bob", "REF2-00", 8550),
        (LineKind.SET_ASIDE, -1000, "carol", "REF3-00", 7550),
        (LineKind.CAME_BACK, 1000, "carol", "REF3-00", 8550),
        (LineKind.SET_ASIDE, -1300, "dave", "REF4-00", 7250),
        (LineKind.REFUND, 2000, "bob", "REF1-00", 9250),
        (LineKind.WITHDRAWAL, -2000, "", "cash-3", 7250),
    ]
    assert [one.note for one in november.lines][:2] == ["=pizza, at noon", "change"]
    assert november.came_in - november.went_out == november.closing - november.opening


def test_one_month_begins_as_the_last_one_ended_and_the_last_ends_with_the_balance(
    book: Book,
) -> None:
    alice, bob = two_months(book)
    with book.reading() as connection:
        for customer in (alice, bob):
            october, november, december = (
                statements.of_month(connection, customer, month) for month in (OCT, NOV, DEC)
            )
            assert october.opening == 0
            assert october.closing == november.opening
            assert november.closing == december.opening == december.closing
            assert december.closing == ledger.balance(connection, customer.account_id)
            assert december.lines == ()


def test_the_first_moment_of_a_month_belongs_to_it_and_the_last_to_the_one_before(
    book: Book,
) -> None:
    with book.writing() as connection:
        alice = opens(connection, "alice")
        ledger.deposit(
            connection,
            alice,
            euros(1),
            "last",
            datetime(2026, 10, 31, 23, 59, 59, 999999, tzinfo=UTC),
        )
        ledger.deposit(connection, alice, euros(2), "first", datetime(2026, 11, 1, tzinfo=UTC))
    with book.reading() as connection:
        found = [statements.of_month(connection, alice, month).lines for month in (OCT, NOV)]
    assert [[one.reference for one in lines] for lines in found] == [["last"], ["first"]]


def test_an_association_sees_its_gifts(book: Book) -> None:
    with book.writing() as connection:
        alice = opens(connection, "alice")
        entraide = opens(connection, "entraide", kind=Kind.ASSOCIATION)
        ledger.deposit(connection, alice, euros(30), "cash", OCTOBER)
        gift = payment(1, alice, entraide, 3000, NOVEMBER, note="merci")
        pays(connection, gift, alice, entraide.account_id, ledger.PAYMENT)
    with book.reading() as connection:
        (line,) = statements.of_month(connection, entraide, NOV).lines
    assert (line.other, line.note, line.signed, line.balance) == ("alice", "merci", 3000, 3000)


def test_a_kind_that_nobody_has_named_is_shown_all_the_same(book: Book) -> None:
    with book.writing() as connection:
        alice, bob = opens(connection, "alice"), opens(connection, "bob")
        ledger.deposit(connection, alice, euros(5), "cash", OCTOBER)
        odd = payment(1, alice, bob, 100, NOVEMBER)
        pays(connection, odd, alice, bob.account_id, "fee")
    with book.reading() as connection:
        (line,) = statements.of_month(connection, alice, NOV).lines
    assert (line.kind, line.signed) == (LineKind.OTHER, -100)


@pytest.mark.parametrize("language", Language)
def test_every_kind_of_line_has_a_name_in_both_directions(language: Language) -> None:
    assert set(WORDS[language].lines) == set(LineKind)
    assert all(all(forms) for forms in WORDS[language].lines.values())


def test_months_are_read_in_one_form_only() -> None:
    assert read_month("2026-11") == NOV
    assert [read_month(one) for one in ("2026-13", "2026-1", "1999-01", "", "2026-11 ")] == [
        None
    ] * 5
    assert (Month(2026, 12).after, Month(2026, 1).before) == (Month(2027, 1), Month(2025, 12))
    assert month_of(NOV.begins) == NOV
    assert month_of(NOV.ends) == DEC


def test_the_sheet_is_for_the_spreadsheet_of_its_reader_and_computes_nothing(book: Book) -> None:
    alice, _ = two_months(book)
    with book.reading() as connection:
        november = statements.of_month(connection, alice, NOV)
    french = sheet(november, Language.FRENCH).splitlines()
    assert french[0] == "\ufeffDate;Opération;Mot;Référence;Montant;Solde"
    assert french[1] == "2026-11-01;Solde au début;;;;100,00"
    assert french[2] == "2026-11-03;À @bob;'=pizza, at noon;REF1-00;-20,00;80,00"
    assert len(french) == 2 + len(november.lines)
    english = sheet(november, Language.ENGLISH).splitlines()
    assert english[2] == '2026-11-03,To @bob,"\'=pizza, at noon",REF1-00,-20.00,80.00'


HOSTILE_NOTES = (
    "=1+1",
    "tea;=cmd|' /C calc'!A0;",
    "tea,=cmd|' /C calc'!A0,",
    "tea|@SUM(A1)",
    "tea\t-1+1",
    "tea; +1+1",
    "\uff1d1+1",
    "tea,\uff201",
    'tea,"=1+1"',
    'tea;"=1+1"',
    '"=1+1"',
)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("note", HOSTILE_NOTES)
def test_no_note_becomes_a_formula_whichever_separator_a_spreadsheet_takes(
    note: str, language: Language
) -> None:
    line = Line(
        booked_at=NOVEMBER,
        kind=LineKind.PAYMENT,
        incoming=True,
        amount=Cents(1),
        other="eve",
        tag="",
        note=note,
        reference="7K3Q-48",
        balance=Cents(101),
    )
    alice = Customer(1, 11, "111111111", "alice")
    text = sheet(Statement(alice, NOV, Cents(100), (line,)), language)
    for separator in ",;|\t":
        cells = [cell for row in csv.reader(io.StringIO(text), delimiter=separator) for cell in row]
        computed = [cell for cell in cells if normalize("NFKC", cell.lstrip()[:1]) in tuple("=+-@")]
        assert computed == [], separator


def test_what_is_held_is_summed_for_its_payer(book: Book) -> None:
    alice, bob = two_months(book)
    with book.reading() as connection:
        assert holds.set_aside(connection, [alice.id, bob.id]) == {alice.id: Cents(2300)}
        assert holds.set_aside(connection, []) == {}


def test_a_receipt_is_for_the_payer_and_for_who_got_the_money(book: Book) -> None:
    alice, bob = two_months(book)
    with book.reading() as connection:
        found = receipts.by_references(connection, ["REF1-00", "REF2-00", "REF3-00", "REF9-00"])
    assert set(found) == {"REF1-00", "REF2-00", "REF3-00"}
    undone, paid, held = (found[f"REF{number}-00"] for number in (1, 2, 3))
    assert (undone.fate, undone.payer, undone.payee) == (Fate.REFUNDED, "alice", "bob")
    assert (paid.fate, paid.note) == (Fate.BOOKED, "change")
    assert (held.fate, held.payee) == (Fate.HELD, "carol")
    everybody = [alice.id, bob.id, 999]
    assert [one for one in everybody if paid.is_open_to(one)] == [alice.id, bob.id]
    assert [one for one in everybody if held.is_open_to(one)] == [alice.id]


def test_a_session_opens_one_account_until_its_time_is_over(book: Book) -> None:
    alice, _ = two_months(book)
    end = NOVEMBER + statement_sessions.LIFE
    with book.writing() as connection:
        statement_sessions.open_session(connection, alice.id, "one", NOVEMBER)
        assert statement_sessions.find(connection, "one", NOVEMBER) == alice
        assert statement_sessions.find(connection, "two", NOVEMBER) is None
        assert statement_sessions.find(connection, "one", end) is None
        statement_sessions.end(connection, "one")
        assert statement_sessions.find(connection, "one", NOVEMBER) is None
