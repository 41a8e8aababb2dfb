"""PINs: which four digits nobody guesses at once."""

from __future__ import annotations

import re
from enum import StrEnum
from itertools import pairwise

from smoney_bot.bank.codes import PIN_LENGTH

_PIN = re.compile(rf"[0-9]{{{PIN_LENGTH}}}", re.ASCII)


class PinFault(StrEnum):
    """Why a PIN cannot be taken."""

    SHAPE = "pin_shape"
    REPEATS = "pin_repeats"
    RUNS = "pin_runs"


def fault_of_pin(pin: str) -> PinFault | None:
    """Return why *pin* is no good, or None.

    Those refused are what people choose first and thieves try first (NIST SP
    800-63B: compare with values that are commonly used): 0000, 1212, 1234, 8765.
    """
    if not _PIN.fullmatch(pin):
        return PinFault.SHAPE
    if pin[:2] == pin[2:]:
        return PinFault.REPEATS
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    return PinFault.RUNS if steps in ({1}, {9}) else None
