"""What came of it, as a table to look at and as JSON to compare."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.rounds import Figure

_HERE = Path(__file__).parent
#: What each run keeps: the goals side by side, and the two that take long.
LATEST, GROWTH, TELETHON = (_HERE / f"{name}.json" for name in ("latest", "growth", "telethon"))


def machine() -> str:
    """Return what this machine is, in a line."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    return f"{os.cpu_count()} cores ({model}), Python {platform.python_version()}"


def show(figures: Sequence[Figure], console: Console) -> None:
    """Print the table."""
    table = Table(title="Ratios, measured side by side", title_justify="left")
    for heading in ("goal", "what", "against", "ratio", "rounds", "wanted", "note"):
        table.add_column(heading, justify="right" if heading in {"ratio", "wanted"} else "left")
    for one in figures:
        low, high = one.spread
        colour = "green" if one.is_reached else "red"
        sign = "≤" if one.goal.at_most else "≥"
        table.add_row(
            one.goal.name,
            one.goal.sentence,
            one.goal.base,
            f"[bold {colour}]{one.value:.2f}[/]",
            f"{low:.2f} to {high:.2f}",
            f"{sign} {one.goal.goal:g}",
            "; ".join(filter(None, (_absolute(one), one.note))),
        )
    console.print(table)
    for one in figures:
        if one.oracle != "sound":
            console.print(f"[red]{one.goal.name}: the book is not sound: {one.oracle}[/]")


def keep(path: Path, figures: Sequence[Figure], extent: str) -> None:
    """Write the figures of a run of that *extent* (in words) to *path*, with day and machine."""
    path.write_text(json.dumps(facts(figures, measured(extent)), indent=1) + "\n")


def measured(extent: str) -> str:
    """Return when and on what this run measures, and how much."""
    return f"{datetime.now(UTC):%Y-%m-%d} on {machine()}; {extent}"


def _absolute(figure: Figure) -> str:
    if not figure.ours:
        return ""
    ours, base = sorted(figure.ours), sorted(figure.base)
    mine, other = ours[len(ours) // 2], base[len(base) // 2]
    return f"{mine:,.0f}{figure.unit} against {other:,.0f}{figure.unit}"


def facts(figures: Sequence[Figure], when: str) -> dict[str, object]:
    """Return the figures as they stand in the JSON, by the goals' names."""
    return {
        one.goal.name: {
            "value": round(one.value, 4),
            "goal": one.goal.goal,
            "at_most": one.goal.at_most,
            "reached": one.is_reached,
            "base": one.goal.base,
            "what": one.goal.sentence,
            "rounds": [
                {"ours": round(mine, 3), "base": round(other, 3)}
                for mine, other in zip(one.ours, one.base, strict=True)
            ],
            "spread": [round(each, 4) for each in one.spread],
            "absolute": _absolute(one),
            "measured": when,
            "unit": one.unit,
            "note": one.note,
            "oracle": one.oracle,
            **{name: round(value, 3) for name, value in one.more.items()},
        }
        for one in figures
    }
