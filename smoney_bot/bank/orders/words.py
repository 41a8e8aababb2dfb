"""The free words around an order: before the bot's name, and the note to the payee.

They never decide about money, but they are shown to people: signs that hide or
turn text (bidirectional marks, controls) refuse the order instead of being removed.
"""

from __future__ import annotations

import unicodedata

from smoney_bot.bank.codes import CARD_LENGTH, LENGTHS
from smoney_bot.bank.orders.digits import first_digits, is_digit

NOTE_LONGEST = 140
LEAD_LONGEST = 100

_SPACES = " \n\t"
_BREAKS = frozenset("\n\t")
_NO_LEAD = frozenset("#@\uff03\uff20")  # the full-width ones too

#: Emoji are drawn here faster than Python learns of them: unassigned is fine.
_EMOJI = range(0x1F000, 0x1FB00)
_JOINER = "\u200d"  # makes one emoji of several
#: Letters and marks by category, but nothing that anybody sees.
_FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u2800\u3164\uffa0")

#: X escapes these three and no others; `&amp;` comes last, so nothing is unescaped twice.
_ESCAPED = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))


def may_lead(text: str) -> bool:
    """Return whether *text* may stand between a post's start and the bot's name."""
    if len(text) > LEAD_LONGEST or _hidden_in(text):
        return False
    return not any(sign in _NO_LEAD or is_digit(sign) for sign in text)


def note(text: str, *, code_length: int) -> str | None:
    """Return the note that *text* makes, or None if it may not be one.

    *code_length* is the number of digits of the code in front of it, 0 if none.
    """
    if _hangs_on(text[:1]) or _continues_a_code(text, code_length):
        return None
    if _hidden_in(text) - {_JOINER}:
        return None
    return _unescaped(text.strip(_SPACES))[:NOTE_LONGEST].strip()


def free(text: str) -> str | None:
    """Return *text* as people will read it, whole, or None if signs hide or turn it."""
    if _hidden_in(text) - {_JOINER}:
        return None
    return _unescaped(text.strip(_SPACES))


def _hangs_on(first: str) -> bool:
    """Return whether *first* is a space, a joiner or a mark: no beginning of words."""
    return first.isspace() or (first != "" and unicodedata.category(first)[0] in "MC")


def _continues_a_code(text: str, code_length: int) -> bool:
    """Return whether *text* begins with what looks like a code, or the rest of one.

    `#20 @bob 07482193` lacks the sign; `#0748 2193` and `#074821 93` are torn.
    """
    digits = first_digits(text)
    if code_length == CARD_LENGTH or digits == 0:
        return False
    return digits >= min(LENGTHS) or code_length + digits in LENGTHS


def _hidden_in(text: str) -> set[str]:
    """Return the controls, formats, fillers and unassigned signs in *text*, no spaces."""
    signs = set(text)
    odd = set() if text.isprintable() else {one for one in signs if not one.isprintable()} - _BREAKS
    odd = {one for one in odd if unicodedata.category(one) != "Zs" and ord(one) not in _EMOJI}
    return odd | (_FILLERS & signs)


def _unescaped(text: str) -> str:
    for escaped, sign in _ESCAPED:
        text = text.replace(escaped, sign)
    return text
