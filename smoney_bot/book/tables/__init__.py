"""The tables, and every rule about money that the database itself enforces.

Cents are whole numbers, moments are UTC, ids of X are text. A constraint's name
says what it demands. `migrations/` builds the same; a test compares the two.
"""

from smoney_bot.book.tables.asks import asks, blocks
from smoney_bot.book.tables.base import metadata
from smoney_bot.book.tables.boxes import cursors, deletions, inbox, outbox
from smoney_bot.book.tables.codes import authenticators, card_codes, cards, guards, pins
from smoney_bot.book.tables.console import actions, approvals, operators, sessions
from smoney_bot.book.tables.desk import request_lines, requests
from smoney_bot.book.tables.money import (
    accounts,
    balances,
    collections,
    payments,
    seals,
    transfers,
)
from smoney_bot.book.tables.pages import statement_sessions, statement_windows
from smoney_bot.book.tables.people import customers, invitations, renewals
from smoney_bot.book.tables.upkeep import readings, rounds, spending, strangers, windows

__all__ = [
    "accounts",
    "actions",
    "approvals",
    "asks",
    "authenticators",
    "balances",
    "blocks",
    "card_codes",
    "cards",
    "collections",
    "cursors",
    "customers",
    "deletions",
    "guards",
    "inbox",
    "invitations",
    "metadata",
    "operators",
    "outbox",
    "payments",
    "pins",
    "readings",
    "renewals",
    "request_lines",
    "requests",
    "rounds",
    "seals",
    "sessions",
    "spending",
    "statement_sessions",
    "statement_windows",
    "strangers",
    "transfers",
    "windows",
]
