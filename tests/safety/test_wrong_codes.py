"""Who guesses gets five codes checked, then waits: ever longer, and at last for the bank."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from counts import COUNTS, HANDS, SMALL
from figures import show
from reliability_figures import chance
from sabotage import Killed, without
from small_bank import PLACES, Payer, SmallBank, crowd, engine, small_bank, together
from sqlalchemy import Connection

from smoney_bot.bank import codes
from smoney_bot.bank.codes import FAILURES_MAX, CheckedCode
from smoney_bot.bank.messages import SeenCode
from smoney_bot.book import codes as code_records
from smoney_bot.book import guards
from smoney_bot.book.engine import Book
from smoney_bot.book.tables import guards as guard_rows
from smoney_bot.workers import records

COUNTERS = 4
MINUTE = timedelta(minutes=1)
CARD = tuple(f"{place:02}000000" for place in range(1, PLACES + 1))


class Checks:
    """In place of `codes.check`: counts how often the codes of each author are checked."""

    def __init__(self, check: Callable[..., CheckedCode]) -> None:
        self.made: Counter[str] = Counter()
        self.tried: dict[str, set[str]] = {}  # the codes themselves, as tags
        self._check = check
        self._lock = threading.Lock()

    def __call__(
        self, seen: SeenCode, *on_file: object, author_id: str, **rest: object
    ) -> CheckedCode:
        with self._lock:
            self.made[author_id] += 1
            self.tried.setdefault(author_id, set()).update(seen.tags.values())
        return self._check(seen, *on_file, author_id=author_id, **rest)

    def most(self) -> int:
        """Return the most checks that one author got since the last question."""
        most = max(self.made.values(), default=0)
        self.made.clear()
        return most

    def most_codes(self) -> int:
        """Return the most different codes that were checked for one author."""
        return max(len(codes) for codes in self.tried.values())


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> Checks:
    counted = Checks(codes.check)
    monkeypatch.setattr(codes, "check", counted)
    return counted


def guess(bank: SmallBank, payers: list[Payer], guesses: int, dice: random.Random) -> None:
    """Let somebody who writes as each of *payers* guess at codes; four counters serve."""
    wrong = [f"{dice.randint(1, PLACES):02}{dice.randint(1, 999_999):06}" for _ in range(guesses)]
    texts = [f"@Smoney #1 @entraide #{one}" for one in wrong]
    posts = [bank.pen.post(payer.person, text) for text in texts for payer in payers]
    for start in range(0, len(posts), 100):
        bank.keep(posts[start : start + 100])
    for served in together(lambda _: bank.serve(), COUNTERS):
        assert isinstance(served, int)


def end_locks(bank: SmallBank) -> list[timedelta]:
    """Let every lock end now; return how long they would have lasted."""
    now, over = datetime.now(UTC), bank.pen.start
    with bank.book.reading() as connection:
        found = connection.execute(guard_rows.select()).all()
    ended = guard_rows.update().where(guard_rows.c.locked_until.is_not(None))
    bank.book.run(lambda c: c.execute(ended.values(locked_until=over)))
    return [row.locked_until - now for row in found if row.locked_until is not None]


def accepted(bank: SmallBank) -> int:
    """Return how many guesses paid."""
    return bank.number("SELECT count(*) FROM transfers WHERE kind = 'payment'")


def test_an_account_gets_five_checks_until_the_lock_and_five_after_it(
    book: Book, book_url: str, checks: Checks
) -> None:
    dice = chance("wrong codes")
    with small_bank(book) as bank:
        payers = bank.open(crowd(COUNTS.guessed), [CARD] * COUNTS.guessed)
        most = []
        for _window in range(2):
            guess(bank, payers, COUNTS.guesses, dice)
            most.append(checks.most())
            locks = end_locks(bank)
            assert len(locks) == COUNTS.guessed
        show(
            "wrong codes",
            engine=engine(book_url),
            violations=accepted(bank) + sum(one > FAILURES_MAX for one in most),
            wrong_codes=2 * COUNTS.guesses * COUNTS.guessed,
            accounts=COUNTS.guessed,
            most_checks_each_window=most,
        )
        assert accepted(bank) == 0
    assert most == [FAILURES_MAX, FAILURES_MAX]


def test_locks_double_to_a_day_and_after_a_hundred_failures_only_the_bank_opens(
    book: Book, book_url: str
) -> None:
    most, minutes = [], []
    with small_bank(book) as bank:
        customer_id = bank.open(crowd(1), [()])[0].customer.id
        for _window in range(guards.LOCKS_MAX + 2):
            asked = [_may_check(book, customer_id) for _ in range(FAILURES_MAX + 2)]
            most.append(asked.count(True))
            minutes.append(round(end_locks(bank)[0] / MINUTE))
    grown = minutes[: guards.LOCKS_MAX]
    show(
        "locks",
        engine=engine(book_url),
        violations=sum(one > FAILURES_MAX for one in most),
        checks=sum(most),
        minutes=" ".join(map(str, grown[:9])),
    )
    assert grown[:8] == [15, 30, 60, 120, 240, 480, 960, 1440]
    assert set(grown[8:]) == {1440}
    assert most == [FAILURES_MAX] * guards.LOCKS_MAX + [0, 0]


def test_a_worker_that_dies_after_each_check_gives_no_free_guess(
    book: Book, book_url: str, checks: Checks, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = _checks_of_dying_workers(book, checks, monkeypatch)
    show(
        "wrong codes, dying workers",
        engine=engine(book_url),
        violations=max(most - FAILURES_MAX, 0),
        codes_checked=most,
    )
    # The same code is checked anew for the same message: that is no new guess.
    assert most == FAILURES_MAX


def _checks_of_dying_workers(book: Book, checks: Checks, patch: pytest.MonkeyPatch) -> int:
    """Let every worker die between check and decision; return the most codes checked."""

    def die(*_: object) -> None:
        raise Killed

    patch.setattr(records, "write", die)
    dice = chance("dying")
    with small_bank(book) as bank:
        payers = bank.open(crowd(2), [CARD] * 2)
        wrong = [f"{dice.randint(1, PLACES):02}{dice.randint(1, 999_999):06}" for _ in range(8)]
        bank.keep(
            bank.pen.post(payer.person, f"@Smoney #1 @entraide #{one}")
            for one in wrong
            for payer in payers
        )
        counter = bank.counter()
        while bank.number("SELECT count(*) FROM inbox WHERE state <> 'set_aside'"):
            try:
                counter.serve()
            except Killed:
                bank.hurry()
    return checks.most_codes()


def granted(bank: SmallBank, rounds: int) -> list[int]:
    """Let sixteen hands ask at once whether they may check a code; return how many may."""
    return [_granted(bank.book, one.customer.id) for one in bank.open(crowd(rounds), [()] * rounds)]


def _granted(book: Book, customer_id: int) -> int:
    return together(lambda _: _may_check(book, customer_id)).count(True)


def _may_check(book: Book, customer_id: int) -> bool:
    """Ask the guard for one check, as the counter does."""
    answer = book.run(lambda c: guards.reserve(c, {customer_id: 1}, book.now(c)))
    return answer[customer_id].granted


def test_of_sixteen_hands_that_ask_for_a_check_five_get_one(book: Book, book_url: str) -> None:
    with small_bank(book) as bank:
        may = granted(bank, COUNTS.rounds)
    show(
        "parallel guesses",
        engine=engine(book_url),
        violations=sum(one > FAILURES_MAX for one in may),
        rounds=len(may),
        hands=HANDS,
        most_granted=max(may),
    )
    assert may == [FAILURES_MAX] * COUNTS.rounds


# What would let somebody guess more, and is caught by the same counts.


def _uncounted(
    connection: Connection, attempts: dict[int, int], now: datetime
) -> dict[int, code_records.Reserved]:
    """In place of `reserve`: says who may try, and leaves the counting to the decision."""
    with connection.begin_nested() as asked:
        answer = guards.reserve(connection, attempts, now)
        asked.rollback()
    return answer


def test_a_bank_that_counts_with_the_decision_is_caught(
    sqlite_book: Book, checks: Checks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(code_records, "reserve", _uncounted)
    assert _checks_of_dying_workers(sqlite_book, checks, monkeypatch) > FAILURES_MAX


def test_a_bank_without_a_lock_is_caught(
    sqlite_book: Book, checks: Checks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guards, "lock_until", lambda now, _: now)
    with small_bank(sqlite_book) as bank:
        payers = bank.open(crowd(2), [CARD] * 2)
        guess(bank, payers, SMALL.guesses, chance("no lock"))
    assert checks.most() > FAILURES_MAX


def test_a_guard_that_is_not_locked_while_it_is_read_is_caught(
    postgres_url: Callable[[], str],
) -> None:
    book = Book(postgres_url())
    with small_bank(book) as bank, without("FOR UPDATE"):
        assert max(granted(bank, SMALL.rounds)) > FAILURES_MAX
    book.close()
