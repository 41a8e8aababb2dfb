"""A customer's dossier: everything on the book about one customer, for that customer.

Of codes it tells places and dates. Hashes, tags and secrets stay where they are:
they are the bank's means to check a code, and would help a thief of the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Table, or_, select

from smoney_bot.bank.customers import Customer
from smoney_bot.book import ledger
from smoney_bot.book.tables import (
    asks,
    authenticators,
    card_codes,
    cards,
    collections,
    customers,
    guards,
    inbox,
    invitations,
    metadata,
    outbox,
    payments,
    pins,
    request_lines,
    requests,
    strangers,
    transfers,
)

Fact = dict[str, Any]

#: What keeps codes and links safe; never in a dossier.
_SECRET = frozenset({"hash", "key_id", "secret", "last_step", "token_hash", "staged", "word"})

#: Told in sections of their own, and not by their customer's number.
_TOLD_APART = frozenset(
    table.name for table in (cards, guards, invitations, pins, authenticators, requests)
)


def of_customer(connection: Connection, customer: Customer) -> dict[str, Any]:
    """Return all there is about *customer*: JSON but for moments, which are UTC."""
    own = customer.id
    return {
        "account": _one(connection, customers, customers.c.id == own)
        | {"balance_cents": int(ledger.balance(connection, customer.account_id))},
        "payments": _payments(connection, customer),
        "asks": _asks(connection, own),
        "collections": _rows(
            connection, collections, collections.c.owner_id == own, collections.c.id
        ),
        "transfers": _transfers(connection, customer.account_id),
        "messages": _messages(connection, customer.x_id),
        "answers": _rows(connection, outbox, outbox.c.to_x_id == customer.x_id, outbox.c.id),
        "requests": _requests(connection, own),
        "cards": _cards(connection, own),
        "pin": _one(connection, pins, pins.c.customer_id == own),
        "authenticator": _one(connection, authenticators, authenticators.c.customer_id == own),
        "failed_codes": _one(connection, guards, guards.c.customer_id == own),
        "invitations": _rows(
            connection, invitations, invitations.c.customer_id == own, invitations.c.id
        ),
        "told_how_it_works": _one(connection, strangers, strangers.c.x_id == customer.x_id),
        **_whatever_else(connection, own),
    }


def _whatever_else(connection: Connection, customer_id: int) -> dict[str, list[Fact]]:
    """Return the rows of all other tables that hang on a customer, by the table's name."""
    return {
        table.name: _rows(connection, table, table.c.customer_id == customer_id)
        for table in metadata.sorted_tables
        if "customer_id" in table.c and table.name not in _TOLD_APART | {"accounts"}
    }


def _open(table: Table) -> list[Column[Any]]:
    return [column for column in table.c if column.name not in _SECRET]


def _rows(
    connection: Connection, table: Table, where: ColumnElement[bool], *order: Column[Any]
) -> list[Fact]:
    found = connection.execute(select(*_open(table)).where(where).order_by(*order))
    return [dict(row._mapping) for row in found]  # noqa: SLF001 - public by SQLAlchemy's documentation


def _one(connection: Connection, table: Table, where: ColumnElement[bool]) -> Fact:
    """Return the one row, or nothing."""
    return next(iter(_rows(connection, table, where)), {})


def _payments(connection: Connection, customer: Customer) -> list[Fact]:
    """Return what they paid, and what they were paid."""
    sides = (payments.c.payer_id == customer.id, payments.c.payee_id == customer.id)
    found = _rows(connection, payments, or_(*sides), payments.c.created_at, payments.c.reference)
    return [_seen_from(customer.id, one, "payer_id", "payee_id") for one in found]


def _asks(connection: Connection, customer_id: int) -> list[Fact]:
    """Return what they asked others for (`in`), and what others asked of them (`out`)."""
    sides = (asks.c.asker_id == customer_id, asks.c.asked_id == customer_id)
    found = _rows(connection, asks, or_(*sides), asks.c.id)
    return [_seen_from(customer_id, one, "asked_id", "asker_id") for one in found]


def _requests(connection: Connection, customer_id: int) -> list[Fact]:
    """Return what they asked the desk for, with what both sides wrote."""
    found = _rows(connection, requests, requests.c.customer_id == customer_id, requests.c.opened_at)
    return [one | {"lines": _lines(connection, one["reference"])} for one in found]


def _lines(connection: Connection, reference: str) -> list[Fact]:
    mine = request_lines.c.reference == reference
    return _rows(connection, request_lines, mine, request_lines.c.id)


def _transfers(connection: Connection, account_id: int) -> list[Fact]:
    sides = (transfers.c.source_id == account_id, transfers.c.target_id == account_id)
    found = _rows(connection, transfers, or_(*sides), transfers.c.id)
    return [_seen_from(account_id, one, "source_id", "target_id") for one in found]


def _seen_from(own: int, fact: Fact, source: str, target: str) -> Fact:
    """Say which way the money went, in place of the bank's numbers of both sides."""
    told = {name: value for name, value in fact.items() if name not in {source, target}}
    return {"direction": "out" if fact[source] == own else "in"} | told


def _messages(connection: Connection, x_id: str) -> list[Fact]:
    found = _rows(connection, inbox, inbox.c.author_id == x_id, inbox.c.id)
    return [one | {"payload": _without_tags(one["payload"])} for one in found]


def _without_tags(payload: str | None) -> Fact | None:
    """Return a message without the tags of its codes: of these, only where they stood."""
    if payload is None:
        return None
    message: Fact = json.loads(payload)
    message["codes"] = [
        {name: code[name] for name in ("start", "length", "place")} for code in message["codes"]
    ]
    return message


def _cards(connection: Connection, customer_id: int) -> list[Fact]:
    found = _rows(connection, cards, cards.c.customer_id == customer_id, cards.c.id)
    return [card | {"codes": _places(connection, card["id"])} for card in found]


def _places(connection: Connection, card_id: int) -> Iterable[Fact]:
    return _rows(connection, card_codes, card_codes.c.card_id == card_id, card_codes.c.place)
