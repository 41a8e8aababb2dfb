"""What the pages of the console show, read from the book at one moment.

Those about payments are in `payments`; each page's address stands below.
"""

from __future__ import annotations

from datetime import timedelta

from smoney_bot.bank.money import Cents
from smoney_bot.bank.operators import Deed
from smoney_bot.book import (
    actions,
    codes,
    collections,
    customers,
    flows,
    gifts,
    inbox,
    ledger,
    outbox,
    rounds,
    searches,
    spending,
    witness,
)
from smoney_bot.book import payments as payment_records
from smoney_bot.book.states import MessageState, ReplyState
from smoney_bot.book.vitals import Queue
from smoney_bot.web.console import desk, payments
from smoney_bot.web.console.charts import HEIGHT, WIDTH, bars
from smoney_bot.web.console.gate import Drawn, Looking, NotThere, Page, number_of

_LINES = 50
_LAST_PAYMENTS = 10


def today(looking: Looking) -> Drawn:
    """Show what was paid today, and whether anything waits."""
    connection, now = looking.connection, looking.now
    hours = flows.of_day(connection, now)
    yesterday = flows.of_day(connection, now - timedelta(days=1))
    facts = {
        "now": now,
        "bars": bars(hours),
        "width": WIDTH,
        "height": HEIGHT,
        "payments": sum(one.payments for one in hours),
        "cents": sum((one.cents for one in hours), Cents(0)),
        "cents_yesterday": sum((one.cents for one in yesterday), Cents(0)),
        "payments_yesterday": sum(one.payments for one in yesterday),
        "messages": Queue(*inbox.waiting(connection)),
        "replies": Queue(*outbox.waiting(connection)),
        "spent": spending.today(connection, now),
        "loops_late": sum(one.is_late(now) for one in rounds.listing(connection)),
        "lines": payments.lines_of(
            connection, searches.newest_payments(connection, _LAST_PAYMENTS)
        ),
    }
    return Drawn("today.html", facts)


def service(looking: Looking) -> Drawn:
    """Show what waits and how long, which loops run, and what X costs today."""
    connection, now = looking.connection, looking.now
    held = searches.held_payments(connection)
    facts = {
        "now": now,
        "messages": Queue(*inbox.waiting(connection)),
        "replies": Queue(*outbox.waiting(connection)),
        "orders": searches.waiting_orders(connection),
        "held": Queue(len(held), min((one.created_at for one in held), default=None)),
        "set_aside": inbox.listing(connection, MessageState.SET_ASIDE, _LINES),
        "given_up": outbox.listing(connection, ReplyState.GAVE_UP, _LINES),
        "loops": rounds.listing(connection),
        "spent": spending.listing(connection, now),
    }
    return Drawn("service.html", facts)


def people(looking: Looking) -> Drawn:
    """Show the newest customers, or those whose handle begins as asked."""
    connection = looking.connection
    asked = looking.query.get("q", "").strip()
    if asked:
        ids = searches.customer_ids(connection, asked.removeprefix("@"), _LINES)
        known = customers.by_ids(connection, ids)
        found = [known[one] for one in ids]
    else:
        found = customers.listing(connection, _LINES)
    return Drawn("customers.html", {"asked": asked, "people": found})


def person(looking: Looking) -> Drawn:
    """Show one customer: state, money, codes left, last payments."""
    connection, number = looking.connection, number_of(looking.path)
    customer = customers.by_ids(connection, [number]).get(number)
    if customer is None:
        raise NotThere
    sent = ledger.sent_since(connection, [customer.account_id], looking.now - timedelta(days=1))
    last = payment_records.listing(connection, customer_id=number, limit=_LAST_PAYMENTS)
    facts = {
        "customer": customer,
        "balance": ledger.balance(connection, customer.account_id),
        "sent": sent[customer.account_id],
        "codes_left": codes.codes_left(connection, [number], looking.now).get(number, 0),
        "lines": payments.lines_of(connection, last),
    }
    return Drawn("customer.html", facts, subject=f"customer {number}")


def gatherings(looking: Looking) -> Drawn:
    """Show the collections, newest first, and how far each has come."""
    found = collections.listing(looking.connection, None, _LINES)
    facts = {
        "collections": found,
        "standings": gifts.standings(looking.connection, [one.id for one in found]),
        "owners": customers.by_ids(looking.connection, {one.owner_id for one in found}),
    }
    return Drawn("collections.html", facts)


def seals(looking: Looking) -> Drawn:
    """Show the closed pages of the book, its head for the witness, and the last verification."""
    connection = looking.connection
    head = witness.head(connection, looking.now)
    facts = {
        "now": looking.now,
        "seals": searches.newest_seals(connection),
        "unsealed": searches.unsealed(connection),
        "head": head,
        "verified": actions.last(connection, Deed.VERIFY),
    }
    return Drawn("seals.html", facts)


def deeds(looking: Looking) -> Drawn:
    """Show what operators did, newest first."""
    return Drawn("actions.html", {"actions": actions.listing(looking.connection)})


PAGES = (
    Page("/console", today),
    Page("/console/service", service),
    Page("/console/payments", payments.listing),
    Page("/console/payments/{reference}", payments.story, Deed.LOOK_AT_PAYMENT),
    Page("/console/refunds", payments.decisions),
    Page("/console/customers", people),
    Page("/console/customers/{number:int}", person, Deed.LOOK_AT_CUSTOMER),
    Page("/console/holds", payments.held),
    Page("/console/collections", gatherings),
    Page("/console/desk", desk.listing),
    Page("/console/desk/{reference}", desk.request, Deed.LOOK_AT_REQUEST),
    Page("/console/seals", seals),
    Page("/console/actions", deeds, Deed.LOOK_AT_ACTIONS),
)
