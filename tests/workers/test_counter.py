"""The counter over a real book: every message ends once, every cent is somewhere."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter as Tally
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress

import pytest
from small_model import Model, Wish
from sqlalchemy import Connection
from structlog.testing import capture_logs
from workers_cast import (
    PIN,
    SECOND,
    START,
    Saying,
    balances,
    card,
    counter,
    execute,
    hashed,
    keep,
    lately,
    open_account,
    outcomes,
    problems,
    rows,
    serve_all,
)

from smoney_bot.bank.customers import Kind
from smoney_bot.bank.desk import Transfer
from smoney_bot.bank.errors import TryLater
from smoney_bot.book import codes, inbox, ledger
from smoney_bot.book.engine import Book
from smoney_bot.book.errors import LostLease
from smoney_bot.workers import counter as counter_module

PAY = f"#20 @bob #{PIN}"


@pytest.fixture(autouse=True)
def _logged() -> Iterator[None]:
    """Keep the log from being rendered: a traceback takes a second."""
    with capture_logs():
        yield


def say(number: int, author: str = "alice", text: str = PAY) -> Saying:
    """A direct message to the bot."""
    return Saying(number, author, text, public=False)


# One batch ----------------------------------------------------------------------------


def test_many_customers_are_served_in_one_go(book: Book) -> None:
    open_account(book, "entraide", 0, kind=Kind.ASSOCIATION)
    people = [f"payer{number}" for number in range(12)]
    for person in people:
        open_account(book, person, 1000)
    keep(book, [say(n, one, f"#5 @entraide #{PIN}") for n, one in enumerate(people)])
    with counter(book) as serving:
        assert serving.serve() == 12
        assert serving.serve() == 0
    assert balances(book) == {"entraide": 6000} | dict.fromkeys(people, 500)
    assert set(outcomes(book).values()) == {("applied", "")}
    assert problems(book) == []


def test_of_one_customer_the_oldest_message_comes_first_and_alone(book: Book) -> None:
    open_account(book, "alice", 3000)
    open_account(book, "bob", 0)
    keep(book, [say(3), say(1), say(2)])
    with counter(book) as serving:
        assert [serving.serve() for _ in range(4)] == [1, 1, 1, 0]
    ends = outcomes(book)
    assert [ends[f"d:{n}"][1] for n in (1, 2, 3)] == ["", "not_enough_money", "not_enough_money"]


def test_what_came_in_with_a_message_can_be_spent_in_the_same_batch(book: Book) -> None:
    open_account(book, "alice", 2000)
    open_account(book, "bob", 0)
    open_account(book, "carol", 0)
    keep(book, [say(1), say(2, "bob", f"#20 @carol #{PIN}")])
    assert serve_all(book) == 2
    assert balances(book) == {"alice": 0, "bob": 0, "carol": 2000}


def test_a_message_delivered_again_changes_nothing(book: Book) -> None:
    open_account(book, "alice", 3000)
    open_account(book, "bob", 0)
    assert [keep(book, [say(1), say(1)]), serve_all(book)] == [1, 1]
    assert [keep(book, [say(1)]), serve_all(book)] == [0, 0]
    assert balances(book)["bob"] == 2000


def test_nothing_that_could_check_a_code_is_kept_once_a_message_is_decided(book: Book) -> None:
    open_account(book, "alice", 3000)
    keep(book, [say(1)])
    assert '"tags":{"k":' in rows(book, "SELECT payload FROM inbox")[0][0]
    serve_all(book)
    assert "tags" not in rows(book, "SELECT payload FROM inbox")[0][0]


# Long histories -----------------------------------------------------------------------

PLACES = 6
MONEY = {"alice": 900_00, "bob": 300_00, "carol": 40_00, "dora": 2495_00, "emil": 0}


def history(dice: random.Random, length: int) -> list[Wish]:
    """Return what five customers and a stranger want, wrong codes and all."""
    people = [*MONEY, *MONEY, "mallory"]
    return [_wish(dice, dice.choice(people)) for _ in range(length)]


def _wish(dice: random.Random, author: str) -> Wish:
    kind = dice.choices(
        ["pay", "balance", "talk", "private", "public", "freeze"], [45, 30, 18, 3, 4, 0.4]
    )[0]
    public = kind in {"freeze", "private", "talk"} or (kind == "pay" and dice.random() < 0.4)
    cents = dice.choice([1, 999, 20_00, 75_50, 249_99, 250_00, 250_01])
    payee = dice.choices([*MONEY, "mallory"], [3, 3, 3, 3, 3, 1])[0]
    code = _code(dice, public=public) if kind in {"pay", "public"} else ""
    return Wish(author, kind, public, cents, payee, code)


def _code(dice: random.Random, *, public: bool) -> str:
    wrong = f"{dice.randint(1, PLACES):02}{dice.randrange(10**6):06}"
    right = dice.choice(card(PLACES))
    if public:
        return dice.choices([right, wrong, PIN], [10, 2, 0.3])[0]
    return dice.choices([PIN, right, wrong, "0000"], [12, 1, 1, 1])[0]


def replay(book: Book, wishes: Sequence[Wish], dice: random.Random) -> Model:
    """Let the counter serve *wishes*, delivered in any order and some twice; return the model."""
    for name, cents in MONEY.items():
        open_account(book, name, cents, places=PLACES)
    sayings = [wish.saying(number) for number, wish in enumerate(wishes)]
    delivered = sayings + dice.sample(sayings, len(sayings) // 5)
    dice.shuffle(delivered)
    for first in range(0, len(delivered), 50):
        keep(book, delivered[first : first + 50])
    served = serve_all(book)
    passed_over = rows(book, "SELECT count(*) FROM inbox WHERE payload IS NULL")[0][0]
    assert served + passed_over == len(wishes)
    return Model(MONEY, PLACES)


def check_history(book: Book, wishes: Sequence[Wish], model: Model) -> None:
    """Every message ended as the model says, and every cent is where it says."""
    sayings = [wish.saying(number) for number, wish in enumerate(wishes)]
    expected = model.serve(enumerate(wishes))
    assert outcomes(book) == {one.key: expected[one.number] for one in sayings}
    assert balances(book) == {name: one.money for name, one in model.accounts.items()}
    assert sum(balances(book).values()) == sum(MONEY.values())
    assert problems(book) == []


def check_once(book: Book, model: Model) -> None:
    """No code served twice, no payment was booked twice, nobody was answered twice."""
    used = rows(book, "SELECT used_by FROM card_codes WHERE used_by IS NOT NULL")
    assert len(set(used)) == len(used) == len(model.used)
    booked = rows(book, "SELECT message_key FROM payments WHERE state = 'booked'")
    moved = rows(book, "SELECT key FROM transfers WHERE kind = 'payment'")
    assert sorted(booked) == sorted(moved)
    answers = rows(book, "SELECT message_key FROM outbox WHERE kind = 'answer'")
    heard = {key for key, (state, _) in outcomes(book).items() if state != "ignored"}
    assert sorted(key for (key,) in answers) == sorted(heard)


LONG = 160


def test_a_long_history_ends_as_a_small_model_says(book: Book) -> None:
    dice = random.Random(20141014)
    wishes = history(dice, LONG)
    model = replay(book, wishes, dice)
    check_history(book, wishes, model)
    check_once(book, model)
    reasons = Tally(reason for _, reason in outcomes(book).values())
    assert len(reasons) >= 10, "the history is varied enough to prove something"
    assert reasons[""] > 20


def test_a_book_that_made_a_cent_would_be_noticed(sqlite_book: Book) -> None:
    """The negative control: one balance, one outcome or one code beside the truth."""
    dice = random.Random(2)
    wishes = history(dice, 40)
    replay(sqlite_book, wishes, dice)
    check_history(sqlite_book, wishes, Model(MONEY, PLACES))
    execute(
        sqlite_book, "UPDATE balances SET balance_cents = balance_cents + 1 WHERE account_id > 2"
    )
    assert problems(sqlite_book) != []
    with pytest.raises(AssertionError):
        check_history(sqlite_book, wishes, Model(MONEY, PLACES))
    execute(
        sqlite_book, "UPDATE balances SET balance_cents = balance_cents - 1 WHERE account_id > 2"
    )
    execute(sqlite_book, "UPDATE inbox SET reason = 'other' WHERE key LIKE '%:7'")
    with pytest.raises(AssertionError):
        check_history(sqlite_book, wishes, Model(MONEY, PLACES))


# Several counters ---------------------------------------------------------------------


def test_four_counters_serve_each_message_once(
    postgres_url: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(Book(postgres_url())) as book:
        served = _serve_with_four(book, 20, monkeypatch)
        assert sum(served) == 200
        assert min(served) > 0, "all four had something to do"
        assert rows(book, "SELECT sum(attempts) FROM inbox") == [(200,)]


def test_four_counters_decide_each_message_once_at_serializable(
    serializable_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the database refuses too often, a batch is put back and served anew: that is all."""
    with closing(Book(serializable_url)) as book:
        _serve_with_four(book, 4, monkeypatch)


def _serve_with_four(book: Book, each: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Serve *each* messages of ten people who pay each other; return how many each one took."""
    monkeypatch.setattr(counter_module, "BATCH_MAX", 3)  # so that there is something for each
    people = [f"payer{number}" for number in range(10)]
    for person in people:
        open_account(book, person, 100_00)
    round_table = dict(zip(people, people[1:] + people[:1], strict=True))
    paying = {one: f"#1 @{round_table[one]} #{PIN}" for one in people}
    sayings = [
        say(number, one, paying[one] if number % 40 < 10 else "#balance")
        for number, one in enumerate(people * each)
    ]
    keep(book, sayings)
    served = _together(book, 4)
    assert set(outcomes(book).values()) == {("applied", "")}
    many = 10 * each
    assert rows(book, "SELECT count(*), count(DISTINCT key) FROM inbox") == [(many, many)]
    assert rows(book, "SELECT count(*) FROM transfers WHERE kind = 'payment'") == [(many // 4,)]
    assert balances(book) == dict.fromkeys(people, 100_00)
    assert problems(book) == []
    return served


def _together(book: Book, count: int) -> list[int]:
    """Serve with *count* counters at once until all is done; return what each one served."""
    served = [0] * count

    def work(mine: int) -> None:
        with counter(book) as serving:
            while not _is_quiet(book):
                taken = serving.serve()
                served[mine] += taken
                if not taken:
                    time.sleep(0.02)

    threads = [threading.Thread(target=work, args=(mine,)) for mine in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return served


def _is_quiet(book: Book) -> bool:
    with book.reading() as connection:
        return inbox.waiting(connection)[0] == 0


def test_a_counter_that_was_too_slow_writes_nothing(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another one took the message over when the lease ran out: it is paid once."""
    monkeypatch.setattr("smoney_bot.workers.counter.PROVEN_AFTER", 0 * SECOND)
    open_account(book, "alice", 5000)
    open_account(book, "bob", 0)
    keep(book, [say(1)])

    def take_over() -> None:
        execute(book, "UPDATE inbox SET lease_until = due_at")
        assert serve_all(book) == 1

    with counter(book, meanwhile=take_over) as slow, suppress(LostLease):
        slow.serve()
    assert balances(book) == {"alice": 3000, "bob": 2000}
    assert rows(book, "SELECT count(*) FROM outbox") == [(1,)]
    assert problems(book) == []


def test_what_an_operator_does_while_codes_are_checked_counts(book: Book) -> None:
    open_account(book, "alice", 5000)
    open_account(book, "bob", 0)
    keep(book, [say(1)])
    freeze = "UPDATE customers SET state = 'frozen' WHERE handle = 'alice'"
    with counter(book, meanwhile=lambda: execute(book, freeze)) as serving:
        serving.serve()
    assert outcomes(book)["d:1"] == ("refused", "account_frozen")
    assert rows(book, "SELECT state FROM customers WHERE handle = 'alice'") == [("frozen",)]


def test_a_code_used_up_elsewhere_meanwhile_pays_nothing(book: Book) -> None:
    open_account(book, "alice", 5000, places=2)
    open_account(book, "bob", 0)
    keep(book, [Saying(1, "alice", f"@Smoney #20 @bob #{card(2)[0]}")])
    use = (
        "UPDATE card_codes SET used_by = 't:0', used_at = (SELECT max(due_at) FROM inbox)"
        " WHERE place = 1"
    )
    with counter(book, meanwhile=lambda: execute(book, use)) as serving:
        assert serving.serve() == 1
        assert outcomes(book)["t:1"] == ("received", "CodeAlreadyUsed")
        assert serving.serve() == 1
    assert outcomes(book)["t:1"] == ("declined", "code_refused")
    assert balances(book)["bob"] == 0


def test_a_pin_that_is_replaced_while_it_is_checked_pays_nothing_and_costs_the_new_one_nothing(
    book: Book,
) -> None:
    alice = open_account(book, "alice", 5000)
    open_account(book, "bob", 0)
    keep(book, [Saying(1, "alice", f"@Smoney #20 @bob #{PIN}")])
    hash_, key_id = hashed(alice.x_id, "1147")

    def replace() -> None:
        book.run(lambda c: codes.set_pin(c, alice.id, hash_=hash_, key_id=key_id, now=START))

    with counter(book, meanwhile=replace) as serving:
        while serving.serve():
            pass
    assert outcomes(book)["t:1"] == ("declined", "code_refused")
    assert balances(book)["bob"] == 0
    keep(book, [Saying(2, "alice", "@Smoney #20 @bob #1147")])
    serve_all(book)
    assert (outcomes(book)["t:2"][0], balances(book)["bob"]) == ("applied", 2000)


def test_a_code_of_a_card_that_is_replaced_while_it_is_checked_pays_nothing(book: Book) -> None:
    alice = open_account(book, "alice", 5000, places=2)
    open_account(book, "bob", 0)
    keep(book, [Saying(1, "alice", f"#20 @bob #{card(2)[0]}", public=False)])
    printed = [(1, *hashed(alice.x_id, "01999999"))]

    def replace() -> None:
        book.run(lambda c: codes.issue_card(c, alice.id, printed, book.now(c)))

    with counter(book, meanwhile=replace) as serving:
        while serving.serve():
            pass
    assert outcomes(book)["d:1"] == ("declined", "code_refused")
    assert balances(book)["bob"] == 0


# Faults -------------------------------------------------------------------------------

#: A message without its id: it can be read, but no payment can be put on record.
POISON = """UPDATE inbox SET payload = replace(payload, '"message_id":"1"', '"message_id":null')"""
DUE = "UPDATE inbox SET due_at = received_at WHERE state = 'received'"


def test_a_message_that_fails_is_set_aside_and_holds_up_nobody_else(book: Book) -> None:
    for name in ("alice", "bob", "carol"):
        open_account(book, name, 5000)
    keep(book, [say(1, text="#20 @bob"), say(2, "bob", f"#1 @carol #{PIN}"), say(3)])
    execute(book, POISON)
    serve_all(book)
    assert outcomes(book)["d:2"] == ("applied", ""), "the others in its batch are served"
    assert outcomes(book)["d:1"][0] == "received"
    for _ in range(inbox.ERRORS_MAX):
        execute(book, DUE)
        serve_all(book)
    assert outcomes(book)["d:1"] == ("set_aside", "IntegrityError")
    assert outcomes(book)["d:3"] == ("applied", ""), "its author's next message is served too"
    assert balances(book) == {"alice": 3000, "bob": 6900, "carol": 5100}
    assert problems(book) == []


def test_a_message_that_cannot_be_read_is_set_aside_at_once(book: Book) -> None:
    open_account(book, "alice", 5000)
    open_account(book, "bob", 0)
    keep(book, [say(1), say(2)])
    execute(book, "UPDATE inbox SET payload = '{}' WHERE key = 'd:1'")
    serve_all(book)  # finds nothing that can be served
    serve_all(book)
    assert outcomes(book) == {"d:1": ("set_aside", "unreadable"), "d:2": ("applied", "")}


Book_ = Callable[[Connection, Sequence[Transfer]], None]


def failing(times: int, error: Exception) -> Book_:
    """Return `ledger.book` as it fails *times* times, after it has written."""
    real, left = ledger.book, [times]

    def book(connection: Connection, booked: Sequence[Transfer]) -> None:
        real(connection, booked)
        if left[0]:
            left[0] -= 1
            raise error

    return book


def untouched(book: Book) -> bool:
    """Whether nothing of any message has been written."""
    counted = "SELECT (SELECT count(*) FROM payments), (SELECT count(*) FROM outbox)"
    used = "SELECT count(*) FROM card_codes WHERE used_at IS NOT NULL"
    paid = "SELECT count(*) FROM transfers WHERE kind = 'payment'"
    return (
        rows(book, counted) == [(0, 0)]
        and rows(book, used) == rows(book, paid) == [(0,)]
        and set(balances(book).values()) == {5000}
    )


def _three_orders(book: Book) -> None:
    for name in ("alice", "bob", "carol"):
        open_account(book, name, 5000, places=1)
    code = card(1)[0]
    for number, (author, payee) in enumerate(
        [("alice", "bob"), ("bob", "carol"), ("carol", "alice")]
    ):
        keep(book, [Saying(number, author, f"@Smoney #{number + 1} @{payee} #{code}")])


PAID = {"alice": 5200, "bob": 4900, "carol": 4900}


def test_a_fault_in_the_middle_of_a_batch_leaves_nothing_half_done(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    _three_orders(book)
    with monkeypatch.context() as patch, counter(book) as serving:
        patch.setattr(ledger, "book", failing(4, RuntimeError("the disk is on fire")))
        assert serving.serve() == 3
    assert untouched(book)
    assert {why for _, why in outcomes(book).values()} == {"RuntimeError"}
    execute(book, DUE)
    assert serve_all(book) == 3
    assert balances(book) == PAID
    assert not untouched(book), "the negative control"
    assert problems(book) == []


def test_a_batch_that_fails_once_is_served_one_by_one(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    _three_orders(book)
    monkeypatch.setattr(ledger, "book", failing(1, RuntimeError("once")))
    assert serve_all(book) == 3
    assert balances(book) == PAID
    assert rows(book, "SELECT count(*) FROM outbox") == [(3,)]


def test_a_book_that_is_away_leaves_the_batch_to_the_next_claim(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    _three_orders(book)
    with monkeypatch.context() as patch:
        patch.setattr(ledger, "book", failing(1, TryLater("away")))
        serve_all(book)
    assert untouched(book)
    execute(book, "UPDATE inbox SET lease_until = due_at WHERE state = 'claimed'")
    execute(book, DUE)
    assert serve_all(book) == 3
    assert balances(book) == PAID
    assert problems(book) == []


def test_while_x_is_away_a_payee_without_a_mark_waits_and_the_others_do_not(book: Book) -> None:
    """X is asked who bears the handle; nobody answers, and nobody is to blame."""
    for name in ("alice", "bob"):
        open_account(book, name, 5000)
    unmarked = Saying(lately(), "alice", "#20 @bob", public=False, marked=False)
    keep(book, [unmarked, say(2, "bob", "#balance")])
    assert serve_all(book) == 2
    assert outcomes(book)["d:2"] == ("applied", "")
    state, why = outcomes(book)[unmarked.key]
    assert (state, rows(book, "SELECT DISTINCT errors FROM inbox")) == ("received", [(0,)])
    assert "X cannot say" in why
