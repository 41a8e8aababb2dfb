"""Months of a statement; they begin and end in UTC, as all days of the book do."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import NamedTuple

_WRITTEN = re.compile(r"(2[0-9]{3})-(0[1-9]|1[0-2])", re.ASCII)


class Month(NamedTuple):
    """One month of the years 2000 to 2999."""

    year: int
    number: int  # 1 to 12

    @property
    def begins(self) -> datetime:
        """Its first moment."""
        return datetime(self.year, self.number, 1, tzinfo=UTC)

    @property
    def ends(self) -> datetime:
        """The first moment after it."""
        return self.after.begins

    @property
    def after(self) -> Month:
        """The next month."""
        return Month(self.year + self.number // 12, self.number % 12 + 1)

    @property
    def before(self) -> Month:
        """The last month."""
        return Month(self.year - (self.number == 1), (self.number - 2) % 12 + 1)

    def __str__(self) -> str:
        """Return it as it stands in addresses: `2026-11`."""
        return f"{self.year}-{self.number:02}"


def month_of(moment: datetime) -> Month:
    """Return the month of *moment*."""
    in_utc = moment.astimezone(UTC)
    return Month(in_utc.year, in_utc.month)


def read_month(written: str) -> Month | None:
    """Return the month that is *written* as `2026-11`, or None."""
    found = _WRITTEN.fullmatch(written)
    return Month(int(found[1]), int(found[2])) if found else None
