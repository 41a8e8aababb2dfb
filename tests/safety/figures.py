"""The table of figures: what was tried, how often, and what came of it.

Each figure is one line on standard output, which pytest shows when a test fails
(or with `-rP`). `SMONEY_FIGURES` names a file that collects the lines of all tests.
"""

from __future__ import annotations

import os
from pathlib import Path

from counts import SEED


def show(figure: str, **counted: object) -> None:
    """Add a line to the table: the name of a *figure*, and what was *counted*."""
    facts = "  ".join(f"{name.replace('_', ' ')} {value}" for name, value in counted.items())
    line = f"{figure:<34} seed {SEED}  {facts}\n"
    print(line, end="")  # noqa: T201 - the table is for people
    if path := os.environ.get("SMONEY_FIGURES"):
        with Path(path).open("a", encoding="utf-8") as table:
            table.write(line)
