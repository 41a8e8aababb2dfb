"""The table of docs/metrics.md is what is measured: no more, no less, on both engines."""

from __future__ import annotations

from documented import measured, names, rows

from smoney_bot.book.engine import Book

_WORDS = {
    "outcome",
    "why",
    "verdict",
    "loop",
    "endpoint",
    "span",
    "status",
    "call",
    "act",
    "list",
} | {
    "kind",
    "colour",
}


def test_every_metric_is_documented_with_its_type_and_labels(book: Book) -> None:
    found = {name: (one.kind, one.labels) for name, one in measured(book).items()}
    told = {
        names(name)[0]: (kind, frozenset(names(labels)))
        for name, kind, labels, _ in rows("metrics.md")
    }
    assert told == found


def test_no_label_could_name_a_person_a_payment_or_a_message(sqlite_book: Book) -> None:
    labels = {label for one in measured(sqlite_book).values() for label in one.labels}
    assert labels == _WORDS | {"version", "python"}
