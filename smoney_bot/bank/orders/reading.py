"""From words to an order: pure, and the same before and after codes are hidden."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from smoney_bot.bank.customers import Language
from smoney_bot.bank.messages import ClearMessage, Form, Message
from smoney_bot.bank.orders import asking, consulting, grammar, naming
from smoney_bot.bank.orders.address import Address, Span, find_address
from smoney_bot.bank.orders.correction import correct
from smoney_bot.bank.orders.kinds import (
    AskBalance,
    AskHelp,
    AskHistory,
    AskReceipt,
    AskStatement,
    Bot,
    Cancel,
    Freeze,
    GiveCode,
    GoPrivate,
    GoPublic,
    NotAnOrder,
    NotUnderstood,
    Order,
    Pay,
    Payee,
    Renew,
    Resume,
    Speak,
    Stop,
)
from smoney_bot.bank.orders.words import may_lead, note

#: A longer text is no order: it bounds the time that one reading takes.
TEXT_LONGEST = 4000

#: French and English share a row: same order, two words.
_KEYWORDS: Mapping[str, Order] = {
    **dict.fromkeys(("solde", "balance"), AskBalance()),
    **dict.fromkeys(("historique", "history"), AskHistory()),
    **dict.fromkeys(("releve", "relevé", "statement"), AskStatement()),
    **dict.fromkeys(("prive", "privé", "private"), GoPrivate()),
    **dict.fromkeys(("public",), GoPublic()),
    **dict.fromkeys(("gel", "geler", "freeze"), Freeze()),
    **dict.fromkeys(("aide", "help"), AskHelp()),
    **dict.fromkeys(("arret", "arrêt", "stop"), Stop()),
    **dict.fromkeys(("reprendre", "resume"), Resume()),
    **dict.fromkeys(("renouveler", "renew"), Renew()),
    **dict.fromkeys(("fr", "francais", "français"), Speak(Language.FRENCH)),
    **dict.fromkeys(("en", "anglais", "english"), Speak(Language.ENGLISH)),
}


@dataclass(frozen=True, slots=True)
class Reading:
    """An order and where things stand in its text.

    `code` is where a code stands, whatever the order makes of it; the digits
    in `kept` are no code.
    """

    order: Order
    code: Span | None = None
    kept: tuple[Span, ...] = ()


def read(message: ClearMessage | Message, bot: Bot) -> Order:
    """Return what *message* asks of the bank; any text gives an order, never an error."""
    return understand(message, bot).order


def understand(message: ClearMessage | Message, bot: Bot) -> Reading:
    """Return the order in *message* and where its parts stand."""
    address = None if message.form is Form.QUOTE else find_address(message, bot)
    if address is None:
        return Reading(NotAnOrder())
    readable = len(message.text) <= TEXT_LONGEST and may_lead(address.lead)
    found = _match(message, address) if readable else None
    found = found or Reading(_missed(message, address, bot))
    return replace(found, kept=(*found.kept, address.name)) if address.name else found


def _match(message: ClearMessage | Message, address: Address) -> Reading | None:
    """Return what the grammar makes of the part behind the bot's name, if anything."""
    rules = grammar.PUBLIC if message.public else grammar.PRIVATE
    where = (message.text, address.start, address.end)
    if found := rules.pay.fullmatch(*where):
        return _pay(found, address)
    if consulted := consulting.match(message.text, address, public=message.public):
        return Reading(*consulted)
    if found := rules.keyword.fullmatch(*where):
        return _keyword(found)
    if found := rules.cancel.fullmatch(*where):
        return _named(found, Cancel)
    if found := rules.receipt.fullmatch(*where):
        return _named(found, AskReceipt)
    if asked := asking.match(message.text, address, public=message.public):
        return Reading(*asked)
    if named := naming.match(message.text, address, public=message.public):
        return Reading(*named)
    if not message.public and (found := grammar.CODE_ALONE.fullmatch(*where)):
        return Reading(GiveCode(found.start("code")), found.span("code"))
    return None


def _pay(found: re.Match[str], address: Address) -> Reading | None:
    amount, tag = grammar.amount_in(found), found["tag"]
    code, said = _code(found), found["words"] or ""
    if code is None and (last := grammar.CODE_LAST.fullmatch(found.string, *_words_at(found))):
        code, said = last.span("code"), last["words"]
    words = note(said, code_length=len(found["code"] or ""))
    if amount is None or words is None or (tag and not grammar.is_tag(tag)):
        return None
    if code is None and grammar.may_be_code(found):
        return None
    payee_at = (found.start("handle") - 1, found.end("handle"))
    payee = Payee(found["handle"], address.x_id_at(*payee_at))
    amount_at = found.span("number")
    kept = (amount_at, payee_at, *([found.span("tag")] if tag else []))
    return Reading(Pay(amount, payee, tag, _start(code), words, amount_at), code, kept)


def _words_at(found: re.Match[str]) -> Span:
    """Return from where the words stand, to the end: nowhere if there are none."""
    return (found.start("words"), found.end()) if found["words"] else (0, 0)


def _keyword(found: re.Match[str]) -> Reading | None:
    order, code = _KEYWORDS.get(found["keyword"].lower()), _code(found)
    if order is None:
        return None
    return Reading(GoPublic(_start(code)) if isinstance(order, GoPublic) else order, code)


def _named(found: re.Match[str], order: type[Cancel | AskReceipt]) -> Reading | None:
    """Return what is asked about the payment whose reference was *found*."""
    reference = grammar.reference_in(found)
    if reference is None:
        return None
    return Reading(order(reference), _code(found), (found.span("reference"),))


def _code(found: re.Match[str]) -> Span | None:
    return found.span("code") if found["code"] else None


def _start(code: Span | None) -> int | None:
    return code[0] if code else None


def _missed(message: ClearMessage | Message, address: Address, bot: Bot) -> Order:
    """Return what a text is that the grammar does not know.

    People may talk about the bot in public; who writes a `#` (or its full-width
    twin) to it means an order.
    """
    said = message.text[max(message.body[0], 0) : message.body[1]]
    if message.public and "#" not in said and "\uff03" not in said:
        return NotAnOrder()
    words = message.text[address.start : address.end]
    begun = asking.missed(words) or consulting.missed(words)
    return begun or NotUnderstood(correct(words, bot))
