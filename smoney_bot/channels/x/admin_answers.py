"""X's answers about our app: its webhooks, its subscriptions, and why not.

X writes one and the same answer in several ways: the thing itself, under a name
of its own, in a list, or not at all (204); and a 200 may hold nothing but errors.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

import requests

from smoney_bot.channels.x.asking import Call, NoAnswer
from smoney_bot.channels.x.problems import report, sentence
from smoney_bot.channels.x.refusals import Reason, XRefuses
from smoney_bot.channels.x.session import BadStatus
from smoney_bot.channels.x.strict_json import (
    BadBody,
    Json,
    id_at,
    object_at,
    objects_at,
    read_object,
    text_at,
)

#: These ids become part of an address, so only harmless letters pass.
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)

#: Where X writes its reason: as a title, in its details, or at the end of a type.
_PLACES = ("title", "detail", "type", "message", "reason")

#: Answers that say no; but the latter two say only that X cannot tell now.
_REFUSALS = range(400, 500)
_NOT_NOW = (requests.codes.request_timeout, requests.codes.too_many_requests)


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that X posts to while it is `valid`."""

    id: str
    url: str
    valid: bool
    created_at: str | None


@dataclass(frozen=True, slots=True)
class Subscription:
    """What X tells (`kind`), about whom (an X id; None: the app), and where to."""

    id: str
    kind: str
    about: str | None
    webhook_id: str | None
    tag: str | None


@dataclass(frozen=True, slots=True)
class Account:
    """The account that our tokens speak for, and what X says beside it.

    `label` is how X marks the account ("Automated"), `bio` its own words;
    `access` what the app may do; `answered_at` X's clock (UTC, whole seconds).
    """

    x_id: str
    handle: str
    label: str | None
    bio: str
    access: str | None
    answered_at: datetime | None


def answer(call: Call) -> requests.Response:
    """Make *call* and return X's answer; raise `XRefuses`, or `NoAnswer`."""
    try:
        return call()
    except BadStatus as bad:
        told = bad.status in _REFUSALS and bad.status not in _NOT_NOW
        away: Exception = _refusal(bad.status, bad.body) if told else NoAnswer(str(bad))
    except requests.RequestException as fault:
        away = NoAnswer(type(fault).__name__)
    # Outside the handlers: requests' errors carry the request and its tokens.
    raise away


def facts_of(response: requests.Response) -> Json:
    """Return the answer's JSON object, an empty one where X has nothing to say.

    Raises `XRefuses`, or `NoAnswer` if it is not JSON.
    """
    if not response.content.strip():
        return {}
    try:
        facts = read_object(response.content)
    except BadBody:
        facts = None
    if facts is None:
        raise NoAnswer("an answer that is not JSON")
    if "errors" in facts and "data" not in facts:
        raise _refusal(response.status_code, response.content)
    return facts


def _refusal(status: int, body: bytes) -> XRefuses:
    """Read X's reason, in whichever of its places it stands."""
    told = report(body)
    problems = [told, *objects_at(told, "errors")]
    words = " ".join(filter(None, (text_at(one, name) for one in problems for name in _PLACES)))
    reason = next(one for one in Reason if one.value.lower() in words.lower())
    return XRefuses(status, reason, sentence(told) or reason.value)


def things(facts: Json, name: str) -> Iterable[Json]:
    """Return what an answer is about: X puts it into `data`, under its name, or in a list."""
    found = objects_at(facts, "data") or [object_at(facts, "data")]
    return (object_at(one, name) or one for one in found)


def webhook(facts: Json) -> Webhook | None:
    """Return the webhook that *facts* tell of; None if they tell of none."""
    webhook_id, url = _id(facts, "id"), text_at(facts, "url")
    if webhook_id is None or url is None:
        return None
    valid = facts.get("valid") is True
    return Webhook(webhook_id, url, valid, text_at(facts, "created_at"))


def subscription(facts: Json) -> Subscription | None:
    """Return the subscription that *facts* tell of; None if they tell of none."""
    facts = object_at(facts, "subscription") or facts
    subscription_id, kind = _id(facts, "subscription_id", "id"), text_at(facts, "event_type")
    if subscription_id is None or kind is None:
        return None
    return Subscription(
        id=subscription_id,
        kind=kind,
        about=id_at(object_at(facts, "filter"), "user_id"),
        webhook_id=_id(facts, "webhook_id"),
        tag=text_at(facts, "tag"),
    )


def account(response: requests.Response) -> Account | None:
    """Return the account that the answer to "who am I" tells of; None if it tells of none."""
    me = object_at(facts_of(response), "data")
    x_id, handle = id_at(me, "id"), text_at(me, "username")
    if x_id is None or handle is None:
        return None
    return Account(
        x_id=x_id,
        handle=handle,
        label=text_at(object_at(me, "affiliation"), "description"),
        bio=text_at(me, "description") or "",
        access=response.headers.get("x-access-level"),
        answered_at=_moment(response.headers.get("date", "")),
    )


def _id(facts: Json, *names: str) -> str | None:
    found = text_at(facts, *names)
    return found if found is not None and _ID.fullmatch(found) else None


def _moment(date: str) -> datetime | None:
    """Read HTTP's `Date`; None if it is none."""
    try:
        return parsedate_to_datetime(date)
    except ValueError:
        return None
