"""Whether a line may leave the bank as it is: the last look, after all words are chosen.

The templates keep X's rules by themselves (their tests try them with the worst
facts); here a line is stopped that would break one all the same.
"""

from __future__ import annotations

import re
import unicodedata

from smoney_bot.bank import weights
from smoney_bot.bank.links import has_link

#: X's own limit for one direct message, in characters.
DIRECT_MAX = 10_000

#: Signs that X takes for the beginning of a mention: plain, full width, small.
_AT = re.compile("[@\uff20\ufe6b]")


def objection(text: str, *, public: bool) -> str | None:
    """Return in a word what keeps *text* from being said, or None.

    Nowhere a link; in a post no @mention (the names before it are X's) and no more
    than X's weight.
    """
    if not text.strip():
        return "empty"
    if has_link(unicodedata.normalize("NFC", text)):
        return "link"
    if not public:
        return "too long" if len(text) > DIRECT_MAX else None
    if _AT.search(text):
        return "mention"
    return None if weights.fits(text) else "too long"


def plainest(reference: str) -> str:
    """Return what is said in place of a line that may not leave: true of every answer."""
    return f"Message traité / handled. Détails, details: #historique, #history (ref. {reference})."
