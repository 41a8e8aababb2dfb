"""The archive: every post that is not deleted, in its newest version. Not thread-safe."""

from __future__ import annotations

from datetime import datetime

from smoney_bot.channels.sandbox.posts import Post


class Archive:
    """Posts by any id of their chain, and what each author said when."""

    def __init__(self) -> None:
        self._newest: dict[str, Post] = {}  # by first id, oldest first
        self._key_of: dict[str, str] = {}  # the first id, by any id of the chain
        self._said: dict[tuple[str, str], datetime] = {}  # by author and text

    def keep(self, post: Post) -> None:
        """Keep *post*, in place of its earlier version."""
        if (old := self.find(post.key)) is not None:
            self._said.pop((old.author_id, old.text), None)
        self._newest[post.key] = post
        for version in post.history:
            self._key_of[version] = post.key
        if post.repost_of is None:
            self._said[post.author_id, post.text] = post.written_at

    def remove(self, post: Post) -> None:
        """Forget *post* with all its versions."""
        del self._newest[post.key]
        for version in post.history:
            del self._key_of[version]
        self._said.pop((post.author_id, post.text), None)

    def find(self, post_id: str) -> Post | None:
        """Return the newest version of a post by any of its ids."""
        return self._newest.get(self._key_of.get(post_id, ""))

    def said_at(self, author_id: str, text: str) -> datetime | None:
        """Return when the author last said exactly this, UTC."""
        return self._said.get((author_id, text))

    def latest(self, limit: int) -> list[Post]:
        """Return at most *limit* posts, those begun last first."""
        return list(self._newest.values())[: -limit - 1 : -1]
