"""Pages about payments: the list, one payment's whole story, refunds, what is held."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from smoney_bot.bank.customers import Customer
from smoney_bot.bank.desk import Payment
from smoney_bot.bank.money import Cents
from smoney_bot.bank.references import read_reference
from smoney_bot.bank.refunding import NotRefundable, check_payment
from smoney_bot.book import customers, operators, payments, refunds, searches, stories
from smoney_bot.book.refunds import Refund
from smoney_bot.book.states import ApprovalState
from smoney_bot.web.console.gate import Drawn, Looking, NotThere

_LINES = 50


@dataclass(frozen=True, slots=True)
class Line:
    """One payment in a list; never its note, which is for its payee."""

    reference: str
    state: str  # its `Fate`
    kind: str
    reason: str
    amount: Cents
    payer: Customer
    payee: Customer | None
    payee_handle: str
    created_at: datetime
    expires_at: datetime | None


def lines_of(connection: Connection, found: Iterable[Payment]) -> list[Line]:
    """Return *found* with the customers of both sides."""
    shown = list(found)
    ids = {one.payer_id for one in shown} | {one.payee_id for one in shown if one.payee_id}
    known = customers.by_ids(connection, ids)
    undone = payments.undone(connection, shown)
    return [
        Line(
            one.reference,
            payments.fate_of(one, undone).value,
            one.kind.value,
            one.reason,
            one.amount,
            known[one.payer_id],
            known.get(one.payee_id or 0),
            one.payee_handle,
            one.created_at,
            one.expires_at,
        )
        for one in shown
    ]


def listing(looking: Looking) -> Drawn:
    """Show the newest payments, or what was looked for: a reference, or a handle."""
    asked = looking.query.get("q", "").strip()
    reference = read_reference(asked)
    if reference and payments.find(looking.connection, reference):
        return Drawn("", {}, go_to=f"/console/payments/{reference}")
    lines = lines_of(looking.connection, _found(looking.connection, asked))
    return Drawn("payments.html", {"asked": asked, "lines": lines})


def _found(connection: Connection, asked: str) -> Sequence[Payment]:
    if not asked:
        return searches.newest_payments(connection, _LINES)
    customer = customers.by_handle(connection, asked.removeprefix("@"))
    if customer is None:
        return []
    return payments.listing(connection, customer_id=customer.id, limit=_LINES)


def story(looking: Looking) -> Drawn:
    """Show one payment from the message that ordered it to the last word about it."""
    connection, reference = looking.connection, looking.path["reference"]
    if read_reference(reference) != reference:
        raise NotThere
    payment = payments.find(connection, reference)
    if payment is None:
        raise NotThere
    refund = refunds.living(connection, reference)
    facts = {
        "line": lines_of(connection, [payment])[0],
        "payment": payment,
        "message": stories.by_key(connection, payment.message_key),
        "movements": searches.movements(connection, payment),
        "replies": searches.replies_to(connection, payment.message_key),
        "refund": refund,
        "refundable": refund is None and _is_refundable(payment),
    }
    return Drawn("payment.html", facts, subject=reference)


def _is_refundable(payment: Payment) -> bool:
    try:
        check_payment(payment)
    except NotRefundable:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Decision:
    """A refund as it is listed: who asked, who decided, and the payment."""

    refund: Refund
    line: Line
    asked_by: str
    decided_by: str


def decisions(looking: Looking) -> Drawn:
    """Show the refunds that wait for a second person, and those decided on."""
    waiting = refunds.listing(looking.connection, ApprovalState.ASKED, _LINES)
    decided = [one for one in refunds.listing(looking.connection, None, _LINES) if one.decided_by]
    facts = {
        "waiting": _decisions(looking.connection, waiting),
        "decided": _decisions(looking.connection, decided),
    }
    return Drawn("refunds.html", facts)


def _decisions(connection: Connection, found: Sequence[Refund]) -> list[Decision]:
    paid = searches.by_references(connection, [one.payment_reference for one in found])
    lines = {line.reference: line for line in lines_of(connection, paid.values())}
    ids = {one.asked_by for one in found} | {one.decided_by for one in found if one.decided_by}
    names = {one.id: one.name for one in operators.by_ids(connection, ids).values()}
    return [
        Decision(
            one,
            lines[one.payment_reference],
            names[one.asked_by],
            names.get(one.decided_by or 0, ""),
        )
        for one in found
    ]


def held(looking: Looking) -> Drawn:
    """Show what is held for people without an account."""
    lines = lines_of(looking.connection, searches.held_payments(looking.connection))
    total = sum((one.amount for one in lines), Cents(0))
    return Drawn("holds.html", {"lines": lines, "total": total})
