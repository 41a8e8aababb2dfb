"""Answering: to whom a line goes, and whether everybody may read it.

One public reply per order at most, always to the author's own post; private
matters only by direct message, and only to people who once wrote one (X's
rule); nothing at all to people who said stop.
"""

from __future__ import annotations

from smoney_bot.bank import replies
from smoney_bot.bank.answers import Answer, Received, Stopped, WriteFirst
from smoney_bot.bank.case import Case
from smoney_bot.bank.customers import Customer
from smoney_bot.bank.desk import Payment, Reply
from smoney_bot.bank.errors import Refused


def to_author(
    case: Case, said: Answer | Refused, author: Customer | None, *, private: bool = False
) -> tuple[Reply, ...]:
    """Return the reply to the author, who may be a stranger (None)."""
    if author is None:
        return (_line(case, "answer", said, None, public=case.message.public),)
    if author.silent and not isinstance(said, Stopped):
        return ()
    private = private or author.private
    if not case.message.public or (private and author.wrote_first):
        return (_line(case, "answer", said, author, public=False),)
    return (_line(case, "answer", WriteFirst() if private else said, author, public=True),)


def to_payee(case: Case, payee: Customer, payment: Payment) -> tuple[Reply, ...]:
    """Return the notice to the payee, if X and the payee let the bot write to them."""
    if payee.silent or not payee.wrote_first or case.author is None:
        return ()
    said = Received(payment.amount, case.author.handle, payment.note)
    return (_line(case, "notice", said, payee, public=False),)


def _line(
    case: Case, kind: str, said: Answer | Refused, to: Customer | None, *, public: bool
) -> Reply:
    language = to.language if to else replies.DEFAULT_LANGUAGE
    return Reply(
        message_key=case.message.key,
        kind=kind,
        to_x_id=to.x_id if to else case.message.author_id,
        in_reply_to=case.message.message_id if public else None,
        text=replies.render(
            said,
            language,
            public=public,
            reference=case.reference,
            code_seen=bool(case.message.codes),
        ),
        reference=case.reference,
    )
