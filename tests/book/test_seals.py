"""Every transfer is sealed once, in whatever order it was committed, and by one sealer."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

import pytest
from book_cast import MINUTE, NOON, open_account, together, transfer
from seal_cast import KEYS, LATER, NOTHING, Writer, as_insider, keyring, sealed_book
from sqlalchemy import Connection
from tamperings import hole_in, insert_transfer

from smoney_bot.bank.money import Cents
from smoney_bot.book import ledger, pages, seals
from smoney_bot.book.engine import Book
from smoney_bot.book.pages import Seal
from smoney_bot.workers.sealing import Sealing


@pytest.fixture
def writer(book: Book) -> Writer:
    return Writer(book)


# --- the chain ---------------------------------------------------------------------


def test_a_page_holds_what_came_since_the_one_before(writer: Writer) -> None:
    assert writer.close() is not None  # alice's deposit
    writer.book_some(3)
    second = writer.close()
    assert second is not None
    assert (second.id, second.transfers) == (2, 3)
    assert writer.close() is None
    assert writer.found() == []
    assert writer.unsealed() == 0


def test_what_is_not_sealed_yet_is_no_problem(writer: Writer) -> None:
    writer.close_all()
    writer.book_some(4)
    assert writer.found() == []
    assert writer.unsealed() == 4


def test_a_page_has_a_greatest_size(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "PAGE_MAX", 4)
    writer.book_some(9)
    assert [seal.transfers for seal in writer.close_all()] == [4, 4, 2]
    assert writer.found() == []


def test_a_transfer_settles_before_it_is_sealed(writer: Writer) -> None:
    def close(after: timedelta) -> Seal | None:
        return writer.book.run(lambda c: seals.close_page(c, KEYS, NOON + after))

    assert close(seals.SETTLE - timedelta(microseconds=1)) is None
    assert close(seals.SETTLE) is not None


def test_the_hash_of_a_page_is_the_same_on_both_databases(writer: Writer) -> None:
    writer.book_some(2)
    closed = writer.close()
    assert closed is not None
    assert (closed.sealed_at, closed.transfers) == ("2026-11-24T14:00:00.000000Z", 3)
    assert closed.hash == ("a7c26780ac9fdd71cc83525ed8bc6c4f851694ccd3f8ff8b59b531d21ad54b41")


def test_the_worker_closes_pages_behind_the_counter(writer: Writer) -> None:
    writer.close_all()

    def deposit(reference: str, ago: timedelta) -> None:
        def work(connection: Connection) -> None:
            at = writer.book.now(connection) - ago
            ledger.deposit(connection, writer.bob, Cents(1), reference, at)

        writer.book.run(work)

    deposit("a minute ago", MINUTE)
    deposit("now", NOTHING)
    assert Sealing(writer.book, KEYS).serve() == 0
    assert writer.unsealed() == 1  # it has yet to settle
    assert Sealing(writer.book, KEYS, settle=NOTHING).close_pages() == 1


def test_processes_that_close_pages_at_once_make_one_chain(writer: Writer) -> None:
    for _ in range(10):
        writer.book_some(3)
        closed = together(lambda _: writer.close(), count=8)
        assert not [one for one in closed if isinstance(one, Exception)]
        assert sum(isinstance(one, Seal) for one in closed) >= 1
    assert writer.found() == []
    assert writer.unsealed() == 0


def test_a_key_rotates_between_pages_and_the_old_one_is_still_needed(writer: Writer) -> None:
    writer.close_all()
    writer.book_some(3)
    both = keyring("winter", "autumn")
    closed = writer.close(both)
    assert closed is not None
    assert closed.key_id == "winter"
    assert writer.found(both) == []
    alone = writer.found(keyring("winter"))
    assert [(one.rule, one.subject) for one in alone] == [("page_has_its_key", "page 1")]
    assert "autumn" in alone[0].detail


# --- late commits ------------------------------------------------------------------


def test_a_transfer_that_commits_late_is_sealed_in_a_page_of_its_own(
    postgres_url: Callable[[], str],
) -> None:
    book = Book(postgres_url())
    writer, other = Writer(book), book._writer.connect()  # noqa: SLF001 - two at once
    transaction = other.begin()
    # The late one holds ids that are lower than those of the one that is faster. They
    # touch different accounts, as transactions that run side by side do.
    carol, dora = open_account(book, "carol", 10), open_account(book, "dora")
    late = [transfer(f"late:{number}", carol, dora, 1) for number in range(3)]
    ledger.book(other, late)
    writer.book_some(2)
    before = writer.close_all(now=NOON)
    assert sum(seal.transfers for seal in before) == 4
    assert writer.found(now=NOON) == []

    transaction.commit()
    other.close()
    assert writer.unsealed() == 3
    assert writer.found(now=NOON) == []  # not sealed yet, and no false alarm
    # The control: whoever only looks behind the last page passes them over, for good.
    behind = book.run(lambda c: seals.close_page(c, KEYS, NOON, settle=NOTHING, late=-MINUTE))
    assert behind is None
    assert writer.unsealed() == 3
    after = writer.close_all(now=NOON + MINUTE)
    assert [seal.transfers for seal in after] == [3]
    assert after[0].last_transfer_id < before[-1].last_transfer_id
    assert writer.found() == []
    assert writer.unsealed() == 0
    book.close()


def test_interleaved_transactions_are_sealed_whole_whatever_the_order_of_their_commits(
    postgres_url: Callable[[], str],
) -> None:
    book = Book(postgres_url())
    writer = Writer(book)
    seed = random.Random(7)
    pairs = [(open_account(book, f"p{n}", 10), open_account(book, f"q{n}")) for n in range(4)]
    for round_ in range(6):
        open_ = [book._writer.connect() for _ in pairs]  # noqa: SLF001 - many at once
        begun = [connection.begin() for connection in open_]
        for step in range(8):
            which = seed.randrange(4)
            ledger.book(open_[which], [transfer(f"{round_}:{step}", *pairs[which], 1)])
        for which in seed.sample(range(4), 4):
            begun[which].rollback() if seed.random() < 0.2 else begun[which].commit()
            open_[which].close()
            writer.close_all(now=NOON + round_ * MINUTE)
            assert writer.found(now=NOON + round_ * MINUTE) == []
    assert writer.unsealed() == 0
    assert writer.found() == []
    book.close()


def test_an_insertion_with_an_old_date_is_never_sealed(book_url: str, writer: Writer) -> None:
    sealed_book(writer)
    with as_insider(book_url) as insider:
        insert_transfer(insider, hole_in(insider), NOON)
        assert seals.close_page(insider, KEYS, LATER, settle=NOTHING) is None
        found = list(seals.check(insider, KEYS, LATER))
        assert {problem.rule for problem in found} == {"transfer_stands_in_a_page"}
        # An operator who has looked at it may have it sealed all the same.
        ever = timedelta(days=36500)
        assert seals.close_page(insider, KEYS, LATER, settle=NOTHING, late=ever) is not None
        assert list(seals.check(insider, KEYS, LATER)) == []
