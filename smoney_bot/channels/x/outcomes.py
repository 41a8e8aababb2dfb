"""What X's answer means for a line that was to leave the bank.

The one question is whether it may be out already. If it may, it is `Unknown`
and looked for before it is sent again; only what surely never reached X, or was
surely refused, is told so. Sources: X's documentation of errors, and details
that running bots have met.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

import requests
from urllib3.exceptions import NewConnectionError

from smoney_bot.channels import Delivery, Halt, Parked, Rejected, Unknown, Wait
from smoney_bot.channels.x.problems import is_days_cap, report, sentence, words
from smoney_bot.channels.x.session import BadStatus
from smoney_bot.channels.x.strict_json import Json, text_at

#: Kinds of problem (the end of `type`) that concern our app, not this one line.
_APP_PROBLEMS = {
    "client-forbidden",
    "oauth1-permissions",
    "unsupported-authentication",
    "usage-capped",
}

#: What a 403 says about our account, in X's words (small letters).
_ACCOUNT_SAYINGS = ("temporarily locked", "account is suspended")

#: A twin is out: often our own, from an attempt whose answer was lost.
_TWIN_SAYINGS = ("duplicate content", "status is a duplicate")

#: What a 403 says about this one line, and our word for it.
_LINE_SAYINGS = {
    "not been mentioned or otherwise engaged": "reply not allowed",
    "only reply to or quote posts where": "reply not allowed",
    "deleted or not visible": "the post is gone",
    "permission to dm one or more participants": "direct message not allowed",
    "cannot send messages to this user": "direct message not allowed",
    "users who have blocked you": "direct message not allowed",
    "not following you": "direct message not allowed",
}

#: X counts per 15 minutes, and some calls per day as well.
_LIMITS = ("x-rate-limit", "x-user-limit-24hour", "x-app-limit-24hour")


def judge_status(bad: BadStatus) -> Delivery:
    """Return what became of a line that X answered with an error."""
    status, said = bad.status, report(bad.body)
    if is_days_cap(status, bad.body):
        return Wait(None, "daily limit")  # pacing lets nothing through meanwhile
    if _is_about_our_app(status, said):
        return Halt(_why(status, said))
    if status == requests.codes.too_many_requests:
        return Wait(_reset(bad.headers), "rate limit")
    if status == requests.codes.forbidden:
        return _judge_forbidden(said)
    if status >= requests.codes.internal_server_error or status < requests.codes.bad_request:
        return Unknown(_why(status, said))
    if status == requests.codes.request_timeout:
        return Unknown(_why(status, said))
    return Rejected(_why(status, said))


def judge_fault(fault: requests.RequestException) -> Delivery:
    """Return what became of a line during which the network failed."""
    name = type(fault).__name__
    return Wait(None, f"not sent: {name}") if _never_left(fault) else Unknown(name)


def _never_left(fault: requests.RequestException) -> bool:
    """Whether no byte reached X: no address, refused, or no connection in time."""
    if isinstance(fault, requests.ConnectTimeout):
        return True
    cause = getattr(fault.args[0] if fault.args else None, "reason", None)
    return isinstance(cause, NewConnectionError)


def _is_about_our_app(status: int, said: Json) -> bool:
    if status in (requests.codes.unauthorized, requests.codes.payment_required):
        return True
    problem = (text_at(said, "type") or "").rpartition("/")[2]
    return problem in _APP_PROBLEMS or any(saying in words(said) for saying in _ACCOUNT_SAYINGS)


def _judge_forbidden(said: Json) -> Delivery:
    heard = words(said)
    if any(saying in heard for saying in _TWIN_SAYINGS):
        return Unknown("duplicate content")
    for saying, why in _LINE_SAYINGS.items():
        if saying in heard:
            return Rejected(why)
    return Parked(_why(requests.codes.forbidden, said))


def _why(status: int, said: Json) -> str:
    # X's first sentence and nothing else of the body: the rest may repeat the line.
    why = sentence(said)
    return f"{status}: {why}" if why else str(status)


def _reset(headers: Mapping[str, str]) -> datetime | None:
    """Return when the last of the limits that are used up ends (UTC)."""
    used_up = [name for name in _LIMITS if headers.get(f"{name}-remaining", "0") == "0"]
    moments = [_moment(headers.get(f"{name}-reset", "")) for name in used_up]
    return max((moment for moment in moments if moment is not None), default=None)


def _moment(seconds: str) -> datetime | None:
    """Read seconds since 1970; ten digits last until 2286."""
    if not re.fullmatch(r"[0-9]{1,10}", seconds, re.ASCII):
        return None
    return datetime.fromtimestamp(int(seconds), UTC)
