"""What of holds and asks is laid on the desk: nothing is read unless a message needs it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from smoney_bot.bank import orders
from smoney_bot.bank.asking import UNPAID_COUNTS
from smoney_bot.bank.asks import OnDesk
from smoney_bot.bank.customers import Customer
from smoney_bot.bank.desk import Payment
from smoney_bot.bank.receipts import Receipt
from smoney_bot.book import asks, customers, holds, receipts


@dataclass(frozen=True, slots=True)
class Held:
    """The held payments that somebody wants back, by reference, and where their money is."""

    account: int = 0  # 0: no message of this batch has to do with it
    wanted: dict[str, Payment] = field(default_factory=dict)

    @property
    def accounts(self) -> list[int]:
        """The accounts to lock."""
        return [self.account] if self.account else []


def held(
    connection: Connection,
    asked: Iterable[orders.Order],
    payees: Iterable[str],
    waiting: Iterable[Payment],
    known: Mapping[str, Customer],
) -> Held:
    """Return what is held of interest; *payees* are X ids of those to be paid."""
    wanted = holds.wanted_back(connection, _cancelled(asked))
    newcomers = any(x_id not in known for x_id in payees)
    newcomers = newcomers or any(one.payee_x_id not in known for one in waiting)
    return Held(holds.account(connection), wanted) if wanted or newcomers else Held()


def asks_on_desk(
    connection: Connection,
    asked: Mapping[str, orders.Order],
    authors: Sequence[Customer],
    now: datetime,
) -> OnDesk:
    """Return the asks that messages name, and what bears on those who ask anew."""
    askers = [one.id for one in authors if isinstance(asked[one.x_id], orders.Ask | orders.Share)]
    desk = OnDesk(named=asks.named(connection, _references(asked.values())))
    if askers:
        desk.unpaid = asks.count_unpaid(connection, askers, now - UNPAID_COUNTS)
        desk.blocks = asks.blocking(connection, askers)
    return desk


def consulting(asked: Mapping[str, orders.Order], authors: Sequence[Customer]) -> list[int]:
    """Return the customer ids of those who want people."""
    return [one.id for one in authors if isinstance(asked[one.x_id], orders.Consult)]


def people_of(
    connection: Connection, desk: OnDesk, known: Mapping[str, Customer]
) -> dict[str, Customer]:
    """Return those on either side of an ask who are not *known* yet, by X id."""
    ids = {one for ask in desk.named for one in (ask.asker_id, ask.asked_id)}
    ids -= {one.id for one in known.values()}
    found = customers.by_ids(connection, ids) if ids else {}
    return {one.x_id: one for one in found.values()}


def receipts_of(connection: Connection, asked: Iterable[orders.Order]) -> dict[str, Receipt]:
    """Return the payments that somebody wants a receipt of, by reference."""
    wanted = [one.reference for one in asked if isinstance(one, orders.AskReceipt)]
    return receipts.by_references(connection, wanted)


def _cancelled(asked: Iterable[orders.Order]) -> list[str]:
    return [one.reference for one in asked if isinstance(one, orders.Cancel)]


def _references(asked: Iterable[orders.Order]) -> list[str]:
    answers = orders.PayAsk | orders.DeclineAsk | orders.Cancel
    return [one.reference for one in asked if isinstance(one, answers)]
