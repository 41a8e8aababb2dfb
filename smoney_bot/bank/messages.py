"""What arrives: a post that mentions the bot, or a direct message.

A `ClearMessage` still shows its codes; it lives for the moment between X's
webhook and `redaction.conceal`, is never stored, and its repr has no text.
A `Message` is what the bank keeps: stars where the codes stood, tags beside.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

#: X's ids carry milliseconds since this moment (2010-11-04) above 22 low bits.
_X_EPOCH_MS = 1_288_834_974_657


class Form(StrEnum):
    """How the words reached the bank."""

    POST = "post"
    QUOTE = "quote"  # a post that carries somebody else's post: never an order
    DIRECT = "direct"


@dataclass(frozen=True, slots=True)
class Mention:
    """A @handle that X recognised: code points [start, end) of the text."""

    start: int
    end: int
    handle: str
    x_id: str | None


@dataclass(frozen=True, slots=True)
class SeenCode:
    """A code that stood at *start*: its length, never its digits.

    `place` is the place on the card (the first two of eight digits); `tags`
    holds one keyed tag of (author, digits) for each living key, by key id.
    """

    start: int
    length: int
    place: int | None
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearMessage:
    """A message as X delivered it, codes in clear. Never stored, never logged.

    `key` names the message once and for ever: `t:` and the first id of a
    post's edit chain, or `d:` and a direct message's id. `body` is the part
    that X displays, code points [start, end): a reply's inherited mentions
    stand before it. `written_at` is UTC, from X's own id.
    """

    key: str
    form: Form
    edited: bool
    message_id: str
    author_id: str
    author_handle: str
    text: str = field(repr=False)
    written_at: datetime
    body: tuple[int, int]
    mentions: tuple[Mention, ...]

    @property
    def public(self) -> bool:
        """Whether everybody can read it."""
        return self.form is not Form.DIRECT


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message as the bank keeps it: codes are stars, tags stand in `codes`."""

    key: str
    form: Form
    edited: bool
    message_id: str
    author_id: str
    author_handle: str
    text: str = field(repr=False)
    written_at: datetime
    body: tuple[int, int]
    mentions: tuple[Mention, ...]
    codes: tuple[SeenCode, ...] = ()

    @property
    def public(self) -> bool:
        """Whether everybody can read it."""
        return self.form is not Form.DIRECT

    def to_json(self) -> str:
        """Return the message as one JSON object, for the inbox."""
        facts = _facts(self)
        facts["written_at"] = self.written_at.isoformat()
        facts["mentions"] = [_facts(one) for one in self.mentions]
        facts["codes"] = [_facts(one) for one in self.codes]
        return json.dumps(facts, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Message:
        """Return the message that `to_json` wrote."""
        facts = json.loads(text)
        facts["form"] = Form(facts["form"])
        facts["written_at"] = datetime.fromisoformat(facts["written_at"])
        facts["body"] = tuple(facts["body"])
        facts["mentions"] = tuple(Mention(**one) for one in facts["mentions"])
        facts["codes"] = tuple(SeenCode(**one) for one in facts["codes"])
        return cls(**facts)


def _facts(thing: Message | Mention | SeenCode) -> dict[str, Any]:
    """Return the fields as they are; `dataclasses.asdict` would copy each one deeply."""
    return {name: getattr(thing, name) for name in thing.__slots__}


def post_of(key: str) -> str | None:
    """Return the id of the post that bears the message *key*; None for a direct message."""
    return key.removeprefix("t:") if key.startswith("t:") else None


def written_at(x_id: str) -> datetime:
    """Return the moment (UTC, to the millisecond) that X's id *x_id* carries."""
    ms = (int(x_id) >> 22) + _X_EPOCH_MS
    return datetime.fromtimestamp(ms // 1000, UTC) + timedelta(milliseconds=ms % 1000)
