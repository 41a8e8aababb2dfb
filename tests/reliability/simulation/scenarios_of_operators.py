"""Scenarios in which operators act: requests at the desk, and refunds that two decide on.

Unlike what an operator does elsewhere, these forms are struck too.
"""

from __future__ import annotations

from office import SUPERVISOR, TELLER, only, send, state_is
from whole_bank import BOT, BY_HANDLE, WholeBank, card

from smoney_bot.bank.operators import Role


def _asked(bank: WholeBank, words: str) -> None:
    bank.world.send_direct(BY_HANDLE["alice"].x_id, BOT.x_id, words)


def _question(bank: WholeBank) -> None:
    _asked(bank, "#advisor my telephone is lost")


def _idea(bank: WholeBank) -> None:
    _asked(bank, "#idea pay by song")


def _more_of_it(bank: WholeBank) -> None:
    _asked(bank, "#idea or by dance")


def _loan(bank: WholeBank) -> None:
    _asked(bank, "#loan 1200 euros for a bicycle")


def _taken(bank: WholeBank) -> None:
    _at_desk(bank, "take", "taken")


def _answered(bank: WholeBank) -> None:
    _at_desk(bank, "answer", "answered", words="Write #freeze, then call us.")


def _closed(bank: WholeBank) -> None:
    _at_desk(bank, "close", "closed")


def _at_desk(bank: WholeBank, deed: str, state: str, **fields: str) -> None:
    path = f"/console/desk/{only(bank, 'reference', 'requests')}/{deed}"
    send(bank, TELLER, path, done=state_is(bank, "requests", state), **fields)


def _paid(bank: WholeBank) -> None:
    """Alice pays bob; both have written before, so that both can be told."""
    bob, alice = BY_HANDLE["bob"].x_id, BY_HANDLE["alice"].x_id
    bank.world.send_direct(bob, BOT.x_id, "#help")
    bank.settle()
    bank.world.send_direct(alice, BOT.x_id, f"#20 @bob #{card('alice')[0]}")


def _refund_asked(bank: WholeBank) -> None:
    path = f"/console/payments/{only(bank, 'reference', 'payments')}/refund"
    send(bank, TELLER, path, reason="paid twice by mistake")


def _refund_approved(bank: WholeBank) -> None:
    _decided(bank, SUPERVISOR, "approve")


def _refund_declined(bank: WholeBank) -> None:
    _decided(bank, SUPERVISOR, "decline")


def _decided(bank: WholeBank, role: Role, word: str) -> None:
    send(bank, role, f"/console/refunds/{only(bank, 'id', 'approvals')}/{word}")


OF_OPERATORS = {
    "question answered": (_question, _taken, _answered, _closed),
    "loan closed without an answer": (_loan, _closed),
    "idea told in two parts": (_idea, _more_of_it),
    "refund approved": (_paid, _refund_asked, _refund_approved),
    "refund declined": (_paid, _refund_asked, _refund_declined),
}
