"""Deliveries: X's webhook calls. Signed, retried, not promised to come in order."""

from __future__ import annotations

import heapq
import itertools
import json
import threading
import time
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from functools import partial

import requests

from smoney_bot.channels.sandbox.events import Event, ReplayDone, events
from smoney_bot.channels.sandbox.posts import Direct, Post
from smoney_bot.channels.sandbox.problems import Json
from smoney_bot.channels.sandbox.signing import Secrets, challenge
from smoney_bot.channels.sandbox.snowflakes import Snowflakes
from smoney_bot.channels.sandbox.subscriptions import Subscription, Subscriptions, Webhook, Webhooks
from smoney_bot.channels.sandbox.world import World

#: X waits this long for an answer, seconds.
TIMEOUT = 10.0
#: X tries again three times over about five minutes, seconds after each failure.
RETRY_AFTER = (3.0, 30.0, 300.0)

#: How long `close` waits for a call that is under way, seconds.
_PATIENCE = 1.0

_OK = range(200, 300)

#: So many events can be replayed, the latest that X tried to deliver.
_REPLAYABLE_MAX = 10_000


_Parcel = Event | ReplayDone


class Deliveries:
    """Tells the bot's webhook what happens in *world*, from a thread of its own."""

    def __init__(
        self,
        world: World,
        *,
        consumer_secret: str,
        bot_id: str,
        client_secret: str | None = None,
        retry_after: Sequence[float] = RETRY_AFTER,
        timeout: float = TIMEOUT,
    ) -> None:
        self._world = world
        self._bot_id = bot_id
        self._secrets = Secrets(consumer_secret, client_secret)
        self._retry_after = tuple(retry_after)
        self._timeout = timeout
        self._ids = Snowflakes(time.time)
        self.webhooks = Webhooks(partial(challenge, secrets=self._secrets, timeout=timeout))
        self.subscriptions = Subscriptions()
        self._wake = threading.Condition()
        self._waiting: list[tuple[float, int, int, _Parcel]] = []  # due, order, failures, event
        self._tried: deque[tuple[datetime, Event]] = deque(maxlen=_REPLAYABLE_MAX)
        self._replaying = False
        self._order = itertools.count()
        self._unfinished = 0
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="deliveries", daemon=True)
        self._thread.start()
        world.listen(self._hear)

    def register(self, url: str) -> Webhook:
        """Register a webhook after its CRC; raise a `Problem` with X's reason."""
        webhook = Webhook(id=self._ids.next(), url=url, created_at=self._world.now())
        return self.webhooks.register(webhook)

    def subscribe(
        self,
        kind: str,
        *,
        webhook_id: str | None,
        tag: str | None = None,
        about_app: bool = False,
        direction: str | None = None,
    ) -> Subscription:
        """Subscribe a webhook to a kind of event; raise a `Problem` if it is already.

        The event is about the bot, or *about_app*.
        """
        now = self._world.now()
        return self.subscriptions.subscribe(
            Subscription(
                id=self._ids.next(),
                kind=kind,
                user_id=None if about_app else self._bot_id,
                created_at=now,
                updated_at=now,
                direction=direction,
                tag=tag,
                webhook_id=webhook_id,
            )
        )

    def replay(self, webhook_id: str, since: datetime, until: datetime) -> str | None:
        """Deliver again what was tried between two moments (UTC, both within).

        Returns the job's id, None while another one is under way.
        """
        with self._wake:
            if self._replaying:
                return None
            job_id, self._replaying = self._ids.next(), True
            again: list[_Parcel] = [one for at, one in self._tried if since <= at <= until]
            for parcel in [*again, ReplayDone(webhook_id, job_id)]:
                self._unfinished += 1
                self._put(parcel, failures=0, delay=0.0)
        return job_id

    def settle(self, timeout: float) -> bool:
        """Return whether everything was delivered or given up within *timeout* seconds."""
        with self._wake:
            return self._wake.wait_for(lambda: not self._unfinished, timeout)

    def close(self) -> None:
        """Stop; what was not delivered is lost."""
        with self._wake:
            self._closed = True
            self._wake.notify_all()
        self._thread.join(_PATIENCE)

    def _hear(self, thing: Post | Direct) -> None:
        for event in events(self._world, self._bot_id, thing):
            with self._wake:
                if self._closed:
                    return
                self._unfinished += 1
                self._tried.append((self._world.now(), event))
                self._put(event, failures=0, delay=0.0)

    def _put(self, event: _Parcel, *, failures: int, delay: float) -> None:
        due = time.monotonic() + delay
        heapq.heappush(self._waiting, (due, next(self._order), failures, event))
        self._wake.notify_all()

    def _run(self) -> None:
        with requests.Session() as session:
            while (taken := self._take()) is not None:
                event, failures = taken
                delivered = self._deliver(session, event)
                self._finish(event, failures, delivered=delivered)

    def _take(self) -> tuple[_Parcel, int] | None:
        """Return the next event that is due and how often it failed; None once closed."""
        with self._wake:
            while not self._closed:
                wait = self._waiting[0][0] - time.monotonic() if self._waiting else None
                if wait is not None and wait <= 0:
                    _, _, failures, event = heapq.heappop(self._waiting)
                    return event, failures
                self._wake.wait(wait)
        return None

    def _deliver(self, session: requests.Session, event: _Parcel) -> bool:
        """Post *event* to whoever subscribed; return False if it should be tried again."""
        if isinstance(event, ReplayDone):
            url, body = self._url(event.webhook_id), event.body()
        else:
            subscription = self.subscriptions.find(event.kind, self._bot_id)
            url = self._url(subscription.webhook_id if subscription else None)
            tag = subscription.tag if subscription else None
            body = event.body(user_id=self._bot_id, tag=tag)
        return url is None or self._post(session, url, body)

    def _post(self, session: requests.Session, url: str, body: Json) -> bool:
        raw = json.dumps(body, separators=(",", ":")).encode()
        headers = {"Content-Type": "application/json", **self._secrets.headers(raw)}
        try:
            answer = session.post(
                url, raw, headers=headers, timeout=self._timeout, allow_redirects=False
            )
        except requests.RequestException:
            return False
        return answer.status_code in _OK

    def _url(self, webhook_id: str | None) -> str | None:
        """Return the address of that webhook, if it is valid."""
        hooks = (hook for hook in self.webhooks.all() if hook.id == webhook_id)
        return next((hook.url for hook in hooks if hook.valid), None)

    def _finish(self, event: _Parcel, failures: int, *, delivered: bool) -> None:
        with self._wake:
            if delivered or failures == len(self._retry_after):
                self._unfinished -= 1
                self._replaying = self._replaying and not isinstance(event, ReplayDone)
                self._wake.notify_all()
            else:
                self._put(event, failures=failures + 1, delay=self._retry_after[failures])
