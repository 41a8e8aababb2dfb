"""Catching up: what X's webhooks may have left out, read through X's API.

Posts and direct messages pass the same reading as in a webhook and get the same
keys, so what came twice is kept once. Each look begins a minute before the end
of the last one: X's lists are not promised to grow in the order of ids.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from smoney_bot.bank.messages import ClearMessage, written_at
from smoney_bot.channels.x import dialects, posts
from smoney_bot.channels.x import directs as direct_messages
from smoney_bot.channels.x.client import DIRECTS_MAX, MENTIONS_MAX, XClient
from smoney_bot.channels.x.dropped import Dropped
from smoney_bot.channels.x.people import People
from smoney_bot.channels.x.strict_json import Json, id_at, object_at, text_at

OVERLAP = timedelta(minutes=1)

_MILLISECOND = timedelta(milliseconds=1)
_UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: X's ids carry milliseconds since this moment above 22 low bits.
_X_EPOCH = written_at("0")
_LOW_BITS = 22

#: X bills each person that it tells about beside a list, so nobody is asked for.
#: A handle is shown only, and comes with the next webhook.
_NOBODY: People = {}


@dataclass(frozen=True, slots=True)
class Caught:
    """What one look brought. Every message in it once, by its key.

    `position` is the X id at which the next look begins, `ignored` has a short
    word for each row that was left out (see `dropped`). `gap`: X showed all it
    would, and that did not reach back to where the last look had ended.
    """

    messages: tuple[ClearMessage, ...]
    position: str
    ignored: tuple[str, ...]
    gap: bool


def mentions(x: XClient, position: str, *, bot_id: str) -> Caught:
    """Return the posts that mention the bot since *position*; raise `TryLater`."""

    def read(post: Json) -> ClearMessage:
        return posts.as_message(dialects.from_v2(post, _NOBODY, quote=False), bot_id=bot_id)

    return _caught(x.mentions_since(_before(position)), read, position, MENTIONS_MAX)


def directs(x: XClient, position: str, *, bot_id: str) -> Caught:
    """Return the direct messages to the bot since *position*; raise `TryLater`."""

    def read(direct: Json) -> ClearMessage:
        return direct_messages.read(_as_event(direct, bot_id), _NOBODY, bot_id=bot_id)

    return _caught(x.directs_since(_before(position)), read, position, DIRECTS_MAX)


def id_at_moment(moment: datetime) -> str:
    """Return the smallest X id of that *moment* (UTC)."""
    return str(max((moment - _X_EPOCH) // _MILLISECOND, 0) << _LOW_BITS)


def _before(position: str) -> str:
    return id_at_moment(written_at(position) - OVERLAP)


def _caught(
    found: Sequence[Json], read: Callable[[Json], ClearMessage], position: str, most: int
) -> Caught:
    messages: dict[str, ClearMessage] = {}
    ignored: list[str] = []
    for row in found:
        try:
            message = read(row)
        except Dropped as dropped:
            ignored.append(dropped.word)
        else:
            messages.setdefault(message.key, message)
    ids = [int(x_id) for row in found if (x_id := id_at(row, "id"))]
    newest, oldest = max(ids, default=0), min(ids, default=0)
    return Caught(
        messages=tuple(messages.values()),
        position=str(max(newest, int(position))),
        ignored=tuple(ignored),
        # X counts what it then hides, so a full list may be a little shorter.
        gap=oldest > int(position) and len(found) > most * 7 // 8,
    )


def _as_event(direct: Json, bot_id: str) -> Json:
    """Return a row of X's list of direct messages in the shape that webhooks have."""
    sender_id = id_at(direct, "sender_id")
    parties = (text_at(direct, "dm_conversation_id") or "").split("-")
    # The id of a group is one number: webhooks leave groups out, and so do we.
    is_ours = sorted(parties) == sorted((sender_id or "", bot_id))
    return {
        "id": direct.get("id"),
        "created_timestamp": _milliseconds(text_at(direct, "created_at")),
        "message_create": {
            "sender_id": sender_id,
            "target": {"recipient_id": bot_id if is_ours else None},
            "message_data": {
                "text": direct.get("text"),
                "entities": object_at(direct, "entities"),
            },
        },
    }


def _milliseconds(created_at: str | None) -> str | None:
    """Return X's time of a list (ISO 8601) as X's time of a webhook; None if it is none."""
    try:
        moment = datetime.fromisoformat(created_at or "")
    except ValueError:
        return None
    return None if moment.tzinfo is None else str((moment - _UNIX_EPOCH) // _MILLISECOND)
