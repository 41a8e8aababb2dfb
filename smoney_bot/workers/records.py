"""The records of a batch: laid on the desk under lock, and written back in bulk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from smoney_bot.bank import orders, policy
from smoney_bot.bank.case import Rules
from smoney_bot.bank.codes import Checked, CodeOnFile, Rehash
from smoney_bot.bank.customers import Customer
from smoney_bot.bank.desk import Decision, Desk, Payment
from smoney_bot.bank.messages import Message
from smoney_bot.book import codes, customers, deletions, inbox, ledger, outbox, payments

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
    handles: dict[str, str],
    rules: Rules,
    now: datetime,
) -> Desk:
    """Lock and read all that *judged* may touch, accounts in id order."""
    asked = {one.message.author_id: orders.read(one.message, rules.bot) for one in judged}
    _note_authors(connection, [one.message for one in judged], now)
    payments.expire(connection, now)
    # Authors are held: what an operator changes meanwhile must not be undone by ours.
    known = customers.by_x_ids(connection, _payees(asked.values(), handles))
    known |= customers.by_x_ids(connection, asked, lock=True)
    authors = [known[x_id] for x_id in asked if x_id in known]
    waiting = payments.waiting(connection, [one.id for one in authors])
    known |= customers.by_x_ids(connection, _waited_for(waiting.values(), known))
    curious = [one for one in authors if isinstance(asked[one.x_id], orders.AskHistory)]
    return Desk(
        now=now,
        customers=known,
        balances=ledger.lock(connection, [one.account_id for one in known.values()]),
        sent=ledger.sent_since(connection, [one.account_id for one in authors], now - policy.DAY),
        codes_left=codes.codes_left(connection, [one.id for one in authors], now),
        waiting=waiting,
        deleted=deletions.among(connection, [one.message for one in judged], now),
        histories=payments.history(connection, curious, _HISTORY_LINES),
        handles=handles,
    )


def _note_authors(connection: Connection, messages: Sequence[Message], now: datetime) -> None:
    """Keep the handles that X shows, and who has written a direct message."""
    shown = {one.author_id: one.author_handle for one in messages if one.author_handle}
    wrote = {one.author_id for one in messages if not one.public}
    customers.see(connection, shown, now, wrote=wrote)


def _waited_for(waiting: Iterable[Payment], known: Mapping[str, Customer]) -> Iterator[str]:
    """Yield the X ids of payees of waiting orders that are not *known* yet."""
    return (one.payee_x_id for one in waiting if one.payee_x_id and one.payee_x_id not in known)


def _payees(asked: Iterable[orders.Order], handles: dict[str, str]) -> Iterator[str]:
    """Yield the X ids of those who are to be paid."""
    for order in asked:
        if isinstance(order, orders.Pay):
            x_id = order.payee.x_id or handles.get(order.payee.handle.lower())
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
    codes.use_up(connection, {one.message_key: one.uses for one in decisions}, now)
    codes.note_wrong(connection, _missed(judged))
    codes.rehash(connection, _rehashed(judged))
    codes.forgive(connection, [one.clear_failures for one in decisions if one.clear_failures])
    customers.update(connection, [one.customer for one in decisions if one.customer])
    outbox.put(connection, [reply for one in decisions for reply in one.replies], now)
    decided = [
        inbox.Decided(one.claimed, decision.outcome, decision.reason)
        for one, decision in zip(judged, decisions, strict=True)
    ]
    inbox.finish(connection, decided, now)


def _rehashed(judged: Sequence[Judged]) -> list[Rehash]:
    """Return the PINs that move to the newest key."""
    checked = (code.rehash for one in judged for code in one.checked.codes)
    return [rehash for rehash in checked if rehash is not None]


def _missed(judged: Sequence[Judged]) -> list[CodeOnFile]:
    """Return the codes on file that were tried with wrong digits."""
    tried = (code.missed for one in judged for code in one.checked.codes)
    return [code for code in tried if code is not None]
