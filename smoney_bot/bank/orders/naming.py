"""Orders about a giver's name: shown on the pages of collections, or not."""

from __future__ import annotations

import re
from typing import NamedTuple

from smoney_bot.bank.orders.address import Address, Span
from smoney_bot.bank.orders.grammar import CODE, GAP, SPACES, compiled
from smoney_bot.bank.orders.kinds import ShowName


class Named(NamedTuple):
    """An order, and where a code stands that it does not need."""

    order: ShowName
    code: Span | None


def _grammar(sign: str, code: str) -> re.Pattern[str]:
    show = rf"(?P<show>montrer{SPACES}mon{SPACES}nom|show{SPACES}my{SPACES}name)"
    hide = rf"(?:cacher{SPACES}mon{SPACES}nom|hide{SPACES}my{SPACES}name)"
    return compiled(rf"{GAP}{sign}(?:{show}|{hide})(?:{code})?{GAP}")


_PUBLIC = _grammar("#", rf"{GAP}#{CODE}")
_PRIVATE = _grammar("#?", rf"(?:{GAP}#|{SPACES}){CODE}")


def match(text: str, address: Address, *, public: bool) -> Named | None:
    """Return the order about the author's name that *text* holds at *address*, if it does."""
    rules = _PUBLIC if public else _PRIVATE
    found = rules.fullmatch(text, address.start, address.end)
    if found is None:
        return None
    code = found.span("code") if found["code"] else None
    return Named(ShowName(on=found["show"] is not None), code)
