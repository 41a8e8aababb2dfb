"""The words about associations, their collections, and those who give."""

from __future__ import annotations

from typing import assert_never

from smoney_bot.bank import collections
from smoney_bot.bank.languages import Voice


def payee(voice: Voice, handle: str, *, tag: str | None, verified: bool) -> str:
    """Return how a payee is named to the payer, who reads that it is the right one.

    *verified*: an operator has opened the account for an association. *tag*: it is
    a gift to this collection of theirs.
    """
    if tag is not None:
        return voice.gettext(
            "the collection %(tag)s (%(payee)s, verified association)", tag=tag, payee=handle
        )
    if verified:
        return voice.gettext("%(payee)s (verified association)", payee=handle)
    return handle


def words(voice: Voice, said: collections.Answer) -> str:
    """Return the words for *said*."""
    match said:
        case collections.NameShown():
            return voice.gettext(
                "The pages of collections show your name beside your gifts (ref. %(reference)s)."
                " To end it: #hide my name"
            )
        case collections.NameHidden():
            return voice.gettext(
                "The pages of collections show your gifts without your name (ref. %(reference)s)."
            )
        case collections.GiftReturned(amount, tag):
            return voice.gettext(
                "The collection %(tag)s has not reached its goal: your gift of %(amount)s"
                " is back in your account (ref. %(reference)s).",
                tag=tag,
                amount=voice.amount(amount),
            )
        case collections.PaidOut(total):
            return voice.gettext(
                "Your collection %(reference)s has ended: %(total)s went to your account.",
                total=voice.amount(total),
            )
        case collections.NotReached():
            return voice.gettext(
                "Your collection %(reference)s has ended below its goal:"
                " every gift has gone back to its giver."
            )
        case _:
            assert_never(said)
