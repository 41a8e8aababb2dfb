"""Drawing a receipt: one file that needs nothing else, to be opened and printed."""

from __future__ import annotations

from decimal import Decimal

from jinja2 import Environment, PackageLoader, StrictUndefined
from num2words import num2words

from smoney_bot.bank.customers import Language
from smoney_bot.bank.languages import amount, day
from smoney_bot.bank.money import Cents
from smoney_bot.web.receipts.receipts import Receipt
from smoney_bot.web.receipts.words import WORDS

#: What the reduction may stand on; the association ticks it.
_ARTICLES = ("200 CGI", "238 bis CGI", "978 CGI")

_environment = Environment(
    loader=PackageLoader("smoney_bot.web.receipts"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def draw(receipt: Receipt) -> str:
    """Return the page of *receipt*, in the giver's language."""
    language = receipt.giver.language
    words = WORDS[language]
    days = [day(one.given_at, language) for one in receipt.gifts]
    between = words.on if days[0] == days[-1] else words.between
    return _environment.get_template("receipt.html").render(
        words=words,
        language=language,
        receipt=receipt,
        total=amount(receipt.total, language),
        in_words=in_words(receipt.total, language),
        between=between.format(first=days[0], last=days[-1]),
        articles=_ARTICLES,
        gifts=[
            (when, one.reference, one.tag, amount(one.amount, language))
            for when, one in zip(days, receipt.gifts, strict=True)
        ],
    )


def in_words(cents: Cents, language: Language) -> str:
    """Return *cents* of euro in words: `quatre-vingts euros et cinquante centimes`."""
    euros = Decimal(cents).scaleb(-2)
    written: str = num2words(euros, lang=language.value, to="currency", currency="EUR")
    if language is Language.ENGLISH and cents // 100 != 1:
        written = written.replace(" euro", " euros", 1)  # num2words has no plural of it
    for nothing in ("zéro euros et ", "zero euros, ", " et zéro centimes", ", zero cents"):
        written = written.replace(nothing, "")
    return written
