"""Drawing the page of a collection: templates and words; nothing is asked of the book here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from smoney_bot.bank.collections import CollectionState
from smoney_bot.bank.customers import Language
from smoney_bot.bank.languages import amount, day
from smoney_bot.web.collections.stops import stops_at
from smoney_bot.web.collections.view import View
from smoney_bot.web.collections.words import WORDS, Words

#: What the line to post proposes, in euros.
_EXAMPLE = 20

#: A page may be shown again for so long: a shared one is asked for by many at once.
_CACHE = {"Cache-Control": "public, max-age=10", "Vary": "Accept-Language"}

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


class Pages:
    """The pages of collections; *public_url*, if known, is where they are shared."""

    def __init__(self, bot_handle: str, public_url: str | None = None) -> None:
        self._bot = bot_handle
        self._public_url = (public_url or "").rstrip("/")
        self._environment = Environment(
            loader=PackageLoader("smoney_bot.web.collections"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def collection(self, view: View, language: Language) -> HTMLResponse:
        """Return the page of one collection."""
        words, one = WORDS[language], view.collection
        total, goal = amount(view.standing.total, language), amount(one.goal, language)
        page = self._environment.get_template("collection.html").render(
            words=words,
            language=language,
            languages=tuple(Language),
            bot=self._bot,
            address=f"{self._public_url}/c/{one.tag}" if self._public_url else "",
            view=view,
            total=total,
            goal=words.of_goal.format(goal=goal),
            percent=words.percent.format(percent=view.percent),
            summary=words.summary.format(total=total, goal=goal, owner=view.owner),
            gifts=_gifts(view, words),
            time_left=_time_left(view, words, language),
            state=_state(view, words).format(total=total),
            example=_EXAMPLE,
            latest=[
                (amount(gift.amount, language), gift.handle, day(gift.given_at, language))
                for gift in view.latest
            ],
        )
        return HTMLResponse(page, headers=_CACHE)

    def stop(self, status: int, headers: Mapping[str, str] | None = None) -> HTMLResponse:
        """Say in every language why there is no page."""
        page = self._environment.get_template("stop.html").render(stops=stops_at(status))
        return HTMLResponse(page, status, headers={"Cache-Control": "no-store", **(headers or {})})


def _gifts(view: View, words: Words) -> str:
    count = view.standing.gifts
    return words.counted(words.gift, count) if count else words.no_gift


def _time_left(view: View, words: Words, language: Language) -> str:
    """Return how long it still goes, or "" once it has ended."""
    if not view.takes_gifts:
        return ""
    end = view.collection.ends_at
    if end is None:
        return words.no_end
    left = end - view.now
    form, unit = (words.days, _DAY) if left > _DAY else (words.hours, _HOUR)
    counted = words.counted(form, -(-left // unit))  # rounded up: there is always some left
    return f"{counted}, {words.until.format(day=day(_last_moment(end), language))}"


def _last_moment(end: datetime) -> datetime:
    return end - timedelta(microseconds=1)


def _state(view: View, words: Words) -> str:
    """Return what has become of it, or "" while it is simply open."""
    one = view.collection
    match one.state:
        case CollectionState.PAID_OUT:
            return words.paid_out
        case CollectionState.RETURNED:
            return words.returned
    if not view.takes_gifts:
        return words.returning if one.fails else words.closed
    return words.reached if one.state is CollectionState.REACHED else ""
