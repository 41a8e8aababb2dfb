"""Drawing the page of statements: templates and words; nothing is asked of the book here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from babel.dates import format_date
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from smoney_bot.bank.customers import Language
from smoney_bot.bank.languages import amount, day
from smoney_bot.bank.money import Cents
from smoney_bot.book.months import Month
from smoney_bot.book.statements import Line
from smoney_bot.web.enrolment.admission import NotAdmitted
from smoney_bot.web.enrolment.choices import Mistake
from smoney_bot.web.statements.porter import Shown
from smoney_bot.web.statements.stops import stops_at
from smoney_bot.web.statements.words import WORDS, Words, described

#: More lines than that make a page too long to read; the CSV has all.
LINES_MAX = 1000

_ONE_DAY = timedelta(days=1)
_UNPROCESSABLE = 422


class Pages:
    """The pages of one bot, in every language."""

    def __init__(self, bot_handle: str) -> None:
        self._bot = bot_handle
        self._environment = Environment(
            loader=ChoiceLoader(
                [
                    PackageLoader("smoney_bot.web.statements"),
                    PackageLoader("smoney_bot.web.enrolment"),  # base.html, parts.html
                ]
            ),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def ask_word(
        self, language: Language, error: Mistake | NotAdmitted | None = None
    ) -> HTMLResponse:
        """Ask for the word of the window and a code; nothing typed is ever shown again."""
        words = WORDS[language]
        match error:
            case NotAdmitted():
                said = words.not_admitted
            case Mistake():
                said = words.mistake[error]
            case None:
                said = ""
        status = _UNPROCESSABLE if said else 200
        return self._draw("ask.html", language, status, error=said)

    def statement(self, shown: Shown, language: Language) -> HTMLResponse:
        """Show one month."""
        one, words = shown.statement, WORDS[language]
        month, lines = one.month, one.lines[-LINES_MAX:]
        now = month == shown.last
        return self._draw(
            "statement.html",
            language,
            address=f"/statement/{month}",
            month=month,
            title=month_name(month, language),
            period=words.period.format(
                first=day(month.begins, language), last=day(month.ends - _ONE_DAY, language)
            ),
            holder=words.holder.format(handle=one.customer.handle),
            before=_named(month.before, language) if month > shown.first else None,
            after=_named(month.after, language) if month < shown.last else None,
            opening=amount(one.opening, language),
            closing=amount(one.closing, language),
            closing_label=words.so_far if now else words.closing,
            came_in=signed(one.came_in, language),
            went_out=signed(Cents(-one.went_out), language),
            more=words.more.format(count=LINES_MAX) if len(one.lines) > len(lines) else "",
            lines=[_row(line, words, language) for line in lines],
        )

    def stop(self, status: int, headers: Mapping[str, str] | None = None) -> HTMLResponse:
        """Say in every language why it goes no further: nobody is known here."""
        page = self._environment.get_template("stop.html").render(stops=stops_at(status))
        return HTMLResponse(page, status, headers=headers)

    def _draw(
        self, template: str, language: Language, status: int = 200, **facts: object
    ) -> HTMLResponse:
        page = self._environment.get_template(template).render(
            words=WORDS[language],
            language=language,
            languages=tuple(Language),
            bot=self._bot,
            **facts,
        )
        return HTMLResponse(page, status)


def month_name(month: Month, language: Language) -> str:
    """Return the month as people say it: `novembre 2026`."""
    return format_date(month.begins.date(), "LLLL yyyy", locale=language.value)


def signed(cents: Cents, language: Language) -> str:
    """Return an amount with its sign: `+20,00 €`, a real minus for what leaves."""
    sign = "\N{MINUS SIGN}" if cents < 0 else "+" if cents else ""
    return f"{sign}{amount(Cents(abs(cents)), language)}"


def _named(month: Month, language: Language) -> tuple[str, str]:
    return str(month), month_name(month, language)


def _row(line: Line, words: Words, language: Language) -> dict[str, object]:
    return {
        "day": day(line.booked_at, language),
        "what": described(words, line),
        "note": line.note,
        "reference": line.reference,
        "incoming": line.incoming,
        "amount": signed(line.signed, language),
        "balance": amount(line.balance, language),
    }
