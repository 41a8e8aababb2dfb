r"""The languages that the bank answers in: catalogs, amounts and days.

The English sentences stand in `replies` and `refusals`; `locales/` has one
gettext catalog for each language, compiled in memory at first use (there is no
build step). English is the source, so its catalog stays empty. After changing a
sentence:

    pybabel extract --project smoney-bot --msgid-bugs-address 'see README.md' \
        --add-location file --no-wrap \
        --header-comment '# The sentences of smoney-bot, as pybabel extract finds them.' \
        -o smoney_bot/locales/smoney_bot.pot smoney_bot/bank
    pybabel update --domain smoney_bot --no-wrap --no-fuzzy-matching --ignore-obsolete \
        -i smoney_bot/locales/smoney_bot.pot -d smoney_bot/locales

then translate what is empty in `fr/`. A new language: `pybabel init` with the
same domain and folders, and a member of `Language`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache, lru_cache
from gettext import GNUTranslations
from importlib.resources import files
from io import BytesIO

from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency

from smoney_bot.bank.customers import Language
from smoney_bot.bank.money import Cents

DOMAIN = "smoney_bot"

#: Written so that no reader takes the month for the day.
_DAY = {Language.FRENCH: "dd/MM/yyyy", Language.ENGLISH: "d MMM yyyy"}


@cache
def catalog(language: Language) -> GNUTranslations:
    """Return the sentences of *language*; read and compiled once (about 30 ms)."""
    folder = files("smoney_bot") / "locales" / language.value / "LC_MESSAGES"
    compiled = BytesIO()
    with (folder / f"{DOMAIN}.po").open("rb") as source:
        write_mo(compiled, read_po(source, locale=language.value))
    compiled.seek(0)
    return GNUTranslations(compiled)


@lru_cache(maxsize=4096)
def amount(cents: Cents, language: Language) -> str:
    """Return *cents* as people of *language* write euros: `20,00 €`, `€20.00`."""
    return format_currency(Decimal(cents).scaleb(-2), "EUR", locale=language.value)


def day(moment: datetime, language: Language) -> str:
    """Return the day of *moment*, in *moment*'s own time zone."""
    return format_date(moment.date(), _DAY[language], locale=language.value)


@dataclass(frozen=True, slots=True)
class Voice:
    """Speaks one language in one reply, which the *reference* names.

    The two methods carry gettext's names, by which `pybabel extract` finds the
    sentences. Facts fill the `%(name)s` slots; `reference` always does.
    """

    language: Language
    reference: str

    def gettext(self, sentence: str, **facts: object) -> str:
        """Return *sentence* in this language, its slots filled."""
        return catalog(self.language).gettext(sentence) % self._all(facts)

    def ngettext(self, one: str, many: str, count: int, **facts: object) -> str:
        """Return the sentence for *count* things in this language, its slots filled."""
        return catalog(self.language).ngettext(one, many, count) % self._all(facts)

    def amount(self, cents: Cents) -> str:
        """Return *cents* as euros in this language."""
        return amount(cents, self.language)

    def _all(self, facts: dict[str, object]) -> dict[str, object]:
        return {"reference": self.reference, **facts}
