"""Amounts and times, as people of each language write them (Babel)."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from babel import Locale
from babel.numbers import format_currency, format_decimal

from smoney_bot.bank.customers import Language
from smoney_bot.bank.languages import amount
from smoney_bot.bank.money import Cents

_SECOND = timedelta(seconds=1)
_MILLISECOND = timedelta(milliseconds=1)


def round_amount(cents: Cents, language: Language) -> str:
    """Return the amount, without decimals if they are zero: `20 €`, `€20`."""
    if int(cents) % 100:
        return amount(cents, language)
    pattern = Locale.parse(str(language)).currency_formats["standard"].pattern
    whole = Decimal(cents).scaleb(-2)
    return format_currency(
        whole, "EUR", pattern.replace(".00", ""), locale=str(language), currency_digits=False
    )


def clock(at: datetime) -> str:
    """Return the time of day of *at* (aware) where this machine stands, to the second."""
    return at.astimezone().strftime("%H:%M:%S")


def later(delay: timedelta, language: Language) -> str:
    """Return how long after the start something happened: `+12 ms`, `+1,3 s`."""
    delay = max(delay, timedelta())
    if delay < _SECOND:
        return f"+{delay // _MILLISECOND}\N{NO-BREAK SPACE}ms"
    seconds = Decimal(delay // _MILLISECOND).scaleb(-3)
    return f"+{format_decimal(seconds, '0.0', locale=str(language))}\N{NO-BREAK SPACE}s"
