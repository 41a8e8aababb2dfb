"""What X brings of one post or direct message: by the newer API, and by the older one."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Sequence

from smoney_bot.channels.sandbox.events import DIRECT, MENTION, events
from smoney_bot.channels.sandbox.posts import Direct, Post
from smoney_bot.channels.sandbox.problems import Json
from smoney_bot.channels.sandbox.world import World

Thing = Post | Direct

#: Events in one body at most.
_TOGETHER = 10

#: The names of two subscriptions to the same: each brings everything.
_TAGS = ("mentions", "mentions too")


def newer(world: World, bot_id: str, things: Sequence[Thing], dice: random.Random) -> list[bytes]:
    """Return bodies of the X Activity API; every event has an id of this delivery."""
    told = [
        event.body(user_id=bot_id, tag=dice.choice(_TAGS))["data"]
        for thing in things
        for event in events(world, bot_id, thing)
        if event.kind in {MENTION, DIRECT}
    ]
    return [json.dumps({"data": part}).encode() for part in _parts(told)]


def older(world: World, bot_id: str, things: Sequence[Thing]) -> list[bytes]:
    """Return bodies of the Account Activity API."""
    bodies = []
    for part in _parts(list(things)):
        body: Json = {"for_user_id": bot_id, "users": {}}
        body["tweet_create_events"] = [_post(world, one) for one in part if isinstance(one, Post)]
        body["direct_message_events"] = [_direct(one) for one in part if isinstance(one, Direct)]
        bodies.append(json.dumps(body).encode())
    return bodies


def _parts(found: list[Json] | list[Thing]) -> Iterable[list[Json] | list[Thing]]:
    return (found[first : first + _TOGETHER] for first in range(0, len(found), _TOGETHER))


def _post(world: World, post: Post) -> Json:
    author = world.user(post.author_id)
    marks = [
        {"id_str": one.x_id, "screen_name": one.value, "indices": [one.start, one.end]}
        for one in post.mentions
    ]
    facts: Json = {
        "id_str": post.id,
        "text": post.text,
        "truncated": False,
        "display_text_range": list(post.body),
        "entities": {"user_mentions": marks},
        "user": {"id_str": author.x_id, "screen_name": author.handle},
        "edit_history": {"initial_tweet_id": post.key, "edit_tweet_ids": list(post.history)},
    }
    original = world.find(post.repost_of) if post.repost_of else None
    return facts | ({"retweeted_status": _post(world, original)} if original else {})


def _direct(direct: Direct) -> Json:
    return {
        "type": "message_create",
        "id": direct.id,
        "created_timestamp": str(round(direct.written_at.timestamp() * 1000)),
        "message_create": {
            "target": {"recipient_id": direct.recipient_id},
            "sender_id": direct.sender_id,
            "message_data": {"text": direct.text, "entities": {}},
        },
    }
