"""Receipts: the facts of payments, for customers who name them."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, func, select

from smoney_bot.bank.receipts import Fate, Receipt
from smoney_bot.book.payments import UNDONE
from smoney_bot.book.tables import collections, customers, payments, transfers


def by_references(connection: Connection, references: Iterable[str]) -> dict[str, Receipt]:
    """Return what there is of these payments, by reference; who may see it, the teller says."""
    asked = sorted(set(references))
    if not asked:
        return {}
    payer, payee = customers.alias("payer"), customers.alias("payee")
    statement = (
        select(
            *(payments.c[name] for name in ("reference", "payer_id", "payee_id", "note")),
            payer.c.handle.label("payer"),
            func.coalesce(payee.c.handle, payments.c.payee_handle).label("payee"),
            collections.c.tag,
            payments.c.amount_cents.label("amount"),
            payments.c.state,
            transfers.c.id.label("refund_id"),
            func.coalesce(payments.c.booked_at, payments.c.created_at).label("at"),
        )
        .join(payer, payer.c.id == payments.c.payer_id)
        .outerjoin(payee, payee.c.id == payments.c.payee_id)
        .outerjoin(collections, collections.c.id == payments.c.collection_id)
        .outerjoin(transfers, UNDONE)
        .where(payments.c.reference.in_(asked))
    )
    found: dict[str, Receipt] = {}
    for row in connection.execute(statement):
        facts = dict(row._mapping)  # noqa: SLF001 - public by SQLAlchemy's documentation
        undone, state = facts.pop("refund_id") is not None, facts.pop("state")
        fate = Fate.REFUNDED if undone else Fate(state.value)
        found[row.reference] = Receipt(**facts, fate=fate)
    return found
