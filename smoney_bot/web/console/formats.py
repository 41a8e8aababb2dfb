"""How facts are written on the pages: euros, moments, how long ago."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from babel.numbers import format_currency

from smoney_bot.bank import languages
from smoney_bot.bank.customers import Language
from smoney_bot.bank.money import Cents

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_DAYS = {Language.FRENCH: "j", Language.ENGLISH: "d"}


def money(cents: int, language: Language) -> str:
    """Write cents as euros: `20,00 €`, `€20.00`."""
    return languages.amount(Cents(cents), language)


def cost(euros: Decimal, language: Language) -> str:
    """Write what X costs, which is less than a cent at times."""
    return format_currency(euros, "EUR", locale=language.value, decimal_quantization=False)


def moment(at: datetime | None, language: Language) -> str:
    """Write a moment to the minute, in UTC; a dash for none."""
    if at is None:
        return "—"
    in_utc = at.astimezone(UTC)
    return f"{languages.day(in_utc, language)} {in_utc:%H:%M}"


def since(seconds: float | None, language: Language) -> str:
    """Write how long something has lasted, in its largest unit; a dash for None."""
    if seconds is None:
        return "—"
    whole = max(int(seconds), 0)
    for size, unit in ((_DAY, _DAYS[language]), (_HOUR, "h"), (_MINUTE, "min")):
        if whole >= size:
            return f"{whole // size} {unit}"
    return f"{whole} s"
