"""Where a code could have been left: every byte that a database keeps of its own.

Each function returns raw bytes by the name of the place.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from live_files import contents
from postgres_pages import apart
from sqlalchemy import Connection, Text, make_url, text

from smoney_bot.book.engine import Book
from smoney_bot.book.tables import metadata

#: Tables whose rows may be changed: touching them copies their pages into the journal.
_CHANGEABLE = ("customers", "balances", "payments", "inbox", "outbox", "card_codes", "guards")

#: The write-ahead log: its position now, in bytes, and how its files are named.
_POSITION = "SELECT pg_current_wal_lsn() - '0/0'::pg_lsn"
_SEGMENT = 16 * 1024 * 1024
_PAGE = 8192
#: What stands at the head of each of its pages, in the middle of whatever was written;
#: longer on the first page of a file.
_HEAD, _FIRST_HEAD = 24, 40
_PER_NAME = 0x1_0000_0000 // _SEGMENT


class _Undone(Exception):
    """Ends a transaction that was not meant to last."""


def rows(book: Book) -> bytes:
    """Return every row of every table as text: also what a database keeps compressed.

    What stands between two values cannot be part of a code.
    """
    with book.reading() as connection:
        return "|\n|".join(
            "|\t|".join(str(value) for value in row)
            for table in metadata.sorted_tables
            for row in connection.execute(table.select())
        ).encode("utf-8", "surrogatepass")


@dataclass(frozen=True, slots=True)
class SqliteFiles:
    """The file of a SQLite book and whatever lies beside it."""

    book: Book
    url: str

    def places(self) -> dict[str, bytes]:
        """Return the database file, its journal in the middle of a transaction, and the rows."""
        return {"rows": rows(self.book), **self._files(), **self._journal()}

    def _files(self) -> dict[str, bytes]:
        path = Path(make_url(self.url).database or "")
        return contents(path.parent.glob(f"{path.name}*"))

    def _journal(self) -> dict[str, bytes]:
        """Return what a crash would leave behind now: the journal holds every page."""
        files: dict[str, bytes] = {}

        def touch(connection: Connection) -> None:
            for table in _CHANGEABLE:
                column = next(iter(metadata.tables[table].primary_key.columns)).name
                statement = f"UPDATE {table} SET {column} = {column}"  # noqa: S608 - names of our tables
                connection.execute(text(statement))
            files.update({name: data for name, data in self._files().items() if "-" in name})
            raise _Undone

        with suppress(_Undone):
            self.book.run(touch)
        return files


@dataclass(slots=True)
class PostgresFiles:
    """The data files of one PostgreSQL database, the server's log and its write-ahead log.

    The last is read from the byte *since* on, at each look a part; a replication
    *slot* keeps the server from recycling what was not read yet.
    """

    book: Book
    slot: str
    since: int

    def places(self) -> dict[str, bytes]:
        """Return all of it, after the server has written out what it had in memory."""
        folder = Path(self._ask("SHOW data_directory"))
        written = self._write_ahead_log(folder / "pg_wal")
        self.book.run(lambda connection: connection.execute(text("CHECKPOINT")))
        number = self._ask("SELECT oid FROM pg_database WHERE datname = current_database()")
        tables = [apart(one) for one in contents((folder / "base" / number).iterdir()).values()]
        return {
            "rows": rows(self.book),
            "data files": b"\n".join(tables),
            "write-ahead log": written,
            "server log": b"".join(
                one.read_bytes() for one in (folder / "log", folder.parent / "log") if one.is_file()
            ),
        }

    def _write_ahead_log(self, folder: Path) -> bytes:
        self._ask("SELECT pg_logical_emit_message(true, 'look', 'here')", flush=True)
        position = int(self._ask(_POSITION))
        first, last = self.since // _SEGMENT, position // _SEGMENT
        names = [f"00000001{n // _PER_NAME:08X}{n % _PER_NAME:08X}" for n in range(first, last + 1)]
        whole = b"".join((folder / name).read_bytes() for name in names)
        start, self.since = self.since, position
        self._ask(f"SELECT pg_replication_slot_advance('{self.slot}', '0/0'::pg_lsn + {position})")
        return _joined(whole, start - first * _SEGMENT, position - first * _SEGMENT)

    def _ask(self, question: str, *, flush: bool = False) -> str:
        def work(connection: Connection) -> str:
            if flush:
                connection.execute(text("SET LOCAL synchronous_commit = on"))
            return str(connection.execute(text(question)).scalar_one())

        return self.book.run(work)


def _joined(log: bytes, start: int, end: int) -> bytes:
    """Return the bytes [start, end) of a write-ahead log as they were before its pages cut them."""
    return b"".join(
        log[max(page + _head_of(page), start) : min(page + _PAGE, end)]
        for page in range(start - start % _PAGE, end, _PAGE)
    )


def _head_of(page: int) -> int:
    return _FIRST_HEAD if page % _SEGMENT == 0 else _HEAD


@contextmanager
def open_places(book: Book, url: str) -> Iterator[SqliteFiles | PostgresFiles]:
    """Return where to look for what *book* keeps from now on."""
    if make_url(url).get_backend_name() == "sqlite":
        yield SqliteFiles(book, url)
        return
    slot = make_url(url).database
    kept = text("SELECT lsn - '0/0'::pg_lsn FROM pg_create_physical_replication_slot(:slot, true)")
    with book.writing() as connection:
        since = int(connection.execute(kept, {"slot": slot}).scalar_one())
        _keep_whole(connection)
    try:
        yield PostgresFiles(book, str(slot), since)
    finally:
        with book.writing() as connection:
            connection.execute(text("SELECT pg_drop_replication_slot(:slot)"), {"slot": slot})


def _keep_whole(connection: Connection) -> None:
    """Let PostgreSQL keep long texts as they are, and in one piece.

    Compressed, a code could hide in them; and an id of nineteen digits falls into
    pieces of eight. So do the samples that it keeps of what columns hold.
    """
    for table in metadata.sorted_tables:
        change = f"ALTER TABLE {table.name} "
        connection.execute(text(f"{change} SET (toast_tuple_target = 8160)"))
        for column in table.columns:
            if isinstance(column.type, Text):
                alter = f"{change} ALTER {column.name}"
                connection.execute(
                    text(f"{alter} SET STORAGE EXTERNAL, ALTER {column.name} SET STATISTICS 0")
                )
