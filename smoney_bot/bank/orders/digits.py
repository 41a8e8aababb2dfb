"""Digits that could be a code, and the stars that hide them.

People mistype codes in every way: split, glued to a word, in the digits of
another script. So every run of four digits or more counts, even if broken by a
space, a dash or a sign that nobody sees. Stars count as digits too: hiding a
text that is hidden already changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

#: Fewer digits than this are no code, whatever their form.
_SHORTEST = 4

#: A hidden digit of ASCII, and a hidden digit of any other script. The two are
#: told apart so that full-width digits do not become a code by being hidden.
_STAR = "*"
_OTHER_STAR = "\uff0a"
_ASCII_DIGITS = frozenset("0123456789*")

# Here `\d` is meant to match the digits of every script; the ranges add what
# str.isdigit() knows beyond it: superscripts, circled digits and their like.
_DIGIT = (
    r"[\d*\uff0a\u00b2\u00b3\u00b9\u1369-\u1371\u19da\u2070\u2074-\u2079\u2080-\u2089"
    r"\u2460-\u2468\u2474-\u247c\u2488-\u2490\u24ea\u24f5-\u24fd\u24ff\u2776-\u277e"
    r"\u2780-\u2788\u278a-\u2792\U00010a40-\U00010a43\U00010e60-\U00010e68"
    r"\U00011052-\U0001105a\U0001f100-\U0001f10a]"
)
#: What may stand inside a split code: spaces, marks, dashes, signs that nobody sees,
#: and those that make a keycap of a digit.
_BREAK = (
    r"[\x00-\x20.,'/_\-\x7f-\xa0\xad\xb7\u034f\u061c\u115f\u1160\u180b-\u180e\u2000-\u2015"
    r"\u2019\u2022\u2028-\u202f\u205f-\u206f\u20e3\u2212\u2800\u3000\u3164\ufe00-\ufe0f\ufeff"
    r"\uffa0\ufff9-\ufffb\U000e0000-\U000e01ef]"
)
#: A handle that cannot hold a code.
SURE_HANDLE = r"@(?![A-Za-z0-9_]{0,14}[0-9]{4})(?P<handle>[A-Za-z0-9_]{1,15})"

_RUN = rf"{_DIGIT}(?:{_BREAK}{{0,3}}{_DIGIT})*"

#: First match wins. A whole code ends at the space behind it, so that the
#: figures of a note (`#07482193 2 pizzas`) stay readable. A handle keeps its digits
#: unless there are as many as in a code: `@07482193` and `@bob07482193` are slips of
#: the finger, until X or the grammar says that somebody is called so.
_HANDLE_OR_RUN = re.compile(rf"{SURE_HANDLE}|(?<=[# ])[0-9*]{{8}}(?![^ \n\t])|{_RUN}")
_ANY_RUN = re.compile(_RUN)
#: One or two odd signs in front are looked through: they may stand for a `#`.
_FIRST_RUN = re.compile(rf"[^\w\s*\uff0a]{{0,2}}({_RUN})")


def is_digit(sign: str) -> bool:
    """Return whether *sign* is a digit of any script, or a star in its place."""
    return sign.isdigit() or sign in {_STAR, _OTHER_STAR}


def first_digits(text: str) -> int:
    """Return how many digits the run holds that *text* begins with, 0 if none."""
    found = _FIRST_RUN.match(text)
    return _count(found[1]) if found else 0


def runs(text: str, start: int) -> Iterator[tuple[int, int]]:
    """Yield where runs of digits stand from *start* on, with the breaks inside them."""
    return (found.span() for found in _ANY_RUN.finditer(text, start))


def hide(text: str, kept: Iterable[tuple[int, int]] = ()) -> str:
    """Return *text*, equally long, with stars for all digits that could be a code.

    *kept* are the code points [start, end) that are known to be something else.
    """
    pieces: list[str] = []
    done = 0
    for start, end in sorted(kept):
        if start >= done:
            pieces += _HANDLE_OR_RUN.sub(_starred, text[done:start]), text[start:end]
            done = end
    pieces.append(_HANDLE_OR_RUN.sub(_starred, text[done:]))
    return "".join(pieces)


def _starred(found: re.Match[str]) -> str:
    run = found[0]
    if run.startswith("@") or _count(run) < _SHORTEST:
        return run
    return "".join(_star(sign) for sign in run)


def _star(sign: str) -> str:
    if sign in _ASCII_DIGITS:
        return _STAR
    return _OTHER_STAR if is_digit(sign) else sign


def _count(run: str) -> int:
    return sum(map(is_digit, run))
