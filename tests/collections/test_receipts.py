"""Receipts of a year: which gifts count, the sum in figures and words, the files."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from collection_cast import Scene, open_scene
from sqlalchemy import update
from typer.testing import CliRunner

from smoney_bot.bank.customers import Language
from smoney_bot.bank.money import Cents
from smoney_bot.book import donations
from smoney_bot.book.donations import Pending
from smoney_bot.book.engine import Book
from smoney_bot.book.tables import payments
from smoney_bot.cli import app
from smoney_bot.web.receipts.pages import draw, in_words
from smoney_bot.web.receipts.receipts import Association, Receipt, receipts_of
from smoney_bot.workers.collecting import Collecting


@pytest.fixture
def scene(book: Book) -> Scene:
    """Gifts to a collection that was paid out, to one that was not, and to one that failed."""
    made = open_scene(book)
    made.collect(tag="toit")
    made.give(80_50, tag="toit")
    made.give(10_00, 1, tag="toit")
    made.give(19_50, tag="toit")
    made.end("toit")
    made.collect(tag="perdu", goal=900, all_or_nothing=True)
    made.give(33_00, tag="perdu")
    made.end("perdu")
    Collecting(book).serve()
    made.collect(tag="jardin")
    made.give(44_00, tag="jardin")
    return made


def receipts(scene: Scene, year: int | None = None) -> list[Receipt]:
    with scene.book.reading() as connection:
        given = donations.of_year(connection, scene.entraide, year or scene.now().year)
    return receipts_of(Association("entraide", name="Entr’aide"), scene.now().year, given)


def test_what_reached_the_association_counts_once_for_each_giver(scene: Scene) -> None:
    found = receipts(scene)
    assert [(one.giver.handle, one.total, len(one.gifts)) for one in found] == [
        ("alice", Cents(100_00), 2),
        ("bob", Cents(10_00), 1),
    ]
    assert receipts(scene, 2025) == []


def test_what_may_still_come_is_told_and_counts_for_the_year_in_which_it_was_given(
    scene: Scene,
) -> None:
    year = scene.now().year

    def pending(of: int) -> list[Pending]:
        with scene.book.reading() as connection:
            return donations.pending(connection, scene.entraide, of)

    assert pending(year) == [Pending("jardin", 1, Cents(44_00))]
    given = datetime(year - 1, 12, 31, 23, 59, tzinfo=UTC)
    in_december = update(payments).where(payments.c.amount_cents == 44_00).values(booked_at=given)
    scene.book.run(lambda c: c.execute(in_december))
    assert (pending(year), pending(year - 1)) == ([], [Pending("jardin", 1, Cents(44_00))])
    assert receipts(scene, year - 1) == []
    scene.end("jardin")
    Collecting(scene.book).serve()
    assert pending(year - 1) == []
    assert [one.total for one in receipts(scene, year - 1)] == [Cents(44_00)]
    assert sum(one.total for one in receipts(scene)) == 110_00


def test_a_refunded_gift_does_not_count(scene: Scene) -> None:
    scene.tamper(
        "INSERT INTO transfers (key, kind, source_id, target_id, amount_cents, memo, booked_at) "
        "SELECT 'refund:' || reference, 'refund', 1, 2, 1000, '', booked_at FROM payments "
        "WHERE amount_cents = 1000"
    )
    assert [one.giver.handle for one in receipts(scene)] == ["alice"]


@pytest.mark.parametrize(
    ("language", "on", "between"),
    [(Language.FRENCH, "Versée le ", "Versée entre"), (Language.ENGLISH, "Given on ", "between")],
)
def test_gifts_of_one_day_were_given_on_that_day(
    scene: Scene, language: Language, on: str, between: str
) -> None:
    alice = receipts(scene)[0]
    first, last = alice.gifts
    spoken = replace(alice, giver=replace(alice.giver, language=language))
    assert on in draw(spoken)
    later = replace(last, given_at=first.given_at + timedelta(days=30))
    page = draw(replace(spoken, gifts=(first, later)))
    assert on not in page
    assert between in page


def test_a_receipt_shows_the_sum_twice_and_every_gift(scene: Scene) -> None:
    alice = receipts(scene)[0]
    page = re.sub("[\u00a0\u202f]", " ", draw(alice))
    assert "100,00 €" in page
    assert "cent euros" in page
    assert page.count("#toit") == 2
    assert "80,50 €" in page
    assert "19,50 €" in page
    assert "Entr’aide" in page
    assert f"Reçu n° {scene.now().year}-{alice.giver.id}" in page
    assert "http" not in page


@pytest.mark.parametrize(
    ("cents", "language", "words"),
    [
        (80_00, Language.FRENCH, "quatre-vingts euros"),
        (1_234_50, Language.FRENCH, "mille deux cent trente-quatre euros et cinquante centimes"),
        (1, Language.FRENCH, "un centime"),
        (1_00, Language.FRENCH, "un euro"),
        (80_00, Language.ENGLISH, "eighty euros"),
        (21_21, Language.ENGLISH, "twenty-one euros, twenty-one cents"),
        (1_50, Language.ENGLISH, "one euro, fifty cents"),
        (50, Language.ENGLISH, "fifty cents"),
    ],
)
def test_a_sum_is_written_in_words(cents: int, language: Language, words: str) -> None:
    assert in_words(Cents(cents), language) == words


def run(*words: str) -> str:
    result = CliRunner().invoke(app, list(words))
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_commands_write_pages_and_csv(
    sqlite_book: Book, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMONEY_DATABASE_URL", sqlite_url)
    made = open_scene(sqlite_book)
    made.collect(tag="toit")
    made.give(80_50, tag="toit")
    made.end("toit")
    Collecting(sqlite_book).serve()
    made.collect(tag="jardin")
    made.give(44_00, tag="jardin")
    year, folder = str(made.now().year), tmp_path / "receipts"
    run("customer", "receipts", "entraide", "--year", year, "--out", str(folder))
    (page,) = folder.iterdir()
    assert page.name == f"receipt-entraide-{year}-{made.givers[0].id}.html"
    assert page.stat().st_mode & 0o077 == 0
    page.write_text("completed")
    again = CliRunner().invoke(
        app, ["customer", "receipts", "entraide", "--year", year, "--out", str(folder)]
    )
    assert again.exit_code == 1
    assert f"{page.name} is in" in " ".join(again.stderr.split())
    assert page.read_text() == "completed"
    run("customer", "receipts", "entraide", "--year", year, "--out", str(tmp_path / "anew"))
    rows = list(csv.DictReader(io.StringIO(run("customer", "gifts", "entraide", "--year", year))))
    assert [(row["giver"], row["collection"], row["amount_eur"]) for row in rows] == [
        ("alice", "toit", "80.50")
    ]
    told = CliRunner().invoke(app, ["customer", "gifts", "entraide", "--year", year]).stderr
    assert f"1 gift of {year}, 44.00 €, in #jardin" in " ".join(told.split())
    file = tmp_path / "gifts.csv"
    run("customer", "gifts", "@entraide", "--year", year, "--csv", str(file))
    assert len(file.read_text().splitlines()) == 2
    again = CliRunner().invoke(
        app, ["customer", "gifts", "entraide", "--year", year, "--csv", f"{file}"]
    )
    assert again.exit_code == 1
