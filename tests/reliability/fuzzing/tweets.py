"""Orders as strangers write them: nearly right, then bent in every way that Unicode has."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from strange_signs import UNSEEN, look_alikes, other_digits

from smoney_bot.bank.messages import ClearMessage, Form, Mention
from smoney_bot.bank.orders import Bot

BOT = Bot("222222222", "Smoney")
#: Whom X knows; the others have no account there.
X_IDS = {"smoney": "222222222", "bob": "333333333", "kassandra_2": "444444444", "entraide": "5"}
CODE = "07482193"

#: Signs that are the same to whoever compares without case, and thinks of ASCII.
_FOLDING = (("s", "\u017f"), ("k", "\u212a"), ("i", "\u0131"), ("i", "\u0130"))

#: What X makes a mention of.
_MENTION = re.compile(r"(?<![A-Za-z0-9_!#$%&*@])@([A-Za-z0-9_]{1,20})")
_AT = datetime(2026, 11, 20, 10, tzinfo=UTC)

_GAPS = ("", " ", " ", " ", " ", " ", "  ", "\n", "\t", " \n ", " " * 40)
_ODD_GAPS = (" " * 41, "\u00a0", "\u200b", "\r\n")
_LEADS = ("Bonjour ", "Merci ! ", "20 ", "# ", "@bob ", "\u200f", ".", "x" * 99 + " ")
_NAMES = ("@Smoney", "@smoney", "@SMONEY")
_MOVING = ("envoyer ", "payer ", "donner#", "SEND #", "pay ", "give ", "Pay", "prive", "solde")
_ASKING = ("demander ", "SPLIT ", "pay 7K3Q-48 ", "bloquer ", "conseiller ", "carte ")
_SERVED = ("releve ", "RECU 7K3Q-48 ", "receipt ", "renouveler ", "idee ", "Loan ", "show my name ")
_VERBS = _MOVING + _ASKING + _SERVED
_PAYEES = ("@bob", "@bob", "@bob", "@entraide", "@BOB", "@Kassandra_2", "@Smoney", "@x")
_ODD_PAYEES = ("bob", "@" + "b" * 15, "@" + "b" * 16, "@b-b", "@07482193", "@ bob", "@@bob")
_TAGS = ("#noel", "#noel2026", "#a", "#a1234", "#" + "t" * 30, "#" + "t" * 31, "#no\u00ebl")
_WORDS = (
    "merci",
    "pour les tomates du 14/07",
    "2 pizzas",
    "merci \U0001f4b8",
    "\u202emerci",
    "merci\u200b",
    "#merci",
    "&amp; merci",
    "2193",
    "x" * 3990,
)

Dice = random.Random


def order(dice: Dice, code: str, *, public: bool) -> str:
    """Return an order with *code* in it, in good form more often than not."""
    odd = dice.random

    def gap() -> str:
        return dice.choice(_ODD_GAPS if odd() < 0.02 else _GAPS)

    lead = dice.choice(_LEADS) if odd() < 0.1 else ""
    name = lead + dice.choice(_NAMES) if public or odd() < 0.5 else ""
    sign = "#" if public or odd() < 0.5 else ""
    parts = [name, gap(), dice.choice(("", "\uff03", "##")) if odd() < 0.03 else sign]
    if odd() < 0.2:
        parts.append(dice.choice(_VERBS))
    parts += [amount(dice), gap(), dice.choice(_ODD_PAYEES if odd() < 0.08 else _PAYEES)]
    if odd() < 0.1:
        parts += [gap(), dice.choice(_TAGS)]
    if odd() < 0.85:
        parts += [gap(), written_code(dice, code)]
    if odd() < 0.3:
        parts += [gap(), dice.choice(_WORDS)]
    if odd() < 0.1:
        parts += [gap(), written_code(dice, code)]
    parts.append(dice.choice(("", " ", "\n")) if odd() < 0.98 else " " * 41)
    return "".join(parts)


def amount(dice: Dice) -> str:
    """Return an amount, right or nearly right."""
    number = str(dice.choice((dice.randrange(1, 30), dice.randrange(1, 300))))
    cents = dice.choice(("", "", "", "", ",50", ".05", ",00"))
    before, after = dice.choice(
        (("", ""), ("", ""), ("€", ""), ("EUR ", ""), ("", "€"), ("", " eur"))
    )
    if dice.random() < 0.15:
        number = str(dice.choice((0, dice.randrange(200_000))))
        cents = dice.choice(("", ",5", ".000", ",00"))
        before = dice.choice(("", "$", "-", "0", "€ ", "€  "))
        after = dice.choice(("", "  €", "$", "e2", "€"))
    return before + number + cents + after


def written_code(dice: Dice, code: str) -> str:
    """Return *code* with its sign, or something like it."""
    if dice.random() < 0.75:
        return f"#{code}"
    forms = (code, f"# {code}", f"#{code[:4]}", f"#{code[:6]}", f"#{code}1", "#****", f"#{code}x")
    return dice.choice((*forms, f"#{code[:4]} {code[4:]}", f"#{code[:-1]}", "#********"))


# Bending ----------------------------------------------------------------------------------


def bent(dice: Dice, text: str) -> str:
    """Return *text* with some of its signs changed: none, one, or a few."""
    for _ in range(dice.choice((0, 0, 0, 0, 1, 1, 1, 2))):
        if text:
            text = dice.choice(_BENDINGS)(dice, text, dice.randrange(len(text)))
    return text


def _look_alike(dice: Dice, text: str, at: int) -> str:
    alike = look_alikes().get(text[at].lower(), [text[at]])
    return text[:at] + dice.choice(alike) + text[at + 1 :]


def _folding(dice: Dice, text: str, _: int) -> str:
    sign, other = dice.choice(_FOLDING)
    places = [at for at, here in enumerate(text[:200]) if here.lower() == sign]
    at = dice.choice(places or [0])
    return text[:at] + other + text[at + 1 :]


def _other_digit(dice: Dice, text: str, _: int) -> str:
    places = [at for at, sign in enumerate(text[:200]) if sign.isdigit()] or [0]
    at = dice.choice(places)
    return text[:at] + dice.choice(other_digits()) + text[at + 1 :]


def _unseen(dice: Dice, text: str, at: int) -> str:
    return text[:at] + dice.choice(UNSEEN) + text[at:]


def _any_sign(dice: Dice, text: str, at: int) -> str:
    point = dice.choice((dice.randrange(0x20, 0x7F), dice.randrange(0x80, 0xD800)))
    return text[:at] + chr(point) + text[at + dice.randrange(2) :]


def _twice(_: Dice, text: str, at: int) -> str:
    return text[: at + 1] + text[at:]


def _gone(_: Dice, text: str, at: int) -> str:
    return text[:at] + text[at + 1 :]


def _swapped(_: Dice, text: str, at: int) -> str:
    return text[:at] + text[at + 1 : at + 2] + text[at : at + 1] + text[at + 2 :]


def _cut(dice: Dice, text: str, at: int) -> str:
    return text[:at] if dice.random() < 0.5 else text[at:]


def _other_case(_: Dice, text: str, at: int) -> str:
    return text[:at] + text[at:].swapcase()


_BENDINGS: tuple[Callable[[Dice, str, int], str], ...] = (
    _look_alike,
    _look_alike,
    _folding,
    _other_digit,
    _unseen,
    _unseen,
    _any_sign,
    _twice,
    _gone,
    _swapped,
    _cut,
    _other_case,
)


# As X brings them -------------------------------------------------------------------------


def message(text: str, form: Form = Form.POST) -> ClearMessage:
    """Return *text* as X delivers it: with the mentions that X makes of it."""
    return ClearMessage(
        key="t:2123717988971446273",
        form=form,
        edited=False,
        message_id="2123717988971446273",
        author_id="111111111",
        author_handle="alice",
        text=text,
        written_at=_AT,
        body=(0, len(text)),
        mentions=tuple(
            Mention(found.start(), found.end(), found[1], X_IDS[found[1].lower()])
            for found in _MENTION.finditer(text)
            if found[1].lower() in X_IDS
        ),
    )


def tweets(dice: Dice) -> Iterator[ClearMessage]:
    """Yield messages for ever; a quarter of them direct ones."""
    while True:
        form = dice.choice((Form.POST, Form.POST, Form.POST, Form.DIRECT))
        text = bent(dice, order(dice, CODE, public=form is not Form.DIRECT))
        yield message(text, form)
