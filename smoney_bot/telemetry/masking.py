"""Masking: stars for digits in words that we did not choose, because they may be a code."""

from __future__ import annotations

import re
from typing import Any

#: Four digits in a row or more, in a text of somebody else's making, may be a code.
_DIGITS = re.compile(r"\d{4,}")


def mask(words: str) -> str:
    """Return *words* with each run of four digits or more turned into stars."""
    return _DIGITS.sub(lambda found: "*" * len(found[0]), words)


def masked(told: Any, name: str = "") -> Any:  # noqa: ANN401 - what a traceback is told in
    """Return what was *told* of a failure, digits starred in all but names and places."""
    if isinstance(told, dict):
        return {name: masked(value, name) for name, value in told.items()}
    if isinstance(told, list):
        return [masked(one, name) for one in told]
    return mask(told) if isinstance(told, str) and name != "filename" else told
