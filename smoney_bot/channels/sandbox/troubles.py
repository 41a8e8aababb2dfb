"""X's errors on demand: each answer that is known to come instead of the usual one.

`Faults.script` takes them. Sources: X's documentation of errors and limits, and
what running bots have met. The names are those of the rows of that table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from smoney_bot.channels.sandbox import problems
from smoney_bot.channels.sandbox.faults import Fault
from smoney_bot.channels.sandbox.problems import Json, Problem, forbidden
from smoney_bot.channels.sandbox.refusals import DuplicateContent, NotThere

#: How long the limits below have yet to run.
QUARTER_LEFT = timedelta(minutes=7)
DAY_LEFT = timedelta(hours=10)


def troubles(now: datetime) -> dict[str, Fault]:
    """Return what may happen to a call that publishes a post; limits end after *now* (UTC)."""
    return _REFUSED | _OPERATORS | _limits(now) | _LOST


def direct_troubles() -> dict[str, Fault]:
    """Return the refusals that only direct messages meet."""
    sayings = (
        problems.DM_NOT_ALLOWED,
        problems.DM_NOT_TO_THIS_USER,
        problems.DM_NOT_FOLLOWING,
        problems.DM_BLOCKED,
    )
    return {f"403 {saying}": _fault(forbidden(saying)) for saying in sayings}


def _fault(problem: Problem, headers: Mapping[str, str] | None = None) -> Fault:
    return Fault(status=problem.status, body=problem.body, headers=headers or {})


def _kind(status: int, kind: str, *, host: str = "api.x.com") -> Fault:
    """Return a problem of a documented *kind*; X has been seen to use two hosts for them."""
    body: Json = {
        "title": kind,
        "detail": f"This is {kind}.",
        "type": f"https://{host}/2/problems/{kind}",
        "status": status,
    }
    return Fault(status=status, body=body)


#: About this one post, for good.
_REFUSED = {
    "400 invalid-request": _fault(problems.invalid("$.text: string expected")),
    "400 too long": _fault(problems.too_long()),
    "403 not mentioned, February 2026": _fault(forbidden(problems.REPLY_NOT_ALLOWED)),
    "403 not mentioned, since mid 2026": _fault(
        forbidden(problems.REPLY_NOT_ALLOWED_SINCE_MID_2026)
    ),
    "403 deleted or not visible": _fault(forbidden(NotThere.why)),
    "404": _fault(problems.not_found()),
    "404 resource-not-found": _kind(404, "resource-not-found"),
    "409 conflict": _fault(problems.conflict("Conflict", "It is there already.")),
}

#: What an operator has to look at: our app, our account, or words nobody knows.
_OPERATORS = {
    "401 bad or revoked token": _fault(problems.unauthorized()),
    "402 credits depleted": _fault(problems.credits_depleted()),
    "403 client-forbidden": _kind(403, "client-forbidden"),
    "403 client-forbidden, older host": _kind(403, "client-forbidden", host="api.twitter.com"),
    "403 unsupported-authentication": _fault(
        problems.unsupported_authentication("OAuth 1.0a User Context")
    ),
    "403 feature not permitted": _fault(forbidden(problems.FEATURE_NOT_PERMITTED)),
    "403 not permitted": _fault(forbidden(problems.NOT_PERMITTED)),
    "403 in words never heard": _fault(forbidden("Mercury is in retrograde.")),
    "403 not-authorized-for-resource": _kind(403, "not-authorized-for-resource"),
    "403 disallowed-resource": _kind(403, "disallowed-resource"),
    "403 in HTML": Fault(status=403, body="<h1>Forbidden</h1>"),
    "429 usage-capped": _fault(problems.usage_capped()),
}

#: The outcome is unknown: X may have published it all the same.
_MAYBE = {
    "500 internal-error": _kind(500, "internal-error"),
    "502 in HTML": Fault(status=502, body="<h1>Bad gateway</h1>"),
    "503 resource-unavailable": _kind(503, "resource-unavailable"),
    "408": Fault(status=408),
    "200 without an id": Fault(status=200, body={}),
    "cut off": Fault(cut=True),
    "no answer in time": Fault(status=504, delay=1.0),
}
_LOST = {
    **_MAYBE,
    **{f"{name}, but published": replace(fault, done=True) for name, fault in _MAYBE.items()},
    "403 duplicate": _fault(forbidden(DuplicateContent.why)),
}


def _limits(now: datetime) -> dict[str, Fault]:
    quarter = {"x-rate-limit": (0, now + QUARTER_LEFT)}
    day = {
        "x-rate-limit": (40, now + QUARTER_LEFT),
        "x-user-limit-24hour": (0, now + DAY_LEFT),
    }
    return {
        "429 code 88": _fault(problems.too_many(code_88=True), _told(quarter)),
        "429 problem": _fault(problems.too_many(code_88=False), _told(quarter)),
        "429 rate-limit-exceeded": _kind(429, "rate-limit-exceeded"),
        "429 without a reset": _fault(problems.too_many(code_88=True)),
        "403 of a day, code 185": _fault(problems.days_cap()),
        "429 of a day": _fault(problems.too_many(code_88=False), _told(day)),
    }


def _told(windows: Mapping[str, tuple[int, datetime]]) -> dict[str, str]:
    headers = {}
    for prefix, (remaining, ends) in windows.items():
        headers[f"{prefix}-limit"] = "100"
        headers[f"{prefix}-remaining"] = str(remaining)
        headers[f"{prefix}-reset"] = str(int(ends.timestamp()))
    return headers
