"""The world: all that happens on the local X, kept in memory.

Users, posts and direct messages behave as on X, as far as a bot or its
customers can tell. Thread-safe: one lock, held briefly.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from smoney_bot.channels.sandbox import text as texts
from smoney_bot.channels.sandbox.archive import Archive
from smoney_bot.channels.sandbox.composing import Composer
from smoney_bot.channels.sandbox.news import Listener, News
from smoney_bot.channels.sandbox.people import People
from smoney_bot.channels.sandbox.posts import Direct, Post, User
from smoney_bot.channels.sandbox.refusals import (
    DuplicateContent,
    Empty,
    NotEditable,
    NotThere,
    TooLong,
    WorldRefuses,
)
from smoney_bot.channels.sandbox.snowflakes import Snowflakes, moment

__all__ = ["Direct", "DuplicateContent", "Post", "TooLong", "User", "World", "WorldRefuses"]

#: X does not say how long; an hour is more than a retry needs.
DUPLICATE_WINDOW = timedelta(hours=1)
EDIT_WINDOW = timedelta(hours=1)
EDITS_MAX = 5


class World:
    """The local X. *clock* gives seconds since 1970 and stamps every id."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._ids = Snowflakes(clock)
        self._news = News()
        self._people = People()
        self._composer = Composer(self._people)
        self._archive = Archive()
        self._directs: list[Direct] = []

    def now(self) -> datetime:
        """Return the time on the local X, UTC."""
        return self._ids.now()

    def add_user(
        self,
        handle: str,
        name: str,
        *,
        x_id: str | None = None,
        automated: bool = False,
        protected: bool = False,
    ) -> User:
        """Add somebody; raise `BadHandle` if the handle is taken or malformed."""
        with self._news.lock:
            x_id = x_id or self._ids.next()
            user = User(x_id, handle, name, self.now(), automated, protected)
            self._people.add(user)
            self._news.tell()
            return user

    def user(self, x_id: str) -> User:
        """Return the user of that id; raise `NotThere`."""
        with self._news.lock:
            return self._people.by_id(x_id)

    def by_handle(self, handle: str) -> User | None:
        """Return who has *handle* now, in whatever case it is written."""
        with self._news.lock:
            return self._people.by_handle(handle)

    def rename(self, x_id: str, new_handle: str) -> User:
        """Give a user another handle and free the old one; raise `BadHandle`, `NotThere`."""
        with self._news.lock:
            user = self._people.rename(x_id, new_handle)
            self._news.tell()
            return user

    def post(
        self,
        author_id: str,
        text: str,
        *,
        in_reply_to: str | None = None,
        quote_of: str | None = None,
        exclude: Collection[str] = (),
    ) -> Post:
        """Publish *text*, typed by the author; a reply inherits the mentions before it.

        *exclude* holds ids of users whom the reply does not inherit. Raises
        `NotThere`, `Empty`, `TooLong` or `DuplicateContent`.
        """
        with self._news.lock:
            post = self._composer.compose(
                self._ids.next(),
                self.user(author_id),
                text,
                parent=self._known(in_reply_to) if in_reply_to else None,
                quoted=self._known(quote_of) if quote_of else None,
                exclude=exclude,
            )
            self._check_words(post, text)
            return self._keep(post)

    def edit(self, post_id: str, text: str) -> Post:
        """Publish a new version of a post, under a new id.

        Raises `NotEditable`, and whatever `post` raises.
        """
        with self._news.lock:
            old = self._known(post_id)
            late = self.now() - moment(old.key) > EDIT_WINDOW
            if old.repost_of or late or len(old.history) > EDITS_MAX:
                raise NotEditable
            post = self._composer.recompose(self._ids.next(), old, text)
            self._check_words(post, text)
            return self._keep(post)

    def delete(self, post_id: str) -> None:
        """Remove a post with all its versions; raise `NotThere`."""
        with self._news.lock:
            self._archive.remove(self._known(post_id))
            self._news.tell()

    def repost(self, author_id: str, post_id: str) -> Post:
        """Pass a post on, as "RT @alice: ..."; raise `NotThere`."""
        with self._news.lock:
            author, original = self.user(author_id), self._known(post_id)
            return self._keep(self._composer.repost(self._ids.next(), author, original))

    def find(self, post_id: str) -> Post | None:
        """Return the newest version of a post by any of its ids; None once deleted."""
        with self._news.lock:
            return self._archive.find(post_id)

    def timeline(self, limit: int) -> list[Post]:
        """Return at most *limit* posts, newest first, each in its newest version."""
        with self._news.lock:
            return self._archive.latest(limit)

    def send_direct(self, sender_id: str, recipient_id: str, text: str) -> Direct:
        """Send a direct message; raise `NotThere`, `Empty` or `TooLong` (10,000 characters)."""
        if not text.strip():
            raise Empty
        if len(text) > texts.DIRECT_LENGTH_MAX:
            raise TooLong
        with self._news.lock:
            new_id = self._ids.next()
            direct = Direct(
                id=new_id,
                sender_id=self.user(sender_id).x_id,
                recipient_id=self.user(recipient_id).x_id,
                text=text,
                written_at=moment(new_id),
            )
            self._directs.append(direct)
            self._news.tell(direct)
            return direct

    def conversation(self, a_id: str, b_id: str) -> list[Direct]:
        """Return all that two users wrote to each other, oldest first."""
        both = {a_id, b_id}
        return [one for one in self.directs(a_id) if {one.sender_id, one.recipient_id} == both]

    def directs(self, x_id: str) -> list[Direct]:
        """Return all direct messages that a user sent or received, oldest first."""
        with self._news.lock:
            return [one for one in self._directs if x_id in {one.sender_id, one.recipient_id}]

    def changes(self) -> int:
        """Return a number that grows with each change."""
        return self._news.count()

    def wait(self, after: int, timeout: float) -> int:
        """Return `changes()` once it is beyond *after*, or after *timeout* seconds anyway."""
        return self._news.wait(after, timeout)

    def listen(self, callback: Listener) -> None:
        """Call *callback* with each post, edit, repost and direct message once it is kept.

        Calls come in order and under the lock: the callback must be quick.
        """
        self._news.listen(callback)

    def _known(self, post_id: str) -> Post:
        post = self.find(post_id)
        if post is None:
            raise NotThere
        return post

    def _check_words(self, post: Post, typed: str) -> None:
        if not typed.strip():
            raise Empty
        if texts.weight(typed) > texts.POST_WEIGHT_MAX:
            raise TooLong
        said_at = self._archive.said_at(post.author_id, post.text)
        if said_at is not None and self.now() - said_at < DUPLICATE_WINDOW:
            raise DuplicateContent

    def _keep(self, post: Post) -> Post:
        self._archive.keep(post)
        self._news.tell(post)
        return post
