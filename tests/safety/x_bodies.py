"""Bodies as X posts them to the bot, from invented people."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

Event = dict[str, object]

SECRET = "an-invented-consumer-secret"

_X_EPOCH_MS = 1_288_834_974_657
_MENTION = re.compile(r"(?<![A-Za-z0-9_!#$%&*@])@([A-Za-z0-9_]{1,15})(?![A-Za-z0-9_])")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody on X."""

    x_id: str
    handle: str


SMONEY = Person("222222222", "Smoney")


def x_id(moment: datetime, low: int = 0) -> str:
    """Return the id that X gives to a post of that *moment* (to the millisecond)."""
    milliseconds = int(moment.timestamp() * 1000) - _X_EPOCH_MS
    return str((milliseconds << 22) + low)


@dataclass
class Pen:
    """Writes posts and direct messages, each a millisecond after the one before.

    *people* are those whom X knows, by handle in small letters: those become mentions.
    """

    people: dict[str, Person]
    start: datetime
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def next_id(self) -> str:
        """Return the id of something written now."""
        return x_id(self.start + timedelta(milliseconds=next(self._numbers)))

    def next_ids(self, count: int) -> Iterator[str]:
        """Yield the ids of what will be written in the *count* milliseconds from the start."""
        first = int(x_id(self.start))
        return (str(first + (number << 22)) for number in range(count))

    def post(
        self,
        author: Person,
        text: str,
        *,
        post_id: str | None = None,
        chain: Iterable[str] = (),
        **extra: object,
    ) -> Event:
        """Return the event of a post that mentions the bot; *chain* are earlier versions."""
        post_id = post_id or self.next_id()
        payload = {
            "id": post_id,
            "text": text,
            "author_id": author.x_id,
            "conversation_id": post_id,
            "display_text_range": [0, len(text)],
            "edit_history_tweet_ids": [*chain, post_id],
            "entities": {"mentions": self._mentions(text)},
            **extra,
        }
        users = [{"id": author.x_id, "username": author.handle, "name": author.handle}]
        return _event("post.mention.create", payload, includes={"users": users})

    def quote(self, author: Person, text: str) -> Event:
        """Return the event of a post that quotes another one."""
        return self.post(author, text, referenced_tweets=[{"type": "quoted", "id": "1"}])

    def direct(self, author: Person, text: str) -> Event:
        """Return the event of a direct message to the bot."""
        direct_id = self.next_id()
        words = {"text": text, "entities": {"user_mentions": self._mentions(text)}}
        message = {
            "target": {"recipient_id": SMONEY.x_id},
            "sender_id": author.x_id,
            "message_data": words,
        }
        stamp = (int(direct_id) >> 22) + _X_EPOCH_MS
        sent = {"id": direct_id, "created_timestamp": str(stamp), "message_create": message}
        users = {author.x_id: {"id": author.x_id, "screen_name": author.handle}}
        return _event("dm.received", {"direct_message_events": [sent], "users": users})

    def _mentions(self, text: str) -> list[Event]:
        named = ((found, self._known(found[1].lower())) for found in _MENTION.finditer(text))
        return [
            {"start": found.start(), "end": found.end(), "username": found[1], "id": person.x_id}
            for found, person in named
            if person is not None
        ]

    def _known(self, handle: str) -> Person | None:
        return SMONEY if handle == SMONEY.handle.lower() else self.people.get(handle)


def _event(kind: str, payload: Event, **beside: object) -> Event:
    return {
        "event_uuid": "an-invented-delivery",
        "filter": {"user_id": SMONEY.x_id},
        "event_type": kind,
        "payload": payload,
        **beside,
    }


def body(events: Iterable[Event]) -> bytes:
    """Return one body that brings *events*."""
    return json.dumps({"data": list(events)}, ensure_ascii=False).encode()


def sign(raw: bytes) -> str:
    """Return the signature that X puts into the header for the body *raw*."""
    digest = hmac.new(SECRET.encode(), raw, hashlib.sha256).digest()
    return "sha256=" + base64.b64encode(digest).decode()
