"""Composing: what X makes of the words somebody typed.

A reply starts with the mentions it inherits, a quote ends with a link, mentions
are looked up, and the three signs of HTML are escaped.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from smoney_bot.channels.sandbox import text as texts
from smoney_bot.channels.sandbox.people import People
from smoney_bot.channels.sandbox.posts import Entity, Post, User
from smoney_bot.channels.sandbox.snowflakes import moment


class Composer:
    """Makes posts; looks people up and changes nothing."""

    def __init__(self, people: People) -> None:
        self._people = people

    def compose(
        self,
        post_id: str,
        author: User,
        typed: str,
        *,
        parent: Post | None,
        quoted: Post | None,
        exclude: Collection[str] = (),
    ) -> Post:
        """Return the post that *typed* becomes; the caller checks its length."""
        inherited = self._inherited(author, typed, parent, exclude) if parent else ()
        post = self._worded(post_id, author.x_id, typed, inherited, quoted.id if quoted else None)
        if parent is None:
            return post
        return replace(post, in_reply_to=parent.id, conversation_id=parent.conversation_id)

    def recompose(self, post_id: str, old: Post, typed: str) -> Post:
        """Return the next version of *old*: new words, everything else as it was."""
        ids = dict.fromkeys(one.x_id for one in old.mentions if one.start < old.body[0])
        inherited = [self._people.by_id(x_id) for x_id in ids]
        post = self._worded(post_id, old.author_id, typed, inherited, old.quote_of)
        return replace(
            post,
            history=(*old.history, post_id),
            conversation_id=old.conversation_id,
            in_reply_to=old.in_reply_to,
        )

    def repost(self, post_id: str, author: User, original: Post) -> Post:
        """Return the repost of *original*: "RT", whose it is, and its words."""
        whose = self._people.by_id(original.author_id)
        start = f"RT @{whose.handle}: "
        repeated = (
            replace(one, start=one.start + len(start), end=one.end + len(start))
            for one in original.mentions
        )
        text = start + original.text
        return Post(
            id=post_id,
            author_id=author.x_id,
            text=text,
            body=(0, len(text)),
            mentions=(Entity(3, len(start) - 2, whose.handle, whose.x_id), *repeated),
            hashtags=(),
            history=(post_id,),
            conversation_id=post_id,
            repost_of=original.id,
            written_at=moment(post_id),
        )

    def _worded(
        self,
        post_id: str,
        author_id: str,
        typed: str,
        inherited: Iterable[User],
        quote_of: str | None,
    ) -> Post:
        prefix = "".join(f"@{user.handle} " for user in inherited)
        raw = prefix + typed
        link = f" https://t.co/{quote_of}" if quote_of else ""
        return Post(
            id=post_id,
            author_id=author_id,
            text=texts.escape(raw) + link,
            body=(len(prefix), texts.escaped_length(raw, len(raw))),
            mentions=tuple(self._mentions(raw)),
            hashtags=tuple(_placed(raw, texts.hashtags(raw))),
            history=(post_id,),
            conversation_id=post_id,
            quote_of=quote_of,
            written_at=moment(post_id),
        )

    def _inherited(
        self, author: User, typed: str, parent: Post, exclude: Collection[str]
    ) -> Iterable[User]:
        """Return whom a reply addresses without its author typing it.

        The author of *parent* cannot be excluded; whoever is typed anyway is not doubled.
        """
        others = (one.x_id for one in parent.mentions if one.x_id not in exclude)
        taken = {author.x_id, *(one.x_id for one in self._mentions(typed))}
        ids = dict.fromkeys((parent.author_id, *others))
        return [self._people.by_id(x_id) for x_id in ids if x_id not in taken]

    def _mentions(self, raw: str) -> Iterator[Entity]:
        """Yield the mentions of users who exist now; other names stay plain text."""
        for entity in _placed(raw, texts.mentioned(raw)):
            if user := self._people.by_handle(entity.value):
                yield Entity(entity.start, entity.end, user.handle, user.x_id)


def _placed(raw: str, found: Iterable[tuple[int, int, str]]) -> Iterator[Entity]:
    """Yield what was found in the raw text at its place in the escaped text."""
    for start, end, value in found:
        yield Entity(texts.escaped_length(raw, start), texts.escaped_length(raw, end), value)
