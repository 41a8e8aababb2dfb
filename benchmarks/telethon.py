"""A telethon: `python -m benchmarks.telethon` brings 100,000 gifts to one association.

Open loop: a gift comes when its moment has come, whether or not the ones before
are answered, so a slow bank cannot slow its givers down. What is turned away or
late is counted, not left out. Codes are an authenticator's.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter, sleep

from rich.console import Console
from rich.table import Table
from sqlalchemy import text

from benchmarks import bank, bodies, courier, page, report
from benchmarks.bodies import SETTINGS
from benchmarks.postgres import own_postgres
from smoney_bot import telemetry
from smoney_bot.bank.customers import Kind
from smoney_bot.book.engine import Book

_GIVERS = 5000
_CONNECTIONS = 64
_PATIENCE_SECONDS = 10  # X's own

_numbers = itertools.count(4 * 10**18)


@dataclass(slots=True)
class Crowd:
    """What became of the gifts at the door: by status, and how late each was answered."""

    statuses: Counter[str] = field(default_factory=Counter)
    delays: list[float] = field(default_factory=list)  # seconds, from the gift's own moment


def main() -> None:
    """Bring the gifts, wait until all are paid, show what became of them."""
    words = argparse.ArgumentParser(prog="python -m benchmarks.telethon", description=__doc__)
    words.add_argument("--gifts", type=int, default=100_000)
    words.add_argument("--a-second", type=int, default=500, help="how many gifts come a second")
    asked = words.parse_args()
    os.environ.update(SETTINGS)
    telemetry.configure("json", "warning", sys.stderr)
    console = Console()
    with own_postgres() as postgres:
        url = postgres.create("telethon")
        book = bank.open_bank(url)
        gifts = list(itertools.islice(_gifts(book), asked.gifts))
        last = bank.last_transfer(book)
        with courier.service(url, "--no-web"), courier.service(url, "--no-work") as port:
            started = perf_counter()
            crowd = asyncio.run(_bring(port, gifts, asked.a_second))
            accepted = crowd.statuses["200"]
            while bank.transfers_after(book, last) < accepted:
                sleep(0.05)
            elapsed = perf_counter() - started
        extent = f"{asked.gifts:,} gifts, {asked.a_second} a second"
        told = {"measured": report.measured(extent), **_told(crowd, book, elapsed)}
        book.close()
    report.TELETHON.write_text(json.dumps(told, indent=1) + "\n")
    page.write()
    table = Table("what", "figure", title="A telethon for one association", title_justify="left")
    for what, said in told.items():
        table.add_row(what, said)
    console.print(table)


def _gifts(book: Book) -> Iterator[bytes]:
    """Yield gifts of a cent to the association, each giver once in 30 s of the posts' time."""
    [association] = bank.populate(book, 1, kind=Kind.ASSOCIATION)
    givers = bank.give_authenticators(book, bank.populate(book, _GIVERS, first=1))
    for moment in bank.rounds_of_an_hour():
        for giver in givers:
            code = bank.code_of(giver, moment)
            yield bodies.gift(giver, association, code, next(_numbers), moment)


async def _bring(port: int, gifts: Sequence[bytes], a_second: int) -> Crowd:
    crowd = Crowd()
    waiting: asyncio.Queue[tuple[float, bytes] | None] = asyncio.Queue()
    carriers = [asyncio.create_task(_carry(port, waiting, crowd)) for _ in range(_CONNECTIONS)]
    started = perf_counter()
    for number, gift in enumerate(gifts):
        due = started + number / a_second
        await asyncio.sleep(max(0, due - perf_counter()))
        waiting.put_nowait((due, gift))
    for _ in carriers:
        waiting.put_nowait(None)
    await asyncio.gather(*carriers)
    return crowd


async def _carry(
    port: int, waiting: asyncio.Queue[tuple[float, bytes] | None], crowd: Crowd
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while (one := await waiting.get()) is not None:
        due, gift = one
        if perf_counter() - due > _PATIENCE_SECONDS:
            crowd.statuses["dropped"] += 1
            continue
        writer.write(_request(gift))
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(_length(head))
        crowd.statuses[head[9:12].decode()] += 1
        crowd.delays.append(perf_counter() - due)
    writer.close()


def _request(body: bytes) -> bytes:
    lines = (
        "POST /webhooks/x HTTP/1.1",
        "Host: 127.0.0.1",
        f"Content-Length: {len(body)}",
        f"x-twitter-webhooks-signature: {bodies.signature(body)}",
    )
    return "\r\n".join([*lines, "", ""]).encode() + body


def _length(head: bytes) -> int:
    _, _, rest = head.lower().partition(b"content-length:")
    return int(rest.split(b"\r\n", 1)[0])


def _told(crowd: Crowd, book: Book, elapsed: float) -> dict[str, str]:
    waited = text(
        "SELECT percentile_cont(ARRAY[0.5, 0.99]) WITHIN GROUP"
        " (ORDER BY extract(epoch FROM decided_at - received_at)) FROM inbox"
    )
    with book.reading() as connection:
        half, most = connection.execute(waited).scalar_one()
        outcomes = connection.execute(
            text("SELECT state, count(*) AS messages FROM inbox GROUP BY state")
        )
        ended = {row.state: row.messages for row in outcomes}
    delays = sorted(crowd.delays)
    return {
        "answered at the door, by status": _counted(crowd.statuses),
        "never brought, because 10 s late already": f"{crowd.statuses['dropped']:,}",
        "how the messages ended": _counted(ended),
        "until all were paid": f"{elapsed:.1f} s: {len(delays) / elapsed:,.0f} a second",
        "late at the door: half, 99 of 100": _both(*_half_and_most(delays)),
        "from kept to decided: half, 99 of 100": _both(half, most),
        "the book": bank.problems(book),
    }


def _counted(found: Mapping[str, int]) -> str:
    return ", ".join(f"{what}: {count:,}" for what, count in sorted(found.items()))


def _half_and_most(ordered: Sequence[float]) -> tuple[float, float]:
    return ordered[len(ordered) // 2], ordered[len(ordered) * 99 // 100]


def _both(half: float, most: float) -> str:
    return f"{half * 1000:,.0f} ms, {most * 1000:,.0f} ms"


if __name__ == "__main__":
    main()
