"""The words about money that has moved: balance, history, receipt, the way to the statement."""

from __future__ import annotations

from typing import assert_never

from smoney_bot.bank import answers, receipts
from smoney_bot.bank.customers import Language
from smoney_bot.bank.languages import Voice, amount, day
from smoney_bot.bank.links import unlinked
from smoney_bot.bank.receipts import Fate, Receipt


def words(voice: Voice, said: receipts.Answer) -> str:
    """Return the words for *said*."""
    match said:
        case receipts.ReceiptIs(receipt):
            return _receipt(voice, receipt)
        case receipts.NoReceipt(asked):
            return voice.gettext(
                "You have no payment of that reference (ref. %(reference)s): %(asked)s",
                asked=asked,
            )
        case receipts.StatementOpen(word):
            return voice.gettext(
                "For 15 minutes (ref. %(reference)s) my page, whose address is on your card,"
                " shows your statement for one of your codes together with this word: %(word)s\n"
                "Was it not you who asked? #freeze",
                word=word,
            )
        case receipts.StatementDirectly():
            return voice.gettext(
                "Your statement is a private matter, and nothing was opened (ref. %(reference)s)."
                " Here, by direct message: #statement"
            )
        case _:
            assert_never(said)


def balance(voice: Voice, said: answers.BalanceIs) -> str:
    """Return what can be spent and, apart from it, what is set aside."""
    can_spend = voice.gettext(
        "Your balance is %(balance)s (ref. %(reference)s).", balance=voice.amount(said.balance)
    )
    if not said.held:
        return can_spend
    aside = voice.gettext(
        "Set aside besides, for people without an account: %(held)s.",
        held=voice.amount(said.held),
    )
    return f"{can_spend} {aside}"


def history(voice: Voice, lines: tuple[answers.HistoryLine, ...]) -> str:
    """Return the last payments, a line for each, newest first."""
    if not lines:
        return voice.gettext("No payment yet (ref. %(reference)s).")
    title = voice.gettext("Your last payments (ref. %(reference)s):")
    told = [title, *(_history_line(line, voice.language) for line in lines)]
    if any(line.held for line in lines):
        told.append(voice.gettext("* set aside: nobody has it yet"))
    if any(line.undone for line in lines):
        told.append(voice.gettext("** given back to the payer since"))
    return "\n".join(told)


def _history_line(line: answers.HistoryLine, language: Language) -> str:
    sign = "+" if line.incoming else "\N{MINUS SIGN}"
    when = day(line.booked_at, language)
    mark = " *" if line.held else " **" if line.undone else ""
    return f"{when}  {sign}{amount(line.amount, language)}  {line.other}  {line.reference}{mark}"


def _receipt(voice: Voice, one: Receipt) -> str:
    payee = f"{one.payee} #{one.tag}" if one.tag else one.payee
    lines = [
        voice.gettext("Receipt (ref. %(reference)s) of payment %(paid)s:", paid=one.reference),
        voice.gettext(
            "%(amount)s from %(payer)s to %(payee)s, %(day)s.",
            amount=voice.amount(one.amount),
            payer=one.payer,
            payee=payee,
            day=day(one.at, voice.language),
        ),
        _fate(voice, one.fate),
    ]
    if one.note:
        # On one line and in quotes: nobody else speaks in the bank's voice.
        note = " ".join(unlinked(one.note).split())
        lines.append(voice.gettext("Note: “%(note)s”", note=note))
    return "\n".join(lines)


def _fate(voice: Voice, fate: Fate) -> str:
    match fate:
        case Fate.WAITING:
            text = voice.gettext("Not paid: it still waits for its code.")
        case Fate.HELD:
            text = voice.gettext("Set aside until the payee has an account.")
        case Fate.BOOKED:
            text = voice.gettext("Paid.")
        case Fate.REFUSED:
            text = voice.gettext("Not paid: it was refused.")
        case Fate.RETURNED:
            text = voice.gettext("Given back to the payer.")
        case Fate.EXPIRED:
            text = voice.gettext("Not paid: its code did not come in time.")
        case Fate.CANCELLED:
            text = voice.gettext("Not paid: the payer took it back.")
        case Fate.REFUNDED:
            text = voice.gettext("Paid, and given back to the payer later.")
        case _:
            assert_never(fate)
    return text
