"""The words about money that is held for somebody without an account."""

from __future__ import annotations

from typing import assert_never

from smoney_bot.bank import holds
from smoney_bot.bank.languages import Voice


def words(voice: Voice, said: holds.Answer) -> str:
    """Return the words for *said*; of a code used, and how to undo it, `replies` speaks."""
    facts = {"amount": voice.amount(said.amount), "payee": said.payee}
    match said:
        case holds.SetAside():
            return voice.ngettext(
                "%(amount)s set aside for %(payee)s, who has no account here."
                " Yours again in one day if nothing changes.",
                "%(amount)s set aside for %(payee)s, who has no account here."
                " Yours again in %(days)d days if nothing changes.",
                said.days,
                days=said.days,
                **facts,
            )
        case holds.TakenBack():
            return voice.gettext(
                "Cancelled (ref. %(reference)s): %(amount)s is back in your account,"
                " and %(payee)s gets nothing.",
                **facts,
            )
        case holds.CameBack():
            return voice.gettext(
                "%(amount)s is back in your account (ref. %(reference)s):"
                " it could not be paid to %(payee)s in time.",
                **facts,
            )
        case holds.Arrived():
            return voice.gettext(
                "%(payee)s has an account now, and your %(amount)s is in it (ref. %(reference)s).",
                **facts,
            )
        case _:
            assert_never(said)
