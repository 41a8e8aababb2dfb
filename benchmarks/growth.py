"""Growth: `python -m benchmarks.growth [--millions N]` fills a book and measures in it.

A book of ten million transfers and a million customers on PostgreSQL, filled by
SQL (its sums hold), beside an empty one: payments by authenticator in both, in
turns; then all pages are closed, and `ledger verify` is timed, with its memory.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from time import perf_counter

from rich.console import Console
from rich.progress import Progress
from sqlalchemy import text

from benchmarks import bank, page, report
from benchmarks.bodies import SETTINGS
from benchmarks.goals.authenticators import Paying
from benchmarks.postgres import Postgres, own_postgres
from benchmarks.rounds import Extent, Figure, Goal, in_turns
from smoney_bot import telemetry
from smoney_bot.book.engine import Book
from smoney_bot.book.engines import open_engine
from smoney_bot.workers.sealing import Sealing

GROWN = Goal("growth", "payments in a long book", "the same in an empty book", 0.9)
VERIFY = Goal("verify", "`ledger verify` of a long book", "one minute", 2, at_most=True)

_HERE = Path(__file__).parent
_PEAK = re.compile(r"Maximum resident set size \(kbytes\): (\d+)")


def main() -> None:
    """Fill, measure, show; and keep the figures, also on the page."""
    words = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    words.add_argument("--millions", type=int, default=10)
    words.add_argument("--rounds", type=int, default=5)
    asked = words.parse_args()
    os.environ.update(SETTINGS)
    telemetry.configure("json", "warning", sys.stderr)
    console = Console()
    with own_postgres() as postgres, Progress(console=console) as progress:
        bar = progress.add_task("filling", total=asked.millions * 3 + asked.rounds + 1)
        extent = Extent(rounds=asked.rounds, tell=lambda: progress.advance(bar))
        figures = measure(postgres, asked.millions, extent)
    report.show(figures, console)
    report.keep(report.GROWTH, figures, f"{asked.rounds} rounds, after one not counted")
    page.write()


def measure(postgres: Postgres, millions: int, extent: Extent) -> list[Figure]:
    """Return how payments go in a long book, and how long it takes to verify it."""
    long, empty = postgres.create("long"), postgres.create("empty")
    book = bank.open_bank(long)
    fill(long, millions, extent.tell)
    postgres.run("VACUUM ANALYZE", "long")
    close_pages(book, millions, extent.tell)
    crowded, alone = Paying(long, book), Paying(empty, bank.open_bank(empty))
    grown = in_turns(GROWN, crowded.rate, alone.rate, extent)
    said = bank.problems(book)
    book.close()
    note = f"{millions} million transfers, {millions * 100:,} thousand customers"
    verified = verify(long)
    return [
        replace(grown, note=note, oracle=said),
        replace(verified, note=f"{note}; {verified.note}"),
    ]


def fill(url: str, millions: int, tell: Callable[[], None]) -> None:
    """Add so many million transfers, each with its share of customers and payments."""
    engine = open_engine(url)
    fillers = (_HERE / "growth.sql").read_text().split(";\n\n")
    for million in range(millions):
        with engine.begin() as connection:
            for statement in fillers:
                connection.execute(text(statement), {"million": million})
            connection.execute(text("ANALYZE"))
        tell()
    engine.dispose()


def close_pages(book: Book, millions: int, tell: Callable[[], None]) -> None:
    """Close all pages, as the sealing loop would have done all the time."""
    nothing = timedelta(0)
    Sealing(book, bank.KEYS, settle=nothing, late=timedelta(days=400)).close_pages()
    for _ in range(millions):
        tell()


def verify(url: str) -> Figure:
    """Time the command, as an operator would run it."""
    command = ["/usr/bin/time", "-v", sys.executable, "-m", "smoney_bot", "ledger", "verify"]
    settings = os.environ | {"SMONEY_DATABASE_URL": url}
    started = perf_counter()
    ended = subprocess.run(command, check=False, capture_output=True, text=True, env=settings)
    minutes = (perf_counter() - started) / 60
    peak = _PEAK.search(ended.stderr)
    oracle = "sound" if ended.returncode == 0 else ended.stderr[:500]
    note = f"at most {int(peak[1]) // 1024} MB of memory" if peak else ""
    return Figure(VERIFY, minutes, oracle=oracle, unit=" min", note=note)


if __name__ == "__main__":
    main()
