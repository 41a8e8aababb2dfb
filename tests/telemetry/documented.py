"""Reads the tables of docs/, and what is measured in a book where everything has happened."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from prometheus_client.metrics import MetricWrapperBase
from sqlalchemy import Connection

from smoney_bot.bank.desk import Reply
from smoney_bot.bank.keys import Keyring
from smoney_bot.bank.messages import Form, Message
from smoney_bot.bank.money import euros
from smoney_bot.book import (
    cursors,
    customers,
    inbox,
    ledger,
    outbox,
    rounds,
    seals,
    spending,
    windows,
)
from smoney_bot.book.engine import Book
from smoney_bot.book.rounds import Round
from smoney_bot.channels.x.budget import Budget
from smoney_bot.telemetry import metrics
from smoney_bot.telemetry.figures import registry_of

ROOT = Path(__file__).parents[2]

_CELL = re.compile(r"`([^`]+)`")

#: How the samples of each kind of metric end; the first is the name it goes by.
_ENDINGS = {
    "counter": ["_total"],
    "gauge": [""],
    "info": ["_info"],
    "gaugehistogram": ["", "_bucket", "_gcount", "_gsum"],
    "histogram": ["", "_bucket", "_count", "_sum"],
}


@dataclass(frozen=True)
class Measured:
    """A metric: the type that Prometheus shows, the labels, and the names of its samples."""

    kind: str
    labels: frozenset[str]
    samples: tuple[str, ...]


def rows(document: str) -> list[list[str]]:
    """Return the cells of each line of the tables in docs/*document* that begins with a name."""
    text = (ROOT / "docs" / document).read_text(encoding="utf-8")
    found = [line for line in text.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in found]


def names(cell: str) -> list[str]:
    """Return what stands between backticks."""
    return _CELL.findall(cell)


def measured(book: Book) -> dict[str, Measured]:
    """Return all that is measured of *book* and this process, by name."""
    book.run(lambda connection: _happen(connection, book.now(connection)))
    counted = {
        one._name: frozenset(one._labelnames)  # noqa: SLF001 - the library has no other way
        for one in vars(metrics).values()
        if isinstance(one, MetricWrapperBase)
    }
    found: dict[str, Measured] = {}
    for family in registry_of(book, Budget()).collect():
        if not family.name.startswith("smoney_") or family.name.endswith("_created"):
            continue
        told = {label for sample in family.samples for label in sample.labels} - {"le"}
        ends = _ENDINGS[family.type]
        samples = tuple(family.name + end for end in ends)
        kind = "gauge" if family.type == "info" else family.type
        labels = counted.get(family.name, frozenset(told))
        found[samples[0]] = Measured(kind, labels, samples)
    return found


def _happen(connection: Connection, now: datetime) -> None:
    """Let everything happen once that is told only then."""
    alice = customers.open_account(connection, handle="alice", x_id="111111111", now=now)
    ledger.deposit(connection, alice, euros(5), "first", now - timedelta(minutes=1))
    seals.close_page(connection, Keyring({"k": b"k" * 32}), now)
    inbox.keep(connection, [_message(now)], now)
    outbox.put(connection, [_reply()], now)
    rounds.note(connection, [Round("counter", 60, now)])
    limits = [windows.Limit(windows.Span.QUARTER, 100)]
    windows.reserve(connection, "POST /2/tweets", limits, now, sends=True)
    cursors.move(connection, "mentions", "1", now)
    spending.add(connection, "post", 1, 15_000, now)


def _message(now: datetime) -> Message:
    return Message(
        key="t:1",
        form=Form.POST,
        edited=False,
        message_id="1",
        author_id="111111111",
        author_handle="alice",
        text="@Smoney #balance",
        written_at=now,
        body=(0, 16),
        mentions=(),
        codes=(),
    )


def _reply() -> Reply:
    return Reply(
        message_key="t:1",
        kind="answer",
        to_x_id="111111111",
        in_reply_to="1",
        text="Done.",
        reference="7K3Q-48",
    )
