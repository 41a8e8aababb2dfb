"""The page on performance and its chart, from what the runs have kept."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.report import GROWTH, LATEST, TELETHON

_CHART = Path("docs/pictures/performance.svg")
_PAGE = Path("docs/performance.md")

Facts = Mapping[str, Any]  # of one goal, as `report.facts` has them

#: Every goal that `make bench` measures.
_GOALS = (
    "G1", "G7", "G8 unknown", "G8 locked", "G2", "G3", "G3+1ms", "G6", "G5", "G5 SQLite",
    "authenticator", "start", "memory",
)  # fmt: skip

#: The chart's measures, in points.
_ROW, _BAR, _LEFT, _WIDTH = 30, 14, 250, 720

_HEAD = """\
# Performance: what was measured

Written by `make bench`, `make bench-growth` and `make bench-telethon`. Each figure is a ratio of
two things measured in turns in the same minutes; the speed of the machine falls out. The ratio
is that of the medians, in brackets the lowest and the highest of one round. The book is audited
after each. What the words mean, and what was learned: [tuning.md](tuning.md).

![the ratios, each against its goal](pictures/performance.svg)
"""
_COLUMNS = """\
| goal | what | against | ratio | wanted | reached | absolute |
| --- | --- | --- | --- | --- | --- | --- |"""


def write() -> None:
    """Write the page and its chart."""
    latest = _read(LATEST)
    parts = [_HEAD, *_table("Side by side", latest)]
    parts += (f"Not measured, because it failed: {one}.\n" for one in _GOALS if one not in latest)
    parts += _table("In a long book", _read(GROWTH))
    if telethon := _read(TELETHON):
        told = [f"| {what} | {said} |" for what, said in telethon.items()]
        parts.append(
            "\n".join(["## A telethon\n", "| what | figure |", "| --- | --- |", *told, ""])
        )
    _PAGE.write_text("\n".join(parts))
    _CHART.write_text(_chart(latest))


def _read(path: Path) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return found


def _table(title: str, goals: Mapping[str, Facts]) -> Iterator[str]:
    if goals:
        when = next(iter(goals.values()))["measured"]
        rows = (_line(name, facts) for name, facts in goals.items())
        yield "\n".join([f"## {title}\n", f"Measured {when}.\n", _COLUMNS, *rows, ""])


def _line(name: str, facts: Facts) -> str:
    low, high = facts["spread"]
    said = "; ".join(filter(None, (facts["absolute"], facts["note"])))
    return (
        f"| {name} | {facts['what']} | {facts['base']} "
        f"| **{facts['value']:.2f}** ({low:.2f} to {high:.2f}) | {_wanted(facts)} "
        f"| {'yes' if facts['reached'] else '**no**'} | {said} |"
    )


def _wanted(facts: Facts) -> str:
    return f"{'at most' if facts['at_most'] else 'at least'} {facts['goal']:g}"


def _chart(goals: Mapping[str, Facts]) -> str:
    """Draw each ratio as a bar, its goal at the same place for all."""
    height = _ROW * len(goals) + 40
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
    for number, (name, facts) in enumerate(goals.items()):
        lines += _bar(name, facts, 26 + number * _ROW, middle - _LEFT)
    return "\n".join([*lines, "</svg>", ""])


def _bar(name: str, facts: Facts, top: int, to_goal: int) -> list[str]:
    part = facts["value"] / facts["goal"]
    good = 1 / part if facts["at_most"] and part else part
    length = min(good, 1.95) * to_goal
    colour = "#1a7f37" if facts["reached"] else "#b3261e"
    said = f"{name}: {facts['value']:.2f} ({_wanted(facts)})"
    return [
        f'<text x="{_LEFT - 8}" y="{top + 11}" text-anchor="end" fill="#111111">{said}</text>',
        f'<rect x="{_LEFT}" y="{top}" width="{length:.0f}" height="{_BAR}" fill="{colour}"/>',
    ]
