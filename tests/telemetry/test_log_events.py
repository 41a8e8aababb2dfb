"""The table of docs/logs.md lists every event of the log, with its level and its facts."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import pytest
from documented import ROOT, names, rows

_LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}


@dataclass(frozen=True)
class Line:
    """A call that writes a line of the log."""

    event: str  # with * where the program puts a word in
    level: str  # "" where it is chosen as the program runs
    where: str


def written(source: str, where: str) -> Iterator[Line]:
    """Yield every line of the log that *source* may write."""
    for call in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)):
        level = _level(call.func)
        if level is not None:
            event = _event(call.args[0])
            yield Line(event, level, f"{where}:{call.lineno}")


def _level(function: ast.expr) -> str | None:
    """Return the level of a call to `log.<level>`, "" of one to `say` or `said`, else None."""
    match function:
        case ast.Attribute(ast.Name("log"), level) if level in _LEVELS:
            return "error" if level == "exception" else level
        case ast.Name("say" | "said"):
            return ""
        case _:
            return None


def _event(told: ast.expr) -> str:
    match told:
        case ast.Constant(str(word)):
            return word
        case ast.Name("event"):
            return "reply.*"  # the sender's: by what became of the reply
        case _:
            raise AssertionError(f"not a name that can be looked up: {ast.unparse(told)}")


@cache
def everywhere() -> list[Line]:
    return [
        line
        for path in sorted((ROOT / "smoney_bot").rglob("*.py"))
        for line in written(path.read_text(encoding="utf-8"), str(path.relative_to(ROOT)))
    ]


def documented() -> dict[str, str]:
    """Return the level of each event in docs/logs.md."""
    return {names(event)[0]: level for event, level, _, _ in rows("logs.md")}


def fits(line: Line, event: str, level: str) -> bool:
    """Whether *line* may be the documented *event*."""
    named = event == line.event or (line.event.endswith("*") and event.startswith(line.event[:-1]))
    return named and line.level in {"", level}


def test_every_event_is_documented_at_its_level() -> None:
    told = documented()
    missing = [one for one in everywhere() if not any(fits(one, *pair) for pair in told.items())]
    assert missing == []


def test_every_documented_event_is_written_somewhere() -> None:
    lines = everywhere()
    gone = [e for e, level in documented().items() if not any(fits(o, e, level) for o in lines)]
    assert gone == []


def test_event_names_have_one_form() -> None:
    for event in documented():
        noun, dot, fact = event.partition(".")
        assert dot
        assert (noun + fact).replace("_", "a").isalpha()
        assert event.islower()


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("log.info('payment.lost')", [("payment.lost", "info")]),
        ("log.exception('loop.failed', loop=1)", [("loop.failed", "error")]),
        ("said('catch_up.done')", [("catch_up.done", "")]),
        ("logging.info('x')", []),
    ],
)
def test_the_look_for_events_finds_them(source: str, found: list[tuple[str, str]]) -> None:
    assert [(one.event, one.level) for one in written(source, "here")] == found


def test_an_event_that_cannot_be_looked_up_is_refused() -> None:
    with pytest.raises(AssertionError):
        list(written("log.info(f'payment.{state}')", "here"))
