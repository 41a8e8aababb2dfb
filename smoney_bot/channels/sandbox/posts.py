"""What the local X holds: users, posts and direct messages."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class User:
    """Somebody on the local X; `x_id` stays, the handle and the name may change."""

    x_id: str
    handle: str
    name: str
    joined_at: datetime
    automated: bool = False  # carries the label "Automated"
    protected: bool = False  # only followers see the posts


@dataclass(frozen=True, slots=True)
class Entity:
    """A mention or a hashtag at code points [start, end) of a post's text.

    `value` is the handle or the tag; `x_id` is whom a mention means.
    """

    start: int
    end: int
    value: str
    x_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One version of a post; an edit is a new one with the same `history[0]`.

    `text` is HTML-escaped as X hands it out. `body` is the part that X shows,
    code points [start, end): a reply's inherited mentions stand before it, a
    quote's link after it. `written_at` is when this version appeared, UTC.
    """

    id: str
    author_id: str
    text: str
    body: tuple[int, int]
    mentions: tuple[Entity, ...]
    hashtags: tuple[Entity, ...]
    history: tuple[str, ...]
    conversation_id: str
    in_reply_to: str | None = None
    quote_of: str | None = None
    repost_of: str | None = None
    written_at: datetime

    @property
    def key(self) -> str:
        """The id of the first version: the same for every edit."""
        return self.history[0]

    def mentions_explicitly(self, x_id: str) -> bool:
        """Return whether the author typed that mention, rather than inherited it."""
        return self.repost_of is None and any(
            mention.x_id == x_id and mention.start >= self.body[0] for mention in self.mentions
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Direct:
    """A direct message between two users; `text` is as typed, `written_at` is UTC."""

    id: str
    sender_id: str
    recipient_id: str
    text: str = field(repr=False)
    written_at: datetime
