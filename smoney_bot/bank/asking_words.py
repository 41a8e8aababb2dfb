"""The words about asks: all of them are said by direct message alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from smoney_bot.bank import asks, errors
from smoney_bot.bank.asks import Part
from smoney_bot.bank.languages import Voice

#: What this module has the words for.
Refusal = (
    errors.DirectOnly
    | errors.CannotBeAsked
    | errors.AskedIsAsker
    | errors.TooManyAsks
    | errors.TooLittleToShare
    | errors.NothingAsked
)


def words(voice: Voice, said: asks.Answer) -> str:
    """Return the words for *said*."""
    match said:
        case asks.Asked() | asks.Shared() | asks.AsksTakenBack() | asks.AsksOver():
            return _to_asker(voice, said)
        case asks.AskedFor():
            return _asked_for(voice, said)
        case asks.Declined(asker):
            return voice.gettext(
                "Declined (ref. %(reference)s): %(asker)s gets nothing, and is told so.",
                asker=asker,
            )
        case asks.WasDeclined():
            return voice.gettext(
                "%(asked)s does not pay the %(amount)s that you asked for as %(ask)s"
                " (ref. %(reference)s).",
                asked=said.asked,
                amount=voice.amount(said.amount),
                ask=said.reference,
            )
        case asks.BlockedNow(other):
            return voice.gettext(
                "%(other)s can ask you for nothing any more, and does not learn of it"
                " (ref. %(reference)s). To undo: #unblock @%(other)s",
                other=other,
            )
        case asks.UnblockedNow(other):
            return voice.gettext("%(other)s can ask you again (ref. %(reference)s).", other=other)
        case _:
            assert_never(said)


def _to_asker(
    voice: Voice, said: asks.Asked | asks.Shared | asks.AsksTakenBack | asks.AsksOver
) -> str:
    match said:
        case asks.Asked():
            return voice.gettext(
                "I asked %(asked)s for %(amount)s. It ends by itself in %(time)s."
                " To take it back: #cancel %(reference)s",
                asked=said.asked,
                amount=voice.amount(said.amount),
                time=_time(voice, said.days),
            )
        case asks.Shared():
            return _shared(voice, said)
        case asks.AsksTakenBack():
            title = voice.gettext(
                "Taken back (ref. %(reference)s). Of %(ask)s can be paid no more:",
                ask=said.reference,
            )
            return "\n".join([title, *_listed(voice, said.parts)])
        case asks.AsksOver():
            title = voice.gettext("What you asked for has ended (ref. %(reference)s). Not paid:")
            return "\n".join([title, *_listed(voice, said.parts)])
        case _:
            assert_never(said)


def _shared(voice: Voice, said: asks.Shared) -> str:
    title = voice.gettext("%(total)s shared. I asked:", total=voice.amount(said.total))
    own = voice.gettext("you: %(amount)s", amount=voice.amount(said.own))
    rule = voice.gettext(
        "Cents that cannot be shared go one each to the first named; your share comes last."
        " It ends by itself in %(time)s. To take it back: #cancel %(reference)s",
        time=_time(voice, said.days),
    )
    return "\n".join([title, *_listed(voice, said.parts), own, rule])


def _time(voice: Voice, days: int) -> str:
    return voice.ngettext("one day", "%(days)d days", days, days=days)


def _listed(voice: Voice, parts: Iterable[Part]) -> list[str]:
    return [
        voice.gettext("%(name)s: %(amount)s", name=part.name, amount=voice.amount(part.amount))
        for part in parts
    ]


def _asked_for(voice: Voice, said: asks.AskedFor) -> str:
    facts = {"asker": said.asker, "amount": voice.amount(said.amount)}
    lines = [voice.gettext("%(asker)s asks you for %(amount)s.", **facts)]
    if said.note:
        note = " ".join(said.note.split())  # on one line: nobody else speaks in the bank's voice
        lines.append(voice.gettext("%(payer)s wrote: “%(note)s”", payer=said.asker, note=note))
    lines.append(
        voice.gettext(
            "You owe nothing by being asked: pay only what you know of. It ends in %(time)s.\n"
            "#pay %(reference)s #code → pay\n"
            "#decline in place of #pay, without a code → do not pay\n"
            "#block @%(asker)s → hear no more of it",
            time=_time(voice, said.days),
            **facts,
        )
    )
    return "\n".join(lines)


def refusal(voice: Voice, refused: Refusal) -> str:
    """Return why an order about asks was *refused*."""
    match refused:
        case errors.DirectOnly():
            return voice.gettext("I take requests, and answers to them, by direct message only.")
        case errors.CannotBeAsked(handle):
            return voice.gettext(
                "I may not write to %(asked)s, who has to write to me first. Nobody was asked.",
                asked=handle,
            )
        case errors.AskedIsAsker():
            return voice.gettext("That is yourself.")
        case errors.TooManyAsks(limit, None):
            return voice.gettext(
                "No more than %(limit)s of your requests can be unpaid at a time, and those taken"
                " back or declined count for 24 hours. Nobody was asked.",
                limit=limit,
            )
        case errors.TooManyAsks(limit, handle):
            return voice.gettext(
                "%(limit)s of your requests to %(asked)s are unpaid, and those taken back or"
                " declined count for 24 hours. Nobody was asked.",
                limit=limit,
                asked=handle,
            )
        case errors.TooLittleToShare():
            return voice.gettext("That is less than a cent for each. Nobody was asked.")
        case errors.NothingAsked(reference):
            return voice.gettext(
                "Of %(ask)s nothing is open for you, or not any more.", ask=reference
            )
        case _:
            assert_never(refused)
