"""What the Activity API says about a post or a direct message that the bot should know of."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

from smoney_bot.channels.sandbox import shapes
from smoney_bot.channels.sandbox.posts import Direct, Post
from smoney_bot.channels.sandbox.problems import Json
from smoney_bot.channels.sandbox.text import escape
from smoney_bot.channels.sandbox.world import World

MENTION = "post.mention.create"
REPLY = "post.reply.create"
QUOTE = "post.quote.create"
REPOST = "post.repost.create"
DIRECT = "dm.received"

#: The event types that the local X delivers: only their user may ask for them.
PRIVATE = frozenset({MENTION, REPLY, QUOTE, REPOST, DIRECT})

#: What it lets the app ask for besides, and never has to tell.
PUBLIC = frozenset({"profile.update.handle"})
OF_THE_APP = frozenset({"oauth.revoke"})

KINDS = PRIVATE | PUBLIC | OF_THE_APP


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to the bot; `content` is the payload and what it includes."""

    kind: str
    content: Json

    def body(self, *, user_id: str, tag: str | None) -> Json:
        """Return the whole body; each call gives it another `event_uuid`, as X does."""
        uuid = str(int.from_bytes(secrets.token_bytes(8), signed=True))
        named = {"tag": tag} if tag else {}
        head = {"event_uuid": uuid, "filter": {"user_id": user_id}, "event_type": self.kind}
        return {"data": {**head, **named, **self.content}}


@dataclass(frozen=True, slots=True)
class ReplayDone:
    """The end of a replay, which its webhook is told in a body of its own."""

    webhook_id: str
    job_id: str

    def body(self) -> Json:
        """Return the whole body."""
        status = {
            "webhook_id": self.webhook_id,
            "job_state": "Complete",
            "job_state_description": "Job completed successfully",
            "job_id": self.job_id,
        }
        return {"replay_job_status": status}


def events(world: World, bot_id: str, thing: Post | Direct) -> Iterator[Event]:
    """Yield what *thing* means to the bot: nothing, one event, or several.

    Posts of protected users are never delivered; nor is the bot's own doing.
    """
    if isinstance(thing, Direct):
        if thing.recipient_id == bot_id:
            yield Event(DIRECT, _direct(world, thing))
        return
    if thing.author_id == bot_id or world.user(thing.author_id).protected:
        return
    kinds = tuple(_kinds(world, bot_id, thing))
    content = _post(world, thing) if kinds else {}
    for kind in kinds:
        yield Event(kind, content)


def _kinds(world: World, bot_id: str, post: Post) -> Iterator[str]:
    if post.mentions_explicitly(bot_id):
        yield MENTION
    related = ((REPLY, post.in_reply_to), (QUOTE, post.quote_of), (REPOST, post.repost_of))
    for kind, post_id in related:
        other = world.find(post_id) if post_id else None
        if other is not None and other.author_id == bot_id:
            yield kind


def _post(world: World, post: Post) -> Json:
    facts = shapes.twinned(shapes.post(world, post))
    if post.in_reply_to:
        facts["in_reply_to_tweet_id"] = post.in_reply_to
    ids = dict.fromkeys((post.author_id, *(mention.x_id for mention in post.mentions)))
    users = [shapes.twinned(shapes.user(world.user(x_id))) for x_id in ids]
    return {"payload": facts, "includes": {"users": users, "tweets": [facts]}}


def _direct(world: World, direct: Direct) -> Json:
    milliseconds = round(direct.written_at.timestamp() * 1000)
    nothing: list[Json] = []  # X was not seen to mark entities in direct messages
    entities = dict.fromkeys(("hashtags", "symbols", "user_mentions", "urls"), nothing)
    message = {
        "target": {"recipient_id": direct.recipient_id},
        "sender_id": direct.sender_id,
        "message_data": {"text": escape(direct.text), "entities": entities},
    }
    event = {
        "type": "message_create",
        "id": direct.id,
        "created_timestamp": str(milliseconds),
        "message_create": message,
    }
    people = (world.user(direct.sender_id), world.user(direct.recipient_id))
    users = {one.x_id: {"data": shapes.twinned(shapes.user(one))} for one in people}
    return {"payload": {"direct_message_events": [event], "users": users}}
