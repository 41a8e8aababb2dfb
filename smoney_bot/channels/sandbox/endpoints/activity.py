"""Activity: the app's subscriptions to events."""

from __future__ import annotations

from dataclasses import replace

from smoney_bot.channels.sandbox import events, shapes
from smoney_bot.channels.sandbox.calls import Call, Endpoint, Keys, check_body, listed, told
from smoney_bot.channels.sandbox.limits import Allowance
from smoney_bot.channels.sandbox.problems import (
    Json,
    forbidden,
    invalid,
    refused,
    unsupported_authentication,
)
from smoney_bot.channels.sandbox.subscriptions import Subscription

_TAG_LENGTH_MAX = 200
_SUBSCRIPTIONS = Allowance(user=500, app=500)
_PAGE_SIZE_MAX = 1000


def subscribe(call: Call) -> Json | None:
    """Subscribe to a kind of event: about the user who calls, or public, or about the app."""
    known = {"event_type": str, "filter": dict, "tag": str, "webhook_id": str}
    check_body(call.body, known)
    wanted = call.body.get("filter", {})
    check_body(wanted, {"user_id": str, "direction": str, "keyword": str}, "$.filter")
    kind = call.body.get("event_type")
    if kind not in events.KINDS:
        raise invalid(f"$.event_type: does not have a value in {sorted(events.KINDS)}")
    _check_may_hear(call, kind, wanted.get("user_id"))
    _check_pointers(call)
    subscription = call.deliveries.subscribe(
        kind,
        about_app=kind in events.OF_THE_APP,
        direction=wanted.get("direction"),
        tag=call.body.get("tag"),
        webhook_id=call.body.get("webhook_id"),
    )
    return told(call, _subscription(subscription), within="subscription")


def list_subscriptions(call: Call) -> Json:
    """List the app's subscriptions, page by page; without any there is no `data`."""
    size = call.number("max_results", 1, _PAGE_SIZE_MAX, _PAGE_SIZE_MAX)
    first = call.number("pagination_token", 0, _PAGE_SIZE_MAX, 0)
    every = call.deliveries.subscriptions.all()
    page = listed([_subscription(one) for one in every[first : first + size]])
    if first + size < len(every):
        page["meta"]["next_token"] = str(first + size)
    return page


def change(call: Call) -> Json | None:
    """Give a subscription another tag or webhook."""
    check_body(call.body, {"tag": str, "webhook_id": str})
    _check_pointers(call)
    kept = call.deliveries.subscriptions
    old = kept.get(call.id("id"))
    changed = replace(
        old,
        tag=call.body.get("tag", old.tag),
        webhook_id=call.body.get("webhook_id", old.webhook_id),
        updated_at=call.world.now(),
    )
    return told(call, _subscription(kept.put(changed)), within="subscription")


def unsubscribe(call: Call) -> Json | None:
    """End a subscription."""
    call.deliveries.subscriptions.remove(call.id("id"))
    return told(call, {"deleted": True})


def _check_may_hear(call: Call, kind: str, about: str | None) -> None:
    """Raise 403 unless the caller may hear of that *kind* of event *about* that user."""
    if kind in events.PRIVATE and call.caller.user_id is None:
        raise unsupported_authentication(Keys.USER.value)
    if kind in events.PRIVATE and about != call.user_id:
        raise forbidden("Private events can be had about the authenticated user only.")
    if kind in events.PUBLIC and about is None:
        raise invalid("$.filter.user_id: is missing but it is required")


def _check_pointers(call: Call) -> None:
    """Raise 400 unless the tag is short enough and the webhook exists."""
    tag = call.body.get("tag", "-")
    if not 1 <= len(tag) <= _TAG_LENGTH_MAX:
        raise invalid(f"$.tag: must have 1 to {_TAG_LENGTH_MAX} characters")
    webhook_id = call.body.get("webhook_id")
    known = {webhook.id for webhook in call.deliveries.webhooks.all()}
    if webhook_id is not None and webhook_id not in known:
        raise refused("WebhookIdInvalid", "There is no such webhook.")


def _subscription(one: Subscription) -> Json:
    wanted = {"user_id": one.user_id, "direction": one.direction}
    facts = {
        "subscription_id": one.id,
        "event_type": one.kind,
        "filter": {name: value for name, value in wanted.items() if value is not None},
        "tag": one.tag,
        "webhook_id": one.webhook_id,
        "created_at": shapes.timestamp(one.created_at),
        "updated_at": shapes.timestamp(one.updated_at),
    }
    return {name: value for name, value in facts.items() if value is not None}


_ALL = "/2/activity/subscriptions"
_ONE = _ALL + "/{id}"
_PAGING = frozenset({"max_results", "pagination_token"})

ENDPOINTS = (
    Endpoint("POST", _ALL, Keys.EITHER, _SUBSCRIPTIONS, subscribe),
    Endpoint("GET", _ALL, Keys.EITHER, _SUBSCRIPTIONS, list_subscriptions, _PAGING),
    Endpoint("PUT", _ONE, Keys.APP, _SUBSCRIPTIONS, change),
    Endpoint("DELETE", _ONE, Keys.APP, _SUBSCRIPTIONS, unsubscribe),
)
