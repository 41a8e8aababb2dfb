"""Links: what X would turn into one, found or taken apart.

X makes a link of every domain that it knows, with or without a scheme, and bills
a post with one twenty times as much; and whoever receives money must not be sent
anywhere in the bank's name. X's list of domains changes, so every dot between
two words counts here.
"""

from __future__ import annotations

import re

#: The dots that X takes for one in a domain: plain, ideographic, full width, half width.
_DOTS = r".\u3002\uff0e\uff61"

#: A dot after a letter, and after it a word that is not a bare number.
_DOMAIN = re.compile(rf"(?<=[\w-])[{_DOTS}](?=[\w-]*[^\W\d_])")

_SCHEME = re.compile(r":(?=//)")


def has_link(text: str) -> bool:
    """Return whether X may show a part of *text* as a link."""
    return _DOMAIN.search(text) is not None or _SCHEME.search(text) is not None


def unlinked(text: str) -> str:
    """Return *text* with a space wherever a link would hold together."""
    return _SCHEME.sub(": ", _DOMAIN.sub(lambda dot: dot[0] + " ", text))
