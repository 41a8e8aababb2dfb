"""Refusals in words: nothing was paid, and why.

In public they tell the rule but nothing of the author's money; and they say
that a code which everybody has seen is void, right or wrong, because a right
one is used up whatever becomes of its order; a PIN only where the rules void it.
"""

from __future__ import annotations

from typing import assert_never

from smoney_bot.bank import asking_words, errors
from smoney_bot.bank.errors import Refused
from smoney_bot.bank.languages import Voice

#: How an order looks, where nothing can be told of the one that was meant.
_GENERAL_FORM = "#20 @bob #code"

_AboutAuthor = errors.NoAccount | errors.AccountFrozen | errors.AccountClosed | errors.PrivateOnly
_AboutPayee = (
    errors.UnknownPayee
    | errors.NotNamed
    | errors.PayeeIsPayer
    | errors.PayeeUnavailable
    | errors.UnknownCollection
    | errors.CollectionEnded
)
_AboutMoney = errors.OverLimit | errors.OverDayLimit | errors.NotEnoughMoney

#: These leave no right code behind, or speak of the codes themselves.
_NO_CODE_SPENT = (
    errors.NoAccount
    | errors.AccountClosed
    | errors.AnotherWaits
    | errors.CodeMissing
    | errors.SeveralCodes
)

#: These refuse a post, even where they are told by direct message.
_ABOUT_POSTS = errors.AlreadyEdited | errors.PrivateOnly


def words(
    voice: Voice, refused: Refused, *, public: bool, code_seen: bool, pin_voided: bool
) -> str:
    """Return what is said about *refused*; raise `TypeError` if it has no words here.

    *code_seen*: something in the message had the form of a code. *pin_voided*: a PIN
    that was shown in public is void.
    """
    if isinstance(refused, errors.CodeRefused):
        return _code_refused(
            voice, last_chance=refused.last_chance, pin_voided=public and pin_voided
        )
    if isinstance(refused, errors.NothingToCancel):
        return voice.gettext(
            "This order paid nothing and cancelled nothing (ref. %(reference)s)."
            " Payment %(cancelled)s cannot be cancelled, or not any more.",
            cancelled=refused.reference,
        )
    sentences = [
        voice.gettext("Nothing was paid (ref. %(reference)s)."),
        _why(voice, refused, public=public),
    ]
    if code_seen and not isinstance(refused, _NO_CODE_SPENT):
        in_public = public or isinstance(refused, _ABOUT_POSTS)
        sentences.append(_code_spent(voice, pin_voided=in_public and pin_voided))
    if isinstance(refused, errors.Unclear):
        sentences.append(_form(voice, refused.paste or _GENERAL_FORM, public=public))
    return " ".join(sentences)


def _code_refused(voice: Voice, *, last_chance: bool, pin_voided: bool) -> str:
    """Return the one text for every cause (RTS on SCA, article 4(3)(a))."""
    sentences = [
        voice.gettext("Not accepted (ref. %(reference)s). Nothing was paid."),
        _code_spent(voice, pin_voided=pin_voided),
    ]
    if last_chance:
        sentences.append(voice.gettext("One more failure pauses payments for 15 minutes."))
    return " ".join(sentences)


def _code_spent(voice: Voice, *, pin_voided: bool) -> str:
    """Return what the order cost: codes of cards and apps always, a PIN if it is *pin_voided*."""
    if pin_voided:
        return voice.gettext("If a code was in your post it is void.")
    return voice.gettext("If a code of your card or app was in your message it is used up.")


def _form(voice: Voice, line: str, *, public: bool) -> str:
    """Return how to write the order: in public in words, for there X forbids other @handles."""
    if public:
        return voice.gettext(
            "An order is written “%(line)s”, with an at sign before each name.",
            line=line.replace("@", ""),
        )
    return voice.gettext("An order is written like this:\n%(line)s", line=line)


def _why(voice: Voice, refused: Refused, *, public: bool) -> str:
    if isinstance(refused, _AboutAuthor):
        return _about_author(voice, refused)
    if isinstance(refused, _AboutPayee):
        return _about_payee(voice, refused)
    if isinstance(refused, _AboutMoney):
        return _about_money(voice, refused, public=public)
    if isinstance(refused, asking_words.Refusal):
        return asking_words.refusal(voice, refused)
    return _about_message(voice, refused)


def _about_author(voice: Voice, refused: _AboutAuthor) -> str:
    match refused:
        case errors.NoAccount():
            return voice.gettext("You have no account here yet: the operator can open one for you.")
        case errors.AccountFrozen():
            return voice.gettext("Your account is frozen: only the operator can unfreeze it.")
        case errors.AccountClosed():
            return voice.gettext("Your account is closed.")
        case errors.PrivateOnly():
            return voice.gettext("Private mode is on: I take your orders by direct message only.")
        case _:
            assert_never(refused)


def _about_payee(voice: Voice, refused: _AboutPayee) -> str:
    match refused:
        case errors.UnknownPayee(handle):
            return voice.gettext("%(payee)s has no account here.", payee=handle)
        case errors.NotNamed():
            return voice.gettext(
                "X could not tell me in time whose that name is, and names change hands."
                " If you still want it, please write it again."
            )
        case errors.PayeeIsPayer():
            return voice.gettext("You cannot pay yourself.")
        case errors.PayeeUnavailable(handle):
            return voice.gettext(
                "%(payee)s cannot receive this amount at the moment.", payee=handle
            )
        case errors.UnknownCollection(handle, tag):
            return voice.gettext(
                "%(payee)s has no open collection called %(tag)s.", payee=handle, tag=tag
            )
        case errors.CollectionEnded(handle, tag):
            return voice.gettext(
                "The collection %(tag)s of %(payee)s has ended.", payee=handle, tag=tag
            )
        case _:
            assert_never(refused)


def _about_money(voice: Voice, refused: _AboutMoney, *, public: bool) -> str:
    match refused:
        case errors.OverLimit(limit):
            return voice.gettext(
                "A payment like this one is limited to %(limit)s.", limit=voice.amount(limit)
            )
        case errors.OverDayLimit(limit, left):
            rule = voice.gettext(
                "This payment would pass your limit of %(limit)s in 24 hours.",
                limit=voice.amount(limit),
            )
            if public:
                return rule
            rest = voice.gettext("You can still send %(left)s now.", left=voice.amount(left))
            return f"{rule} {rest}"
        case errors.NotEnoughMoney():
            if public:
                return voice.gettext(
                    "This payment is not possible right now."
                    " To see where you stand: #balance, by direct message."
                )
            return voice.gettext("Your balance is too low for this payment.")
        case _:
            assert_never(refused)


def _about_message(voice: Voice, refused: Refused) -> str:
    match refused:
        case errors.Unclear():
            return voice.gettext("I did not understand the order.")
        case errors.AlreadyEdited():
            return voice.gettext(
                "Your post had been edited before I read it, and I trust originals only:"
                " please write a new one."
            )
        case errors.TooLate(hours):
            return voice.gettext(
                "Your order did not reach me in time: I carry out those of the last %(hours)s hours"
                " only. If you still want it, please write it again.",
                hours=hours,
            )
        case errors.AnotherWaits(reference):
            return voice.gettext(
                "Your order %(waiting)s still waits to be confirmed by direct message."
                " To drop it: #cancel %(waiting)s",
                waiting=reference,
            )
        case errors.NothingWaits():
            return voice.gettext("No order of yours waits to be confirmed.")
        case errors.CodeMissing():
            return voice.gettext("The order did not end with its #code.")
        case errors.SeveralCodes():
            return voice.gettext(
                "There was more than one code in it, and an order has only one."
                " Strike out on your card those that you wrote."
            )
        case _:
            message = f"there are no words for the refusal {refused.reason}"
            raise TypeError(message)
