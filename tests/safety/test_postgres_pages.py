"""Records on a page are told apart: no digits are made where two of them meet."""

from __future__ import annotations

import struct
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from canary_search import found
from postgres_pages import apart
from sqlalchemy import Connection, text

from smoney_bot.book.engine import Book

CODE = "07482193"
CANARIES = frozenset([CODE])
_PAGE = 8192


def page(*records: tuple[int, bytes], old: tuple[int, bytes] = (4096, b"")) -> bytes:
    """Return a page with these records, each (where, bytes), and old bytes of others."""
    made = bytearray(_PAGE)
    made[old[0] : old[0] + len(old[1])] = old[1]
    pointers = b""
    for start, record in records:
        made[start : start + len(record)] = record
        pointers += struct.pack("<I", start | 1 << 15 | len(record) << 17)
    lowest = min(start for start, _ in records)
    struct.pack_into("<HHH", made, 12, 24 + len(pointers), lowest, _PAGE)
    made[24 : 24 + len(pointers)] = pointers
    return bytes(made)


def test_digits_of_two_neighbours_are_no_code() -> None:
    met = page((8000, b"reason 0748"), (8011, b"2193 merci"))
    assert found(met, CANARIES) == {CODE: "plain"}, "or the test shows nothing"
    assert found(apart(met), CANARIES) == {}


def test_a_number_that_others_were_written_over_is_no_code() -> None:
    cut = page((8000, b"a record"), old=(4096, b'"x_id":"07482193\x2e\x00'))
    assert found(cut, CANARIES) == {CODE: "plain"}, "or the test shows nothing"
    assert found(apart(cut), CANARIES) == {}


def test_a_code_in_any_record_of_any_page_is_found() -> None:
    plain, harmed = page((8000, b"a"), (8100, b"#07482193 merci")), b"#07482193" + bytes(100)
    assert found(apart(page((8000, b"b")) + plain), CANARIES) == {CODE: "plain"}
    assert found(apart(harmed), CANARIES) == {}, "old bytes"
    assert found(apart(page((8000, b"b"), old=(64, b"#0748 2193"))), CANARIES) == {CODE: "plain"}


def test_deleted_rows_and_entries_of_an_index_are_found(
    postgres_url: Callable[[], str],
) -> None:
    def plant(connection: Connection) -> None:
        connection.execute(text("CREATE TABLE kept (words text)"))
        connection.execute(text("CREATE INDEX kept_words ON kept (words)"))
        connection.execute(text("INSERT INTO kept VALUES (:words)"), {"words": f"#{CODE} merci"})

    with closing(Book(postgres_url())) as book:
        book.run(plant)
        book.run(lambda c: c.execute(text("DELETE FROM kept")))
        book.run(lambda c: c.execute(text("CHECKPOINT")))
        for name in ("kept", "kept_words"):
            assert found(apart(_file(book, name).read_bytes()), CANARIES) == {CODE: "plain"}


def _file(book: Book, name: str) -> Path:
    with book.reading() as connection:
        folder: str = connection.execute(text("SHOW data_directory")).scalar_one()
        path = connection.execute(text("SELECT pg_relation_filepath(:name)"), {"name": name})
        return Path(folder, path.scalar_one())
