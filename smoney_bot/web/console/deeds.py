"""What each form of the console does to the book: one transaction each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from structlog import get_logger

from smoney_bot.bank.customers import State
from smoney_bot.bank.keys import Keyring
from smoney_bot.bank.operators import Deed
from smoney_bot.bank.references import read_reference
from smoney_bot.bank.refunding import NotRefundable
from smoney_bot.book import audit, backups, customers, guards, inbox, outbox, refunds, seals
from smoney_bot.book.engine import Book
from smoney_bot.book.refunds import AlreadyDecided, SecondPersonNeeded
from smoney_bot.web.console import desk
from smoney_bot.web.console.gate import Doing, Done, Form, NotThere, Unwilling, number_of

log = get_logger(__name__)

#: What an operator says of a refund, in signs.
REASON_MIN, REASON_MAX = 4, 200

#: A longer book is verified by the command, which may take its time.
VERIFIED_MAX = 200_000


def set_state(state: State) -> Callable[[Doing], Done]:
    """Return the deed that freezes an account, or lets it pay again."""

    def act(doing: Doing) -> Done:
        number = number_of(doing.path)
        found = customers.by_ids(doing.connection, [number]).get(number)
        if found is None:
            raise NotThere
        # Again, and held: what a batch changes meanwhile must not be undone by ours.
        customer = customers.by_x_ids(doing.connection, [found.x_id], lock=True)[found.x_id]
        if customer.state is State.CLOSED:
            raise Unwilling("account_closed")
        customers.update(doing.connection, [replace(customer, state=state)])
        if state is State.OPEN:
            guards.forgive(doing.connection, [customer.id])
        return Done(f"/console/customers/{number}", subject=f"customer {number}")

    return act


def resend(doing: Doing) -> Done:
    """Let a reply that was given up be sent after all."""
    number = number_of(doing.path)
    if outbox.retry(doing.connection, [number], doing.now) != 1:
        raise Unwilling("does_not_wait")
    return Done("/console/service", subject=f"reply {number}")


def retry(doing: Doing) -> Done:
    """Let a message that was set aside be served after all."""
    key = doing.fields.get("key", "")
    if inbox.retry(doing.connection, [key], doing.now) != 1:
        raise Unwilling("does_not_wait")
    return Done("/console/service", subject=f"message {key}")


def ask_refund(doing: Doing) -> Done:
    """Ask that a payment be undone."""
    reference = doing.path["reference"]
    if read_reference(reference) != reference:
        raise NotThere
    reason = " ".join(doing.fields.get("reason", "").split())
    if not REASON_MIN <= len(reason) <= REASON_MAX:
        raise Unwilling("no_reason")
    try:
        refund = refunds.ask(doing.connection, reference, reason, doing.operator, doing.now)
    except NotRefundable as no:
        raise Unwilling(no.why) from None
    return Done("/console/refunds", subject=reference, detail=f"refund {refund.id}")


def approve(doing: Doing) -> Done:
    """Give the money back, as another operator asked."""
    number = number_of(doing.path)
    if backups.must_recover(doing.connection):
        raise Unwilling("must_recover")
    try:
        refund, unfit = refunds.approve(doing.connection, number, doing.operator, doing.now)
    except SecondPersonNeeded:
        raise Unwilling("second_person") from None
    except AlreadyDecided:
        raise Unwilling("already_decided") from None
    except NotRefundable as no:
        raise Unwilling(no.why) from None
    for one in unfit:
        log.error("reply.unfit", reference=one.reply.reference, why=one.why)
    return Done("/console/refunds", subject=refund.payment_reference, detail=f"refund {number}")


def decline(doing: Doing) -> Done:
    """Leave the payment as it is."""
    number = number_of(doing.path)
    try:
        refund = refunds.decline(doing.connection, number, doing.operator, doing.now)
    except SecondPersonNeeded:
        raise Unwilling("second_person") from None
    except AlreadyDecided:
        raise Unwilling("already_decided") from None
    return Done("/console/refunds", subject=refund.payment_reference, detail=f"refund {number}")


def look_through(book: Book, keyring: Keyring) -> str:
    """Return what is wrong in the book: "0" for nothing, else how many things, and the first.

    Raises `Unwilling` for a book that takes longer than a browser waits.
    """
    with book.reading() as connection:
        if seals.booked(connection) > VERIFIED_MAX:
            raise Unwilling("book_too_long")
        found = [*audit.verify(connection), *seals.check(connection, keyring, book.now(connection))]
    if not found:
        return "0"
    return f"{len(found)}: {found[0].rule}, {found[0].subject}"


def verify(doing: Doing) -> Done:
    """Record what was found in the book."""
    return Done("/console/seals", subject="book", detail=doing.evidence)


FORMS = (
    Form("/console/customers/{number:int}/freeze", Deed.FREEZE, set_state(State.FROZEN)),
    Form("/console/customers/{number:int}/unfreeze", Deed.UNFREEZE, set_state(State.OPEN)),
    Form("/console/replies/{number:int}/resend", Deed.RESEND, resend),
    Form("/console/messages/retry", Deed.RETRY, retry),
    Form("/console/payments/{reference}/refund", Deed.ASK_REFUND, ask_refund),
    Form("/console/refunds/{number:int}/approve", Deed.APPROVE_REFUND, approve),
    Form("/console/refunds/{number:int}/decline", Deed.DECLINE_REFUND, decline),
    Form("/console/desk/{reference}/take", Deed.TAKE_REQUEST, desk.take),
    Form("/console/desk/{reference}/answer", Deed.ANSWER_REQUEST, desk.answer),
    Form("/console/desk/{reference}/close", Deed.CLOSE_REQUEST, desk.close),
    Form("/console/seals/verify", Deed.VERIFY, verify, look_through),
)
