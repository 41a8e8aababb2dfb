"""Replies: the words for what the bank says; those for a refusal stand in `refusals`.

The sentences are English; `locales` has the other languages, and
`languages` tells how to bring them up to date.

What a post may say (X's rules, and ours): no link and nothing that looks like
one, no @mention, at most 280 weighted signs, no balance and no note; always the
reference, which makes it unique. A refusal always says that nothing was paid.
No reply ever asks for a code.
"""

from __future__ import annotations

from typing import assert_never

from smoney_bot.bank import (
    answers,
    asking_words,
    asks,
    branch,
    branch_words,
    collection_words,
    collections,
    holding_words,
    holds,
    receipt_words,
    receipts,
    refund_words,
    refunds,
    refusals,
)
from smoney_bot.bank.customers import Language
from smoney_bot.bank.errors import Refused
from smoney_bot.bank.languages import Voice, amount

__all__ = ["DEFAULT_LANGUAGE", "amount", "render"]

#: Spoken to people whom the bank does not know.
DEFAULT_LANGUAGE = Language.FRENCH

#: From this many codes left on, the customer is told to ask for a new card.
FEW_CODES = 5

#: Nobody else's business: in public only "answered by direct message" is said of them.
_CONFIDENTIAL = (
    answers.Received,
    answers.BalanceIs,
    answers.HistoryIs,
    answers.RenewalOpen,
    answers.RenewDirectly,
    asks.Answer,
    refunds.Answer,
    branch.Answer,
    receipts.Answer,
)


def render(
    said: answers.Answer | Refused,
    language: Language,
    *,
    public: bool,
    reference: str,
    code_seen: bool = True,
    pin_voided: bool = True,
) -> str:
    """Return the words for *said* in *language*.

    *public*: everybody will read them. *reference* names the reply. *code_seen*: the
    message that is answered showed something like a code. *pin_voided*: a PIN shown in
    public is void. Raises `TypeError` for a kind of refusal that has no words here.
    """
    if isinstance(said, answers.Speaking):
        language = said.language
    if public and isinstance(said, _CONFIDENTIAL):
        said = answers.SeeMessages()
    voice = Voice(language, reference)
    if isinstance(said, Refused):
        return refusals.words(
            voice, said, public=public, code_seen=code_seen, pin_voided=pin_voided
        )
    return _answer(voice, said, public=public)


def _answer(voice: Voice, said: answers.Answer, *, public: bool) -> str:
    if isinstance(said, asks.Answer):
        return asking_words.words(voice, said)
    if isinstance(said, collections.Answer):
        return collection_words.words(voice, said)
    if isinstance(said, refunds.Answer):
        return refund_words.words(voice, said)
    if isinstance(said, branch.Answer):
        return branch_words.words(voice, said)
    if isinstance(said, receipts.Answer):
        return receipt_words.words(voice, said)
    match said:
        case answers.Paid():
            return " ".join([_paid(voice, said), *_about_code(voice, said)])
        case answers.Received():
            return _received(voice, said)
        case answers.Waiting() | answers.Cancelled():
            return _waiting(voice, said, public=public)
        case answers.BalanceIs():
            return receipt_words.balance(voice, said)
        case answers.HistoryIs(lines):
            return receipt_words.history(voice, lines)
        case answers.RenewalOpen() | answers.RenewDirectly():
            return _renewal(voice, said)
        case answers.Help():
            return _help_in_public(voice) if public else _help(voice)
        case holds.SetAside():
            set_aside = holding_words.words(voice, said)
            return " ".join([set_aside, *_about_code(voice, said), _undo(voice)])
        case holds.TakenBack() | holds.CameBack() | holds.Arrived():
            return holding_words.words(voice, said)
        case answers.SeeMessages():
            return voice.gettext("Answered by direct message (ref. %(reference)s).")
        case answers.Unreachable():
            return voice.gettext(
                "X did not let my answer through (ref. %(reference)s)."
                " To read it, allow my direct messages and send me #help."
            )
        case answers.WriteFirst():
            return voice.gettext(
                "This answer is private (ref. %(reference)s). X lets me write to you only"
                " after you have written to me: send me a direct message, #help for instance."
            )
        case _:
            return _changed(voice, said)


_Change = (
    answers.PrivateNow
    | answers.PublicNow
    | answers.FrozenNow
    | answers.Stopped
    | answers.Resumed
    | answers.Speaking
)


def _changed(voice: Voice, said: _Change) -> str:
    """Return the words for a change in how the bank serves a customer."""
    match said:
        case answers.PrivateNow():
            text = voice.gettext(
                "Private mode is on (ref. %(reference)s)."
                " From now on I take your orders by direct message only."
            )
        case answers.PublicNow():
            text = voice.gettext(
                "Private mode is off (ref. %(reference)s). I take your orders in posts again."
            )
        case answers.FrozenNow():
            text = voice.gettext(
                "Your account is frozen (ref. %(reference)s)."
                " Nothing leaves it until the operator unfreezes it."
            )
        case answers.Stopped():
            text = voice.gettext(
                "I will not write to you any more (ref. %(reference)s)."
                " Your account stays open. To hear from me again: #resume"
            )
        case answers.Resumed():
            text = voice.gettext("I will write to you again (ref. %(reference)s). Welcome back!")
        case answers.Speaking():
            text = voice.gettext("From now on I answer you in English (ref. %(reference)s).")
        case _:
            assert_never(said)
    return text


def _paid(voice: Voice, said: answers.Paid) -> str:
    return voice.gettext(
        "Paid %(amount)s to %(payee)s (ref. %(reference)s).",
        amount=voice.amount(said.amount),
        payee=_payee(voice, said),
    )


def _payee(voice: Voice, said: answers.Paid | answers.Waiting) -> str:
    return collection_words.payee(voice, said.payee, tag=said.tag, verified=said.verified)


def _about_code(voice: Voice, said: answers.Paid | holds.SetAside) -> list[str]:
    sentences = []
    if said.place is not None and said.codes_left is not None:
        sentences.append(_card(voice, said.place, said.codes_left))
    if said.pin_void:
        sentences.append(
            voice.gettext(
                "Everybody could read your PIN, so it is void."
                " To choose a new one: #renew, by direct message."
            )
        )
    return sentences


def _waiting(voice: Voice, said: answers.Waiting | answers.Cancelled, *, public: bool) -> str:
    money = voice.amount(said.amount)
    if isinstance(said, answers.Cancelled):
        return voice.gettext(
            "Cancelled (ref. %(reference)s): %(amount)s will not go to %(payee)s.",
            amount=money,
            payee=said.payee,
        )
    noted = voice.gettext(
        "Noted: %(amount)s to %(payee)s. Nothing is paid yet.",
        amount=money,
        payee=_payee(voice, said),
    )
    if public:
        how = voice.gettext(
            "The order waits 15 minutes to be confirmed by direct message, with #code alone."
        )
    else:
        how = voice.gettext("The order waits 15 minutes to be confirmed here, with #code alone.")
    return f"{noted} {how} {_undo(voice)}"


def _undo(voice: Voice) -> str:
    return voice.gettext("To drop it: #cancel %(reference)s")


def _renewal(voice: Voice, said: answers.RenewalOpen | answers.RenewDirectly) -> str:
    if isinstance(said, answers.RenewDirectly):
        return voice.gettext(
            "New codes are a private matter, and nothing was opened (ref. %(reference)s)."
            " Here, by direct message: #renew"
        )
    return voice.gettext(
        "For 15 minutes (ref. %(reference)s) my page, whose address is on your card,"
        " takes one of your codes together with this word: %(word)s\n"
        "What you have works until the new card, PIN and app do."
        " Was it not you who asked? #freeze",
        word=said.word,
    )


def _card(voice: Voice, place: int, left: int) -> str:
    if left == 0:
        used = voice.gettext("Code %(place)02d was the last one on your card.", place=place)
    else:
        used = voice.ngettext(
            "Code %(place)02d is used up, one left.",
            "Code %(place)02d is used up, %(left)d left.",
            left,
            place=place,
            left=left,
        )
    if left > FEW_CODES:
        return used
    hint = voice.gettext("For a new card: #renew, by direct message.")
    return f"{used} {hint}"


def _received(voice: Voice, said: answers.Received) -> str:
    text = voice.gettext(
        "%(payer)s sent you %(amount)s (ref. %(reference)s).",
        amount=voice.amount(said.amount),
        payer=said.payer,
    )
    if not said.note:
        return text
    # On one line, in quotes, under the payer's name: nobody else speaks in the bank's voice.
    note = " ".join(said.note.split())
    return "\n".join(
        [text, voice.gettext("%(payer)s wrote: “%(note)s”", payer=said.payer, note=note)]
    )


def _help(voice: Voice) -> str:
    return voice.gettext(
        "What you can write to me (ref. %(reference)s):\n"
        "#20 @bob #code thanks → pay bob €20\n"
        "#50 @entraide #garden #code → give to a collection\n"
        "#show my name → beside your gifts, on the pages of collections (#hide my name ends it)\n"
        "#balance → your balance\n"
        "#history → your last payments\n"
        "#statement → your account month by month, on my page\n"
        "#receipt 7K3Q-48 → the facts of one payment\n"
        "#cancel 7K3Q-48 → take back a payment that waits or is set aside\n"
        "#request 12 @bob → ask bob for €12\n"
        "#split 60 @bob @carol → share a bill\n"
        "#advisor my question → ask a person; #card, #loan and #idea reach people too\n"
        "#private → orders by direct message only (#public #code ends it)\n"
        "#renew → a new card, PIN or app\n"
        "#freeze → freeze your account at once\n"
        "#stop → I write to you no more (#resume ends it)\n"
        "#fr → en français\n"
        "I never ask you for a code."
    )


def _help_in_public(voice: Voice) -> str:
    return voice.gettext(
        "To pay (ref. %(reference)s): #20, the payee with an at sign before the name, then #code."
        " Also: #balance, #history, #statement, #show my name, #request, #split, #advisor,"
        " #private, #freeze, #stop. All: #help by direct message. I never ask you for a code."
    )
