"""Where in a message the bank is spoken to.

In public the order begins behind the first mention of the bot that its author
wrote: X's own mention, by numeric id, inside the part that X displays. What a
reply inherits stands before that part and is never an order. In a direct
message the bot's name may be left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from smoney_bot.bank.messages import ClearMessage, Mention, Message
from smoney_bot.bank.orders.kinds import Bot
from smoney_bot.bank.orders.words import LEAD_LONGEST, may_lead

#: More mentions than an order could have; a hostile post is not searched for all of them.
_MENTIONS_MAX = 50

#: In a direct message the bot's name ends before this code point, or it is not looked for.
_NAME_BEFORE = LEAD_LONGEST + 30

#: The sign before a handle, and those that people take for it.
AT = re.compile("[@\uff20\ufe6b]")

#: A @handle; a few old ones are longer than today's 15 signs. A star behind it hides
#: what may have been the rest of a longer name.
_HANDLE = re.compile(r"@([A-Za-z0-9_]{1,20})(?![A-Za-z0-9_*])")
#: The rest of a word, seen from inside it.
_WORD_REST = re.compile(r"(?<=[A-Za-z0-9_*])[A-Za-z0-9_*]+")

#: Code points [start, end) of a text.
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Address:
    """The order stands in code points [start, end) of the text.

    `name` is where the bot's name stands, if it does, with `lead` before it;
    `mentions` are X's, each where the text really has it.
    """

    start: int
    end: int
    mentions: tuple[Mention, ...]
    lead: str = ""
    name: Span | None = None

    def x_id_at(self, start: int, end: int) -> str | None:
        """Return the X id of the mention that stands exactly there, if X made one."""
        exact = (one.x_id for one in self.mentions if (one.start, one.end) == (start, end))
        return next(exact, None)


def find_address(message: ClearMessage | Message, bot: Bot) -> Address | None:
    """Return where *message* speaks to *bot*, or None if a post does not."""
    mentions = place_mentions(message.text, message.mentions)
    if message.public:
        return _in_public(message, mentions, bot)
    return _in_private(message.text, mentions, bot)


def place_mentions(text: str, mentions: Iterable[Mention]) -> tuple[Mention, ...]:
    """Return the *mentions* where *text* has them; one that is nowhere is left out.

    X counts from the escaped text in one dialect and perhaps not in another, so
    an offset that does not fit is looked up by name, in order.
    """
    placed: list[Mention] = []
    done = 0
    for mention in sorted(mentions, key=lambda one: one.start)[:_MENTIONS_MAX]:
        found = _HANDLE.match(text, mention.start)
        if found is None or not _is(found, mention.handle):
            found = _find(text, mention.handle, done)
        if found is not None:
            done = found.end()
            right = (mention.start, mention.end) == found.span()
            placed.append(mention if right else replace(mention, start=found.start(), end=done))
    return tuple(placed)


def _in_public(
    message: ClearMessage | Message, mentions: tuple[Mention, ...], bot: Bot
) -> Address | None:
    text = message.text
    first, last = max(message.body[0], 0), message.body[1]
    for mention in mentions:
        named = mention.handle.lower() == bot.handle.lower()
        if named and mention.x_id == bot.x_id and first <= mention.start < mention.end <= last:
            name, lead = (mention.start, mention.end), text[first : mention.start]
            return Address(mention.end, _word_end(text, last), mentions, lead, name)
    return None


def _in_private(text: str, mentions: tuple[Mention, ...], bot: Bot) -> Address:
    named = _find(text[:_NAME_BEFORE], bot.handle, 0)
    if named is None or not may_lead(text[: named.start()]):
        return Address(0, len(text), mentions)
    return Address(named.end(), len(text), mentions, text[: named.start()], named.span())


def _find(text: str, handle: str, start: int) -> re.Match[str] | None:
    return next((one for one in _HANDLE.finditer(text, start) if _is(one, handle)), None)


def _is(found: re.Match[str], handle: str) -> bool:
    # What was found is ASCII. lower() and not casefold(): that makes an s of U+017F.
    return found[1].lower() == handle.lower()


def _word_end(text: str, end: int) -> int:
    """Return *end*, moved on if X's count cut a handle or a code in two."""
    rest = _WORD_REST.match(text, end)
    return rest.end() if rest else min(end, len(text))


def may_name_unmarked(message: Message) -> bool:
    """Whether *message* may name somebody whom X did not mark: each @ counts, read or not."""
    marked = {one.start for one in message.mentions if one.x_id is not None}
    return any(one.start() not in marked for one in AT.finditer(message.text))
