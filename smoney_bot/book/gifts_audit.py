"""Audit of collections: each has its gifts, until they are paid out or have gone back.

A gift has one transfer into its collection's account; a returned one has one back
to the giver besides; what was paid out left in one transfer, to the owner.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, case, cast, exists, func, literal, select

from smoney_bot.bank.collections import CollectionState
from smoney_bot.bank.desk import PaymentState
from smoney_bot.book.gifts import GIVE_BACK, PAY_OUT
from smoney_bot.book.ledger import PAYMENT
from smoney_bot.book.tables import accounts, balances, collections, payments, transfers

_giver = accounts.alias("giver_account")
_owner = accounts.alias("owner_account")
_into = transfers.alias("into_collection")
_back = transfers.alias("back_to_giver")

_BACK_KEY = "return:"


def target_of_gift() -> ColumnElement[int | None]:
    """Return the account that the payment of the row went to, if it is a gift."""
    own = collections.c.id == payments.c.collection_id
    return select(collections.c.account_id).where(own).scalar_subquery()


def was_given_back() -> ColumnElement[bool]:
    """Return whether the payment of the row is a gift that went back: it is judged here."""
    return (payments.c.state == PaymentState.RETURNED) & payments.c.collection_id.is_not(None)


def _accounts_off() -> Select[tuple[str, str]]:
    """Find collections that have not exactly what was given and is still theirs."""
    booked = payments.c.state == PaymentState.BOOKED
    mine = (payments.c.collection_id == collections.c.id) & booked
    given = select(func.coalesce(func.sum(payments.c.amount_cents), 0)).where(mine)
    paid_out = collections.c.state == CollectionState.PAID_OUT
    told = case((paid_out, 0), else_=cast(given.scalar_subquery(), BigInteger))
    return (
        select(collections.c.tag, literal("it has more or less than its gifts come to"))
        .outerjoin(balances, balances.c.account_id == collections.c.account_id)
        .where(func.coalesce(cast(balances.c.balance_cents, BigInteger), -1) != told)
    )


def _gifts_off() -> Select[tuple[str, str]]:
    """Find returned gifts without exactly the two transfers that they tell of."""
    return (
        select(payments.c.reference, literal("no such transfers into the collection and back"))
        .join(collections, collections.c.id == payments.c.collection_id)
        .join(_giver, _giver.c.customer_id == payments.c.payer_id)
        .outerjoin(
            _into,
            (_into.c.key == payments.c.message_key)
            & (_into.c.kind == PAYMENT)
            & (_into.c.amount_cents == payments.c.amount_cents)
            & (_into.c.source_id == _giver.c.id)
            & (_into.c.target_id == collections.c.account_id),
        )
        .outerjoin(
            _back,
            (_back.c.key == literal(_BACK_KEY).concat(payments.c.reference))
            & (_back.c.kind == GIVE_BACK)
            & (_back.c.amount_cents == payments.c.amount_cents)
            & (_back.c.source_id == collections.c.account_id)
            & (_back.c.target_id == _giver.c.id),
        )
        .where(was_given_back(), _into.c.id.is_(None) | _back.c.id.is_(None))
    )


def _gifts_lost() -> Select[tuple[str, str]]:
    """Find gifts to a collection that there is not: no foreign key keeps them together."""
    there = exists().where(collections.c.id == payments.c.collection_id)
    return select(payments.c.reference, literal("there is no such collection")).where(
        payments.c.collection_id.is_not(None), ~there
    )


def _returns_unexplained() -> Select[tuple[str, str]]:
    """Find transfers back to a giver that no returned gift tells of."""
    told = exists().where(
        payments.c.reference == func.substr(transfers.c.key, len(_BACK_KEY) + 1), was_given_back()
    )
    return select(transfers.c.key, literal("no returned gift tells of this transfer")).where(
        transfers.c.kind == GIVE_BACK, ~told
    )


def _pay_outs_unexplained() -> Select[tuple[str, str]]:
    """Find transfers that pay out what is no collection of the one who got it."""
    told = (
        (collections.c.account_id == transfers.c.source_id)
        & (collections.c.state == CollectionState.PAID_OUT)
        & (_owner.c.customer_id == collections.c.owner_id)
        & (_owner.c.id == transfers.c.target_id)
    )
    return select(transfers.c.key, literal("no collection of the payee was paid out so")).where(
        transfers.c.kind == PAY_OUT, ~exists().where(told)
    )


RULES: dict[str, Select[Any]] = {
    "collection_is_sum_of_gifts": _accounts_off(),
    "gift_has_collection": _gifts_lost(),
    "returned_gift_has_transfers": _gifts_off(),
    "gift_return_has_gift": _returns_unexplained(),
    "pay_out_has_collection": _pay_outs_unexplained(),
}
