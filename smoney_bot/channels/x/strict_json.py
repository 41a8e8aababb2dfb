"""Bytes from outside as JSON, read strictly: what is doubtful is refused.

Errors say what was wrong and never repeat the body: it holds codes in clear.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Never, TypeGuard

Json = Mapping[str, object]

DEPTH_MAX = 64  # the deepest of X's recorded bodies has 10 levels, and 43 brackets
_INTEGER_MAX = 20  # characters: X's ids are 64 bits
_REAL_MAX = 40  # characters

#: X's ids: decimal, 64 bits, written as text. One id has one spelling, because
#: it becomes a key: no leading zero.
_ID = re.compile(r"[1-9][0-9]{0,19}", re.ASCII)


class BadBody(Exception):
    """The body is not what X sends; the message never repeats any of it."""


def read_object(body: bytes) -> Json:
    """Return the JSON object that *body* is, or raise `BadBody`.

    Refused: anything but one object in UTF-8, nesting deeper than `DEPTH_MAX`,
    two equal keys in one object, NaN and infinities, numbers of absurd length.
    """
    text = _decode(body)
    if not text.startswith("{"):
        raise BadBody("not a JSON object")
    found = _parse(text)
    if not isinstance(found, dict):
        raise BadBody("not JSON")
    if text.count("{") + text.count("[") > DEPTH_MAX:  # each level opens with one
        _check_nesting(found)
    return found


# The decoders' own errors carry the whole body with them. Ours are raised after
# the handler has ended, so that nothing of theirs hangs on.


def _decode(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        pass
    raise BadBody("not UTF-8")


def _parse(text: str) -> object:
    try:
        return json.loads(
            text,
            object_pairs_hook=_unique,
            parse_constant=_no_constant,
            parse_int=_integer,
            parse_float=_real,
        )
    except (json.JSONDecodeError, RecursionError):  # the latter beyond some 1,000 levels
        return None


def _check_nesting(facts: Json) -> None:
    level: list[object] = [facts]
    for _ in range(DEPTH_MAX):
        level = [inner for outer in level for inner in _containers(outer)]
        if not level:
            return
    raise BadBody("nested too deeply")


def _containers(outer: object) -> Iterator[object]:
    values: Iterable[object] = ()
    if isinstance(outer, dict):
        values = outer.values()
    elif isinstance(outer, list):
        values = outer
    return (value for value in values if isinstance(value, dict | list))


def _unique(pairs: list[tuple[str, object]]) -> Json:
    facts = dict(pairs)
    if len(facts) != len(pairs):
        raise BadBody("a key stands twice in one object")
    return facts


def _no_constant(_: str) -> Never:
    raise BadBody("a number that is none")


def _integer(digits: str) -> int:
    if len(digits) > _INTEGER_MAX:
        raise BadBody("a number of absurd length")
    return int(digits)


def _real(digits: str) -> float:
    number = float(digits) if len(digits) <= _REAL_MAX else math.inf
    if not math.isfinite(number):
        raise BadBody("a number of absurd length")
    return number


# Reading what is there: a value of the wrong type counts as absent. -------------


def object_at(facts: Json, *names: str) -> Json:
    """Return the first object under *names*, else an empty one."""
    return next((found for name in names if isinstance(found := facts.get(name), dict)), {})


def list_at(facts: Json, *names: str) -> list[object]:
    """Return the first list under *names*, else an empty one."""
    return next((found for name in names if isinstance(found := facts.get(name), list)), [])


def objects_at(facts: Json, *names: str) -> list[Json]:
    """Return the objects of the first list under *names*, leaving out the rest."""
    return [one for one in list_at(facts, *names) if isinstance(one, dict)]


def text_at(facts: Json, *names: str) -> str | None:
    """Return the first text under *names*."""
    return next((found for name in names if isinstance(found := facts.get(name), str)), None)


def id_at(facts: Json, *names: str) -> str | None:
    """Return the first text under *names*, if it is one of X's ids.

    A number is never taken for an id: X's older dialect rounds them.
    """
    text = text_at(facts, *names)
    return text if text is not None and _ID.fullmatch(text) else None


def span(found: object) -> tuple[int, int] | None:
    """Return *found* if it is a list of two whole numbers."""
    match found:
        case [start, end] if _is_whole(start) and _is_whole(end):
            return (start, end)
        case _:
            return None


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)
