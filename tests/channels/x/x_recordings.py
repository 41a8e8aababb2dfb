"""The recorded bodies of X, and small changes to them."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "recordings" / "x"

BOT, ALICE, BOB, CAROL = "222222222", "111111111", "333333333", "444444444"

Place = tuple[str | int, ...]


def raw(name: str) -> bytes:
    return (FOLDER / f"{name}.json").read_bytes()


def load(name: str) -> Any:  # noqa: ANN401  JSON is what it is
    return json.loads(raw(name))


def dump(facts: object) -> bytes:
    return json.dumps(facts).encode()


def paths(facts: object, at: Place = ()) -> Iterator[Place]:
    """Yield the way to every value, the inner ones too."""
    if at:
        yield at
    inner: Any = {}
    if isinstance(facts, dict):
        inner = facts
    elif isinstance(facts, list):
        inner = dict(enumerate(facts))
    for name, value in inner.items():
        yield from paths(value, (*at, name))


def with_value(facts: object, at: Place, value: object) -> Any:  # noqa: ANN401
    """Return *facts* with *value* put *at* a place."""
    changed = copy.deepcopy(facts)
    _holder(changed, at)[at[-1]] = value
    return changed


def without(facts: object, at: Place) -> Any:  # noqa: ANN401
    """Return *facts* without what stands *at* a place."""
    changed = copy.deepcopy(facts)
    del _holder(changed, at)[at[-1]]
    return changed


def _holder(facts: Any, at: Place) -> Any:  # noqa: ANN401
    for name in at[:-1]:
        facts = facts[name]
    return facts
