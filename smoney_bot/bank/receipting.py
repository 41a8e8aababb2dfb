"""Receipting: who is told what about money that has moved, and who gets to a statement."""

from __future__ import annotations

from smoney_bot.bank.answers import BalanceIs
from smoney_bot.bank.case import Case, Done
from smoney_bot.bank.customers import Customer, State
from smoney_bot.bank.desk import Purpose, Renewal
from smoney_bot.bank.errors import AccountFrozen
from smoney_bot.bank.receipts import NoReceipt, ReceiptIs, StatementDirectly, StatementOpen


def balance(case: Case, author: Customer) -> Done:
    """Tell what *author* can spend, and apart from it what is set aside."""
    held = case.desk.set_aside.get(author.id)
    return Done(answer=BalanceIs(case.desk.balances[author.account_id], held), private=True)


def receipt(case: Case, author: Customer, reference: str) -> Done:
    """Tell the facts of a payment to either party; to others as if it were unknown."""
    found = case.desk.receipts.get(reference)
    if found is None or not found.is_open_to(author.id):
        return Done(answer=NoReceipt(reference), private=True)
    return Done(answer=ReceiptIs(found), private=True)


def open_statement(case: Case, author: Customer) -> Done:
    """Open a window to the statement; in public nothing opens. Raises `AccountFrozen`."""
    if case.message.public:
        return Done(answer=StatementDirectly(), private=True)
    if author.state is State.FROZEN:
        raise AccountFrozen
    word = case.desk.words[author.id]
    return Done(answer=StatementOpen(word), renewal=Renewal(author.id, word, Purpose.STATEMENT))
