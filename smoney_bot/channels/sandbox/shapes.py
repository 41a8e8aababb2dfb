"""How X writes users, posts and direct messages as JSON.

The HTTP API hands out the fields that were asked for; the Activity API hands
out everything, and repeats each figure as text (`start`, `start_str`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from smoney_bot.channels.sandbox.posts import Direct, Entity, Post, User
from smoney_bot.channels.sandbox.problems import Json
from smoney_bot.channels.sandbox.snowflakes import moment
from smoney_bot.channels.sandbox.text import escape
from smoney_bot.channels.sandbox.world import EDIT_WINDOW, EDITS_MAX, World

POST_DEFAULTS = frozenset({"id", "text", "edit_history_tweet_ids"})
USER_DEFAULTS = frozenset({"id", "name", "username"})
DIRECT_DEFAULTS = frozenset({"id", "text", "event_type"})

_USER_COUNTS = (
    "followers_count",
    "following_count",
    "tweet_count",
    "listed_count",
    "like_count",
    "media_count",
)
_POST_COUNTS = (
    "retweet_count",
    "reply_count",
    "like_count",
    "quote_count",
    "bookmark_count",
    "impression_count",
)
_PICTURE = "https://pbs.twimg.com/profile_images/0/default_normal.jpg"


def timestamp(when: datetime) -> str:
    """Return *when* (UTC) as X writes it: `2026-11-20T10:00:00.000Z`."""
    return f"{when:%Y-%m-%dT%H:%M:%S}.{when.microsecond // 1000:03}Z"


def user(one: User) -> Json:
    """Return all that X tells about a user."""
    facts: Json = {
        "id": one.x_id,
        "username": one.handle,
        "name": one.name,
        "created_at": timestamp(one.joined_at),
        "description": "",
        "location": "",
        "url": "",
        "profile_image_url": _PICTURE,
        "protected": one.protected,
        "verified": True,
        "verified_type": "blue",
        "is_identity_verified": False,
        "public_metrics": dict.fromkeys(_USER_COUNTS, 0),
    }
    if one.automated:
        facts["affiliation"] = {"description": "Automated", "badge_url": _PICTURE}
    return facts


def post(world: World, one: Post) -> Json:
    """Return all that X tells about a post."""
    facts: Json = {
        "id": one.id,
        "text": one.text,
        "author_id": one.author_id,
        "conversation_id": one.conversation_id,
        "created_at": timestamp(one.written_at),
        "display_text_range": list(one.body),
        "edit_history_tweet_ids": list(one.history),
        "edit_controls": {
            "edits_remaining": EDITS_MAX + 1 - len(one.history),
            "is_edit_eligible": one.repost_of is None,
            "editable_until": timestamp(moment(one.key) + EDIT_WINDOW),
        },
        "lang": "en",
        "paid_partnership": False,
        "possibly_sensitive": False,
        "reply_settings": "everyone",
        "public_metrics": dict.fromkeys(_POST_COUNTS, 0),
    }
    if entities := _entities(one):
        facts["entities"] = entities
    if referenced := _referenced(one):
        facts["referenced_tweets"] = referenced
    if (addressee := _addressee(world, one)) is not None:
        facts["in_reply_to_user_id"] = addressee
    return facts


def direct(one: Direct) -> Json:
    """Return all that X tells about a direct message."""
    return {
        "id": one.id,
        "event_type": "MessageCreate",
        "text": escape(one.text),
        "sender_id": one.sender_id,
        "dm_conversation_id": conversation_id(one.sender_id, one.recipient_id),
        "created_at": timestamp(one.written_at),
    }


def conversation_id(*x_ids: str) -> str:
    """Return the id of the conversation of two users: the older account first."""
    return "-".join(sorted(x_ids, key=int))


def chosen(facts: Json, defaults: Iterable[str], asked: Collection[str]) -> Json:
    """Return the fields that always come and those *asked* for; X drops unknown ones."""
    wanted = {*defaults, *asked}
    return {name: value for name, value in facts.items() if name in wanted}


def twinned(value: Any) -> Any:  # noqa: ANN401 - any JSON there is
    """Return *value* with each figure repeated as text, as the Activity API does."""
    if isinstance(value, list):
        return [twinned(one) for one in value]
    if not isinstance(value, dict):
        return value
    twins: Json = {}
    for name, one in value.items():
        twins[name] = twinned(one)
        if type(one) is int:  # True is an int too, but not a figure
            twins[f"{name}_str"] = str(one)
    return twins


def _entities(one: Post) -> Json:
    entities: Json = {}
    if one.mentions:
        entities["mentions"] = [
            {**_place(m), "username": m.value, "id": m.x_id} for m in one.mentions
        ]
    if one.hashtags:
        entities["hashtags"] = [{**_place(tag), "tag": tag.value} for tag in one.hashtags]
    return entities


def _place(entity: Entity) -> Json:
    return {"start": entity.start, "end": entity.end}


def _referenced(one: Post) -> list[Json]:
    kinds = (
        ("replied_to", one.in_reply_to),
        ("quoted", one.quote_of),
        ("retweeted", one.repost_of),
    )
    return [{"type": kind, "id": post_id} for kind, post_id in kinds if post_id]


def _addressee(world: World, one: Post) -> str | None:
    """Return whom X says a post replies to: also whoever a new post merely begins with."""
    if one.in_reply_to:
        parent = world.find(one.in_reply_to)
        return parent.author_id if parent else None
    return next((mention.x_id for mention in one.mentions if mention.start == 0), None)
