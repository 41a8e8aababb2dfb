"""What came of it: a table to look at, JSON to compare, a chart and a page to read."""

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

_LATEST = Path("benchmarks/latest.json")
_CHART = Path("docs/pictures/performance.svg")
_PAGE = Path("docs/performance.md")

#: The chart's measures, in points.
_ROW, _BAR, _LEFT, _WIDTH = 30, 14, 250, 720


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
            _absolute(one) + (f"; {one.note}" if one.note else ""),
        )
    console.print(table)
    for one in figures:
        if one.oracle != "sound":
            console.print(f"[red]{one.goal.name}: the book is not sound: {one.oracle}[/]")


def _absolute(figure: Figure) -> str:
    if not figure.ours:
        return ""
    ours, base = sorted(figure.ours), sorted(figure.base)
    mine, other = ours[len(ours) // 2], base[len(base) // 2]
    return f"{mine:,.0f}{figure.unit} against {other:,.0f}{figure.unit}"


def write(figures: Sequence[Figure], extent: str, failed: Sequence[str] = ()) -> None:
    """Write the JSON, the chart and the page, which names the parts that *failed*."""
    _LATEST.write_text(json.dumps(facts(figures), indent=1) + "\n")
    _CHART.write_text(_chart(figures))
    _PAGE.write_text(_page(figures, extent, failed))


def facts(figures: Sequence[Figure]) -> dict[str, object]:
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
            "unit": one.unit,
            "note": one.note,
            "oracle": one.oracle,
            **{name: round(value, 3) for name, value in one.more.items()},
        }
        for one in figures
    }


def _page(figures: Sequence[Figure], extent: str, failed: Sequence[str]) -> str:
    rows = [
        f"| {one.goal.name} | {one.goal.sentence} | {one.goal.base} "
        f"| **{one.value:.2f}** ({one.spread[0]:.2f} to {one.spread[1]:.2f}) "
        f"| {'at most' if one.goal.at_most else 'at least'} {one.goal.goal:g} "
        f"| {'yes' if one.is_reached else '**no**'} | {_absolute(one)}"
        f"{'; ' + one.note if one.note else ''} |"
        for one in figures
    ]
    return "\n".join(
        [
            "# Performance: what was measured",
            "",
            f"Written by `make bench` on {datetime.now(UTC):%Y-%m-%d} on {machine()}.",
            f"{extent} Each figure is a ratio of two things measured in turns in the same",
            "minutes; the speed of the machine falls out. The ratio is that of the medians, in",
            "brackets the lowest and the highest of one round. The book is audited after each.",
            "",
            "![the ratios, each against its goal](pictures/performance.svg)",
            "",
            "| goal | what | against | ratio | wanted | reached | absolute |",
            "| --- | --- | --- | --- | --- | --- | --- |",
            *rows,
            *(f"\nNot measured, because it failed: {one}." for one in failed),
            "",
            "What the words mean, and what was learned: [tuning.md](tuning.md).",
            "",
        ]
    )


def _chart(figures: Sequence[Figure]) -> str:
    """Draw each ratio as a bar, its goal at the same place for all."""
    height = _ROW * len(figures) + 40
    middle = _LEFT + (_WIDTH - _LEFT) // 2
    title = "Ratios, each against its goal"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img">',
        f"<title>{title}</title>",
        "<style>text { font: 13px system-ui, sans-serif }</style>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<path d="M{middle} 20V{height - 10}" stroke="#767676" stroke-dasharray="4 3"/>',
        f'<text x="{middle}" y="14" text-anchor="middle" fill="#333333">goal</text>',
    ]
    for number, one in enumerate(figures):
        lines += _bar(one, 26 + number * _ROW, middle - _LEFT)
    return "\n".join([*lines, "</svg>", ""])


def _bar(figure: Figure, top: int, to_goal: int) -> list[str]:
    part = figure.value / figure.goal.goal
    good = 1 / part if figure.goal.at_most and part else part
    length = min(good, 1.95) * to_goal
    colour = "#1a7f37" if figure.is_reached else "#b3261e"
    sign = "at most" if figure.goal.at_most else "at least"
    said = f"{figure.goal.name}: {figure.value:.2f} ({sign} {figure.goal.goal:g})"
    return [
        f'<text x="{_LEFT - 8}" y="{top + 11}" text-anchor="end" fill="#111111">{said}</text>',
        f'<rect x="{_LEFT}" y="{top}" width="{length:.0f}" height="{_BAR}" fill="{colour}"/>',
    ]
