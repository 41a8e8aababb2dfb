"""How long X finds a text: its weighted length, of which a post may have 280.

Source: twitter-text's configuration v3. The text is counted after NFC; signs of
the light ranges weigh 1, all others 2; an emoji weighs 2 however many code
points it is made of, a link 23 however long it is.
"""

from __future__ import annotations

import re
import unicodedata

#: What one post may weigh; exactly this much is accepted.
HEAVIEST = 280

_LIGHT = ((0x0000, 0x10FF), (0x2000, 0x200D), (0x2010, 0x201F), (0x2032, 0x2037))
_LINK_WEIGHT = 23
_EMOJI_WEIGHT = 2

#: One emoji: a flag, a keycap, or pictures with skin tones, joined by U+200D and
#: followed by the tag letters of a region's flag. The picture ranges also hold
#: plain symbols: those weigh 2 in either reading.
_PICTURE = (
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u2460-\u27bf"
    "\u2900-\u297f\u2b00-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]"
    "\ufe0f?[\U0001f3fb-\U0001f3ff]?"
)
_EMOJI = (
    "[\U0001f1e6-\U0001f1ff]{2}"
    "|[0-9#*]\ufe0f?\u20e3"
    f"|{_PICTURE}(?:\u200d{_PICTURE})*(?:[\U000e0020-\U000e007e]+\U000e007f)?"
)

#: A link: a domain after no sign that would keep X from seeing it.
_LINK = (
    r"(?<![A-Za-z0-9_@$#.-])(?P<scheme>https?://)?"
    r"(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}(?![A-Za-z0-9-])(?::[0-9]+)?(?:/\S*)?"
)

_HEAVY_WHOLE = re.compile(f"(?P<link>{_LINK})|(?P<emoji>{_EMOJI})")


def weighted_length(text: str) -> int:
    """Return what X counts for *text*, or more where only X's list of domains could tell.

    A domain written without https:// is a link to X when its ending exists;
    here it weighs as a link or as its letters, whichever is heavier.
    """
    text = unicodedata.normalize("NFC", text)
    weight = at = 0
    for found in _HEAVY_WHOLE.finditer(text):
        weight += _letters(text[at : found.start()]) + _whole(found)
        at = found.end()
    return weight + _letters(text[at:])


def fits(text: str) -> bool:
    """Return whether *text* fits in one post."""
    return weighted_length(text) <= HEAVIEST


def _whole(found: re.Match[str]) -> int:
    if found["emoji"]:
        return _EMOJI_WEIGHT
    return _LINK_WEIGHT if found["scheme"] else max(_LINK_WEIGHT, _letters(found["link"]))


def _letters(text: str) -> int:
    return sum(1 if _light(ord(sign)) else 2 for sign in text)


def _light(code_point: int) -> bool:
    return any(first <= code_point <= last for first, last in _LIGHT)
