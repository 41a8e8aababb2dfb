"""The words about requests for the desk: all of them are said by direct message alone."""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from smoney_bot.bank import branch
from smoney_bot.bank.branch import RequestKind
from smoney_bot.bank.customers import Language
from smoney_bot.bank.languages import Voice, day

#: What a customer writes to go on, as it is written in their language.
_WORDS = {
    Language.FRENCH: ("conseiller", "carte", "credit", "idee"),
    Language.ENGLISH: ("advisor", "card", "loan", "idea"),
}


def words(voice: Voice, said: branch.Answer) -> str:
    """Return the words for *said*."""
    match said:
        case branch.RequestOpened():
            sentences = [_opened(voice, said.kind), _due(voice, said.due_at), _more(voice, said)]
        case branch.RequestWaits():
            sentences = _waits(voice, said)
        case branch.WriteToDesk():
            return voice.gettext(
                "Our advisors answer by direct message only, and nothing was opened"
                " (ref. %(reference)s). Here, for instance: #advisor and your question"
            )
        case branch.DeskAnswered(kind, text):
            return voice.gettext(
                "Our answer to your request %(reference)s:\n%(words)s\n"
                "To go on: #%(order)s and your words. We never ask you for a code.",
                words=text,
                order=_order(voice, kind),
            )
        case branch.RequestClosed(kind):
            return voice.gettext(
                "Your request %(reference)s is closed. To open another: #%(order)s",
                order=_order(voice, kind),
            )
        case _:
            assert_never(said)
    if said.code_seen:
        sentences.append(
            voice.gettext("If a code of your card or app was in your message it is used up.")
        )
    return " ".join(sentences)


def _opened(voice: Voice, kind: RequestKind) -> str:
    match kind:
        case RequestKind.HELP:
            return voice.gettext("Your question is with our advisors (ref. %(reference)s).")
        case RequestKind.CARD:
            return voice.gettext(
                "Your request about a card is with our advisors (ref. %(reference)s):"
                " people decide on it, not I."
            )
        case RequestKind.LOAN:
            return voice.gettext(
                "Your request about a loan is with our advisors (ref. %(reference)s):"
                " people decide on it, not I. Nothing is granted yet."
            )
        case RequestKind.IDEA:
            return voice.gettext("Thank you for your idea (ref. %(reference)s).")
        case _:
            assert_never(kind)


def _waits(voice: Voice, said: branch.RequestWaits) -> list[str]:
    if said.words_added:
        first = voice.gettext(
            "Added to your request %(request)s (ref. %(reference)s).", request=said.request
        )
    else:
        first = voice.gettext(
            "Your request %(request)s is open (ref. %(reference)s).", request=said.request
        )
    if not said.late:
        return [first, _due(voice, said.due_at), _more(voice, said)]
    late = voice.gettext(
        "You should have had an answer by %(moment)s: we are sorry, it comes as soon as we can.",
        moment=_moment(voice, said.due_at),
    )
    return [first, late]


def _due(voice: Voice, due_at: datetime) -> str:
    return voice.gettext("You get an answer here by %(moment)s.", moment=_moment(voice, due_at))


def _more(voice: Voice, said: branch.RequestOpened | branch.RequestWaits) -> str:
    order = _order(voice, said.kind)
    return voice.gettext("To add something: #%(order)s and your words.", order=order)


def _order(voice: Voice, kind: RequestKind) -> str:
    return _WORDS[voice.language][list(RequestKind).index(kind)]


def _moment(voice: Voice, at: datetime) -> str:
    """Return a moment to the minute, by the clock that it brings."""
    return voice.gettext("%(day)s at %(time)s", day=day(at, voice.language), time=f"{at:%H:%M}")
