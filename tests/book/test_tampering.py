"""Seals find every change, deletion, insertion and swap, and raise no false alarm."""

from __future__ import annotations

import random

import pytest
from book_cast import MINUTE, NOON, problems
from seal_cast import KEYS, LATER, NOTHING, Writer, as_insider, keyring, sealed_book
from tamperings import TAMPERINGS, hole_in, insert_transfer

from smoney_bot.bank.keys import Keyring
from smoney_bot.book import seals, witness
from smoney_bot.book.engine import Book
from smoney_bot.book.engines import open_engine
from smoney_bot.book.witness import Head


@pytest.fixture
def writer(book: Book) -> Writer:
    return Writer(book)


def test_every_tampering_is_found(book_url: str, writer: Writer) -> None:
    """600 on SQLite, 100 on PostgreSQL; one alone at a time."""
    sealed_book(writer)
    head, seed = writer.head(), random.Random(20261124)
    missed, by_witness_alone = [], 0
    with as_insider(book_url) as insider:
        engine = insider.dialect.name
        for number in range(600 if engine == "sqlite" else 100):
            tampering = seed.choice(TAMPERINGS[engine])
            savepoint = insider.begin_nested()
            is_tail = tampering(insider, seed)
            seen = next(seals.check(insider, KEYS, LATER), None)
            told = next(witness.compare(insider, [head]), None) if seen is None else None
            savepoint.rollback()
            by_witness_alone += told is not None
            if seen is None and not (is_tail and told):
                missed.append((number, tampering.__name__))
        assert list(seals.check(insider, KEYS, LATER)) == []
        assert list(witness.compare(insider, [head])) == []
    assert missed == []
    assert by_witness_alone > 0


@pytest.mark.parametrize("number", range(4))
def test_a_sound_book_raises_no_alarm(writer: Writer, number: int) -> None:
    """25 verifications of a book that grows, with holes and new keys between them."""
    seed, ids = random.Random(number), ["autumn"]
    heads: list[Head] = []
    for minute in range(25):
        now = NOON + minute * MINUTE
        writer.book_some(seed.randrange(1, 9))
        if seed.random() < 0.3:
            writer.skip_id()
        if seed.random() < 0.1:
            ids.insert(0, f"key-{minute}")
        if seed.random() < 0.7 and writer.close_all(keyring(*ids), now):
            heads.append(writer.head())
        with writer.book.reading() as connection:
            assert list(seals.check(connection, keyring(*ids), now)) == []
            assert list(witness.compare(connection, heads)) == []


def test_an_insider_without_the_key_cannot_make_a_chain_that_fits(
    book_url: str, writer: Writer
) -> None:
    """The control: where the key is known, as it is when there is none, the same deed passes."""
    sealed_book(writer)
    with as_insider(book_url) as insider:
        for known in (KEYS, keyring("guess")):
            savepoint = insider.begin_nested()
            insider.exec_driver_sql("UPDATE transfers SET amount_cents = 700 WHERE key = 't:30'")
            insider.exec_driver_sql("DELETE FROM seals")
            forged = Keyring({"autumn": known._keys[known.newest]})  # noqa: SLF001 - a forger
            while seals.close_page(insider, forged, LATER, settle=NOTHING):
                pass
            found = list(seals.check(insider, KEYS, LATER))
            assert bool(found) == (known is not KEYS)
            savepoint.rollback()


def test_a_page_of_an_older_chain_does_not_fit_into_the_newer_one(
    book_url: str, writer: Writer
) -> None:
    """After a restore there are two page 2, both closed by the bank; only one of them counts."""
    for _ in range(3):
        writer.book_some(3)
        writer.skip_id()
    assert [seal.transfers for seal in writer.close_all()] == [4, 3, 3]
    page_2 = "id BETWEEN 6 AND 8"
    with as_insider(book_url) as insider:
        insider.exec_driver_sql("CREATE TEMP TABLE kept AS SELECT * FROM seals WHERE id = 2")
        insider.exec_driver_sql("DELETE FROM seals WHERE id >= 2")
        insider.exec_driver_sql(f"UPDATE transfers SET amount_cents = 9 WHERE {page_2}")  # noqa: S608 - from above
        while seals.close_page(insider, KEYS, LATER, settle=NOTHING):
            pass
        assert list(seals.check(insider, KEYS, LATER)) == []
        insider.exec_driver_sql(f"UPDATE transfers SET amount_cents = 7 WHERE {page_2}")  # noqa: S608 - from above
        insider.exec_driver_sql("DELETE FROM seals WHERE id = 2")
        insider.exec_driver_sql("INSERT INTO seals SELECT * FROM kept")
        found = [problem.subject for problem in seals.check(insider, KEYS, LATER)]
        assert found == ["page 3"]


def test_a_forged_transfer_with_todays_date_is_for_the_sums_to_find(
    book_url: str, writer: Writer
) -> None:
    sealed_book(writer)
    engine = open_engine(book_url)
    with engine.begin() as insider:
        insert_transfer(insider, hole_in(insider), LATER)
    engine.dispose()
    assert writer.found() == []
    assert writer.unsealed() == 1
    assert "balance_is_sum_of_transfers" in {problem.rule for problem in problems(writer.book)}


def test_the_first_line_that_does_not_fit_is_named(book_url: str, writer: Writer) -> None:
    sealed_book(writer)
    cases = {
        "DELETE FROM transfers WHERE id = 9": (
            ("sealed_transfer_is_there", "transfer 9"),
            "is gone from page 2",
        ),
        "UPDATE transfers SET memo = 'x' WHERE id = 9": (
            ("page_is_as_sealed", "page 2"),
            "one of the transfers 8 to 13, or the page itself, was changed",
        ),
        "DELETE FROM seals WHERE id = 2": (("pages_follow_each_other", "page 2"), "is gone"),
    }
    with as_insider(book_url) as insider:
        for deed, (named, detail) in cases.items():
            savepoint = insider.begin_nested()
            insider.exec_driver_sql(deed)
            first = next(seals.check(insider, KEYS, LATER))
            assert ((first.rule, first.subject), first.detail) == (named, detail)
            savepoint.rollback()


def test_numbers_beyond_reckoning_are_named_and_break_nothing(
    book_url: str, writer: Writer
) -> None:
    sealed_book(writer)
    cells = [("transfers", "amount_cents"), ("transfers", "id"), ("seals", "id")]
    cells += [("seals", "last_transfer_id"), ("seals", "transfers")]
    with as_insider(book_url) as insider:
        for table, column in cells:
            for value in ((1 << 63) - 1, -(1 << 63)):
                savepoint = insider.begin_nested()
                where = "id = (SELECT MAX(id) - 1 FROM seals)"
                insider.exec_driver_sql(f"UPDATE {table} SET {column} = {value} WHERE {where}")  # noqa: S608 - from above
                assert list(seals.check(insider, KEYS, LATER))
                savepoint.rollback()


def test_progress_tells_of_each_page(writer: Writer) -> None:
    sealed_book(writer)
    heard: list[int] = []
    with writer.book.reading() as connection:
        list(seals.check(connection, KEYS, LATER, heard.append))
        assert sum(heard) == seals.booked(connection)
