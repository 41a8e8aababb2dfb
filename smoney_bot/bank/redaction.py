"""Concealing codes: what is kept of a message shows stars where a code stood.

This runs on the way from X's webhook to the inbox, before anything is written.
It errs on the side of stars: whatever could be a code is hidden, and what
has the form of one is kept as a tag, so that a code once shown can be used up.
"""

from __future__ import annotations

import re

from smoney_bot.bank.codes import CARD_LENGTH, LENGTHS, tags
from smoney_bot.bank.keys import Keyring
from smoney_bot.bank.messages import ClearMessage, Message, SeenCode
from smoney_bot.bank.orders.address import Span, place_mentions
from smoney_bot.bank.orders.digits import hide
from smoney_bot.bank.orders.kinds import Bot
from smoney_bot.bank.orders.reading import understand

#: Each code seen costs one Argon2id; a post full of numbers must not cost more.
_CODES_MAX = 3

_CODE = "(?:" + "|".join(f"[0-9]{{{length}}}" for length in LENGTHS) + ")"
#: Behind a `#`, a code of any kind; without it, a card's eight digits standing alone.
#: `\w` is every script's letters here: a number glued to a letter is no code.
_SEEN = re.compile(rf"(?<=#){_CODE}(?![\w*])|(?<![\w*])[0-9]{{{CARD_LENGTH}}}(?![\w*])")


def conceal(message: ClearMessage, keyring: Keyring, bot: Bot) -> Message:
    """Return *message* as it may be kept: no digit of a code, tags in their place.

    The text keeps its length, so every offset stays valid.
    """
    reading = understand(message, bot)
    mentions = place_mentions(message.text, message.mentions)
    kept = (*reading.kept, *((one.start, one.end) for one in mentions))
    text = hide(message.text, kept)
    return Message(
        key=message.key,
        form=message.form,
        edited=message.edited,
        message_id=message.message_id,
        author_id=message.author_id,
        author_handle=message.author_handle,
        text=text,
        written_at=message.written_at,
        body=message.body,
        mentions=message.mentions,
        codes=tuple(
            _seen(message, span, keyring)
            for span in _spans(message.text, text, reading.code)[:_CODES_MAX]
        ),
    )


def _spans(clear: str, hidden: str, code: Span | None) -> list[Span]:
    """Return where codes stand in *clear*, in order: not where *hidden* left digits."""
    spans = {found.span() for found in _SEEN.finditer(clear)}
    if code is not None and "*" not in clear[slice(*code)]:
        spans.add(code)
    return sorted(span for span in spans if hidden[span[0]] == "*")


def _seen(message: ClearMessage, span: Span, keyring: Keyring) -> SeenCode:
    digits = message.text[slice(*span)]
    place = int(digits[:2]) if len(digits) == CARD_LENGTH else None
    return SeenCode(span[0], len(digits), place, tags(keyring, message.author_id, digits))
