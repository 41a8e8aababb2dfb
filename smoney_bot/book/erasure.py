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

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Update,
    delete,
    func,
    or_,
    select,
    update,
)

from smoney_bot.bank.customers import Customer, Language, State
from smoney_bot.book import audit
from smoney_bot.book.named import Whom, naming
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
from smoney_bot.book.unfinished import NotErasable, check_finished

__all__ = ["KEPT_FOR_LAW", "NOBODY", "Erased", "NotErasable", "erase", "kept_until"]

#: Directive (EU) 2015/849, article 40: five years, of which two may be leap years.
KEPT_FOR_LAW = timedelta(days=5 * 365 + 2)

#: What is shown where a handle stood; no handle on X can look like it.
NOBODY = "—"

_AT_ONCE = 1000

#: What operators wrote in words of their own, and nobody can change any more.
_OPERATORS_WORDS = (
    (transfers.c.id, transfers.c.memo),
    (actions.c.id, actions.c.detail),
    (approvals.c.id, approvals.c.reason),
)


@dataclass(frozen=True, slots=True)
class Erased:
    """How much was emptied, and how many notes of operators still name the customer."""

    payments: int
    messages: int
    answers: int
    notes: int


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
    whom = Whom(customer, f"gone-{secrets.token_hex(8)}")
    check_finished(connection, whom)
    erased = Erased(
        payments=_empty_payments(connection, whom),
        messages=_empty_messages(connection, whom),
        answers=_empty_answers(connection, whom),
        notes=sum(len(list(naming(connection, whom, *words))) for words in _OPERATORS_WORDS),
    )
    _empty_asks(connection, whom)
    _empty_requests(connection, whom)
    _remove_what_hangs_on(connection, customer)
    _blank(connection, whom, now)
    return erased


def _empty(connection: Connection, key: Column[Any], keys: list[Any], change: Update) -> int:
    """Make *change* in the rows of these *keys*; return how many there were."""
    for begin in range(0, len(keys), _AT_ONCE):
        connection.execute(change.where(key.in_(keys[begin : begin + _AT_ONCE])))
    return len(keys)


def _empty_payments(connection: Connection, whom: Whom) -> int:
    """Take their handle, X's id and all notes out of payments."""
    named = set(naming(connection, whom, payments.c.reference, payments.c.note))
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


def _empty_asks(connection: Connection, whom: Whom) -> None:
    """Take the words out of asks for money."""
    ids = set(naming(connection, whom, asks.c.id, asks.c.note))
    ids |= set(connection.execute(select(asks.c.id).where(whom.asks)).scalars())
    _empty(connection, asks.c.id, sorted(ids), update(asks).values(note=""))


def _empty_requests(connection: Connection, whom: Whom) -> None:
    """Remove what they and the desk wrote each other; elsewhere, the words that name them."""
    own = select(requests.c.reference).where(requests.c.customer_id == whom.customer.id)
    connection.execute(delete(request_lines).where(request_lines.c.reference.in_(own)))
    ids = list(naming(connection, whom, request_lines.c.id, request_lines.c.words))
    _empty(connection, request_lines.c.id, ids, update(request_lines).values(words=""))


def _empty_messages(connection: Connection, whom: Whom) -> int:
    """Take the words out of messages: theirs, those about their payments, those that name them."""
    about = or_(
        inbox.c.author_id == whom.customer.x_id,
        inbox.c.key.in_(whom.column_of_payments(payments.c.message_key)),
    )
    told = select(inbox.c.id).where(about, inbox.c.payload.is_not(None))
    ids = set(connection.execute(told).scalars())
    ids |= set(naming(connection, whom, inbox.c.id, inbox.c.payload))
    theirs = update(inbox).where(inbox.c.author_id == whom.customer.x_id)
    connection.execute(theirs.values(author_id=whom.pseudonym))
    return _empty(connection, inbox.c.id, sorted(ids), update(inbox).values(payload=None))


def _empty_answers(connection: Connection, whom: Whom) -> int:
    """Take the words out of answers: to them, about their payments, and those that name them."""
    about = or_(
        outbox.c.to_x_id == whom.customer.x_id,
        outbox.c.message_key.in_(whom.column_of_payments(payments.c.message_key)),
        outbox.c.reference.in_(whom.column_of_payments(payments.c.reference)),
    )
    ids = set(connection.execute(select(outbox.c.id).where(about, outbox.c.text != "")).scalars())
    ids |= set(naming(connection, whom, outbox.c.id, outbox.c.text))
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


def _blank(connection: Connection, whom: Whom, now: datetime) -> None:
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
