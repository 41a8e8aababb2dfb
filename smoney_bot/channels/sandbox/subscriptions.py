"""What the app has asked X to tell it: webhooks, and subscriptions to events."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Generic, Protocol, TypeVar
from urllib.parse import urlsplit

from smoney_bot.channels.sandbox.problems import conflict, not_found, refused

#: X gives one webhook to an app that pays per use.
WEBHOOKS_MAX = 1
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class Shape(StrEnum):
    """How X writes what it has made: it was seen to do all of these."""

    NESTED = "nested"  # {"data": {"subscription": {...}}}
    FLAT = "flat"  # {"data": {...}}
    LIST = "list"  # {"data": [{...}]}
    EMPTY = "empty"  # 204, nothing at all


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """An address that X posts to while it is `valid`."""

    id: str
    url: str
    created_at: datetime
    valid: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What to tell (`kind`), about whom, under which tag, and to which webhook.

    `user_id` None: about the app itself.
    """

    id: str
    kind: str
    user_id: str | None
    created_at: datetime
    updated_at: datetime
    direction: str | None = None
    tag: str | None = None
    webhook_id: str | None = None


class _Kept(Protocol):
    @property
    def id(self) -> str: ...


_K = TypeVar("_K", bound=_Kept)


class Shelf(Generic[_K]):
    """Things by id, oldest first. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._things: dict[str, _K] = {}

    def put(self, thing: _K) -> _K:
        """Keep *thing*, in place of the one of the same id."""
        with self._lock:
            self._things[thing.id] = thing
        return thing

    def get(self, thing_id: str) -> _K:
        """Return the thing of that id; raise the problem "404 Not Found"."""
        with self._lock:
            if thing_id not in self._things:
                raise not_found()
            return self._things[thing_id]

    def remove(self, thing_id: str) -> None:
        """Forget the thing of that id; raise the problem "404 Not Found"."""
        with self._lock:
            if self._things.pop(thing_id, None) is None:
                raise not_found()

    def all(self) -> list[_K]:
        """Return everything."""
        with self._lock:
            return list(self._things.values())


class Webhooks(Shelf[Webhook]):
    """The app's webhooks; *challenge* asks one for its answer and says if it is right."""

    def __init__(self, challenge: Callable[[str], bool]) -> None:
        super().__init__()
        self._challenge = challenge

    def register(self, webhook: Webhook) -> Webhook:
        """Keep *webhook* once it passes; raise X's reason as a problem (400) if it does not."""
        kept = self.all()
        if not _acceptable(webhook.url):
            raise refused("UrlValidationFailed", "The URL must be https and without a port.")
        if any(other.url == webhook.url for other in kept):
            raise refused("DuplicateUrlFailed", "The URL is registered already.")
        if len(kept) >= WEBHOOKS_MAX:
            raise refused("WebhookLimitExceeded", "No more webhooks are allowed.")
        if not self._challenge(webhook.url):
            raise refused("CrcValidationFailed", "The webhook did not answer the CRC rightly.")
        return self.put(webhook)

    def check(self, webhook_id: str) -> Webhook:
        """Ask a webhook again and note whether it is valid; raise "404 Not Found"."""
        webhook = self.get(webhook_id)
        return self.put(replace(webhook, valid=self._challenge(webhook.url)))


class Subscriptions(Shelf[Subscription]):
    """The app's subscriptions: one for each kind of event and user."""

    def subscribe(self, new: Subscription) -> Subscription:
        """Keep *new*; raise the problem "409 DuplicateSubscription"."""
        if self.find(new.kind, new.user_id) is not None:
            raise conflict("DuplicateSubscription", "This subscription exists already.")
        return self.put(new)

    def find(self, kind: str, user_id: str | None) -> Subscription | None:
        """Return the subscription to that kind of event about that user."""
        wanted = (kind, user_id)
        return next((one for one in self.all() if (one.kind, one.user_id) == wanted), None)


def _acceptable(url: str) -> bool:
    """Return whether X would call *url*; plain http with a port passes on loopback only."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    if parts.hostname in _LOOPBACK:
        return parts.scheme in {"http", "https"}
    return parts.scheme == "https" and bool(parts.hostname) and port is None
