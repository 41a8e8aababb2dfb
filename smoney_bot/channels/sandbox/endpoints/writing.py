"""Writing posts: what X lets a program publish, and deleting it."""

from __future__ import annotations

from smoney_bot.channels.sandbox.calls import Call, Endpoint, Keys, check_body, check_id
from smoney_bot.channels.sandbox.endpoints.reading import visible
from smoney_bot.channels.sandbox.limits import Allowance
from smoney_bot.channels.sandbox.problems import (
    NOT_PERMITTED,
    REPLY_NOT_ALLOWED,
    Json,
    forbidden,
    invalid,
    not_found,
    too_long,
)
from smoney_bot.channels.sandbox.refusals import Empty, NotThere, TooLong
from smoney_bot.channels.sandbox.text import mentioned

#: What a new post may carry here; X knows more (media, polls, places).
_NEW_POST = {
    "text": str,
    "reply": dict,
    "reply_settings": str,
    "nullcast": bool,
    "made_with_ai": bool,
    "paid_partnership": bool,
    "for_super_followers_only": bool,
    "quote_tweet_id": str,
}
_REPLY = {
    "in_reply_to_tweet_id": str,
    "exclude_reply_user_ids": list,
    "auto_populate_reply_metadata": bool,
}


def create(call: Call) -> Json:
    """Publish a post or a reply."""
    check_body(call.body, _NEW_POST)
    reply = call.body.get("reply", {})
    check_body(reply, _REPLY, "$.reply")
    text = call.body.get("text", "")
    parent_id = reply.get("in_reply_to_tweet_id")
    _check_may_say(call, text, parent_id)
    try:
        post = call.world.post(
            call.user_id,
            text,
            in_reply_to=parent_id,
            exclude=reply.get("exclude_reply_user_ids", ()),
        )
    except TooLong:
        raise too_long() from None
    except Empty:
        raise invalid("$.text: required unless the post has media") from None
    data = {"id": post.id, "text": post.text, "edit_history_tweet_ids": list(post.history)}
    return {"data": data}


def delete(call: Call) -> Json:
    """Delete a post of one's own."""
    post = call.world.find(call.id("id"))
    if post is None:
        raise not_found()
    if post.author_id != call.user_id:
        raise forbidden("You are not authorized to delete this Tweet.")
    call.world.delete(post.id)
    return {"data": {"deleted": True}}


def _check_may_say(call: Call, text: str, parent_id: str | None) -> None:
    """Raise 403 for what X denies to programs: see X's rules of February 2026.

    A program may reply only to a post whose author mentioned it, or to its own;
    a post of its own may mention nobody; quoting is for enterprises.
    """
    if "quote_tweet_id" in call.body:
        raise forbidden(NOT_PERMITTED)
    if parent_id is None:
        handles = (handle for _, _, handle in mentioned(text))
        if any(call.world.by_handle(handle) for handle in handles):
            raise forbidden(NOT_PERMITTED)
        return
    check_id("in_reply_to_tweet_id", parent_id)
    parent = visible(call, parent_id)
    if parent is None:
        raise forbidden(NotThere.why)
    mentions_me = any(mention.x_id == call.user_id for mention in parent.mentions)
    quoted = call.world.find(parent.quote_of) if parent.quote_of else None
    quotes_me = quoted is not None and quoted.author_id == call.user_id
    if not (mentions_me or quotes_me or parent.author_id == call.user_id):
        raise forbidden(REPLY_NOT_ALLOWED)


ENDPOINTS = (
    Endpoint(
        "POST", "/2/tweets", Keys.USER, Allowance(user=100, app_day=10_000), create, status=201
    ),
    Endpoint("DELETE", "/2/tweets/{id}", Keys.USER, Allowance(user=50), delete),
)
