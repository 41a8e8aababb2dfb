"""The console on a real server over a real book, its operators, and a bank with some life in it."""

from __future__ import annotations

import http.client
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from urllib.parse import quote, urlencode, urlsplit

from passlib.totp import TOTP
from sqlalchemy import Connection, update
from starlette.applications import Starlette

from smoney_bot.bank import authenticators
from smoney_bot.bank.branch import Changes, Request, RequestKind, RequestLine, RequestState
from smoney_bot.bank.customers import Customer, Kind, Language
from smoney_bot.bank.desk import Payment, PaymentState, Reply, Transfer
from smoney_bot.bank.keys import Keyring
from smoney_bot.bank.messages import Form, Message
from smoney_bot.bank.money import Cents, euros
from smoney_bot.bank.operators import Role, hash_password
from smoney_bot.bank.policy import PaymentKind
from smoney_bot.bank.references import reference
from smoney_bot.book import (
    audit,
    customers,
    desk_requests,
    inbox,
    ledger,
    operators,
    outbox,
    payments,
    sessions,
    tables,
)
from smoney_bot.book.engine import Book
from smoney_bot.book.operators import Operator
from smoney_bot.book.states import MessageState, ReplyState
from smoney_bot.channels.sandbox.server import serve
from smoney_bot.channels.x.budget import Budget
from smoney_bot.web.console import create_console
from smoney_bot.web.console.gate import COOKIE

KEYS = Keyring({"test": b"k" * 32})
PASSWORD = "correct horse battery"
NAMES = {Role.VIEWER: "reader", Role.TELLER: "window", Role.SUPERVISOR: "office"}

_CSRF = re.compile(r'name="csrf" value="([0-9a-f]{64})"')


@cache
def _hash() -> str:
    return hash_password(PASSWORD)


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    status: int
    headers: http.client.HTTPMessage
    text: str

    @property
    def to(self) -> str:
        """Where it sends the browser."""
        return self.headers["Location"] or ""

    @property
    def cookie(self) -> str:
        """The token that the browser is to keep."""
        found = re.match(rf"{COOKIE}=([^;]*)", self.headers["Set-Cookie"] or "")
        return found[1] if found else ""


@dataclass(frozen=True)
class Desk:
    """The console, as a browser with the session *token* sees it."""

    url: str
    token: str = ""

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Look at a page; follow nothing."""
        return self._ask("GET", path, None, headers or {})

    def post(self, path: str, headers: Mapping[str, str] | None = None, /, **fields: str) -> Answer:
        """Send a form as it is."""
        return self._ask("POST", path, urlencode(fields).encode(), headers or {})

    def send(self, path: str, **fields: str) -> Answer:
        """Send a form of this session's own pages."""
        return self.post(path, csrf=self.csrf, **fields)

    @property
    def csrf(self) -> str:
        """The token of this session's forms."""
        found = _CSRF.search(self.get("/console/seals").text)
        assert found
        return found[1]

    def _ask(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Answer:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=20)
        given = {"Content-Type": "application/x-www-form-urlencoded"} if body is not None else {}
        if self.token:
            given["Cookie"] = f"{COOKIE}={self.token}"
        try:
            connection.request(method, quote(path, "/?=&%@"), body, given | dict(headers))
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read().decode())
        finally:
            connection.close()


@dataclass(frozen=True)
class House:
    """A bank with its console: alice has paid bob 20 euros, and more."""

    book: Book
    url: str
    alice: Customer
    bob: Customer
    paid: Payment

    @property
    def stranger(self) -> Desk:
        """Somebody who is not signed in."""
        return Desk(self.url)

    def as_(self, role: Role, name: str = "", language: Language = Language.ENGLISH) -> Desk:
        """Somebody of that *role*, signed in."""
        operator = self.operator(role, name)
        token = self.book.run(
            lambda c: sessions.open_session(c, operator, language, self.book.now(c))
        )
        return Desk(self.url, token)

    def operator(self, role: Role, name: str = "") -> Operator:
        """The operator of that *role*, made if need be."""
        called = name or NAMES[role]

        def work(connection: Connection) -> Operator:
            return operators.find(connection, called) or operators.add(
                connection,
                name=called,
                role=role,
                password_hash=_hash(),
                secret=None,
                now=self.book.now(connection),
            )

        return self.book.run(work)

    def give_authenticator(self, operator: Operator) -> TOTP:
        """Give *operator* an authenticator; return what their app is."""
        new = authenticators.new_secret(KEYS, operator.name)
        self.book.run(lambda c: operators.set_secret(c, operator, new.secret))
        return TOTP(key=new.typed.replace(" ", ""), format="base32")

    def sign_in(self, name: str, password: str = PASSWORD, code: str = "") -> Answer:
        """Try to sign in."""
        return self.stranger.post("/console/sign-in", name=name, password=password, code=code)

    def deeds(self) -> list[tuple[str, str, str]]:
        """What was recorded, oldest first: who, what, to what."""
        with self.book.reading() as connection:
            rows = connection.execute(tables.actions.select().order_by(tables.actions.c.id))
            return [(row.operator, row.deed, row.subject) for row in rows]

    def balances(self) -> tuple[int, int]:
        """What alice and bob have, in cents."""
        with self.book.reading() as connection:
            alice, bob = (
                ledger.balance(connection, one.account_id) for one in (self.alice, self.bob)
            )
            return alice, bob

    def problems(self) -> list[audit.Problem]:
        """Whatever the audit finds."""
        with self.book.reading() as connection:
            return list(audit.verify(connection))


def open_account(book: Book, handle: str, balance: int = 0, kind: Kind = Kind.PERSON) -> Customer:
    """Open an account with *balance* euros in it, for somebody who wrote to the bot."""

    def work(connection: Connection) -> Customer:
        now = book.now(connection)
        opened = customers.open_account(
            connection,
            handle=handle,
            x_id=str(1000 + sum(handle.encode())),
            kind=kind,
            language=Language.ENGLISH,
            now=now,
        )
        if balance:
            ledger.deposit(connection, opened, euros(balance), f"opening {handle}", now)
        written = replace(opened, wrote_first=True)
        customers.update(connection, [written])
        return written

    return book.run(work)


def pay(
    book: Book,
    number: int,
    payer: Customer,
    payee: Customer | str,
    cents: int,
    at: datetime,
    state: PaymentState = PaymentState.BOOKED,
) -> Payment:
    """Let a payment have been ordered at that time, as message *number*."""
    is_booked, known = state is PaymentState.BOOKED, isinstance(payee, Customer)
    payment = Payment(
        reference=reference(number),
        message_key=f"t:{number}",
        message_id=str(number),
        kind=PaymentKind.PEER,
        state=state,
        reason="over_limit" if state is PaymentState.REFUSED else "",
        amount=Cents(cents),
        payer_id=payer.id,
        payee_id=payee.id if isinstance(payee, Customer) else None,
        payee_x_id=payee.x_id if isinstance(payee, Customer) else "77",
        payee_handle=payee.handle if isinstance(payee, Customer) else payee,
        note="coffee",
        created_at=at,
        booked_at=at if is_booked else None,
        expires_at=at + timedelta(days=7) if state is PaymentState.HELD else None,
    )
    assert known or not is_booked

    def work(connection: Connection) -> None:
        inbox.keep(connection, [_message(number, payer, at)], at)
        row = tables.inbox.c.key == payment.message_key
        outcome = MessageState.REFUSED if payment.reason else MessageState.APPLIED
        connection.execute(
            update(tables.inbox)
            .where(row)
            .values(state=outcome, decided_at=at, reason=payment.reason)
        )
        payments.put(connection, [payment])
        if isinstance(payee, Customer) and is_booked:
            ledger.book(connection, [_transfer(payment, payer, payee, at)])
        answer = _answer(payment, payer)
        outbox.put(connection, [answer], at)

    book.run(work)
    return payment


def _message(number: int, author: Customer, at: datetime) -> Message:
    return Message(
        key=f"t:{number}",
        form=Form.POST,
        edited=False,
        message_id=str(number),
        author_id=author.x_id,
        author_handle=author.handle,
        text="@Smoney #20 @bob #********",
        written_at=at,
        body=(0, 26),
        mentions=(),
        codes=(),
    )


def _transfer(payment: Payment, payer: Customer, payee: Customer, at: datetime) -> Transfer:
    return Transfer(
        key=payment.message_key,
        kind=ledger.PAYMENT,
        source=payer.account_id,
        target=payee.account_id,
        amount=payment.amount,
        booked_at=at,
    )


def _answer(payment: Payment, payer: Customer) -> Reply:
    return Reply(
        message_key=payment.message_key,
        kind="answer",
        to_x_id=payer.x_id,
        in_reply_to=payment.message_id,
        text=f"Paid (ref. {payment.reference}).",
        reference=payment.reference,
    )


def ask_desk(book: Book, customer: Customer, reference: str, words: str = "How?") -> None:
    """Let *customer* have asked the desk something half an hour ago, as *reference*."""
    now = book.run(book.now)
    request = Request(
        reference=reference,
        message_key=f"d:{reference}",
        customer_id=customer.id,
        kind=RequestKind.HELP,
        state=RequestState.OPEN,
        taken_by=None,
        opened_at=now - timedelta(minutes=30),
        soon_at=now - timedelta(minutes=10),
        due_at=now + timedelta(seconds=20),
        answered_at=None,
        closed_at=None,
    )
    line = RequestLine(reference=reference, operator=None, words=words, written_at=now)
    book.run(lambda c: desk_requests.write(c, [Changes(request, line)]))


def give_up_reply(book: Book, payment: Payment) -> int:
    """Let the answer to a payment have been given up; return its id."""
    mine = tables.outbox.c.message_key == payment.message_key
    changed = update(tables.outbox).where(mine).values(state=ReplyState.GAVE_UP, error="http 403")
    returned = changed.returning(tables.outbox.c.id)
    number: int = book.run(lambda c: c.execute(returned).scalar_one())
    return number


def set_message_aside(book: Book, author: Customer, number: int) -> str:
    """Let a message have failed too often; return its key."""

    def work(connection: Connection) -> None:
        now = book.now(connection)
        inbox.keep(connection, [_message(number, author, now)], now)
        connection.execute(
            update(tables.inbox)
            .where(tables.inbox.c.key == f"t:{number}")
            .values(state=MessageState.SET_ASIDE, decided_at=now, reason="KeyError")
        )

    book.run(work)
    return f"t:{number}"


@contextmanager
def house(book: Book, sign_ins_max: int = 10_000, refused_after: float = 0.0) -> Iterator[House]:
    """Serve the console over *book*, in which alice has paid bob, until the end of the block."""
    alice, bob = open_account(book, "alice", 100), open_account(book, "bob", 30)
    with book.reading() as connection:
        now = book.now(connection)
    paid = pay(book, 1, alice, bob, 2000, now)
    routes = create_console(
        book,
        KEYS,
        Budget(),
        requests_max=10_000,
        sign_ins_max=sign_ins_max,
        refused_after=refused_after,
    )
    server = serve(Starlette(routes=routes))
    try:
        yield House(book, server.url, alice, bob, paid)
    finally:
        server.stop()
