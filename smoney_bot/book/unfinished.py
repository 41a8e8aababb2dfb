"""Unfinished: what has to end before a customer can be erased.

Money could otherwise come to an account that nobody bears any more, or an order be
carried out whose words are gone.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, select

from smoney_bot.bank.asks import AskState
from smoney_bot.bank.branch import RequestState
from smoney_bot.bank.desk import PaymentState
from smoney_bot.book import collections, ledger
from smoney_bot.book.named import Whom, any_naming
from smoney_bot.book.states import MessageState, ReplyState
from smoney_bot.book.tables import asks, customers, inbox, outbox, payments, requests

_UNDECIDED = inbox.c.state.in_((MessageState.RECEIVED, MessageState.CLAIMED))
#: What others wrote may still be carried out, if an operator has it tried again.
_MAY_BE_DECIDED = _UNDECIDED | (inbox.c.state == MessageState.SET_ASIDE)
_UNFINISHED = outbox.c.state.in_((ReplyState.PENDING, ReplyState.SENDING, ReplyState.UNKNOWN))
_STILL_WAITS = payments.c.state.in_((PaymentState.WAITING, PaymentState.HELD))


class NotErasable(Exception):
    """The customer cannot be erased yet; the message says why, for an operator."""


def check_finished(connection: Connection, whom: Whom) -> None:
    """Raise `NotErasable` while something has yet to be decided, paid, sent or given back.

    The customer's row is held: a payment to them that is under way ends first, and
    none begins until this transaction ends.
    """
    mine = select(customers.c.id).where(customers.c.id == whom.customer.id)
    connection.execute(mine.with_for_update())
    _check_money(connection, whom)
    _check_words(connection, whom)


def _check_money(connection: Connection, whom: Whom) -> None:
    if ledger.balance(connection, whom.customer.account_id) != 0:
        raise NotErasable("there is money in the account: pay it out first")
    to_them = payments.c.payee_x_id == whom.customer.x_id  # also before they had an account
    if _any(connection, payments.c.reference, whom.payments | to_them, _STILL_WAITS):
        raise NotErasable("a payment of theirs still waits: it has to end first")
    if collections.may_give_back(connection, whom.customer.id):
        raise NotErasable("a gift of theirs may still come back: the collection has to end first")
    if collections.has_unsettled(connection, whom.customer.id):
        raise NotErasable("a collection of theirs has not ended: close it first")
    if _any(connection, asks.c.id, whom.asks, asks.c.state == AskState.OPEN):
        raise NotErasable("somebody is still asked for money, by them or they by another")


def _check_words(connection: Connection, whom: Whom) -> None:
    waits = requests.c.state.in_((RequestState.OPEN, RequestState.TAKEN))
    asked = requests.c.customer_id == whom.customer.id
    if _any(connection, requests.c.reference, asked, waits):
        raise NotErasable("a request of theirs waits at the desk: answer or close it first")
    theirs = inbox.c.author_id == whom.customer.x_id
    if _any(connection, inbox.c.id, theirs, _UNDECIDED) or any_naming(
        connection, whom, inbox.c.id, inbox.c.payload, ~theirs, _MAY_BE_DECIDED
    ):
        raise NotErasable("a message of theirs, or one that names them, is not decided yet")
    to_them = outbox.c.to_x_id == whom.customer.x_id
    if _any(connection, outbox.c.id, to_them, _UNFINISHED) or any_naming(
        connection, whom, outbox.c.id, outbox.c.text, _UNFINISHED
    ):
        raise NotErasable("an answer to them, or one that names them, is still on its way")


def _any(connection: Connection, column: Column[Any], *where: ColumnElement[bool]) -> bool:
    return connection.execute(select(column).where(*where).limit(1)).first() is not None
