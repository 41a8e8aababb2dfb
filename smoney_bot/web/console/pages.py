"""Drawing the pages of the console; nothing is asked of the book here."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from smoney_bot.bank.customers import Language
from smoney_bot.bank.operators import Deed, may
from smoney_bot.channels.x.budget import Budget
from smoney_bot.web.console import formats
from smoney_bot.web.console.codes import told
from smoney_bot.web.console.porter import Visit
from smoney_bot.web.console.words import DONE, STOPS, WHY, speaker


class Pages:
    """The pages, in every language; *budget* turns X's dollars into euros."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._environment = _environment()

    def draw(
        self,
        template: str,
        visit: Visit,
        facts: Mapping[str, object],
        *,
        said: str = "",
        status: int = 200,
    ) -> HTMLResponse:
        """Draw a page for who is signed in; *said* is the deed that led here."""
        role = visit.operator.role
        page = self._template(
            template,
            visit.session.language,
            visit=visit,
            operator=visit.operator,
            may={deed.name.lower(): may(role, deed) for deed in Deed},
            budget=self._budget,
            said=DONE.get(said, ""),
            **facts,
        )
        return HTMLResponse(page, status)

    def sign_in(self, language: Language, *, refused: bool = False) -> HTMLResponse:
        """Ask for a name, a password and the authenticator's digits."""
        page = self._template("sign_in.html", language, refused=refused)
        return HTMLResponse(page, 401 if refused else 200)

    def stop(
        self,
        status: int,
        visit: Visit | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        why: str = "",
    ) -> HTMLResponse:
        """Say why it goes no further: to who is signed in in their language, else in both."""
        sentence = WHY[why] if why else STOPS.get(status, STOPS[400])
        if visit is not None:
            return self.draw("refused.html", visit, {"sentence": sentence}, status=status)
        page = self._template("stop.html", Language.FRENCH, sentence=sentence)
        return HTMLResponse(page, status, headers=headers)

    def _template(self, template: str, language: Language, **facts: object) -> str:
        speak = speaker(language)
        return self._environment.get_template(template).render(
            _=speak,
            told=partial(told, language=language),
            language=language,
            languages=tuple(Language),
            money=partial(formats.money, language=language),
            cost=partial(formats.cost, language=language),
            moment=partial(formats.moment, language=language),
            since=partial(formats.since, language=language),
            **facts,
        )


def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("smoney_bot.web.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
