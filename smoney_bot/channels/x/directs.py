"""Direct messages: the same shape in both of X's dialects."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from smoney_bot.bank.messages import ClearMessage, Form
from smoney_bot.channels.x.dropped import Dropped, check_storable
from smoney_bot.channels.x.mentions import marked, place
from smoney_bot.channels.x.people import People, check_human, handle_in
from smoney_bot.channels.x.strict_json import Json, id_at, object_at, text_at

_MILLISECONDS = re.compile(r"[0-9]{1,13}", re.ASCII)  # until the year 2286

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read(event: Json, people: People, *, bot_id: str) -> ClearMessage:
    """Return one `direct_message_events` element as a message, or raise `Dropped`."""
    message = object_at(event, "message_create")
    direct_id, sender_id = id_at(event, "id"), id_at(message, "sender_id")
    if direct_id is None or sender_id is None:
        raise Dropped("bad_id")
    # X delivers what the bot sent, too.
    if sender_id == bot_id:
        raise Dropped("own")
    if id_at(object_at(message, "target"), "recipient_id") != bot_id:
        raise Dropped("not_ours")
    sender = people.get(sender_id, {})
    check_human(sender)
    words = object_at(message, "message_data")
    text = text_at(words, "text")
    if text is None:
        raise Dropped("malformed")
    check_storable(text)
    mentions, _ = place(text, marked(object_at(words, "entities")))
    return ClearMessage(
        key=f"d:{direct_id}",
        form=Form.DIRECT,
        edited=False,
        message_id=direct_id,
        author_id=sender_id,
        author_handle=handle_in(sender),
        text=text,
        written_at=_written_at(event),
        body=(0, len(text)),
        mentions=mentions,
    )


def _written_at(event: Json) -> datetime:
    stamp = text_at(event, "created_timestamp")
    if stamp is None or not _MILLISECONDS.fullmatch(stamp):
        raise Dropped("bad_time")
    return _EPOCH + timedelta(milliseconds=int(stamp))
