"""Looking at our registration at X without changing it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from smoney_bot.channels.x.admin import XAdmin
from smoney_bot.channels.x.admin_answers import Subscription, Webhook
from smoney_bot.channels.x.registration import find
from smoney_bot.channels.x.wants import TAG, Want, wants


class Standing(StrEnum):
    """How one subscription stands."""

    RIGHT = "as it should be"
    ELSEWHERE = "leads elsewhere"
    MISSING = "missing"
    STRAY = "a stray of ours"
    FOREIGN = "not ours"


@dataclass(frozen=True, slots=True)
class Line:
    """A subscription that X has or should have; `id` None: it has not."""

    kind: str
    about: str | None
    id: str | None
    state: Standing
    needed: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """What X has: every webhook of our app, which of them is ours, all subscriptions."""

    webhooks: Sequence[Webhook]
    ours: Webhook | None
    subscriptions: Sequence[Line]

    @property
    def lacking(self) -> list[Line]:
        """The subscriptions without which the bank hears nobody."""
        wrong = (Standing.ELSEWHERE, Standing.MISSING)
        return [one for one in self.subscriptions if one.needed and one.state in wrong]

    @property
    def sound(self) -> bool:
        """Whether X brings all that the bank cannot do without."""
        return self.ours is not None and self.ours.valid and not self.lacking


def look(x: XAdmin, url: str) -> Seen:
    """Return what X has for us at *url*. Raises `XRefuses`, or `TryLater`."""
    hooks, listed = x.webhooks(), x.subscriptions()
    ours = find(hooks, url)
    wanted = wants(x.bot_id)
    lines = [_wanted(want, listed, ours) for want in wanted]
    told = {line.id for line in lines}
    rest = [_unwanted(one) for one in listed if one.id not in told]
    return Seen(hooks, ours, [*lines, *rest])


def _wanted(want: Want, listed: Sequence[Subscription], ours: Webhook | None) -> Line:
    same = [one for one in listed if want.fits(one)]
    here = [one for one in same if ours is not None and one.webhook_id == ours.id]
    found = next(iter(here or same), None)
    state = Standing.RIGHT if here else Standing.ELSEWHERE if same else Standing.MISSING
    return Line(want.kind, want.about, found.id if found else None, state, want.needed)


def _unwanted(one: Subscription) -> Line:
    state = Standing.STRAY if one.tag == TAG else Standing.FOREIGN
    return Line(one.kind, one.about, one.id, state, needed=False)
