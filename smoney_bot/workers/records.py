"""The records of a batch: laid on the desk under lock, and written back in bulk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection
from structlog import get_logger

from smoney_bot.bank import orders, policy
from smoney_bot.bank.asks import NOTHING, Changes
from smoney_bot.bank.case import Rules
from smoney_bot.bank.codes import Checked, CodeKind, CodeOnFile, Rehash
from smoney_bot.bank.collections import Collection
from smoney_bot.bank.customers import Customer
from smoney_bot.bank.desk import Decision, Desk, Payment
from smoney_bot.bank.messages import Message
from smoney_bot.book import (
    asks,
    codes,
    collections,
    customers,
    deletions,
    desk_requests,
    holds,
    inbox,
    ledger,
    outbox,
    payments,
    renewals,
    spending,
    strangers,
)
from smoney_bot.channels.x.prices import PRICES, Billed
from smoney_bot.telemetry import MESSAGES
from smoney_bot.workers import laying, naming

log = get_logger(__name__)

#: How many past payments the answer to `#history` tells.
_HISTORY_LINES = 5


@dataclass(frozen=True, slots=True)
class Judged:
    """A claimed message whose codes have been checked."""

    claimed: inbox.Claimed
    checked: Checked

    @property
    def message(self) -> Message:
        """The message itself."""
        return self.claimed.message


def lay(
    connection: Connection,
    judged: Sequence[Judged],
    named: naming.Named,
    rules: Rules,
    now: datetime,
) -> Desk:
    """Lock and read all that *judged* may touch, accounts in id order."""
    asked = {one.message.author_id: orders.read(one.message, rules.bot) for one in judged}
    _note_authors(connection, judged)
    # Authors are held: what an operator changes meanwhile must not be undone by ours.
    known = customers.by_x_ids(connection, _payees(asked.values(), named.handles), stay=True)
    known |= customers.by_x_ids(connection, asked, lock=True)
    authors = [known[x_id] for x_id in asked if x_id in known]
    waiting = payments.waiting(connection, [one.id for one in authors], now)
    known |= customers.by_x_ids(connection, _waited_for(waiting.values(), known), stay=True)
    curious = [one for one in authors if isinstance(asked[one.x_id], orders.AskHistory)]
    given_to = _collections(connection, asked.values(), waiting.values())
    asks_here = laying.asks_on_desk(connection, asked, authors, now)
    known |= laying.people_of(connection, asks_here, known)
    payees = _payees(asked.values(), named.handles)
    held = laying.held(connection, asked.values(), payees, waiting.values(), known)
    return Desk(
        now=now,
        customers=known,
        balances=ledger.lock(connection, [*_accounts(known), *_accounts(given_to), *held.accounts]),
        sent=ledger.sent_since(connection, [one.account_id for one in authors], now - policy.DAY),
        codes_left=codes.codes_left(connection, _with_cards(judged), now),
        waiting=waiting,
        deleted=deletions.among(connection, [one.message for one in judged], now),
        histories=payments.history(connection, curious, _HISTORY_LINES),
        words={one.id: renewals.new_word() for one in authors if _opens_window(asked[one.x_id])},
        handles=named.handles,
        unsure=named.unsure,
        told=strangers.told(connection, asked.keys() - known.keys(), now),
        collections=given_to,
        set_aside=holds.set_aside(connection, _curious_of_balance(asked, authors)),
        receipts=laying.receipts_of(connection, asked.values()),
        held=held.wanted,
        held_account=held.account,
        asks=asks_here,
        requests=desk_requests.waiting_of(connection, laying.consulting(asked, authors)),
    )


def _accounts(of: Mapping[str, Customer] | Mapping[str, Collection]) -> list[int]:
    return [one.account_id for one in of.values()]


def _collections(
    connection: Connection, asked: Iterable[orders.Order], waiting: Iterable[Payment]
) -> dict[str, Collection]:
    """Hold the collections that somebody gives to: none ends before that is decided."""
    tags = {one.tag.lower() for one in asked if isinstance(one, orders.Pay) and one.tag}
    ids = {one.collection_id for one in waiting if one.collection_id is not None}
    return collections.among(connection, tags, ids, lock=True)


def _with_cards(judged: Sequence[Judged]) -> Iterator[int]:
    """Yield the customer ids of those who showed a right code of their card."""
    uses = (code.use for one in judged for code in one.checked.codes)
    return (use.customer_id for use in uses if use is not None and use.kind is CodeKind.CARD)


def _opens_window(order: orders.Order) -> bool:
    return isinstance(order, orders.Renew | orders.AskStatement)


def _curious_of_balance(
    asked: Mapping[str, orders.Order], authors: Sequence[Customer]
) -> list[int]:
    return [one.id for one in authors if isinstance(asked[one.x_id], orders.AskBalance)]


def _note_authors(connection: Connection, judged: Sequence[Judged]) -> None:
    """Keep the handles that X showed with messages, and who has written a direct one."""
    shown = {
        one.message.author_id: (one.message.author_handle, one.claimed.received_at)
        for one in judged
        if one.message.author_handle
    }
    wrote = {one.message.author_id for one in judged if not one.message.public}
    customers.see(connection, shown, wrote=wrote)


def _waited_for(waiting: Iterable[Payment], known: Mapping[str, Customer]) -> Iterator[str]:
    """Yield the X ids of payees of waiting orders that are not *known* yet."""
    return (one.payee_x_id for one in waiting if one.payee_x_id and one.payee_x_id not in known)


def _payees(asked: Iterable[orders.Order], handles: dict[str, str]) -> Iterator[str]:
    """Yield the X ids of those whom orders name: to be paid, or asked."""
    for order in asked:
        for person in orders.named_in(order):
            x_id = person.x_id or handles.get(person.handle.lower())
            if x_id is not None:
                yield x_id


def write(
    connection: Connection,
    judged: Sequence[Judged],
    decisions: Sequence[Decision],
    now: datetime,
) -> None:
    """Write what was decided: everything of the batch, or (by an error) nothing."""
    ledger.book(connection, [one.transfer for one in decisions if one.transfer])
    payments.put(connection, [one.payment for one in decisions if one.payment])
    payments.settle(connection, [one.settled for one in decisions if one.settled])
    holds.end(connection, [one.taken_back for one in decisions if one.taken_back])
    _write_asks(connection, [one.asks for one in decisions if one.asks != NOTHING], now)
    desk_requests.write(connection, [one.requests for one in decisions])
    collections.note_reached(connection, _given_to(decisions), now)
    codes.use_up(connection, {one.message_key: one.uses for one in decisions}, now)
    codes.note_wrong(connection, _missed(judged))
    codes.rehash(connection, _rehashed(judged))
    codes.forgive(connection, [one.clear_failures for one in decisions if one.clear_failures])
    customers.update(connection, [one.customer for one in decisions if one.customer])
    renewals.open_windows(connection, [one.renewal for one in decisions if one.renewal], now)
    _put_replies(connection, decisions, now)
    decided = [
        inbox.Decided(one.claimed, decision.outcome, decision.reason)
        for one, decision in zip(judged, decisions, strict=True)
    ]
    inbox.finish(connection, decided, now)
    passed_over = _quiet_strangers(connection, judged, decisions, now)
    _bill(connection, [one.message.public for one in judged] + passed_over, now)


def _given_to(decisions: Sequence[Decision]) -> set[int]:
    """Return the ids of the collections that got a gift."""
    paid = [one.payment or one.settled for one in decisions if one.transfer]
    return {one.collection_id for one in paid if one is not None and one.collection_id is not None}


def _write_asks(connection: Connection, changes: Sequence[Changes], now: datetime) -> None:
    asks.end(connection, [ended for one in changes for ended in one.ended])
    asks.put(connection, [new for one in changes for new in one.new])
    asks.block(connection, [one.blocking for one in changes if one.blocking], now)


def _put_replies(connection: Connection, decisions: Sequence[Decision], now: datetime) -> None:
    replies = [reply for one in decisions for reply in one.replies]
    for unfit in outbox.put(connection, replies, now):
        log.error("reply.unfit", reference=unfit.reply.reference, why=unfit.why)


def _quiet_strangers(
    connection: Connection,
    judged: Sequence[Judged],
    decisions: Sequence[Decision],
    now: datetime,
) -> list[bool]:
    """Note who was told how it works, and pass over whatever else they wrote (public or not)."""
    strangers.tell(connection, [one.told for one in decisions if one.told], now)
    quiet = {
        one.message.author_id
        for one, decision in zip(judged, decisions, strict=True)
        if decision.told or decision.reason == "told_today"
    }
    passed_over = strangers.pass_over(connection, quiet, now) if quiet else []
    if passed_over:
        MESSAGES.labels("ignored").inc(len(passed_over))
        log.info("message.passed_over", messages=len(passed_over), authors=len(quiet))
    return passed_over


def _bill(connection: Connection, public: Sequence[bool], now: datetime) -> None:
    """Count what X bills for delivering these messages."""
    for what, count in (
        (Billed.POST_IN, sum(public)),
        (Billed.DIRECT_IN, len(public) - sum(public)),
    ):
        spending.add(connection, what, count, count * PRICES[what], now)


def _rehashed(judged: Sequence[Judged]) -> list[Rehash]:
    """Return the PINs that move to the newest key."""
    checked = (code.rehash for one in judged for code in one.checked.codes)
    return [rehash for rehash in checked if rehash is not None]


def _missed(judged: Sequence[Judged]) -> list[CodeOnFile]:
    """Return the codes on file that were tried with wrong digits."""
    tried = (code.missed for one in judged for code in one.checked.codes)
    return [code for code in tried if code is not None]
