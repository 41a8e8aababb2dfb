"""Deliveries as X brings them: direct messages that pay a cent, signed."""

from __future__ import annotations

import base64
import json
from datetime import datetime

from benchmarks.bank import BOT, KEYS, Person
from smoney_bot.channels.x.signature import sign

SECRET = "an-invented-consumer-secret"  # noqa: S105 - invented, for bodies that we sign ourselves

#: What the service under measurement is told, by setting.
SETTINGS = {
    "SMONEY_SECRET_KEYS": "bench:" + base64.b64encode(b"k" * 32).decode(),
    "SMONEY_X_BOT_ID": BOT.x_id,
    "SMONEY_X_BOT_HANDLE": BOT.handle,
    "SMONEY_X_CONSUMER_SECRET": SECRET,
    "SMONEY_LOG_FORMAT": "json",
}

assert KEYS.ids == ("bench",) or list(KEYS.ids) == ["bench"]


def gift(author: Person, payee: Person, code: str, number: int, when: datetime) -> bytes:
    """Return the body of a direct message by which *author* pays *payee* one cent."""
    text = f"#0.01 @{payee.handle} #{code}"
    at = text.index("@")
    return _direct(author, text, number, when, _mention(payee, at))


def chat(author: Person, words: str, number: int, when: datetime) -> bytes:
    """Return the body of a direct message that says *words*."""
    return _direct(author, words, number, when)


def signature(body: bytes) -> str:
    """Return what X's header says of *body*."""
    return sign(SECRET, body)


def _mention(person: Person, at: int) -> dict[str, object]:
    end = at + 1 + len(person.handle)
    shown = {"screen_name": person.handle, "name": person.handle}
    return {**shown, "id_str": person.x_id, "id": int(person.x_id), "indices": [at, end]}


def _direct(
    author: Person, text: str, number: int, when: datetime, *mentions: dict[str, object]
) -> bytes:
    entities = {"hashtags": [], "symbols": [], "user_mentions": mentions, "urls": []}
    created = {
        "target": {"recipient_id": BOT.x_id},
        "sender_id": author.x_id,
        "message_data": {"text": text, "entities": entities},
    }
    event = {
        "type": "message_create",
        "id": str(number),
        "created_timestamp": str(int(when.timestamp() * 1000)),
        "message_create": created,
    }
    users = {one: {"data": _user(one)} for one in (author.x_id, BOT.x_id)}
    data = {
        "event_uuid": str(-number),
        "filter": {"user_id": BOT.x_id},
        "event_type": "dm.received",
        "payload": {"direct_message_events": [event], "users": users},
    }
    return json.dumps({"data": data}).encode()


def _user(x_id: str) -> dict[str, object]:
    # As long as X's own: a reader pays for every byte.
    return {
        "id": x_id,
        "username": "Smoney" if x_id == BOT.x_id else f"c{int(x_id) - 10**9}",
        "name": "Somebody invented",
        "description": "Nothing said here is about anybody. " * 8,
        "created_at": "2014-10-14T08:00:00.000Z",
        "protected": False,
        "verified": False,
        "public_metrics": {"followers_count": 12, "following_count": 40, "tweet_count": 73},
    }
