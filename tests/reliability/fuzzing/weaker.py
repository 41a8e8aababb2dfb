"""Weaker readings, such as one writes at first: each takes what the bank must refuse."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from typing import Any

import pytest

from smoney_bot.bank.orders import grammar
from smoney_bot.bank.orders.grammar import Grammar
from smoney_bot.channels.x import dialects
from smoney_bot.channels.x.mentions import marked
from smoney_bot.channels.x.posts import Words

_LOOSE = re.IGNORECASE | re.DOTALL


class _Searching:
    """In place of a pattern: finds the order anywhere."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self._pattern = pattern

    def fullmatch(self, text: str, start: int, end: int) -> re.Match[str] | None:
        return self._pattern.search(text, start, end)


def _weaken(patch: pytest.MonkeyPatch, weaker: Callable[[re.Pattern[str]], Any]) -> None:
    for name in ("PUBLIC", "PRIVATE"):
        strict: Grammar = getattr(grammar, name)
        weak = Grammar(*(weaker(getattr(strict, one.name)) for one in dataclasses.fields(Grammar)))
        patch.setattr(grammar, name, weak)


def digits_of_every_script(patch: pytest.MonkeyPatch) -> None:
    r"""`\d` without ASCII matches 660 signs, and `int` takes them."""
    _weaken(patch, lambda one: re.compile(one.pattern.replace("0-9", r"\d"), _LOOSE))


def letters_of_every_script(patch: pytest.MonkeyPatch) -> None:
    """IGNORECASE without ASCII takes a long s for an s, and the kelvin sign for a k."""
    _weaken(patch, lambda one: re.compile(one.pattern, _LOOSE))


def an_order_anywhere(patch: pytest.MonkeyPatch) -> None:
    """`search` in place of `fullmatch` finds an order in whatever stands around it."""
    _weaken(patch, _Searching)


def the_beginning_only(patch: pytest.MonkeyPatch) -> None:
    """The outer text of a long post is its beginning: the rest may say otherwise."""

    def outer(text: str, shown: tuple[int, int], _: object, __: str, entities: Any) -> Words:  # noqa: ANN401 - X's JSON
        return Words(text, shown, marked(entities))

    patch.setattr(dialects, "_long_words", outer)
