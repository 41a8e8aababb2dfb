"""What a customer may type: a PIN twice, codes and words as people write them."""

from __future__ import annotations

import re
from enum import StrEnum

from smoney_bot.bank.codes import KINDS, PIN_LENGTH
from smoney_bot.bank.pins import PinFault, fault_of_pin
from smoney_bot.book.renewals import LETTERS

#: People copy the # of the order, and leave a space after the place.
_CODE = re.compile(r"#?((?:[0-9] ?){3,7}[0-9])", re.ASCII)
_HALF = f"([{LETTERS}]{{4}})"
#: Small letters are forgiven, and what keyboards make of the dash.
_WORD = re.compile(rf"{_HALF}[ \u2010-\u2015-]{{0,3}}{_HALF}", re.ASCII | re.IGNORECASE)


class Mistake(StrEnum):
    """Why what was typed cannot be taken; nothing was tried and nothing counted."""

    PIN_SHAPE = PinFault.SHAPE
    PIN_REPEATS = PinFault.REPEATS
    PIN_RUNS = PinFault.RUNS
    PINS_DIFFER = "pins_differ"
    CODE_SHAPE = "code_shape"
    CODE_IS_PIN = "code_is_pin"
    ANY_CODE_SHAPE = "any_code_shape"
    WORD_SHAPE = "word_shape"


def fault_of_pins(pin: str, again: str) -> Mistake | None:
    """Return why the PIN typed twice cannot be taken, or None."""
    fault = fault_of_pin(pin)
    if fault is not None:
        return Mistake(fault)
    return None if pin == again else Mistake.PINS_DIFFER


def read_code(typed: str) -> str | Mistake:
    """Return the digits of a first code, or why it cannot be one."""
    digits = _digits(typed)
    if len(digits) == PIN_LENGTH:
        return Mistake.CODE_IS_PIN
    return digits if len(digits) in KINDS else Mistake.CODE_SHAPE


def read_any_code(typed: str) -> str | Mistake:
    """Return the digits of a code of any kind, or that it cannot be one."""
    digits = _digits(typed)
    return digits if len(digits) in KINDS else Mistake.ANY_CODE_SHAPE


def read_word(typed: str) -> str | Mistake:
    """Return the word of a renewal as the bank writes it, or that it cannot be one."""
    found = _WORD.fullmatch(typed.strip())
    return f"{found[1]}-{found[2]}".upper() if found else Mistake.WORD_SHAPE


def _digits(typed: str) -> str:
    found = _CODE.fullmatch(typed.strip())
    return found[1].replace(" ", "") if found else ""
