"""Money: whole cents of euro, and nothing that is not a whole number."""

from __future__ import annotations

from typing import Self


class Cents(int):
    """An amount in cents of euro: an int that stays one.

    Adding, subtracting and negating give `Cents`; a float, a Decimal or a text
    never becomes money by accident, and cents are never divided.
    """

    __slots__ = ()

    def __new__(cls, cents: object) -> Self:
        """Take whole *cents*; raise `TypeError` for anything but an int."""
        if not isinstance(cents, int) or isinstance(cents, bool):
            message = f"money is a whole number of cents, not a {type(cents).__name__}"
            raise TypeError(message)
        return super().__new__(cls, cents)

    def __add__(self, other: int) -> Cents:
        return Cents(super().__add__(other))

    __radd__ = __add__

    def __sub__(self, other: int) -> Cents:
        return Cents(super().__sub__(other))

    def __rsub__(self, other: int) -> Cents:
        return Cents(super().__rsub__(other))

    def __neg__(self) -> Cents:
        return Cents(-int(self))

    def __truediv__(self, other: object) -> float:
        message = "cents are not divided: a share-out says who gets the last cent"
        raise TypeError(message)

    def __repr__(self) -> str:
        return f"Cents({int(self)})"


def euros(whole: int, cents: int = 0) -> Cents:
    """Return *whole* euros and *cents* as `Cents`."""
    return Cents(whole * 100 + cents)
