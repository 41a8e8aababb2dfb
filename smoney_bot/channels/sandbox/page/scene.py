"""What one customer sees at one moment; the templates only lay it out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from smoney_bot.bank.customers import Language
from smoney_bot.channels.sandbox.page.examples import Example, Name, examples
from smoney_bot.channels.sandbox.page.lines import Author, Line, Painter
from smoney_bot.channels.sandbox.page.view import BankView, PersonView, Place
from smoney_bot.channels.sandbox.page.words import WORDS, Words
from smoney_bot.channels.sandbox.world import User, World

_POSTS_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Wish:
    """What the reader asks for beyond their name: the language, an example, a code to use."""

    language: Language
    example: str = ""
    place: int | None = None


@dataclass(frozen=True, slots=True)
class Unsent:
    """A text that the local X did not take, and why: both are shown again."""

    text: str = field(repr=False)
    why: str
    direct: bool


@dataclass(frozen=True, slots=True)
class Member:
    """One of the cast: how they are drawn and what the bank knows of them."""

    author: Author
    person: PersonView


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Everything on the page. `stamp` is older than all the rest."""

    stamp: str
    language: Language
    words: Words
    bot: Author
    me: Member
    cast: Sequence[Member]
    examples: Mapping[Name, Example]
    elsewhere: Mapping[Place, str]
    draft: str = field(repr=False)
    direct_draft: str = field(repr=False)
    unsent: Unsent | None
    threads: Sequence[Line]
    directs: Sequence[Line]


class Stage:
    """The local X and the bank, from which each scene is taken."""

    def __init__(
        self,
        world: World,
        bank: BankView,
        *,
        bot_id: str,
        cast: Sequence[str],
        elsewhere: Mapping[Place, str] = MappingProxyType({}),
    ) -> None:
        """*cast* holds the X ids of the customers whom a reader may be.

        *elsewhere* are the addresses of the bank's own pages.
        """
        self._elsewhere = elsewhere
        self._world = world
        self._bank = bank
        self._bot_id = bot_id
        self._cast = tuple(cast)

    @property
    def first(self) -> User:
        """Who a reader is before they choose."""
        return self._world.user(self._cast[0])

    def member(self, handle: str) -> User | None:
        """Return the one of the cast with that handle."""
        user = self._world.by_handle(handle)
        return user if user is not None and user.x_id in self._cast else None

    def stamp(self) -> str:
        """Return a word that differs once anything has changed."""
        return f"{self._world.changes()}-{self._bank.changes()}"

    def post(self, user: User, text: str) -> None:
        """Publish *text*; raise `WorldRefuses`."""
        self._world.post(user.x_id, text)

    def send_direct(self, user: User, text: str) -> None:
        """Send *text* to the bot; raise `WorldRefuses`."""
        self._world.send_direct(user.x_id, self._bot_id, text)

    def scene(self, user: User, wish: Wish, unsent: Unsent | None = None) -> Scene:
        """Return what *user* sees now."""
        # Taken first: a change while we look is then seen as a change later on.
        stamp = self.stamp()
        people = {x_id: self._bank.person(x_id) for x_id in self._cast}
        painter = Painter(
            self._world, self._bank, wish.language, people, bot_id=self._bot_id, me=user.x_id
        )
        tries = self._examples(user, people, wish)
        return Scene(
            stamp=stamp,
            language=wish.language,
            words=WORDS[wish.language],
            bot=painter.author(self._bot_id),
            me=Member(painter.author(user.x_id), people[user.x_id]),
            cast=[Member(painter.author(x_id), people[x_id]) for x_id in self._cast],
            examples=tries,
            elsewhere=self._elsewhere,
            draft=_draft(tries, wish, unsent, direct=False),
            direct_draft=_draft(tries, wish, unsent, direct=True),
            unsent=unsent,
            threads=painter.threads(self._world.timeline(_POSTS_SHOWN)),
            directs=painter.directs(self._world.conversation(user.x_id, self._bot_id)),
        )

    def _examples(
        self, user: User, people: Mapping[str, PersonView], wish: Wish
    ) -> dict[Name, Example]:
        me = people[user.x_id]
        others = [one for one in people.values() if one is not me]
        bot = self._world.user(self._bot_id).handle
        lines = examples(me, others, bot=bot, language=wish.language, place=wish.place)
        return {line.name: line for line in lines}


def _draft(
    tries: Mapping[Name, Example], wish: Wish, unsent: Unsent | None, *, direct: bool
) -> str:
    """Return what stands in a box at first: in the public one, always a line to try."""
    if unsent is not None and unsent.direct is direct:
        return unsent.text
    chosen = next((line for line in tries.values() if line.name == wish.example), None)
    if chosen is not None and chosen.direct is direct:
        return chosen.text
    offered = next((line for line in tries.values() if not line.direct), None)
    return offered.text if offered is not None and not direct else ""
