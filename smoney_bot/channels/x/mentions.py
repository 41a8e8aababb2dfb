"""Where the mentions stand in a text.

X gives offsets in code points, but counts some texts before and some after
escaping `&`, `<` and `>` (measured in the older dialect, open in the newer).
So an offset is believed only where the text really shows that handle; else the
names are searched in their order. A mention that stands nowhere is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from smoney_bot.bank.messages import Mention
from smoney_bot.channels.x.people import handle_in
from smoney_bot.channels.x.strict_json import Json, id_at, objects_at, span

#: X itself allows about fifty in one post.
_MENTIONS_MAX = 200


@dataclass(frozen=True, slots=True)
class Marked:
    """A mention as X marked it; the offsets are X's claim."""

    handle: str
    x_id: str | None
    start: int
    end: int


def marked(entities: Json) -> list[Marked]:
    """Return the mentions among *entities*, in either dialect, in X's order."""
    found = objects_at(entities, "mentions", "user_mentions")[:_MENTIONS_MAX]
    return [_marked(one, handle) for one in found if (handle := handle_in(one))]


def place(text: str, marks: Iterable[Marked]) -> tuple[tuple[Mention, ...], bool]:
    """Return where *marks* really stand in *text*, and whether X's offsets all fitted."""
    placed: dict[int, Mention] = {}
    fitted, searched_to = True, 0
    for mark in marks:
        start: int | None = mark.start
        if not _stands_at(text, mark):
            fitted = False
            start = _search(text, mark.handle, searched_to)
        if start is not None:
            searched_to = start + 1 + len(mark.handle)
            placed[start] = Mention(start, searched_to, mark.handle, mark.x_id)
    return tuple(placed[start] for start in sorted(placed)), fitted


def _marked(mention: Json, handle: str) -> Marked:
    offsets = span(mention.get("indices")) or span([mention.get("start"), mention.get("end")])
    start, end = offsets or (-1, -1)
    return Marked(handle, id_at(mention, "id_str", "id"), start, end)


def _stands_at(text: str, mark: Marked) -> bool:
    if mark.start < 0:  # a negative index would count from the end
        return False
    shown = text[mark.start : mark.end]
    return shown.isascii() and shown.lower() == "@" + mark.handle.lower()


def _search(text: str, handle: str, start: int) -> int | None:
    """Return where @*handle* next stands as X's grammar of mentions allows it."""
    # Source: twitter-text, the characters that may not stand before a mention.
    pattern = rf"(?<![A-Za-z0-9_!#$%&*@])@{handle}(?![A-Za-z0-9_])"
    found = re.compile(pattern, re.IGNORECASE | re.ASCII).search(text, start)
    return found.start() if found else None
