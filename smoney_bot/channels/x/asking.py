"""Questions to X: one answer, or a list of pages; and knowing our own lines in it."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial

import requests

from smoney_bot.bank.errors import TryLater
from smoney_bot.channels import Wait
from smoney_bot.channels.x.outcomes import judge_status
from smoney_bot.channels.x.session import BadStatus, Shut
from smoney_bot.channels.x.strict_json import (
    BadBody,
    Json,
    id_at,
    object_at,
    objects_at,
    read_object,
    text_at,
)

#: A request to X that only waits to be made.
Call = Callable[..., requests.Response]

#: The names that X puts before a reply's own words.
_INHERITED = re.compile(r"(?:@[A-Za-z0-9_]{1,20}\s+)*", re.ASCII)


class NoAnswer(TryLater):
    """X does not answer for now; `until` is when it will again (UTC), if X says so."""

    def __init__(self, why: str, until: datetime | None = None) -> None:
        super().__init__(f"X cannot say: {why}")
        self.until = until


def ask(call: Call) -> Json:
    """Return what X answers to a question, or raise `NoAnswer`."""
    until = None
    try:
        return read_object(call().content)
    except Shut as shut:
        why, until = str(shut), shut.until
    except BadStatus as bad:
        why, until = str(bad), _reopens_at(bad)
    except requests.RequestException as fault:
        why = type(fault).__name__
    except BadBody:
        why = "an answer that is not JSON"
    # Outside the handlers: requests' errors carry the request and its tokens.
    raise NoAnswer(why, until)


def _reopens_at(bad: BadStatus) -> datetime | None:
    fate = judge_status(bad)
    return fate.until if isinstance(fate, Wait) else None


def rows(call: Call, pages: int) -> Iterator[Json]:
    """Yield the rows of a paged list, newest first, of so many *pages* at most.

    Raises `NoAnswer`.
    """
    seen: set[str | None] = set()
    token: str | None = None
    for _ in range(pages):
        facts = ask(partial(call, pagination_token=token) if token else call)
        found = objects_at(facts, "data")
        if "data" not in facts and "errors" in facts:
            raise NoAnswer("errors instead of a list")
        yield from found
        ids = {id_at(row, "id") for row in found}
        token = text_at(object_at(facts, "meta"), "next_token")
        # Some of X's lists hand out the same page for ever.
        if token is None or ids <= seen:
            return
        seen |= ids


def check_brought(found: Sequence[Json], *fields: tuple[str, ...]) -> None:
    """Raise `NoAnswer` unless each of *fields* (its spellings) came with any row at all.

    A field that X does not know, or not any more, is left out of every row
    without a word, and what was meant would be read wrongly.
    """
    for spellings in fields:
        if found and not any(name in row for row in found for name in spellings):
            raise NoAnswer(f"it leaves out {spellings[0]}")


def shows(row: Json, text: str) -> bool:
    """Whether *row* shows our *text*, as X escapes it and puts names before it."""
    shown = html.unescape(text_at(row, "text") or "")
    return _plain(shown) == _plain(text)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", _INHERITED.sub("", text, count=1)).strip()
