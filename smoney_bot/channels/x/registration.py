"""What X should know of us, and putting it right: one webhook, and who tells it what.

Whatever is there already is adopted, so it may be done over at any time. Other
people's webhooks and subscriptions are never touched: ours bear our tag.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus

from smoney_bot.channels.x.admin import XAdmin
from smoney_bot.channels.x.admin_answers import Subscription, Webhook
from smoney_bot.channels.x.refusals import Reason, XRefuses, advice
from smoney_bot.channels.x.wants import TAG, Want, wants


class Act(StrEnum):
    """What became of one thing at X."""

    KEPT = "as it should be"
    CREATED = "created"
    REPAIRED = "repaired"
    REMOVED = "removed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing at X, what became of it, and more in words.

    `hurts`: the bank cannot hear its customers as it is.
    """

    thing: str
    act: Act
    detail: str
    hurts: bool = False


@dataclass(frozen=True, slots=True)
class Registered:
    """X knows our webhook as `webhook_id`; the steps say how it came to that."""

    webhook_id: str
    steps: tuple[Step, ...]

    @property
    def sound(self) -> bool:
        """Whether X brings all that the bank cannot do without."""
        return not any(step.hurts for step in self.steps)


def find(hooks: Iterable[Webhook], url: str) -> Webhook | None:
    """Return the webhook at *url*."""
    return next((hook for hook in hooks if hook.url == url), None)


def put_right(x: XAdmin, url: str) -> Registered:
    """Have X know the webhook at *url* and tell it all that is wanted.

    Raises `XRefuses` if X takes no webhook there (`advice` says what to do), or
    `TryLater`.
    """
    hook, step = _webhook(x, url)
    return Registered(hook.id, (step, *_subscriptions(x, hook.id)))


def take_back(x: XAdmin, hook: Webhook | None) -> list[Step]:
    """Have X forget *hook*, all that leads to it, and our subscriptions that lead nowhere.

    Raises `XRefuses`, or `TryLater`.
    """
    gone = {hook.id} if hook else set()
    others = {one.id for one in x.webhooks()} - gone
    steps = []
    for one in x.subscriptions():
        if one.webhook_id in gone or (one.tag == TAG and one.webhook_id not in others):
            x.unsubscribe(one.id)
            steps.append(_step(one.kind, Act.REMOVED, one.id))
    if hook is not None:
        x.delete_webhook(hook.id)
        steps.append(Step("webhook", Act.REMOVED, f"{hook.id} {hook.url}"))
    return steps


def _webhook(x: XAdmin, url: str) -> tuple[Webhook, Step]:
    hook = find(x.webhooks(), url)
    if hook is None:
        return _new_webhook(x, url)
    if hook.valid:
        return hook, Step("webhook", Act.KEPT, f"{hook.id} {url}")
    return _mended(x, hook)


def _mended(x: XAdmin, hook: Webhook) -> tuple[Webhook, Step]:
    """Have X challenge *hook* again; its own answer says no more than that it did."""
    why = "it still does not pass X's challenge"
    try:
        x.check_webhook(hook.id)
    except XRefuses as refusal:
        if refusal.reason is not Reason.CRC_FAILED:
            raise
        why = advice(refusal)
    else:
        again = find(x.webhooks(), hook.url)
        if again is not None and again.valid:
            return again, Step("webhook", Act.REPAIRED, f"{hook.id} passes the challenge again")
    return hook, Step("webhook", Act.REFUSED, f"{hook.id}: {why}", hurts=True)


def _new_webhook(x: XAdmin, url: str) -> tuple[Webhook, Step]:
    try:
        made = x.create_webhook(url)
    except XRefuses as refusal:
        if refusal.reason is Reason.TOO_MANY_WEBHOOKS:
            there = ", ".join(f"{hook.id} ({hook.url})" for hook in x.webhooks())
            raise XRefuses(refusal.status, refusal.reason, f"{refusal.said}: {there}") from None
        if refusal.reason is not Reason.DUPLICATE_URL:
            raise
        made = None
    # An answer that does not tell what was made, or a second one of us who made it.
    hook = made or find(x.webhooks(), url)
    if hook is None:
        raise XRefuses(200, Reason.OTHER, "X took the webhook, but does not list it")
    if hook.valid:
        return hook, Step("webhook", Act.CREATED, f"{hook.id} {url}")
    return _mended(x, hook)


def _subscriptions(x: XAdmin, webhook_id: str) -> Iterator[Step]:
    wanted = wants(x.bot_id)
    listed = x.subscriptions()
    kept: set[str] = set()
    for want in wanted:
        same = [one for one in listed if want.fits(one)]
        # The one that leads here, if there are several.
        found = min(same, key=lambda one: one.webhook_id != webhook_id, default=None)
        if found is None:
            yield _subscribed(x, want, webhook_id)
        else:
            kept.add(found.id)
            yield _pointed(x, want, found, webhook_id)
    for one in listed:
        if one.tag == TAG and one.id not in kept:
            x.unsubscribe(one.id)
            yield _step(one.kind, Act.REMOVED, f"{one.id} was a stray of ours")


def _subscribed(x: XAdmin, want: Want, webhook_id: str) -> Step:
    try:
        made = x.subscribe(
            want.kind, about=want.about, private=want.private, webhook_id=webhook_id, tag=TAG
        )
    except XRefuses as refusal:
        if not _exists(refusal):
            return _step(want.kind, Act.REFUSED, advice(refusal), hurts=want.needed)
    else:
        return _step(want.kind, Act.CREATED, made.id if made else "")
    found = next((one for one in x.subscriptions() if want.fits(one)), None)
    if found is None:
        why = "X says that it exists, and does not list it"
        return _step(want.kind, Act.REFUSED, why, hurts=want.needed)
    return _pointed(x, want, found, webhook_id)


def _pointed(x: XAdmin, want: Want, found: Subscription, webhook_id: str) -> Step:
    if found.webhook_id == webhook_id:
        return _step(want.kind, Act.KEPT, found.id)
    try:
        x.repoint(found.id, webhook_id=webhook_id, tag=TAG)
    except XRefuses as refusal:
        return _step(want.kind, Act.REFUSED, advice(refusal), hurts=want.needed)
    return _step(want.kind, Act.REPAIRED, f"{found.id} led to {found.webhook_id or 'no webhook'}")


def _exists(refusal: XRefuses) -> bool:
    return refusal.status == HTTPStatus.CONFLICT or refusal.reason is Reason.DUPLICATE_SUBSCRIPTION


def _step(kind: str, act: Act, detail: str, *, hurts: bool = False) -> Step:
    return Step(f"subscription {kind}", act, detail, hurts=hurts)
