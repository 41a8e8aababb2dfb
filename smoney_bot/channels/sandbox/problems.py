"""What X answers when it does not do as asked: problem documents, word for word.

Sources: X's documentation of response codes, and bodies that clients recorded.
"""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

_TYPES = "https://api.twitter.com/2/problems/"
_BLANK = "about:blank"

DM_NOT_ALLOWED = "You do not have permission to DM one or more participants."
DM_NOT_TO_THIS_USER = "You cannot send messages to this user."
DM_BLOCKED = "You cannot send messages to users who have blocked you."
DM_NOT_FOLLOWING = "You cannot send messages to users who are not following you."
REPLY_NOT_ALLOWED = (
    "Reply to this conversation is not allowed because you have not been mentioned or "
    "otherwise engaged by the author of the post you are replying to."
)
REPLY_NOT_ALLOWED_SINCE_MID_2026 = (
    "You can only reply to or quote posts where you are mentioned or are the author."
)
NOT_PERMITTED = "You are not permitted to perform this action."
FEATURE_NOT_PERMITTED = "Your account is not permitted to access this feature."


class Problem(Exception):
    """An answer other than success: its status and body."""

    def __init__(self, status: int, body: Json) -> None:
        super().__init__(f"{status} {body.get('title', '')}")
        self.status = status
        self.body = body


def unauthorized() -> Problem:
    """Return 401: no key, a wrong key, or a signature that does not fit."""
    return _plain(401, "Unauthorized", "Unauthorized")


def forbidden(detail: str) -> Problem:
    """Return 403 with X's sentence."""
    return _plain(403, "Forbidden", detail)


def credits_depleted() -> Problem:
    """Return 402: the prepaid credits are used up, and waiting does not help."""
    detail = "Your enrolled account does not have any credits to fulfill this request."
    kind = _TYPES + "credits"
    body = {"title": "CreditsDepleted", "detail": detail, "type": kind, "status": 402}
    return Problem(402, body)


def usage_capped() -> Problem:
    """Return 429 for a month's cap on what may be read."""
    detail = "Usage cap exceeded: Monthly product cap"
    kind = _TYPES + "usage-capped"
    body = {"title": "UsageCapExceeded", "detail": detail, "type": kind, "status": 429}
    return Problem(429, body)


def unsupported_authentication(supported: str) -> Problem:
    """Return 403: this call wants another kind of key; *supported* names it."""
    detail = (
        "Authenticating with this method is forbidden for this endpoint. "
        f"Supported authentication types are [{supported}]."
    )
    title = "Unsupported Authentication"
    kind = _TYPES + "unsupported-authentication"
    return Problem(403, {"title": title, "detail": detail, "type": kind, "status": 403})


def not_found() -> Problem:
    """Return 404."""
    return _plain(404, "Not Found", "Not Found")


def conflict(title: str, detail: str) -> Problem:
    """Return 409: it exists already."""
    return _plain(409, title, detail)


def invalid(message: str, parameters: Json | None = None) -> Problem:
    """Return 400: *message* says which parameter or key is wrong, and why."""
    error: Json = {"message": message}
    if parameters is not None:
        error["parameters"] = {name: [value] for name, value in parameters.items()}
    body = {
        "errors": [error],
        "title": "Invalid Request",
        "detail": "One or more parameters to your request was invalid.",
        "type": _TYPES + "invalid-request",
    }
    return Problem(400, body)


def refused(reason: str, detail: str) -> Problem:
    """Return 400 whose title is one of X's reasons, such as `CrcValidationFailed`."""
    return Problem(
        400,
        {"title": reason, "detail": detail, "type": _TYPES + "invalid-request", "status": 400},
    )


def too_long() -> Problem:
    """Return 400: the text of a post weighs more than 280."""
    detail = (
        "Your Tweet text is too long. For more information on how Twitter determines text "
        "length see https://github.com/twitter/twitter-text."
    )
    return _plain(400, "Bad Request", detail)


def too_many(*, code_88: bool) -> Problem:
    """Return 429, in the older form with *code_88*."""
    if code_88:
        return Problem(429, {"errors": [{"code": 88, "message": "Rate limit exceeded"}]})
    return _plain(429, "Too Many Requests", "Too Many Requests")


def days_cap() -> Problem:
    """Return 403: the account has posted all that it may for now, in the older form."""
    message = "User is over daily status update limit."
    return Problem(403, {"errors": [{"code": 185, "message": message}]})


def missing(kind: str, parameter: str, value: str) -> Json:
    """Return the line of `errors` for a user or tweet that is not there (status 200)."""
    return {
        "value": value,
        "detail": f"Could not find {kind} with {parameter}: [{value}].",
        "title": "Not Found Error",
        "resource_type": kind,
        "parameter": parameter,
        "resource_id": value,
        "type": _TYPES + "resource-not-found",
    }


def _plain(status: int, title: str, detail: str) -> Problem:
    return Problem(status, {"title": title, "detail": detail, "type": _BLANK, "status": status})
