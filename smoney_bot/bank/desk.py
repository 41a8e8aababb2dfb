"""The desk: what lies before the teller while a batch of messages is decided.

The records are read and locked once, laid here, changed in memory by one
decision after another, and written back in a few bulk statements.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum

from smoney_bot.bank import asks, branch
from smoney_bot.bank.answers import HistoryLine
from smoney_bot.bank.codes import CodeUse
from smoney_bot.bank.collections import Collection
from smoney_bot.bank.customers import Customer
from smoney_bot.bank.money import Cents
from smoney_bot.bank.orders import Payee
from smoney_bot.bank.policy import PaymentKind
from smoney_bot.bank.receipts import Receipt


class Outcome(StrEnum):
    """How a message ends; each is final."""

    IGNORED = "ignored"  # asked for nothing
    REFUSED = "refused"  # not done: the order or its circumstances
    DECLINED = "declined"  # not done: the code
    APPLIED = "applied"  # done


class PaymentState(StrEnum):
    """The life of an order that moves money."""

    WAITING = "waiting"  # for a code by direct message
    HELD = "held"  # for a payee without an account
    BOOKED = "booked"
    REFUSED = "refused"
    RETURNED = "returned"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """One line of the book: *amount* leaves *source* and arrives in *target*.

    `key` makes it happen once: the message's key, or `deposit:` and the
    operator's reference. `source` and `target` are account ids.
    """

    key: str
    kind: str  # "payment", "deposit", "withdrawal", or one of `holds` or `book.gifts`
    source: int
    target: int
    amount: Cents
    booked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """One order to pay and what became of it."""

    reference: str
    message_key: str
    message_id: str
    kind: PaymentKind
    state: PaymentState
    reason: str  # why it was refused, else ""
    amount: Cents
    payer_id: int  # customer id
    payee_id: int | None  # customer id; None when unknown here
    payee_x_id: str | None
    payee_handle: str
    note: str
    created_at: datetime  # the post's own time, UTC
    booked_at: datetime | None
    expires_at: datetime | None = None  # until when it waits or is held, UTC
    collection_id: int | None = None  # the payee's collection that it is a gift to


class Purpose(StrEnum):
    """What a window is opened for; each has a page of its own."""

    RENEWAL = "renewal"
    STATEMENT = "statement"


@dataclass(frozen=True, slots=True)
class Renewal:
    """A window in which the bank's page takes a code of this customer along with *word*.

    To renew codes, or to see a statement: *purpose* tells.
    """

    customer_id: int
    word: str
    purpose: Purpose = Purpose.RENEWAL


class Priority(IntEnum):
    """Which reply leaves first where X does not take all: the smallest."""

    PAYMENT = 0  # what became of an order about money
    USUAL = 1  # other answers to customers, and notices
    HELP = 2  # how to write an order, and anything to strangers


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A line that is to leave the bank.

    `kind` is unique per message: `answer` to its author, `farewell` to an author
    who said stop (the last line they get), `notice` to the payee, `pointer` for
    the public line beside a private answer.
    """

    message_key: str
    kind: str
    to_x_id: str
    in_reply_to: str | None  # the post to reply to; None = direct message
    text: str
    reference: str
    priority: Priority = Priority.USUAL

    @property
    def public(self) -> bool:
        """Whether it is posted rather than sent by direct message."""
        return self.in_reply_to is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the teller decided on one message; nothing has been written yet."""

    message_key: str
    reference: str
    outcome: Outcome
    reason: str = ""
    payment: Payment | None = None  # a new one
    settled: Payment | None = None  # one that waited, as it ends now
    taken_back: Payment | None = None  # one that was held, as it ends now
    transfer: Transfer | None = None
    customer: Customer | None = None  # the author as changed, if changed
    renewal: Renewal | None = None  # a window that opens
    uses: tuple[CodeUse, ...] = ()  # codes that are used up by this
    clear_failures: int | None = None  # customer id whose failed attempts are forgotten
    told: str | None = None  # X id of a stranger who is told how it works
    asks: asks.Changes = asks.NOTHING
    requests: branch.Changes = branch.NOTHING
    replies: tuple[Reply, ...] = ()


@dataclass(slots=True)
class Desk:
    """The working copy of all that a batch of messages may touch.

    `customers` by X id (authors and payees), `balances` and `sent` (what left
    in the last 24 hours) by account id, `codes_left` by customer id,
    `waiting` (the one order that waits for its code) by the payer's customer id,
    `histories` by account id for those who ask, `words` (a fresh one for each who
    wants a window) by customer id, `set_aside` (what is held of their money) by
    customer id and `receipts` by reference, both for those who ask for them.
    `handles` tells, for names that X had not marked, which X id holds the handle
    (small letters) now; `unsure` are the keys of messages of which nobody can say for
    sure whom they named; `deleted` the keys of messages whose post is gone; `told` the X ids
    of strangers who were told within a day how it works. `held` are, by reference, the
    held payments that somebody wants back, `held_account` is where their money is;
    `asks` is what there is about asks; `collections` are, by tag, those that gifts are
    for; `requests` those that wait, by customer id and kind. `now` is the database's
    clock.
    """

    now: datetime
    customers: dict[str, Customer] = field(default_factory=dict)
    balances: dict[int, Cents] = field(default_factory=dict)
    sent: dict[int, Cents] = field(default_factory=dict)
    codes_left: dict[int, int] = field(default_factory=dict)
    waiting: dict[int, Payment] = field(default_factory=dict)
    histories: dict[int, tuple[HistoryLine, ...]] = field(default_factory=dict)
    words: dict[int, str] = field(default_factory=dict)
    set_aside: dict[int, Cents] = field(default_factory=dict)
    receipts: dict[str, Receipt] = field(default_factory=dict)
    handles: dict[str, str] = field(default_factory=dict)
    unsure: frozenset[str] = frozenset()
    deleted: frozenset[str] = frozenset()
    told: set[str] = field(default_factory=set)
    held: dict[str, Payment] = field(default_factory=dict)
    held_account: int = 0
    asks: asks.OnDesk = field(default_factory=asks.OnDesk)
    collections: dict[str, Collection] = field(default_factory=dict)
    requests: dict[tuple[int, branch.RequestKind], branch.Request] = field(default_factory=dict)

    def x_id_of(self, payee: Payee) -> str | None:
        """Return the X id of *payee*: what X marked, else who has the handle now."""
        return payee.x_id or self.handles.get(payee.handle.lower())

    def whom(self, payee: Payee) -> Customer | None:
        """Return the customer that *payee* is, or None."""
        x_id = self.x_id_of(payee)
        return self.customers.get(x_id) if x_id else None

    def collection(self, collection_id: int | None) -> Collection | None:
        """Return the collection of that id, or None."""
        return next((one for one in self.collections.values() if one.id == collection_id), None)

    def customer(self, customer_id: int) -> Customer:
        """Return the customer of that id, who lies here."""
        return next(one for one in self.customers.values() if one.id == customer_id)

    def settle(self, decision: Decision) -> None:
        """Let *decision* take effect here, so that the next one sees it."""
        if decision.customer is not None:
            self.customers[decision.customer.x_id] = decision.customer
        if decision.told is not None:
            self.told.add(decision.told)
        self.asks.settle(decision.asks)
        if (new := decision.requests.new) is not None:
            self.requests[new.customer_id, new.kind] = new
        if (transfer := decision.transfer) is not None:
            self.balances[transfer.source] -= transfer.amount
            self.balances[transfer.target] += transfer.amount
            sent = self.sent.get(transfer.source, Cents(0))
            self.sent[transfer.source] = sent + transfer.amount
