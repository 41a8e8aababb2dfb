"""What was refunded is shown as refunded, wherever somebody might take it for paid."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from console_cast import House, house, pay
from sqlalchemy import Connection
from typer.testing import CliRunner

from smoney_bot.bank.operators import Role
from smoney_bot.bank.receipts import Fate
from smoney_bot.book import payments, refunds
from smoney_bot.book.engine import Book
from smoney_bot.cli import app


@pytest.fixture
def here(book: Book) -> Iterator[House]:
    """Alice has paid bob twice, and got the first back; once on each engine."""
    with house(book) as served:
        _refund(served)
        yield served


def _refund(here: House) -> None:
    pay(here.book, 2, here.alice, here.bob, 100, here.paid.created_at)
    asker, office = here.operator(Role.TELLER), here.operator(Role.SUPERVISOR)

    def work(connection: Connection) -> None:
        now = here.book.now(connection)
        asked = refunds.ask(connection, here.paid.reference, "paid twice", asker, now)
        refunds.approve(connection, asked.id, office, now)

    here.book.run(work)


def test_the_history_marks_it_to_both_and_marks_nothing_else(here: House) -> None:
    with here.book.reading() as connection:
        told = payments.history(connection, [here.alice, here.bob], limit=5)
    for one in (here.alice, here.bob):
        marked = {line.reference: line.undone for line in told[one.account_id]}
        assert marked.pop(here.paid.reference)
        assert not any(marked.values())
        assert marked


def test_it_is_listed_as_refunded_and_no_more_as_booked(here: House) -> None:
    def found(fate: Fate) -> set[str]:
        with here.book.reading() as connection:
            return {one.reference for one in payments.listing(connection, fate=fate)}

    assert found(Fate.REFUNDED) == {here.paid.reference}
    assert found(Fate.BOOKED)
    assert here.paid.reference not in found(Fate.BOOKED)
    assert here.paid.reference not in found(Fate.WAITING)


@pytest.mark.parametrize("page", ["payments", "payments/{paid}", "customers/{alice}"])
def test_the_console_says_so_wherever_it_stands(here: House, page: str) -> None:
    where = page.format(paid=here.paid.reference, alice=here.alice.id)
    text = here.as_(Role.VIEWER).get(f"/console/{where}").text
    assert '<span class="state refunded">refunded</span>' in text


def test_the_command_tells_the_refund_and_both_movements(
    sqlite_book: Book, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMONEY_DATABASE_URL", sqlite_url)
    with house(sqlite_book) as here:
        _refund(here)
    mark = here.paid.reference
    shown = json.loads(_run("show", mark, "--json"))
    assert (shown["state"], shown["refunded_at"] is not None) == ("refunded", True)
    moved = [(one["kind"], one["amount_cents"]) for one in shown["movements"]]
    assert moved == [("payment", 2000), ("refund", 2000)]
    assert "refund " in _run("show", mark)
    listed = json.loads(_run("list", "--state", "refunded", "--json"))
    assert [(one["reference"], one["state"]) for one in listed] == [(mark, "refunded")]
    kept = json.loads(_run("list", "--state", "booked", "--json"))
    assert {one["state"] for one in kept} == {"booked"}
    assert all(one["refunded_at"] is None for one in kept)


def _run(*words: str) -> str:
    done = CliRunner().invoke(app, ["payment", *words])
    assert done.exit_code == 0, done.output
    return done.stdout
