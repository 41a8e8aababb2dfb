"""A month as CSV, as the spreadsheet of its reader wants it.

French ones part columns by `;` and write a decimal comma. The mark in front (BOM) is
how Excel knows UTF-8. What begins like a formula is no formula: a payer's note must
not compute anything in the payee's spreadsheet, whichever columns that sees in it.
"""

from __future__ import annotations

import csv
import io
import re

from smoney_bot.bank.customers import Language
from smoney_bot.bank.money import Cents
from smoney_bot.book.statements import Statement
from smoney_bot.web.statements.words import WORDS, described

#: How a spreadsheet knows that the file is UTF-8.
MARK = "\ufeff"

#: OWASP, "CSV injection": where a cell begins that would be computed. Somebody may open
#: the sheet with another separator than ours: so behind each of them, and behind quotes.
_FORMULA = re.compile(r'(?:^|[,;|\t])[\s"]*(?=[=+\-@\uff1d\uff0b\uff0d\uff20])')

_DELIMITER = {Language.FRENCH: ";", Language.ENGLISH: ","}
_POINT = {Language.FRENCH: ",", Language.ENGLISH: "."}


def sheet(statement: Statement, language: Language) -> str:
    """Return the month as CSV, oldest line first, between its two balances."""
    words, text = WORDS[language], io.StringIO()
    writer = csv.writer(text, delimiter=_DELIMITER[language])
    writer.writerow(words.columns)
    opening = _written(statement.opening, language)
    writer.writerow((f"{statement.month.begins:%Y-%m-%d}", words.opening, "", "", "", opening))
    for line in statement.lines:
        writer.writerow(
            (
                f"{line.booked_at:%Y-%m-%d}",
                _plain(described(words, line)),
                _plain(line.note),
                _plain(line.reference),
                _written(line.signed, language),
                _written(line.balance, language),
            )
        )
    return MARK + text.getvalue()


def _written(cents: Cents, language: Language) -> str:
    """Return an amount that a spreadsheet takes for a number: `-20,00`."""
    sign, whole = "-" if cents < 0 else "", abs(cents)
    return f"{sign}{whole // 100}{_POINT[language]}{whole % 100:02}"


def _plain(text: str) -> str:
    return _FORMULA.sub(r"\g<0>'", " ".join(text.split()))
