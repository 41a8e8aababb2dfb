"""`smoney-bot customer statement`: a month for people, machines and spreadsheets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from statement_cast import two_months
from typer.testing import CliRunner, Result

from smoney_bot.book.engine import Book
from smoney_bot.cli import app


@pytest.fixture
def book_of_two_months(sqlite_book: Book, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMONEY_DATABASE_URL", sqlite_url)
    two_months(sqlite_book)


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["customer", "statement", *words])


@pytest.mark.usefixtures("book_of_two_months")
def test_machines_get_every_line_between_two_balances() -> None:
    told = json.loads(run("alice", "--month", "2026-11", "--json").stdout)
    assert (told["month"], told["opening_cents"], told["closing_cents"]) == ("2026-11", 10000, 7250)
    assert [one["balance_cents"] for one in told["lines"]][-1] == 7250
    assert sum(one["amount_cents"] for one in told["lines"]) == 7250 - 10000


@pytest.mark.usefixtures("book_of_two_months")
def test_people_get_a_table_and_spreadsheets_a_file_of_their_own(tmp_path: Path) -> None:
    assert "-20.00 €" in run("alice", "--month", "2026-11").stdout
    file = tmp_path / "november.csv"
    assert run("alice", "--month", "2026-11", "--csv", str(file)).exit_code == 0
    assert file.read_text(encoding="utf-8-sig").startswith("Date;")
    assert file.stat().st_mode & 0o077 == 0
    assert run("alice", "--month", "2026-11", "--csv", str(file)).exit_code == 1


@pytest.mark.usefixtures("book_of_two_months")
def test_what_is_no_month_and_who_is_no_customer_is_refused() -> None:
    for month in ("2026-13", "1999-01"):
        refused = run("alice", "--month", month)
        assert refused.exit_code == 1
        assert "from 2000-01 on" in " ".join(refused.stderr.split())
    assert run("nobody_here").exit_code == 1
