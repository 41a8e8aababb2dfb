"""Activity: the app's webhooks and its subscriptions to events."""

from __future__ import annotations

from dataclasses import replace

from smoney_bot.channels.sandbox import events, shapes
from smoney_bot.channels.sandbox.calls import Call, Endpoint, Keys, check_body
from smoney_bot.channels.sandbox.limits import Allowance
from smoney_bot.channels.sandbox.problems import Json, forbidden, invalid, refused
from smoney_bot.channels.sandbox.subscriptions import Subscription, Webhook

_TAG_LENGTH_MAX = 200
_URL_LENGTH_MAX = 200
_WEBHOOKS = Allowance(user=450, app=450)
_SUBSCRIPTIONS = Allowance(user=500, app=500)


def register(call: Call) -> Json:
    """Register a webhook, which must answer its CRC meanwhile."""
    check_body(call.body, {"url": str})
    url = call.body.get("url", "")
    if not 1 <= len(url) <= _URL_LENGTH_MAX:
        raise invalid(f"$.url: must have 1 to {_URL_LENGTH_MAX} characters")
    return {"data": _webhook(call.deliveries.register(url))}


def list_webhooks(call: Call) -> Json:
    """List the app's webhooks; without any there is no `data`."""
    return _listed([_webhook(one) for one in call.deliveries.webhooks.all()])


def check(call: Call) -> Json:
    """Ask a webhook for its CRC again; it is told events only while it passes."""
    webhook = call.deliveries.webhooks.check(call.id("id"))
    if not webhook.valid:
        raise refused("CrcValidationFailed", "The webhook did not answer the CRC rightly.")
    return {"data": {"valid": True}}


def unregister(call: Call) -> Json:
    """Delete a webhook; subscriptions that point at it stay, and reach nobody."""
    call.deliveries.webhooks.remove(call.id("id"))
    return {"data": {"deleted": True}}


def subscribe(call: Call) -> Json:
    """Subscribe to a kind of event about the user who calls."""
    known = {"event_type": str, "filter": dict, "tag": str, "webhook_id": str}
    check_body(call.body, known)
    wanted = call.body.get("filter", {})
    check_body(wanted, {"user_id": str, "direction": str, "keyword": str}, "$.filter")
    kind = call.body.get("event_type")
    if kind not in events.KINDS:
        raise invalid(f"$.event_type: does not have a value in {sorted(events.KINDS)}")
    if wanted.get("user_id") != call.user_id:
        raise forbidden("Private events can be had about the authenticated user only.")
    _check_pointers(call)
    subscription = call.deliveries.subscribe(
        kind,
        user_id=call.user_id,
        direction=wanted.get("direction"),
        tag=call.body.get("tag"),
        webhook_id=call.body.get("webhook_id"),
    )
    return {"data": {"subscription": _subscription(subscription)}}


def list_subscriptions(call: Call) -> Json:
    """List the app's subscriptions; without any there is no `data`."""
    return _listed([_subscription(one) for one in call.deliveries.subscriptions.all()])


def change(call: Call) -> Json:
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
    data = {
        "subscription": _subscription(kept.put(changed)),
        "total_subscriptions": len(kept.all()),
    }
    return {"data": data}


def unsubscribe(call: Call) -> Json:
    """End a subscription."""
    call.deliveries.subscriptions.remove(call.id("id"))
    return {"data": {"deleted": True}}


def _check_pointers(call: Call) -> None:
    """Raise 400 unless the tag is short enough and the webhook exists."""
    tag = call.body.get("tag", "-")
    if not 1 <= len(tag) <= _TAG_LENGTH_MAX:
        raise invalid(f"$.tag: must have 1 to {_TAG_LENGTH_MAX} characters")
    webhook_id = call.body.get("webhook_id")
    known = {webhook.id for webhook in call.deliveries.webhooks.all()}
    if webhook_id is not None and webhook_id not in known:
        raise refused("WebhookIdInvalid", "There is no such webhook.")


def _listed(things: list[Json]) -> Json:
    meta = {"result_count": len(things)}
    return {"data": things, "meta": meta} if things else {"meta": meta}


def _webhook(one: Webhook) -> Json:
    created_at = shapes.timestamp(one.created_at)
    return {"id": one.id, "url": one.url, "valid": one.valid, "created_at": created_at}


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


_HOOK = "/2/webhooks/{id}"
_ONE = "/2/activity/subscriptions/{id}"

ENDPOINTS = (
    Endpoint("POST", "/2/webhooks", Keys.EITHER, _WEBHOOKS, register),
    Endpoint("GET", "/2/webhooks", Keys.APP, _WEBHOOKS, list_webhooks),
    Endpoint("PUT", _HOOK, Keys.EITHER, _WEBHOOKS, check),
    Endpoint("DELETE", _HOOK, Keys.EITHER, _WEBHOOKS, unregister),
    Endpoint("POST", "/2/activity/subscriptions", Keys.USER, _SUBSCRIPTIONS, subscribe),
    Endpoint("GET", "/2/activity/subscriptions", Keys.EITHER, _SUBSCRIPTIONS, list_subscriptions),
    Endpoint("PUT", _ONE, Keys.APP, _SUBSCRIPTIONS, change),
    Endpoint("DELETE", _ONE, Keys.APP, _SUBSCRIPTIONS, unsubscribe),
)
