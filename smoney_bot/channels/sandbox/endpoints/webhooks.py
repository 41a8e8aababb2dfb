"""Webhooks: the app's addresses, which X challenges before it tells them anything; and replays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from smoney_bot.channels.sandbox import shapes
from smoney_bot.channels.sandbox.calls import Call, Endpoint, Keys, check_body, listed, told
from smoney_bot.channels.sandbox.limits import Allowance
from smoney_bot.channels.sandbox.problems import Json, conflict, invalid, refused
from smoney_bot.channels.sandbox.subscriptions import Webhook

_URL_LENGTH_MAX = 200
_WEBHOOKS = Allowance(user=450, app=450)
_REPLAYS = Allowance(app=100)

#: X replays what is at most a day old, from 31 minutes ago and up to 10 minutes ago.
_REPLAY_REACH = timedelta(hours=24)
_REPLAY_FROM = timedelta(minutes=31)
_REPLAY_TO = timedelta(minutes=10)


def register(call: Call) -> Json | None:
    """Register a webhook, which must answer its CRC meanwhile."""
    check_body(call.body, {"url": str})
    url = call.body.get("url", "")
    if not 1 <= len(url) <= _URL_LENGTH_MAX:
        raise invalid(f"$.url: must have 1 to {_URL_LENGTH_MAX} characters")
    return told(call, _webhook(call.deliveries.register(url)))


def list_webhooks(call: Call) -> Json:
    """List the app's webhooks; without any there is no `data`."""
    return listed([_webhook(one) for one in call.deliveries.webhooks.all()])


def check(call: Call) -> Json | None:
    """Ask a webhook for its CRC again; it is told events only while it passes."""
    webhook = call.deliveries.webhooks.check(call.id("id"))
    if not webhook.valid:
        raise refused("CrcValidationFailed", "The webhook did not answer the CRC rightly.")
    return told(call, {"valid": True})


def unregister(call: Call) -> Json | None:
    """Delete a webhook; subscriptions that point at it stay, and reach nobody."""
    call.deliveries.webhooks.remove(call.id("id"))
    return told(call, {"deleted": True})


def replay(call: Call) -> Json:
    """Deliver again what was tried in a span of minutes; its webhook is challenged first."""
    check_body(call.body, {"webhook_id": str, "from_date": str, "to_date": str})
    since, until = _minute(call, "from_date"), _minute(call, "to_date")
    now = call.world.now()
    if not now - _REPLAY_REACH <= since <= now - _REPLAY_FROM:
        raise invalid("$.from_date: must be 31 minutes to 24 hours ago")
    if not since < until <= now - _REPLAY_TO:
        raise invalid("$.to_date: must be after from_date, and 10 minutes ago or more")
    webhook = call.deliveries.webhooks.check(call.body.get("webhook_id", ""))
    if not webhook.valid:
        raise refused("CrcValidationFailed", "The webhook did not answer the CRC rightly.")
    job_id = call.deliveries.replay(webhook.id, since, until)
    if job_id is None:
        raise conflict("ReplayConflictError", "A replay job is under way already.")
    return {"data": {"job_id": job_id, "created_at": shapes.timestamp(now)}}


def _minute(call: Call, name: str) -> datetime:
    text = call.body.get(name, "")
    try:
        return datetime.strptime(text, "%Y%m%d%H%M").replace(tzinfo=UTC)
    except ValueError:
        raise invalid(f"$.{name}: does not match the regex pattern ^[0-9]{{12}}$") from None


def _webhook(one: Webhook) -> Json:
    created_at = shapes.timestamp(one.created_at)
    return {"id": one.id, "url": one.url, "valid": one.valid, "created_at": created_at}


_ONE = "/2/webhooks/{id}"

ENDPOINTS = (
    Endpoint("POST", "/2/webhooks", Keys.EITHER, _WEBHOOKS, register),
    Endpoint("GET", "/2/webhooks", Keys.APP, _WEBHOOKS, list_webhooks),
    Endpoint("POST", "/2/webhooks/replay", Keys.APP, _REPLAYS, replay),
    Endpoint("PUT", _ONE, Keys.EITHER, _WEBHOOKS, check),
    Endpoint("DELETE", _ONE, Keys.EITHER, _WEBHOOKS, unregister),
)
