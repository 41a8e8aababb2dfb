"""Measure the goals: `python -m benchmarks [GOALS…] [--quick]`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable

from rich.console import Console
from rich.progress import Progress

from benchmarks import page, report
from benchmarks.bodies import SETTINGS
from benchmarks.goals import authenticators, ingest, payments, serving, transfers
from benchmarks.postgres import Postgres, own_postgres
from benchmarks.rounds import Extent, Figure
from smoney_bot import telemetry

Part = Callable[[Postgres, Extent], list[Figure]]

#: By the word that asks for it: what is measured, and how many ratios that makes.
PARTS: dict[str, tuple[Part, int]] = {
    "payments": (payments.measure, 4),
    "transfers": (transfers.on_postgresql, 3),
    "sqlite": (lambda _, extent: transfers.on_sqlite(extent), 1),
    "ingest": (ingest.on_postgresql, 1),
    "ingest-sqlite": (lambda _, extent: ingest.on_sqlite(extent), 1),
    "authenticators": (authenticators.measure, 1),
    "serving": (serving.measure, 1),
}


def main() -> None:
    """Measure what is asked for, print the table; all of it also writes the page."""
    words = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    words.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    words.add_argument("--quick", action="store_true", help="two short rounds; writes nothing")
    asked = words.parse_args()
    wanted = asked.parts or list(PARTS)
    if unknown := set(wanted) - PARTS.keys():
        words.error(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(PARTS)}")
    rounds, seconds = (2, 1) if asked.quick else (5, 3)
    os.environ.update(SETTINGS)
    telemetry.configure("json", "warning", sys.stderr)
    console = Console()
    figures: list[Figure] = []
    failed: list[str] = []
    with own_postgres() as postgres, Progress(console=console) as progress:
        total = sum(PARTS[one][1] for one in wanted) * (rounds + 1)
        bar = progress.add_task("measuring", total=total)
        for one in wanted:
            progress.update(bar, description=one)
            extent = Extent(rounds=rounds, seconds=seconds, tell=lambda: progress.advance(bar))
            try:
                figures += PARTS[one][0](postgres, extent)
            except Exception:  # noqa: BLE001 - an hour of other figures must not go with it
                console.print_exception()
                failed.append(one)
    report.show(figures, console)
    if not asked.quick and not asked.parts:
        report.keep(
            report.LATEST, figures, f"{rounds} rounds of {seconds} s, after one not counted"
        )
        page.write()
    if failed:
        sys.exit(f"not measured: {', '.join(failed)}")


if __name__ == "__main__":
    main()
