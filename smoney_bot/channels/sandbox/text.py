"""How X reads a text: its weight, and the mentions and hashtags in it.

Source of the rules: twitter-text, configuration v3 and its conformance suite.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

POST_WEIGHT_MAX = 280
DIRECT_LENGTH_MAX = 10_000

_URL_WEIGHT = 23
_EMOJI_WEIGHT = 2

#: Code points of weight 1; every other one weighs 2.
_LIGHT = (range(0x1100), range(0x2000, 0x200E), range(0x2010, 0x2020), range(0x2032, 0x2038))

_URL = re.compile(r"https?://\S+")

# U+FE0F shows a sign as an emoji, U+200D joins several into one, U+20E3 makes a keycap.
_PICTURE = r"[\u203C-\u3299\U0001F000-\U0001FAFF](?:\uFE0F|[\U0001F3FB-\U0001F3FF])?"
_EMOJI = re.compile(
    rf"[\U0001F1E6-\U0001F1FF]{{2}}|[#*0-9]\uFE0F?\u20E3|{_PICTURE}(?:\u200D{_PICTURE})*"
)

_MENTION = re.compile(
    r"(?<![A-Za-z0-9_!#$%&*@＠])"  # noqa: RUF001 - the full-width at is what X looks for
    r"[@＠]([A-Za-z0-9_]{1,20})"  # noqa: RUF001 - as above
    r"(?![@＠]|[À-ÖØ-öø-ɏ]|://|/[A-Za-z])"  # noqa: RUF001 - as above
)
_LONGEST_NAME = re.compile(r"[A-Za-z0-9_]+")

#: Digits alone are no hashtag: "#20" is plain text to X.
_HASHTAG = re.compile(r"(?<![\w&])[#＃](\w*[^\W\d_]\w*)")  # noqa: RUF001 - the full-width hash


def weight(text: str) -> int:
    """Return the length of *text* as X counts it; a post may weigh 280."""
    text, urls = _URL.subn("", unicodedata.normalize("NFC", text))
    text, emoji = _EMOJI.subn("", text)
    letters = sum(1 if any(ord(sign) in light for light in _LIGHT) else 2 for sign in text)
    return letters + urls * _URL_WEIGHT + emoji * _EMOJI_WEIGHT


def escape(text: str) -> str:
    """Return *text* as X hands it out: the three signs of HTML, nothing else."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def mentioned(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, handle) of whatever looks like a mention in the raw *text*."""
    for found in _MENTION.finditer(text):
        name = _LONGEST_NAME.match(text, found.start(1))
        if name is not None and name.end() == found.end():
            yield found.start(), found.end(), found[1]


def hashtags(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, tag) of each hashtag in the raw *text*."""
    for found in _HASHTAG.finditer(text):
        yield found.start(), found.end(), found[1]


def escaped_length(text: str, end: int) -> int:
    """Return where position *end* of the raw *text* lies once it is escaped."""
    return len(escape(text[:end]))
