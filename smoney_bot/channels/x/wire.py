"""A webhook body of X: what it brings, as far as it concerns the bank.

The signature has been checked over the same raw bytes before. Two envelopes are
known: the X Activity API's (`data`) and the older Account Activity's. What is
unknown is ignored with a word for the log, never an error: X adds kinds.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from smoney_bot.bank.messages import ClearMessage
from smoney_bot.channels.x import dialects, directs, people, posts
from smoney_bot.channels.x.dropped import Dropped
from smoney_bot.channels.x.strict_json import (
    BadBody,
    Json,
    id_at,
    object_at,
    objects_at,
    read_object,
    text_at,
)

__all__ = ["BadBody", "Delivery", "read"]

_WORD = re.compile(r"[a-z_.]{1,40}", re.ASCII)

#: Kinds of post that may carry an order; True where the kind says it is a quote.
_POSTS = {"post.mention.create": False, "post.reply.create": False, "post.quote.create": True}

_ACCOUNT_KINDS = {"tweet_create_events", "tweet_delete_events", "direct_message_events"}


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one body brought. Every message in it once, by its key.

    `handles` tells who has a new handle (by X id), `deleted` which posts are
    gone, `revoked` which accounts took back the app's access (X ids), `ignored`
    a short word for each part that was left out (see `dropped`).
    """

    messages: tuple[ClearMessage, ...]
    handles: dict[str, str]
    deleted: tuple[str, ...]
    revoked: tuple[str, ...]
    ignored: tuple[str, ...]


def read(body: bytes, *, bot_id: str) -> Delivery:
    """Return what the signed *body* brings to the bot with X's id *bot_id*.

    Raises `BadBody` if it is not a JSON object as X writes them.
    """
    facts = read_object(body)
    reading = _Reading(bot_id)
    reading.body(facts)
    return Delivery(
        messages=tuple(reading.messages.values()),
        handles=reading.handles,
        deleted=tuple(reading.deleted),
        revoked=tuple(reading.revoked),
        ignored=tuple(reading.ignored),
    )


class _Reading:
    """One body on its way to a `Delivery`."""

    def __init__(self, bot_id: str) -> None:
        self.bot_id = bot_id
        self.messages: dict[str, ClearMessage] = {}
        self.handles: dict[str, str] = {}
        self.deleted: list[str] = []
        self.revoked: list[str] = []
        self.ignored: list[str] = []

    def body(self, facts: Json) -> None:
        """Read either envelope."""
        if "data" in facts:
            events = objects_at(facts, "data") or [object_at(facts, "data")]
            for event in events:
                self._try(self._activity, event)
        elif "replay_job_status" in facts:
            job = object_at(facts, "replay_job_status")
            self._ignore("replay_" + (text_at(job, "job_state") or "").lower())
        elif "user_event" in facts:
            revoke = object_at(object_at(facts, "user_event"), "revoke")
            self._try(self._revoked, object_at(revoke, "source"))
        else:
            self._try(self._account, facts)

    def _try(self, part: Callable[[Json], None], facts: Json) -> None:
        """Read one part; if it is dropped, the others are read all the same."""
        try:
            part(facts)
        except Dropped as dropped:
            self._ignore(dropped.word)

    def _ignore(self, word: str) -> None:
        self.ignored.append(word if _WORD.fullmatch(word) else "unknown")

    def _keep(self, message: ClearMessage) -> None:
        # A post that mentions the bot and answers it comes as two events.
        if self.messages.setdefault(message.key, message) is not message:
            self._ignore("twice")

    # X Activity API ------------------------------------------------------------

    def _activity(self, event: Json) -> None:
        kind = text_at(event, "event_type") or ""
        subject = id_at(object_at(event, "filter"), "user_id")
        payload = object_at(event, "payload")
        # These are about whomever they name: a customer, or the bot.
        if kind == "profile.update.handle":
            self._renamed(subject, payload)
        elif kind == "post.delete":
            self._deleted(payload)
        elif kind == "oauth.revoke":
            self._revoked(payload)
        elif subject != self.bot_id:
            raise Dropped("not_ours")
        elif kind in _POSTS:
            known = people.beside_post(object_at(event, "includes"))
            post = dialects.from_v2(payload, known, quote=_POSTS[kind])
            self._keep(posts.as_message(post, bot_id=self.bot_id))
        elif kind == "dm.received":
            self._directs(payload)
        else:
            self._ignore(kind)

    def _renamed(self, x_id: str | None, change: Json) -> None:
        # Not `profile.update.screenname`: that is the display name, which
        # anybody may choose, another's handle included.
        handle = people.handle_in(change, "after")
        if x_id is None or not handle:
            raise Dropped("malformed")
        self.handles[x_id] = handle

    def _deleted(self, status: Json) -> None:
        post_id = id_at(status, "id")
        if post_id is None:
            raise Dropped("bad_id")
        self.deleted.append(post_id)

    def _revoked(self, source: Json) -> None:
        x_id = id_at(source, "user_id")
        if x_id is None:
            raise Dropped("bad_id")
        self.revoked.append(x_id)

    # Account Activity API ------------------------------------------------------

    def _account(self, facts: Json) -> None:
        if id_at(facts, "for_user_id") != self.bot_id:
            raise Dropped("not_ours" if "for_user_id" in facts else "unknown")
        for post in objects_at(facts, "tweet_create_events"):
            self._try(self._post_v1, post)
        for deletion in objects_at(facts, "tweet_delete_events"):
            self._try(self._deleted, object_at(deletion, "status"))
        self._directs(facts)
        for kind in facts:
            if kind.endswith("_events") and kind not in _ACCOUNT_KINDS:
                self._ignore(kind)

    def _post_v1(self, post: Json) -> None:
        self._keep(posts.as_message(dialects.from_v1(post), bot_id=self.bot_id))

    def _directs(self, facts: Json) -> None:
        known = people.beside_direct(object_at(facts, "users"))
        for event in objects_at(facts, "direct_message_events"):
            self._try(partial(self._direct, known), event)

    def _direct(self, known: people.People, event: Json) -> None:
        self._keep(directs.read(event, known, bot_id=self.bot_id))
