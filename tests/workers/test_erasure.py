"""Erased customers are not in the database's bytes any more, and every sum still holds.

`SMONEY_SAFETY=full` erases a hundred customers of a thousand; else two of six.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from live_files import contents
from sqlalchemy import Connection, make_url, text
from workers_cast import (
    BOT,
    KEYS,
    PIN,
    START,
    Saying,
    card,
    counter,
    execute,
    keep,
    open_account,
    outcomes,
    problems,
    rows,
    say,
    serve_all,
    x_id,
)

from smoney_bot.bank import policy
from smoney_bot.bank.case import Rules
from smoney_bot.bank.customers import Customer
from smoney_bot.bank.errors import TryLater
from smoney_bot.bank.money import euros
from smoney_bot.book import (
    authenticators,
    customers,
    dossier,
    erasure,
    invitations,
    ledger,
    outbox,
    rewriting,
    seals,
)
from smoney_bot.book.engine import Book
from smoney_bot.book.engines import open_engine
from smoney_bot.book.erasure import Erased, NotErasable
from smoney_bot.book.named import Whom

FULL = os.environ.get("SMONEY_SAFETY") == "full"
PEOPLE, GONE = (1000, 100) if FULL else (6, 2)


def handle(number: int) -> str:
    return f"invented{number}x"


def open_with_money(book: Book, name: str) -> Customer:
    """Open an account with a card of three, a PIN and 100 € under a reference without a name."""
    customer = open_account(book, name, 0, places=3)
    book.run(lambda c: ledger.deposit(c, customer, euros(100), f"slip {customer.id}", START))
    return customer


def pay(book: Book, number: int, payer: str, payee: str, words: str = "") -> None:
    """Pay 20 € by post with the next code, and let the answers leave."""
    used = sum(1 for (who,) in rows(book, "SELECT author_id FROM inbox") if who == x_id(payer))
    assert keep(book, [Saying(number, payer, f"@Smoney #20 @{payee} #{card(3)[used]} {words}")])
    serve_all(book)


def send_all(book: Book) -> None:
    execute(
        book,
        "UPDATE outbox SET state = 'sent', remote_id = 'r', sent_at = created_at,"
        " lease_until = NULL WHERE state <> 'sent'",
    )


def pay_out(book: Book, customer: Customer) -> None:
    with book.reading() as connection:
        left = ledger.balance(connection, customer.account_id)
    if left:
        out = f"out {customer.id}"
        book.run(lambda c: ledger.withdraw(c, customer, left, out, book.now(c)))


def erase(book: Book, customer: Customer) -> Erased:
    return book.run(lambda c: erasure.erase(c, customer, book.now(c)))


def ask(book: Book, *, asker: str, asked: str, state: str = "open") -> None:
    """Have one customer ask another for a euro."""
    ids = {name: one for one, name in rows(book, "SELECT id, handle FROM customers")}
    ended = "NULL" if state == "open" else "opened_at"
    execute(
        book,
        "INSERT INTO asks (reference, message_key, asker_id, asked_id, amount_cents, note, shown,"  # noqa: S608 - values of ours
        f" state, created_at, expires_at, ended_at) SELECT 'R{ids[asker]}', 'd:9', {ids[asker]},"
        f" {ids[asked]}, 100, 'for {asked}', silent, '{state}', opened_at, opened_at, {ended}"
        f" FROM customers WHERE id = {ids[asker]}",
    )


def a_word(name: str) -> re.Pattern[bytes]:
    """The name in the database's bytes, though not as a part of a longer one."""
    return re.compile(rb"(?<![A-Za-z0-9_])" + re.escape(name.encode()) + rb"(?![A-Za-z0-9_])")


def bytes_of(book_url: str, book: Book) -> Iterator[bytes]:
    """Yield every byte of the database's files: SQLite's, or PostgreSQL's folder of it."""
    url = make_url(book_url)
    if url.get_backend_name() == "sqlite":
        files = contents(Path(str(url.database)).parent.glob("book.db*"))
    else:
        execute(book, "CHECKPOINT")
        ((data, oid),) = rows(
            book,
            "SELECT current_setting('data_directory'), oid FROM pg_database"
            " WHERE datname = current_database()",
        )
        files = contents(Path(data, "base", str(oid)).iterdir())
    assert files
    yield from files.values()


def seen(book_url: str, book: Book, names: list[str]) -> set[str]:
    """Return those of *names* that stand in the database's bytes."""
    blocks = list(bytes_of(book_url, book))
    return {name for name in names if any(a_word(name).search(block) for block in blocks)}


def test_nothing_of_the_erased_is_in_the_databases_bytes(book: Book, book_url: str) -> None:
    people = [open_with_money(book, handle(number)) for number in range(PEOPLE)]
    for number in range(PEOPLE):
        payee = (number + 1) % PEOPLE
        pay(book, number + 1, handle(number), handle(payee), f"from {handle(number)}")
    keep(book, [Saying(PEOPLE + 1, handle(GONE), f"@Smoney #aide for @{handle(0)}")])
    serve_all(book)
    send_all(book)
    if not book_url.startswith("sqlite"):
        execute(book, "ANALYZE")  # whose samples of handles must go as well
    gone, stay = people[:GONE], people[GONE:]
    names = [name for one in gone for name in (one.handle, one.x_id)]
    assert seen(book_url, book, names) == set(names), "the look for them finds them before"

    for one in gone:
        pay_out(book, one)
        erased = erase(book, one)
        assert (erased.payments, erased.notes) == (2, 0)
    book.close()
    rewriting.rewrite(book_url)

    assert seen(book_url, book, names) == set()
    kept = [name for one in stay for name in (one.handle, one.x_id)]
    assert seen(book_url, book, kept) == set(kept)
    assert problems(book) == []
    booked = rows(book, "SELECT count(*) FROM payments WHERE state = 'booked'")
    assert booked == [(PEOPLE,)], "what was paid stays"


def test_without_rewriting_a_database_remembers(postgres_url: Callable[[], str]) -> None:
    """The control: erased rows lie about in the files until something is written over them.

    On PostgreSQL: many builds of SQLite, Debian's among them, overwrite them at once.
    """
    url = postgres_url()
    book = Book(url)
    alice = open_account(book, "alice", 0)
    erase(book, alice)
    assert rows(book, "SELECT count(*) FROM customers WHERE handle = 'alice'") == [(0,)]
    assert seen(url, book, ["alice", alice.x_id]) == {"alice", alice.x_id}
    book.close()
    rewriting.rewrite(url)
    assert seen(url, book, ["alice", alice.x_id]) == set()
    book.close()


def test_an_older_transaction_does_not_keep_what_was_erased(
    postgres_url: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL carries over what such a one could still see: then it is done again."""
    url = postgres_url()
    with closing(Book(url)) as book:
        alice = open_account(book, "alice", 0)
        engine = open_engine(url)
        with engine.connect().execution_options(isolation_level="REPEATABLE READ") as older:
            older.execute(text("SELECT 1"))
            erase(book, alice)
            with monkeypatch.context() as patch:
                patch.setattr(rewriting, "_ROUNDS_MAX", 2)
                with pytest.raises(TryLater, match="older transaction"):
                    rewriting.rewrite(url)
            assert seen(url, book, ["alice"]) == {"alice"}
        engine.dispose()
        rewriting.rewrite(url)
        assert seen(url, book, ["alice"]) == set()


def test_seals_hold_after_an_erasure(book: Book) -> None:
    alice = open_with_money(book, "alice")
    open_with_money(book, "bob")
    pay(book, 1, "alice", "bob")
    send_all(book)
    pay_out(book, alice)
    later = timedelta(minutes=1)
    assert book.run(lambda c: seals.close_page(c, KEYS, book.now(c) + later))
    erase(book, alice)
    with book.reading() as connection:
        assert list(seals.check(connection, KEYS, book.now(connection))) == []


def test_an_erased_customer_is_a_closed_account_without_a_face(book: Book) -> None:
    alice = open_with_money(book, "alice")
    open_with_money(book, "bob")
    pay(book, 1, "alice", "bob", "for the cake")
    pay(book, 2, "bob", "alice", "back again")
    send_all(book)
    ask(book, asker="bob", asked="alice", state="expired")
    pay_out(book, alice)
    assert erase(book, alice) == Erased(payments=2, messages=2, answers=2, notes=0)
    with book.reading() as connection:
        assert customers.by_handle(connection, "alice") is None
        one = customers.by_ids(connection, [alice.id])[alice.id]
    assert (one.handle, one.state, one.silent) == ("—", "closed", True)
    assert one.x_id.startswith("gone-")
    for table in ("pins", "cards", "card_codes", "guards"):
        left = rows(book, f"SELECT count(*) FROM {table}")  # noqa: S608 - names of ours
        assert left == [(3 if table == "card_codes" else 1,)], f"bob's {table} stay"
    told = rows(book, "SELECT payee_handle, note FROM payments ORDER BY created_at")
    assert told == [("bob", ""), ("—", "")]
    assert rows(book, "SELECT DISTINCT text FROM outbox") == [("",)]
    assert rows(book, "SELECT note FROM asks") == [("",)]


def test_the_post_of_an_erased_customer_never_pays_again(book: Book) -> None:
    alice, bob = open_with_money(book, "alice"), open_with_money(book, "bob")
    pay(book, 1, "alice", "bob")
    send_all(book)
    pay_out(book, alice)
    erase(book, alice)
    again = open_with_money(book, "alice")
    assert keep(book, [Saying(1, "alice", f"@Smoney #20 @bob #{card(3)[0]}")]) == 0
    with book.reading() as connection:
        assert ledger.balance(connection, bob.account_id) == euros(120)
        assert ledger.balance(connection, again.account_id) == euros(100)


def test_others_keep_their_words(book: Book) -> None:
    """A handle that is part of a longer one names somebody else."""
    al = open_account(book, "al", 0)
    open_with_money(book, "alice")
    open_with_money(book, "bob")
    pay(book, 1, "alice", "bob", "also for Val")
    send_all(book)
    assert erase(book, al) == Erased(payments=0, messages=0, answers=0, notes=0)
    assert rows(book, "SELECT note FROM payments") == [("also for Val",)]


@pytest.mark.parametrize(
    ("left", "why"),
    [
        ("money", "money in the account"),
        ("order", "still waits"),
        ("message", "not decided yet"),
        ("mention", "not decided yet"),
        ("answer", "on its way"),
        ("ask", "asked for money"),
    ],
)
def test_nobody_is_erased_while_something_is_open(book: Book, left: str, why: str) -> None:
    alice = open_with_money(book, "alice")
    open_with_money(book, "bob")
    if left == "order":
        keep(book, [Saying(1, "alice", "@Smoney #20 @bob")])
        serve_all(book)
        send_all(book)
    if left != "money":
        pay_out(book, alice)
    if left in {"message", "mention"}:
        keep(book, [Saying(2, "alice" if left == "message" else "bob", "@Smoney #aide @alice")])
    if left == "answer":
        keep(book, [Saying(3, "alice", "@Smoney #aide")])
        serve_all(book)
    if left == "ask":
        ask(book, asker="bob", asked="alice")
    with pytest.raises(NotErasable, match=why):
        erase(book, alice)
    with book.reading() as connection:
        assert customers.by_handle(connection, "alice") == replace(alice)


def test_nobody_is_erased_who_is_about_to_be_paid(book: Book) -> None:
    """The money was held for alice before she had an account; it is not released yet."""
    open_with_money(book, "bob")
    with counter(book) as serving:
        serving.rules = Rules(BOT, policy.Limits(), hold=policy.HOLD_LIFE)
        keep(book, [Saying(1, "bob", f"@Smoney #20 @alice #{card(3)[0]}")])
        assert serving.serve() == 1
    send_all(book)
    alice = open_account(book, "alice", 0)
    with pytest.raises(NotErasable, match="still waits"):
        erase(book, alice)


def test_an_order_of_another_that_was_set_aside_keeps_its_words(book: Book) -> None:
    alice = open_account(book, "alice", 0)
    open_with_money(book, "bob")
    keep(book, [Saying(1, "bob", "@Smoney #20 @carol greetings from alice")])
    execute(book, "UPDATE inbox SET state = 'set_aside', decided_at = received_at")
    with pytest.raises(NotErasable, match="names them"):
        erase(book, alice)


def test_a_handle_that_is_a_word_of_ours_is_found_in_what_was_written_alone(book: Book) -> None:
    """Every stored message has a field of that name."""
    nobody = open_account(book, "text", 0)
    open_with_money(book, "bob")
    keep(book, [Saying(1, "bob", "@Smoney #aide")])
    assert erase(book, nobody).messages == 0
    again = open_account(book, "text", 0)
    keep(book, [Saying(2, "bob", "@Smoney #aide @text")])
    with pytest.raises(NotErasable, match="names them"):
        erase(book, again)


@pytest.mark.parametrize("sabotage", [False, True])
def test_a_payment_that_comes_during_an_erasure_pays_nobody_who_is_gone(
    postgres_url: Callable[[], str], monkeypatch: pytest.MonkeyPatch, *, sabotage: bool
) -> None:
    """In a long book the words of an erasure take seconds; without the lock money was lost."""
    with closing(Book(postgres_url())) as book, ThreadPoolExecutor(1) as elsewhere:
        open_account(book, "alice", 10_000)
        bob = open_account(book, "bob", 0)
        if sabotage:
            monkeypatch.setattr(customers, "_STAYING_BY_X_IDS", customers._BY_X_IDS)  # noqa: SLF001 - the sabotage
        paying: list[Future[None]] = []
        real = erasure._empty_payments  # noqa: SLF001 - in the middle of it alice pays

        def meanwhile(connection: Connection, whom: Whom) -> int:
            paying.append(elsewhere.submit(say, book, 1, "alice", f"#20 @bob #{PIN}"))
            wait(paying, timeout=1)
            return real(connection, whom)

        monkeypatch.setattr(erasure, "_empty_payments", meanwhile)
        erase(book, bob)
        paying[0].result()
        lost = rows(
            book,
            "SELECT balance_cents FROM customers JOIN accounts ON customer_id = customers.id"
            " JOIN balances ON account_id = accounts.id WHERE state = 'closed'",
        )
        assert lost == [(2000 if sabotage else 0,)]
        assert outcomes(book)["d:1"][0] == ("applied" if sabotage else "refused")


def test_a_reference_of_the_operators_that_names_them_is_told(book: Book) -> None:
    alice = open_account(book, "alice", 0)
    book.run(lambda c: ledger.deposit(c, alice, euros(5), "from Alice, 24 November", START))
    pay_out(book, alice)
    assert erase(book, alice).notes == 1


def test_the_law_wants_five_years_from_the_last_transfer(book: Book) -> None:
    alice, bob = open_with_money(book, "alice"), open_account(book, "bob", 0)
    with book.reading() as connection:
        assert erasure.kept_until(connection, bob) is None
        until = erasure.kept_until(connection, alice)
    assert until is not None
    assert until - START >= timedelta(days=5 * 365)


def test_a_dossier_tells_everything_and_no_secret(book: Book) -> None:
    alice = open_with_money(book, "alice")
    open_with_money(book, "bob")
    pay(book, 1, "alice", "bob", "for the cake")
    keep(book, [Saying(2, "alice", f"@Smoney #20 @bob #{card(3)[1]}")])  # its tags are there still
    token = invitations.new_token()
    token_hash = invitations.hash_token(token)
    book.run(lambda c: invitations.invite(c, alice.id, token_hash, START))
    book.run(lambda c: authenticators.put(c, alice.id, "an encrypted secret", START))
    with book.reading() as connection:
        told = dossier.of_customer(connection, alice)
        hashes = [row[0] for row in connection.exec_driver_sql("SELECT hash FROM card_codes")]
        (answer,) = outbox.listing(connection, None, 1)
    text = json.dumps(told, default=str)

    assert (told["account"]["handle"], told["account"]["balance_cents"]) == ("alice", 8000)
    (payment,) = told["payments"]
    assert (payment["direction"], payment["note"]) == ("out", "for the cake")
    assert [one["direction"] for one in told["transfers"]] == ["in", "out"]
    decided, undecided = told["messages"]
    assert decided["payload"]["text"] == "@Smoney #20 @bob #******** for the cake"
    assert undecided["payload"]["codes"][0].keys() == {"start", "length", "place"}
    assert [one["reference"] for one in told["answers"]] == [answer.reference]
    assert [code["place"] for code in told["cards"][0]["codes"]] == [1, 2, 3]
    assert told["pin"]["set_at"] is not None
    assert told["authenticator"].keys() == {"customer_id", "set_at"}
    assert len(told["invitations"]) == 1
    for secret in (*hashes, token, token_hash, "an encrypted secret", "argon2", '"k"'):
        assert secret not in text
    # Its digits stand in many a time of day, among others.
    assert not re.search(rf"(?<![0-9]){PIN}(?![0-9])", text)
