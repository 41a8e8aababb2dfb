"""Sabotages of the orders: whose they are, who is paid, how much, and until when."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from smoney_bot.bank import case, paying, policy, teller
from smoney_bot.bank.customers import Customer
from smoney_bot.bank.messages import ClearMessage
from smoney_bot.bank.money import Cents
from smoney_bot.bank.orders import grammar
from smoney_bot.channels.x import dialects, posts, signature
from smoney_bot.workers import records


def payee_by_handle(patch: pytest.MonkeyPatch) -> None:
    """Pay whoever bore the name in the book, instead of whom X marked."""

    def known(one: case.Case, pay: Any) -> Customer | None:  # noqa: ANN401 - as the order's
        bearers = [c for c in one.desk.customers.values() if c.handle == pay.payee.handle]
        return bearers[0] if bearers else None

    def payees(_asked: Any, _handles: Any) -> Any:  # noqa: ANN401 - as the records'
        return ["111111111", "333333333", "444444444", "555555555"]

    patch.setattr(paying, "_known_payee", known)
    patch.setattr(records, "_payees", payees)


def edits_accepted(patch: pytest.MonkeyPatch) -> None:
    """Take an edited post for a new one."""
    as_message = posts.as_message

    def fresh(post: posts.Post, *, bot_id: str) -> ClearMessage:
        return as_message(replace(post, chain=()), bot_id=bot_id)

    patch.setattr(posts, "as_message", fresh)


def private_mode_ignored(patch: pytest.MonkeyPatch) -> None:
    """Obey public orders of those who went private."""
    patch.setattr(teller, "_was_private", lambda *_: False)


def freeze_ignored(patch: pytest.MonkeyPatch) -> None:
    """Go on paying from a frozen account."""
    patch.setattr(paying, "State", SimpleNamespace(FROZEN=None, CLOSED=None))


def old_orders_carried_out(patch: pytest.MonkeyPatch) -> None:
    """Pay however old the order is."""
    patch.setattr(policy, "check_age", lambda *_: None)


def limits_ignored(patch: pytest.MonkeyPatch) -> None:
    """Do not count what was sent in a day."""
    patch.setattr(policy, "check_day", lambda *_: None)


def ceiling_ignored(patch: pytest.MonkeyPatch) -> None:
    """Let any amount through."""
    patch.setattr(policy, "check_amount", lambda *_: None)


def funds_ignored(patch: pytest.MonkeyPatch) -> None:
    """Pay what is not there."""
    patch.setattr(policy, "check_funds", lambda *_: None)


def float_cents(patch: pytest.MonkeyPatch) -> None:
    """Count money in floats."""

    def floating(whole: int, cents: int = 0) -> Cents:
        return Cents(int(float(f"{whole}.{cents:02}") * 100))

    patch.setattr(grammar, "euros", floating)


def room_ignored(patch: pytest.MonkeyPatch) -> None:
    """Let people hold any amount."""
    patch.setattr(policy, "check_room", lambda *_: None)


def waits_never_end(patch: pytest.MonkeyPatch) -> None:
    """Let an order wait for its code for a year."""
    patch.setattr(policy, "CODE_WAIT", timedelta(days=365))


def reposts_accepted(patch: pytest.MonkeyPatch) -> None:
    """Take another's words for an order of whoever shows them again."""
    as_message = posts.as_message
    patch.setattr(posts, "_repeats", lambda _: False)
    patch.setattr(
        posts, "as_message", lambda post, **of: as_message(replace(post, repost=False), **of)
    )


def inherited_names_count(patch: pytest.MonkeyPatch) -> None:
    """Read what X does not display, too."""
    patch.setattr(dialects, "_shown", lambda text, _: (0, len(text)))


def beginning_taken_for_the_whole(patch: pytest.MonkeyPatch) -> None:
    """Read a long post as far as its first 280 characters."""

    def beginning(text: str, shown: Any, *_: Any) -> posts.Words:  # noqa: ANN401 - as the dialects'
        return posts.Words(text, shown, [])

    patch.setattr(dialects, "_long_words", beginning)


def _grammar_of(patch: pytest.MonkeyPatch, compiled: Any) -> None:  # noqa: ANN401 - as the grammar's
    patch.setattr(grammar, "compiled", compiled)
    code = rf"{grammar.GAP}#{grammar.CODE}"
    patch.setattr(grammar, "PUBLIC", grammar._grammar("#", code))  # noqa: SLF001 - what is sabotaged


def letters_of_any_alphabet(patch: pytest.MonkeyPatch) -> None:
    """Ignore the case without ASCII: a long s is an s then."""
    _grammar_of(patch, lambda pattern: re.compile(pattern, re.IGNORECASE | re.DOTALL))


def digits_of_any_script(patch: pytest.MonkeyPatch) -> None:
    r"""Write `\d` without ASCII where 0 to 9 are meant."""

    def loose(pattern: str) -> re.Pattern[str]:
        worded = re.sub(r"\[[01]-9\]", r"\\d", pattern)
        return re.compile(worded, re.IGNORECASE | re.DOTALL)

    _grammar_of(patch, loose)


def unsigned_accepted(patch: pytest.MonkeyPatch) -> None:
    """Believe whoever knocks."""
    patch.setattr(signature, "check", lambda *_: None)


def challenges_all_signed(patch: pytest.MonkeyPatch) -> None:
    """Sign whatever is asked."""
    patch.setattr(signature, "crc_answer", lambda *_: "sha256=")
