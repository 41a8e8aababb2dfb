"""X's refusals: why it does not do as asked, and what an operator can do about it."""

from __future__ import annotations

from enum import StrEnum
from http import HTTPStatus

_KEYS_REFUSED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


class Reason(StrEnum):
    """X's own words for why it does not do as asked."""

    CRC_FAILED = "CrcValidationFailed"
    BAD_URL = "UrlValidationFailed"
    DUPLICATE_URL = "DuplicateUrlFailed"
    TOO_MANY_WEBHOOKS = "WebhookLimitExceeded"
    NO_SUCH_WEBHOOK = "WebhookIdInvalid"
    DUPLICATE_SUBSCRIPTION = "DuplicateSubscription"
    REPLAY_UNDER_WAY = "ReplayConflict"
    OTHER = ""


class XRefuses(Exception):
    """X does not do as asked, and asking again will not help by itself.

    *status* is HTTP's, 200 for an answer that holds nothing but errors.
    """

    def __init__(self, status: int, reason: Reason, said: str) -> None:
        super().__init__(f"{status}: {said}" if said else str(status))
        self.status = status
        self.reason = reason
        self.said = said


_ADVICE = {
    Reason.CRC_FAILED: (
        "X had no right answer to its challenge. See that PUBLIC_URL leads here from outside "
        "(smoney-bot doctor), and that the secret is the one X uses for this app: try the other "
        "one with SMONEY_X_CRC=consumer or client"
    ),
    Reason.BAD_URL: "X takes https addresses without a port: look at SMONEY_PUBLIC_URL",
    Reason.TOO_MANY_WEBHOOKS: (
        "X lets this app have no further webhook. If the one that is there is an old address of "
        "this bank, remove it: smoney-bot x unregister --webhook ID"
    ),
    Reason.NO_SUCH_WEBHOOK: "the webhook is gone: run smoney-bot x register",
}

_KEYS_ADVICE = (
    "see that the app may read, write and use direct messages, and make its tokens anew after a "
    "change; or set SMONEY_X_USER_TOKEN, if X takes OAuth 2 alone for this"
)


def advice(refusal: XRefuses) -> str:
    """Return X's refusal with what to do about it, where that is known."""
    known = _ADVICE.get(refusal.reason)
    if known is None and refusal.status in _KEYS_REFUSED:
        known = _KEYS_ADVICE
    return f"{refusal}. {known}" if known else str(refusal)
