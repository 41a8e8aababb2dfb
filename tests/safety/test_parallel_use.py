"""One code, many hands, the same moment: exactly one gets it."""

from __future__ import annotations

from collections.abc import Callable
from time import sleep
from typing import Any

import pytest
import sqlalchemy
from counts import COUNTS, HANDS, SMALL
from figures import show
from sabotage import without
from small_bank import SmallBank, crowd, engine, small_bank, together

from smoney_bot.bank import codes
from smoney_bot.bank.codes import CodeKind, CodeUse
from smoney_bot.book import claims
from smoney_bot.book import codes as code_records
from smoney_bot.book.engine import Book
from smoney_bot.book.errors import CodeAlreadyUsed

COUNTERS = 4


def winners(bank: SmallBank, rounds: int) -> list[int]:
    """Let many hands use up one code, in each of *rounds*; return how many could."""
    code = "01000001"
    people = crowd(rounds)
    bank.open(people, [[code]] * rounds)
    ids = [row[0] for row in bank.ask("SELECT id FROM card_codes ORDER BY id")]
    return [_round(bank.book, row_id) for row_id in ids]


def _round(book: Book, row_id: int) -> int:
    use = CodeUse(CodeKind.CARD, row_id, customer_id=1, place=1)

    def take(number: int) -> None:
        uses = {f"t:{number}": [use]}
        book.run(lambda c: code_records.use_up(c, uses, book.now(c)))

    outcomes = together(take)
    assert all(one is None or isinstance(one, CodeAlreadyUsed) for one in outcomes)
    return outcomes.count(None)


def test_of_sixteen_hands_that_use_up_a_code_one_succeeds(book: Book, book_url: str) -> None:
    with small_bank(book) as bank:
        won = winners(bank, COUNTS.rounds)
    show(
        "parallel use of a code",
        engine=engine(book_url),
        violations=len(won) - won.count(1),
        rounds=len(won),
        hands=HANDS,
    )
    assert won == [1] * COUNTS.rounds


def test_a_book_that_does_not_ask_whether_a_code_is_unused_is_caught(book: Book) -> None:
    with small_bank(book) as bank, without("AND card_codes.used_at IS NULL"):
        assert max(winners(bank, 2)) > 1


def paid_with_one_code(bank: SmallBank, rounds: int) -> list[int]:
    """Let each customer post one code sixteen times; return how often each paid."""
    people = crowd(rounds)
    payers = bank.open(people, [["01000001"]] * rounds)
    text = "@Smoney #1 @entraide #01000001"
    posts = [bank.pen.post(one.person, text) for _ in range(HANDS) for one in payers]
    for start in range(0, len(posts), 100):
        bank.keep(posts[start : start + 100])
    for served in together(lambda _: bank.serve(), COUNTERS):
        assert isinstance(served, int)
    bank.hurry()
    bank.serve()
    paid = dict(
        bank.ask("SELECT source_id, count(*) FROM transfers WHERE kind = 'payment' GROUP BY 1")
    )
    return [paid.get(one.customer.account_id, 0) for one in payers]


def test_one_code_in_sixteen_posts_pays_once_before_several_counters(
    book: Book, book_url: str
) -> None:
    with small_bank(book) as bank:
        paid = paid_with_one_code(bank, COUNTS.rounds)
        assert bank.problems() == []
    show(
        "parallel posts of a code",
        engine=engine(book_url),
        violations=len(paid) - paid.count(1),
        rounds=len(paid),
        posts=HANDS,
        counters=COUNTERS,
    )
    assert paid == [1] * COUNTS.rounds


def _checking(check: Callable[..., codes.CheckedCode]) -> Callable[..., codes.CheckedCode]:
    def slowly(*given: Any, **named: Any) -> codes.CheckedCode:  # noqa: ANN401 - whatever it takes
        sleep(0.02)
        return check(*given, **named)

    return slowly


@pytest.mark.parametrize("work", [paid_with_one_code])
def test_a_bank_that_serves_an_author_twice_at_once_is_caught(
    work: Callable[[SmallBank, int], list[int]],
    sqlite_book: Book,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(claims, "_FREE", claims._finding_free(sqlalchemy.false()))  # noqa: SLF001 - what is sabotaged
    # Each check takes its moment, so that several counters have an author's posts in hand.
    monkeypatch.setattr(codes, "check", _checking(codes.check))
    with small_bank(sqlite_book) as bank, without("AND card_codes.used_at IS NULL"):
        bank.do("DROP INDEX uq_inbox_one_claimed_per_author")
        assert max(work(bank, 2 * SMALL.rounds)) > 1
