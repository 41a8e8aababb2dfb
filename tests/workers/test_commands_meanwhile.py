"""Operators' commands at the very moment at which a customer speaks, or is erased.

On PostgreSQL alone: SQLite has one writer at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Connection
from typer.testing import CliRunner
from workers_cast import balances, execute, open_account, problems, rows, say

from smoney_bot.bank.customers import Customer
from smoney_bot.book import customers, erasure
from smoney_bot.book.engine import Book
from smoney_bot.cli import app


@pytest.fixture
def bank(postgres_url: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Book]:
    """A bank that the commands work on too."""
    url = postgres_url()
    monkeypatch.setenv("SMONEY_DATABASE_URL", url)
    book = Book(url)
    open_account(book, "alice", 0)
    yield book
    book.close()


@pytest.fixture
def once_found(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Returns a function that lets something happen once the command has found the customer."""

    def let(happen: Callable[[], object]) -> None:
        find = customers.by_handle

        def find_first(connection: Connection, handle: str) -> Customer | None:
            monkeypatch.setattr(customers, "by_handle", find)
            found = find(connection, handle)
            happen()
            return found

        monkeypatch.setattr(customers, "by_handle", find_first)

    return let


def test_a_command_undoes_nothing_that_the_customer_says_meanwhile(
    bank: Book, once_found: Callable[[Callable[[], object]], None]
) -> None:
    once_found(lambda: say(bank, 1, "alice", "#private"))
    assert CliRunner().invoke(app, ["customer", "freeze", "alice"]).exit_code == 0
    once_found(lambda: say(bank, 2, "alice", "#fr"))
    assert CliRunner().invoke(app, ["customer", "unfreeze", "alice"]).exit_code == 0
    question = "SELECT state, private, language FROM customers"
    assert rows(bank, question) == [("open", True, "fr")]


@pytest.mark.parametrize(
    "words",
    [
        ["deposit", "alice", "20", "--reference", "slip 1"],
        ["collection", "open", "garden", "--for", "alice", "--goal", "100"],
        ["customer", "unfreeze", "alice"],
    ],
)
def test_nothing_is_done_for_a_customer_who_is_erased_meanwhile(
    bank: Book, once_found: Callable[[Callable[[], object]], None], words: list[str]
) -> None:
    execute(bank, "UPDATE customers SET kind = 'association'")

    def erase() -> None:
        with bank.writing() as connection:
            alice = customers.by_handle(connection, "alice")
            assert alice is not None
            erasure.erase(connection, alice, bank.now(connection))

    once_found(erase)
    done = CliRunner().invoke(app, words)
    assert (done.exit_code, "was erased" in done.output) == (1, True)
    assert rows(bank, "SELECT state FROM customers") == [("closed",)]
    assert balances(bank) == {"—": 0}
    assert rows(bank, "SELECT tag FROM collections") == []
    assert problems(bank) == []
