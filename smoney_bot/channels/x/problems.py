"""X's problem reports: what it says in an answer other than success.

There are two forms: a document with a `detail`, and the older list of `errors`,
each with a `message`.
"""

from __future__ import annotations

import re

import requests

from smoney_bot.channels.x.strict_json import BadBody, Json, objects_at, read_object, text_at

#: What X says when the account has written all it may in a day, in small letters.
_DAYS_CAP = re.compile(r"\bdaily (?:[a-z]+ ){0,3}limit\b", re.ASCII)

_SENTENCE_MAX = 200  # characters


def report(body: bytes) -> Json:
    """Return X's problem report; empty if the body is none (a page of HTML, say)."""
    try:
        return read_object(body)
    except BadBody:
        return {}


def words(told: Json) -> str:
    """Return all that a report says, in small letters, to look for X's sayings in it."""
    messages = [text_at(error, "message") for error in objects_at(told, "errors")]
    return " ".join(filter(None, [text_at(told, "detail"), *messages])).lower()


def sentence(told: Json) -> str:
    """Return the first sentence of a report, cut, in signs that any log can hold; "" if none."""
    problems = [told, *objects_at(told, "errors")]
    said = next((text for one in problems if (text := text_at(one, "detail", "message"))), "")
    return re.sub(r"[^ -~]", "?", said)[:_SENTENCE_MAX]


def is_days_cap(status: int, body: bytes) -> bool:
    """Whether X takes no more from this account for now, whatever the call.

    It hands the day's posts out in slices of half an hour and says so by 403, not 429.
    """
    forbidden = status == requests.codes.forbidden
    return forbidden and _DAYS_CAP.search(words(report(body))) is not None
