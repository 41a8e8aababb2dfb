"""Erasure: what is personal about a customer goes, what is money stays.

The ledger knows customers by numbers of its own, so its transfers, sums and
seals hold unchanged. Erased are X's id, the handle and the settings, all codes
and invitations, and every word: messages, notes, answers. What is left is a
closed account without a face, its payments with their amounts, and the keys of
messages, without which a post that X brings again would be carried out twice.

The law on money laundering wants the records of a relation kept for five years
after it ends, and wins over a wish to be erased (GDPR, article 17, 3 b).
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Select,
    Update,
    delete,
    func,
    or_,
    select,
    update,
)

from smoney_bot.bank.asks import AskState
from smoney_bot.bank.branch import RequestState
from smoney_bot.bank.customers import Customer, Language, State
from smoney_bot.bank.desk import PaymentState
from smoney_bot.book import audit, collections, ledger
from smoney_bot.book.states import MessageState, ReplyState
from smoney_bot.book.tables import (
    accounts,
    actions,
    approvals,
    asks,
    blocks,
    card_codes,
    cards,
    customers,
    inbox,
    metadata,
    outbox,
    payments,
    request_lines,
    requests,
    strangers,
    transfers,
)

#: Directive (EU) 2015/849, article 40: five years, of which two may be leap years.
KEPT_FOR_LAW = timedelta(days=5 * 365 + 2)

#: What is shown where a handle stood; no handle on X can look like it.
NOBODY = "—"

_AT_ONCE = 1000
_UNDECIDED = inbox.c.state.in_((MessageState.RECEIVED, MessageState.CLAIMED))
_UNFINISHED = outbox.c.state.in_((ReplyState.PENDING, ReplyState.SENDING, ReplyState.UNKNOWN))
_STILL_WAITS = payments.c.state.in_((PaymentState.WAITING, PaymentState.HELD))

#: What operators wrote in words of their own, and nobody can change any more.
_OPERATORS_WORDS = (
    (transfers.c.id, transfers.c.memo),
    (actions.c.id, actions.c.detail),
    (approvals.c.id, approvals.c.reason),
)


class NotErasable(Exception):
    """The customer cannot be erased yet; the message says why, for an operator."""


@dataclass(frozen=True, slots=True)
class Erased:
    """How much was emptied, and how many notes of operators still name the customer."""

    payments: int
    messages: int
    answers: int
    notes: int


@dataclass(frozen=True, slots=True)
class _Whom:
    """Who is erased, and the name that stands in place of X's id from now on."""

    customer: Customer
    pseudonym: str

    @property
    def names(self) -> tuple[str, str]:
        return self.customer.x_id, self.customer.handle

    @property
    def payments(self) -> ColumnElement[bool]:
        """The payments that they had a part in."""
        mine = self.customer.id
        return or_(payments.c.payer_id == mine, payments.c.payee_id == mine)

    @property
    def asks(self) -> ColumnElement[bool]:
        """What they asked for, and were asked for."""
        mine = self.customer.id
        return or_(asks.c.asker_id == mine, asks.c.asked_id == mine)

    def column_of_payments(self, column: Column[str]) -> Select[str]:
        return select(column).where(self.payments)


def kept_until(connection: Connection, customer: Customer) -> datetime | None:
    """Return until when (UTC) the law wants the records kept; None if no money ever moved."""
    mine = customer.account_id
    moved = or_(transfers.c.source_id == mine, transfers.c.target_id == mine)
    last: datetime | None = connection.execute(
        select(func.max(transfers.c.booked_at)).where(moved)
    ).scalar()
    return None if last is None else last + KEPT_FOR_LAW


def erase(connection: Connection, customer: Customer, now: datetime) -> Erased:
    """Erase *customer*, whose account is closed by it; the law's term is for the caller.

    Raises `NotErasable` while there is money in the account, or something about
    the customer has yet to be decided or sent. All words are looked through: in
    a long book that takes seconds, in which SQLite books nothing else.
    """
    audit.unhurried(connection)
    whom = _Whom(customer, f"gone-{secrets.token_hex(8)}")
    _nothing_open(connection, whom)
    erased = Erased(
        payments=_empty_payments(connection, whom),
        messages=_empty_messages(connection, whom),
        answers=_empty_answers(connection, whom),
        notes=sum(len(list(_naming(connection, whom, *words))) for words in _OPERATORS_WORDS),
    )
    _empty_asks(connection, whom)
    _empty_requests(connection, whom)
    _remove_what_hangs_on(connection, customer)
    _blank(connection, whom, now)
    return erased


def _nothing_open(connection: Connection, whom: _Whom) -> None:
    if ledger.balance(connection, whom.customer.account_id) != 0:
        raise NotErasable("there is money in the account: pay it out first")
    if _any(connection, payments.c.reference, whom.payments, _STILL_WAITS):
        raise NotErasable("a payment of theirs still waits: it has to end first")
    if collections.has_unsettled(connection, whom.customer.id):
        raise NotErasable("a collection of theirs has not ended: close it first")
    if _any(connection, asks.c.id, whom.asks, asks.c.state == AskState.OPEN):
        raise NotErasable("somebody is still asked for money, by them or they by another")
    waits = requests.c.state.in_((RequestState.OPEN, RequestState.TAKEN))
    asked = requests.c.customer_id == whom.customer.id
    if _any(connection, requests.c.reference, asked, waits):
        raise NotErasable("a request of theirs waits at the desk: answer or close it first")
    theirs = inbox.c.author_id == whom.customer.x_id
    if _any(connection, inbox.c.id, theirs, _UNDECIDED) or _is_named(
        connection, whom, inbox.c.id, inbox.c.payload, _UNDECIDED
    ):
        raise NotErasable("a message of theirs, or one that names them, is not decided yet")
    to_them = outbox.c.to_x_id == whom.customer.x_id
    if _any(connection, outbox.c.id, to_them, _UNFINISHED) or _is_named(
        connection, whom, outbox.c.id, outbox.c.text, _UNFINISHED
    ):
        raise NotErasable("an answer to them, or one that names them, is still on its way")


def _any(connection: Connection, column: Column[Any], *where: ColumnElement[bool]) -> bool:
    return connection.execute(select(column).where(*where).limit(1)).first() is not None


def _is_named(
    connection: Connection,
    whom: _Whom,
    key: Column[Any],
    words: Column[Any],
    *where: ColumnElement[bool],
) -> bool:
    return any(True for _ in _naming(connection, whom, key, words, *where))


def _naming(
    connection: Connection,
    whom: _Whom,
    key: Column[Any],
    words: Column[Any],
    *where: ColumnElement[bool],
) -> Iterator[Any]:
    """Yield the keys of the rows whose *words* name them.

    The database finds the letters; that they are no part of a longer word, this.
    """
    names = "|".join(map(re.escape, whom.names))
    word = re.compile(rf"(?<!\w)(?:{names})(?!\w)", re.IGNORECASE | re.ASCII)
    letters = or_(*(words.icontains(name, autoescape=True) for name in whom.names))
    found = select(key, words).where(letters, *where).execution_options(yield_per=_AT_ONCE)
    with connection.execute(found) as rows:
        for row in rows:
            if word.search(row[1]):
                yield row[0]


def _empty(connection: Connection, key: Column[Any], keys: list[Any], change: Update) -> int:
    """Make *change* in the rows of these *keys*; return how many there were."""
    for begin in range(0, len(keys), _AT_ONCE):
        connection.execute(change.where(key.in_(keys[begin : begin + _AT_ONCE])))
    return len(keys)


def _empty_payments(connection: Connection, whom: _Whom) -> int:
    """Take their handle, X's id and all notes out of payments."""
    named = set(_naming(connection, whom, payments.c.reference, payments.c.note))
    named |= set(connection.execute(whom.column_of_payments(payments.c.reference)).scalars())
    _empty(connection, payments.c.reference, sorted(named), update(payments).values(note=""))
    # Also orders that named them before, or without, an account of theirs here.
    same_x_id = payments.c.payee_x_id == whom.customer.x_id
    same_handle = func.lower(payments.c.payee_handle) == whom.customer.handle.lower()
    theirs = payments.c.payee_id == whom.customer.id
    payee = or_(theirs, same_x_id, payments.c.payee_x_id.is_(None) & same_handle)
    blank = {"payee_handle": NOBODY, "payee_x_id": whom.pseudonym}
    connection.execute(update(payments).where(payee).values(**blank))
    return len(named)


def _empty_asks(connection: Connection, whom: _Whom) -> None:
    """Take the words out of asks for money."""
    ids = set(_naming(connection, whom, asks.c.id, asks.c.note))
    ids |= set(connection.execute(select(asks.c.id).where(whom.asks)).scalars())
    _empty(connection, asks.c.id, sorted(ids), update(asks).values(note=""))


def _empty_requests(connection: Connection, whom: _Whom) -> None:
    """Remove what they and the desk wrote each other; elsewhere, the words that name them."""
    own = select(requests.c.reference).where(requests.c.customer_id == whom.customer.id)
    connection.execute(delete(request_lines).where(request_lines.c.reference.in_(own)))
    ids = list(_naming(connection, whom, request_lines.c.id, request_lines.c.words))
    _empty(connection, request_lines.c.id, ids, update(request_lines).values(words=""))


def _empty_messages(connection: Connection, whom: _Whom) -> int:
    """Take the words out of messages: theirs, those about their payments, those that name them."""
    about = or_(
        inbox.c.author_id == whom.customer.x_id,
        inbox.c.key.in_(whom.column_of_payments(payments.c.message_key)),
    )
    told = select(inbox.c.id).where(about, inbox.c.payload.is_not(None))
    ids = set(connection.execute(told).scalars())
    ids |= set(_naming(connection, whom, inbox.c.id, inbox.c.payload))
    theirs = update(inbox).where(inbox.c.author_id == whom.customer.x_id)
    connection.execute(theirs.values(author_id=whom.pseudonym))
    return _empty(connection, inbox.c.id, sorted(ids), update(inbox).values(payload=None))


def _empty_answers(connection: Connection, whom: _Whom) -> int:
    """Take the words out of answers: to them, about their payments, and those that name them."""
    about = or_(
        outbox.c.to_x_id == whom.customer.x_id,
        outbox.c.message_key.in_(whom.column_of_payments(payments.c.message_key)),
        outbox.c.reference.in_(whom.column_of_payments(payments.c.reference)),
    )
    ids = set(connection.execute(select(outbox.c.id).where(about, outbox.c.text != "")).scalars())
    ids |= set(_naming(connection, whom, outbox.c.id, outbox.c.text))
    to_them = update(outbox).where(outbox.c.to_x_id == whom.customer.x_id)
    connection.execute(to_them.values(to_x_id=whom.pseudonym))
    return _empty(connection, outbox.c.id, sorted(ids), update(outbox).values(text=""))


def _remove_what_hangs_on(connection: Connection, customer: Customer) -> None:
    """Remove codes, guards, invitations: whatever belongs to a customer but the account."""
    own_cards = select(cards.c.id).where(cards.c.customer_id == customer.id)
    connection.execute(delete(card_codes).where(card_codes.c.card_id.in_(own_cards)))
    for table in reversed(metadata.sorted_tables):
        if table is not accounts and "customer_id" in table.c:
            connection.execute(delete(table).where(table.c.customer_id == customer.id))
    connection.execute(delete(blocks).where(blocks.c.blocked_id == customer.id))
    connection.execute(delete(strangers).where(strangers.c.x_id == customer.x_id))


def _blank(connection: Connection, whom: _Whom, now: datetime) -> None:
    nobody = {
        "x_id": whom.pseudonym,
        "handle": NOBODY,
        "handle_seen_at": now,
        "state": State.CLOSED,
        "language": Language.FRENCH,
        "private": False,
        "private_since": None,
        "silent": True,
        "wrote_first": False,
        "show_name": False,
    }
    theirs = customers.c.id == whom.customer.id
    connection.execute(update(customers).where(theirs).values(**nobody))
