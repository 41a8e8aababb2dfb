"""Holding a request against X's own description of its API, of which we keep an excerpt."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from requests_of_a_run import Asked

_EXCERPT = Path(__file__).with_name("x_schema.json")


@cache
def operations() -> Mapping[str, Any]:
    """Return each operation that the bot uses, by method and path."""
    found: Mapping[str, Any] = json.loads(_EXCERPT.read_text(encoding="utf-8"))["operations"]
    return found


@dataclass(frozen=True)
class Operation:
    """What was asked for: the name of the operation, and the ids in its path."""

    name: str
    ids: Mapping[str, str]


def operation(asked: Asked) -> Operation | None:
    """Return which operation *asked* is, None if none; fixed words win over ids."""
    for name in sorted(operations(), key=lambda one: one.count("{")):
        method, _, path = name.partition(" ")
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)
        found = re.fullmatch(pattern, asked.path)
        if method == asked.method and found:
            return Operation(name, found.groupdict())
    return None


def problems(asked: Asked) -> Iterator[str]:
    """Yield what X's description says against *asked*, without what was sent in it."""
    found = operation(asked)
    if found is None:
        yield f"{asked.method} {asked.path}: no such operation"
        return
    described = operations()[found.name]
    for problem in (*_parameters(described, found.ids, asked), *_body(described, asked.body)):
        yield f"{found.name}: {problem}"


def _parameters(
    described: Mapping[str, Any], ids: Mapping[str, str], asked: Asked
) -> Iterator[str]:
    known, given = described.get("parameters", {}), {**ids, **dict(asked.query)}
    if len(given) < len(ids) + len(asked.query):
        yield "a parameter is given twice"
    yield from (f"{name} is not known" for name in given.keys() - known.keys())
    needed = {name for name, facts in known.items() if facts["required"]}
    yield from (f"{name} is missing" for name in needed - given.keys())
    for name in known.keys() & given.keys():
        schema = known[name]["schema"]
        yield from (f"{name}: {one}" for one in _against(schema, _read(schema, given[name])))


def _read(schema: Mapping[str, Any], value: str) -> object:
    """Read a parameter as its schema means it: X's lists are words between commas."""
    if schema["type"] == "array":
        return value.split(",")
    if schema["type"] == "integer" and re.fullmatch(r"-?[0-9]+", value, re.ASCII):
        return int(value)
    return value


def _body(described: Mapping[str, Any], body: object) -> Iterator[str]:
    if "body" not in described:
        yield from () if body is None else ("a body that nobody wants",)
        return
    yield from (f"body: {one}" for one in _against(described["body"], body))


def _against(schema: Mapping[str, Any], value: object) -> Iterator[str]:
    for error in Draft202012Validator(schema).iter_errors(value):
        where = ".".join(name for name in error.absolute_path if isinstance(name, str))
        # What an enumeration does not list is a word of ours, not of a customer's.
        what = f" {error.instance}" if error.validator == "enum" else ""
        yield f"{where or '.'} breaks {error.validator}{what}"
