"""The chart of a day: where its bars stand. The template draws them, without scripts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from smoney_bot.book.flows import Hour

#: The drawing's own units; it is shown as wide as there is room.
WIDTH, HEIGHT = 720, 180
_TOP, _BOTTOM = 22, 24  # room for the counts above and the hours below
_GAP = 6


@dataclass(frozen=True, slots=True)
class Bar:
    """One hour's bar: as high as its euros."""

    hour: Hour
    left: int
    top: int
    width: int
    height: int

    @property
    def middle(self) -> int:
        """Where its labels are centred."""
        return self.left + self.width // 2


def bars(hours: Sequence[Hour]) -> list[Bar]:
    """Return a bar for each hour; the largest sum takes all the height there is."""
    largest = max((int(one.cents) for one in hours), default=0) or 1
    room, slot = HEIGHT - _TOP - _BOTTOM, WIDTH // max(len(hours), 1)
    drawn = []
    for place, hour in enumerate(hours):
        # An hour with any payment at all is seen to have one.
        height = max(room * int(hour.cents) // largest, 3) if hour.payments else 0
        top = HEIGHT - _BOTTOM - height
        drawn.append(Bar(hour, place * slot + _GAP // 2, top, slot - _GAP, height))
    return drawn
