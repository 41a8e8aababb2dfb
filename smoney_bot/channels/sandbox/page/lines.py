"""Posts and direct messages as lines of the page, each with its way through the bank."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from smoney_bot.bank.customers import Language
from smoney_bot.bank.desk import Outcome
from smoney_bot.channels.sandbox.page import formats
from smoney_bot.channels.sandbox.page.tokens import Token, tokens, unescape
from smoney_bot.channels.sandbox.page.view import BankView, PersonView, Step, Way
from smoney_bot.channels.sandbox.world import Direct, Post, World

_HUES = 5  # colours of people in page.css


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who speaks. `look` is the class of their picture in page.css."""

    handle: str
    name: str
    look: str
    me: bool


@dataclass(frozen=True, slots=True)
class DrawnStep:
    """One step of a way, and when: the first by the clock, the others by what went by since."""

    step: Step
    when: str


@dataclass(frozen=True, slots=True)
class DrawnWay:
    """The way of a message, ready to be drawn."""

    steps: Sequence[DrawnStep]
    reference: str
    outcome: Outcome | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One post or direct message; `anchor` is its id on the page."""

    anchor: str
    author: Author
    tokens: Sequence[Token] = field(repr=False)
    at: datetime
    when: str
    edited: bool
    way: DrawnWay | None
    replies: Sequence[Line] = ()


class Painter:
    """Turns what the local X holds into lines for one reader."""

    def __init__(
        self,
        world: World,
        bank: BankView,
        language: Language,
        people: Mapping[str, PersonView],
        *,
        bot_id: str,
        me: str,
    ) -> None:
        """*people* are the cast by X id; *me* is the reader's X id."""
        self._world = world
        self._bank = bank
        self._language = language
        self._bot_id = bot_id
        self._me = me
        self._looks = {x_id: f"hue-{place % _HUES}" for place, x_id in enumerate(people)}
        self._spent = {
            x_id: frozenset(code.digits for code in person.card if code.used)
            for x_id, person in people.items()
        }

    def author(self, x_id: str) -> Author:
        """Return how somebody is drawn."""
        user = self._world.user(x_id)
        look = "bot" if x_id == self._bot_id else self._looks.get(x_id, "stranger")
        return Author(handle=user.handle, name=user.name, look=look, me=x_id == self._me)

    def threads(self, posts: Sequence[Post]) -> list[Line]:
        """Return *posts* (newest first) as threads, the newest first, replies oldest first."""
        known = {version: post for post in posts for version in post.history}
        replies: dict[str, list[Post]] = {
            post.id: [] for post in posts if _parent(post, known) is None
        }
        for post in reversed(posts):
            if (root := _root(post, known)) is not post:
                replies[root.id].append(post)
        return [
            replace(self._post(known[root]), replies=[self._post(reply) for reply in below])
            for root, below in replies.items()
        ]

    def directs(self, directs: Iterable[Direct]) -> list[Line]:
        """Return a conversation as lines, oldest first."""
        return [
            self._line(f"direct-{one.id}", one.sender_id, one.text, one.written_at, f"d:{one.id}")
            for one in directs
        ]

    def _post(self, post: Post) -> Line:
        start, end = post.body
        text = unescape(post.text[start:end])
        line = self._line(
            f"post-{post.key}", post.author_id, text, post.written_at, f"t:{post.key}"
        )
        return replace(line, edited=len(post.history) > 1)

    def _line(self, anchor: str, author_id: str, text: str, at: datetime, key: str) -> Line:
        way = None if author_id == self._bot_id else self._bank.way(key)
        return Line(
            anchor=anchor,
            author=self.author(author_id),
            tokens=list(tokens(text, self._spent.get(author_id, ()))),
            at=at,
            when=formats.clock(at),
            edited=False,
            way=self._drawn(way) if way is not None else None,
        )

    def _drawn(self, way: Way) -> DrawnWay:
        start = next((step.at for step in way.steps if step.at is not None), None)
        steps = [DrawnStep(step, self._when(step, start)) for step in way.steps]
        return DrawnWay(steps, way.reference, way.outcome)

    def _when(self, step: Step, start: datetime | None) -> str:
        if step.at is None or start is None:
            return ""
        if step.at == start:
            return formats.clock(step.at)
        return formats.later(step.at - start, self._language)


def _parent(post: Post, known: Mapping[str, Post]) -> Post | None:
    return known.get(post.in_reply_to or "")


def _root(post: Post, known: Mapping[str, Post]) -> Post:
    """Return the post that began the thread, as far as it is *known*."""
    while (parent := _parent(post, known)) is not None:
        post = parent
    return post
