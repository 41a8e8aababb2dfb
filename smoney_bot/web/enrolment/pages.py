"""Drawing the pages: templates, words and the QR; nothing is asked of the book here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import segno
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from smoney_bot.bank.codes import CARD_LIFE
from smoney_bot.bank.customers import Language
from smoney_bot.bank.languages import day
from smoney_bot.web.enrolment.choices import Mistake
from smoney_bot.web.enrolment.clerk import Visit, WrongCode
from smoney_bot.web.enrolment.porter import NotAdmitted
from smoney_bot.web.enrolment.staging import Drawn
from smoney_bot.web.enrolment.stops import stops_at
from smoney_bot.web.enrolment.words import WORDS

#: What was typed cannot be taken; the page says why.
_UNPROCESSABLE = 422


class Pages:
    """The pages of one bot, in every language.

    *public_url* is printed on the card: there its holder renews it. None prints nothing.
    """

    def __init__(self, bot_handle: str, public_url: str | None = None) -> None:
        self._bot = bot_handle
        self._address = _address(public_url) if public_url else ""
        self._environment = _environment()

    def renew(self, language: Language, error: Mistake | NotAdmitted | None = None) -> HTMLResponse:
        """Ask for the word of a renewal and a code; nothing typed is ever shown again."""
        words = WORDS[language]
        match error:
            case NotAdmitted():
                said = words.not_admitted
            case Mistake():
                said = words.mistake[error]
            case None:
                said = ""
        return self._draw("renew.html", language, error=said)

    def choose(
        self, visit: Visit, token: str, language: Language, mistake: Mistake | None = None
    ) -> HTMLResponse:
        """Ask for a PIN, and whether this is the right person."""
        error = WORDS[language].mistake[mistake] if mistake else ""
        return self._draw(
            "choose.html",
            language,
            error=error,
            token=token,
            handle=visit.customer.handle,
            has_card=visit.invitation.staged is not None,
        )

    def card(self, visit: Visit, drawn: Drawn, token: str, language: Language) -> HTMLResponse:
        """Show the card and the app's secret, this once, and ask for a first code."""
        expires = datetime.now(UTC) + CARD_LIFE
        return self._draw(
            "card.html",
            language,
            token=token,
            handle=visit.customer.handle,
            payee="alice" if visit.customer.handle.lower() == "bob" else "bob",
            drawn=drawn,
            until=day(expires, language),
            address=self._address,
        )

    def ask_code(
        self, token: str, language: Language, error: Mistake | WrongCode | None = None
    ) -> HTMLResponse:
        """Ask for a first code, once more."""
        words = WORDS[language]
        match error:
            case WrongCode():
                said = words.wrong_code(error.tries_left)
            case Mistake():
                said = words.mistake[error]
            case None:
                said = ""
        return self._draw("code.html", language, error=said, token=token)

    def done(self, language: Language) -> HTMLResponse:
        """Say that all is in place, and what to do next."""
        return self._draw("done.html", language)

    def stop(self, status: int, headers: Mapping[str, str] | None = None) -> HTMLResponse:
        """Say in every language why it goes no further: nobody is known here."""
        page = self._environment.get_template("stop.html").render(stops=stops_at(status))
        return HTMLResponse(page, status, headers=headers)

    def _draw(
        self, template: str, language: Language, *, error: str = "", **facts: object
    ) -> HTMLResponse:
        page = self._environment.get_template(template).render(
            words=WORDS[language],
            language=language,
            languages=tuple(Language),
            bot=self._bot,
            error=error,
            **facts,
        )
        return HTMLResponse(page, _UNPROCESSABLE if error else 200)


def qr(text: str) -> Markup:
    """Return *text* as a QR code: SVG to stand in the page, dark on light in any scheme."""
    code = segno.make(text, error="m", micro=False)
    drawn = code.svg_inline(border=4, dark="#16302b", light="#ffffff", omitsize=True)
    return Markup(drawn)  # noqa: S704 - segno's own drawing; the text is in its modules only


def _address(public_url: str) -> str:
    """Return the address of the page as people type it, without https://."""
    return public_url.rstrip("/").removeprefix("https://") + "/enrolment"


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("smoney_bot.web.enrolment"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["qr"] = qr
    return environment
