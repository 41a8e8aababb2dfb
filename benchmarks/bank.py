"""A bank to measure: a migrated database, its customers, and what they post.

Customers are opened in bulk, by the tables themselves; the audit at the end of
each run would find a cent that was opened wrongly.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from sqlalchemy import Connection, func, insert, select, update

from smoney_bot.bank import policy
from smoney_bot.bank.authenticators import STEP, candidates, new_secret
from smoney_bot.bank.case import Rules
from smoney_bot.bank.customers import Kind, Language, State
from smoney_bot.bank.keys import Keyring
from smoney_bot.bank.messages import ClearMessage, Form, Mention
from smoney_bot.bank.orders import Bot
from smoney_bot.book import audit, migrations, rows
from smoney_bot.book.engine import Book
from smoney_bot.book.states import AccountKind
from smoney_bot.book.tables import (
    accounts,
    authenticators,
    balances,
    customers,
    guards,
    pins,
    transfers,
)

KEYS = Keyring({"bench": b"k" * 32})
BOT = Bot("222222222", "Smoney")
RULES = Rules(BOT, policy.Limits())
PIN = "4711"

#: What everybody has at the beginning, in cents.
OPENING = 200_000

_FIRST_X_ID = 10**9
_CHUNK = 10_000


@dataclass(frozen=True, slots=True)
class Person:
    """One customer, as those who post see it."""

    number: int
    customer_id: int
    account_id: int
    secret: str | None = None  # of the authenticator, encrypted

    @property
    def handle(self) -> str:
        """The @name, without the @."""
        return f"c{self.number}"

    @property
    def x_id(self) -> str:
        """The numeric id on X."""
        return str(_FIRST_X_ID + self.number)


def open_bank(url: str) -> Book:
    """Migrate the database at *url* and open it."""
    migrations.upgrade(url)
    return Book(url)


def populate(book: Book, count: int, *, first: int = 0, kind: Kind = Kind.PERSON) -> list[Person]:
    """Open *count* accounts with `OPENING` cents each; they have no codes yet."""
    people: list[Person] = []
    for start in range(first, first + count, _CHUNK):
        numbers = range(start, min(start + _CHUNK, first + count))
        people += book.run(partial(_open, numbers, kind))
    return people


def _open(numbers: range, kind: Kind, connection: Connection) -> list[Person]:
    now = datetime.now(UTC)
    unnamed = [Person(number, 0, 0) for number in numbers]
    rows.add(connection, customers, [_customer(one, kind, now) for one in unnamed])
    x_ids = [one.x_id for one in unnamed]
    found = select(customers.c.x_id, customers.c.id).where(
        customers.c.x_id.between(x_ids[0], x_ids[-1])
    )
    ids = {row.x_id: row.id for row in connection.execute(found)}
    opened = [{"kind": AccountKind.CUSTOMER, "customer_id": ids[one]} for one in x_ids]
    rows.add(connection, accounts, opened)
    owned = select(accounts.c.customer_id, accounts.c.id).where(
        accounts.c.customer_id.between(ids[x_ids[0]], ids[x_ids[-1]])
    )
    account_ids = {row.customer_id: row.id for row in connection.execute(owned)}
    people = [Person(one.number, ids[one.x_id], account_ids[ids[one.x_id]]) for one in unnamed]
    _let_money_in(connection, people, now)
    rows.add(
        connection,
        guards,
        [{"customer_id": one.customer_id, "failures": 0, "locks": 0} for one in people],
    )
    return people


def _customer(person: Person, kind: Kind, now: datetime) -> rows.Row:
    return {
        "x_id": person.x_id,
        "handle": person.handle,
        "handle_seen_at": now,
        "kind": kind,
        "state": State.OPEN,
        "language": Language.ENGLISH,
        "private": False,
        "silent": False,
        "wrote_first": True,
        "opened_at": now,
    }


def _let_money_in(connection: Connection, people: Sequence[Person], now: datetime) -> None:
    named = select(accounts.c.id).where(accounts.c.name == AccountKind.FUNDING.value)
    funding = connection.execute(named).scalar_one()
    held = [
        {"account_id": one.account_id, "balance_cents": OPENING, "floor_cents": 0} for one in people
    ]
    rows.add(connection, balances, held)
    long_ago = now - timedelta(days=2)  # so that nobody has sent or received anything today
    deposits = [
        {
            "key": f"deposit:opening {one.number}",
            "kind": "deposit",
            "source_id": funding,
            "target_id": one.account_id,
            "amount_cents": OPENING,
            "memo": "opening",
            "booked_at": long_ago,
        }
        for one in people
    ]
    rows.add(connection, transfers, deposits)
    out = balances.c.balance_cents - OPENING * len(people)
    statement = update(balances).where(balances.c.account_id == funding)
    connection.execute(statement.values(balance_cents=out))


def give_pins(book: Book, people: Sequence[Person], hashes: Sequence[str]) -> None:
    """Give each the PIN that was hashed for them."""
    now = datetime.now(UTC)
    added = [
        {"customer_id": one.customer_id, "hash": hash_, "key_id": KEYS.newest, "set_at": now}
        for one, hash_ in zip(people, hashes, strict=True)
    ]
    book.run(lambda c: rows.add(c, pins, added))


def give_authenticators(book: Book, people: Sequence[Person]) -> list[Person]:
    """Give each an authenticator; return them with their secrets."""
    now = datetime.now(UTC)
    told = [
        Person(one.number, one.customer_id, one.account_id, new_secret(KEYS, one.handle).secret)
        for one in people
    ]
    added = [
        {"customer_id": one.customer_id, "secret": one.secret, "last_step": 0, "set_at": now}
        for one in told
    ]
    book.run(lambda c: c.execute(insert(authenticators), added))
    return told


def code_of(person: Person, moment: datetime) -> str:
    """Return what the person's app shows at *moment* (UTC)."""
    assert person.secret is not None
    (_, digits), *_ = candidates(person.secret, KEYS, moment)
    return digits


def rounds_of_an_hour() -> Iterator[datetime]:
    """Yield moments 30 s apart, from an hour ago on: an authenticator shows a new code at each."""
    moment = datetime.now(UTC) - timedelta(hours=1)
    while True:
        yield moment
        moment += STEP


def last_transfer(book: Book) -> int:
    """Return the id of the newest transfer, or 0."""
    with book.reading() as connection:
        last: int | None = connection.execute(select(func.max(transfers.c.id))).scalar_one()
    return last or 0


def transfers_after(book: Book, last: int) -> int:
    """Count what was booked after the transfer *last*; to count a whole book takes long."""
    statement = select(func.count()).where(transfers.c.id > last)
    with book.reading() as connection:
        return connection.execute(statement).scalar_one()


def direct(author: Person, payee: Person, code: str, number: int, when: datetime) -> ClearMessage:
    """Return a direct message by which *author* pays *payee* one cent."""
    text = f"#0.01 @{payee.handle} #{code}"
    at = text.index("@")
    named = Mention(at, at + 1 + len(payee.handle), payee.handle, payee.x_id)
    return ClearMessage(
        key=f"d:{number}",
        form=Form.DIRECT,
        edited=False,
        message_id=str(number),
        author_id=author.x_id,
        author_handle=author.handle,
        text=text,
        written_at=when,
        body=(0, len(text)),
        mentions=(named,),
    )


def problems(book: Book) -> str:
    """Return what the audit finds wrong, or "sound"."""
    with book.reading() as connection:
        found = [f"{one.rule}: {one.detail}" for one in audit.verify(connection)]
    return "; ".join(found) or "sound"
