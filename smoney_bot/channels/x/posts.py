"""One post as a message of the bank, whichever dialect X wrote it in."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from smoney_bot.bank.messages import ClearMessage, Form, written_at
from smoney_bot.channels.x.dropped import Dropped, check_storable
from smoney_bot.channels.x.mentions import Marked, place
from smoney_bot.channels.x.people import check_human, handle_in
from smoney_bot.channels.x.strict_json import Json

#: All that X hides at the end of a post: its own links to pictures, quotes and cards.
_HIDDEN = re.compile(r"\s*(?:https?://t\.co/\w{1,40}\s*)*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Words:
    """The whole text of a post, the part X displays, and the mentions X marked."""

    text: str = field(repr=False)
    shown: tuple[int, int]
    marks: list[Marked]


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """What both dialects say about a post. `chain`: its versions' ids, first one first."""

    post_id: str
    author_id: str
    author: Json = field(repr=False)
    chain: tuple[str, ...]
    repost: bool
    quote: bool
    words: Words


def as_message(post: Post, *, bot_id: str) -> ClearMessage:
    """Return *post* as a message, or raise `Dropped` if it can never be an order."""
    if post.author_id == bot_id:
        raise Dropped("own")
    check_storable(post.words.text)
    if post.repost or _repeats(post.words):
        raise Dropped("repost")
    check_human(post.author)
    # Each edit makes a new id; the first one names the post for ever.
    first = post.chain[0] if post.chain else post.post_id
    text = post.words.text
    mentions, fitted = place(text, post.words.marks)
    start, end = post.words.shown
    return ClearMessage(
        key=f"t:{first}",
        form=Form.QUOTE if post.quote else Form.POST,
        edited=len(post.chain) > 1 or first != post.post_id,
        message_id=post.post_id,
        author_id=post.author_id,
        author_handle=handle_in(post.author),
        text=text,
        written_at=written_at(first),
        # Offsets that were counted on another spelling of the text (`&` for
        # `&amp;`) would cut the displayed part short, perhaps in the middle of a
        # code. Its start is right in both: only @names stand before it.
        body=(start, end if fitted and _HIDDEN.fullmatch(text, end) else len(text)),
        mentions=mentions,
    )


def _repeats(words: Words) -> bool:
    """Whether somebody repeats another's post by hand, as X's own reposts are written."""
    start = words.shown[0]
    return any(part.lstrip().startswith("RT @") for part in (words.text, words.text[start:]))
