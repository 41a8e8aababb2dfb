"""Answering: to whom a line goes, and whether everybody may read it.

One public reply per order at most, always to the author's own post; private
matters only by direct message, and only to people who once wrote one (X's
rule); nothing at all to people who said stop.
"""

from __future__ import annotations

from smoney_bot.bank import replies
from smoney_bot.bank.answers import Answer, Received, Stopped, WriteFirst
from smoney_bot.bank.case import Case, Notice
from smoney_bot.bank.codes import PinInPublic
from smoney_bot.bank.customers import Customer
from smoney_bot.bank.desk import Payment, Priority, Reply
from smoney_bot.bank.errors import Refused
from smoney_bot.bank.links import unlinked


def to_author(
    case: Case, said: Answer | Refused, author: Customer | None, *, private: bool = False
) -> tuple[Reply, ...]:
    """Return the reply to the author, who may be a stranger (None)."""
    if author is None:
        return (_line(case, "answer", said, None, public=case.message.public),)
    if author.silent and not isinstance(said, Stopped):
        return ()
    private = private or author.private
    kind = "farewell" if isinstance(said, Stopped) else "answer"
    if not case.message.public or (private and author.wrote_first):
        return (_line(case, kind, said, author, public=False),)
    return (_line(case, kind, WriteFirst() if private else said, author, public=True),)


def to_payee(case: Case, payee: Customer, payment: Payment) -> tuple[Reply, ...]:
    """Return the notice to the payee, if X and the payee let the bot write to them."""
    if payee.silent or not payee.wrote_first or case.author is None:
        return ()
    # Nobody is sent anywhere in the bank's name: a link in a note is taken apart.
    said = Received(payment.amount, case.author.handle, unlinked(payment.note))
    return (_line(case, "notice", said, payee, public=False),)


def notify(case: Case, notices: tuple[Notice, ...]) -> tuple[Reply, ...]:
    """Return the *notices* to those whom X, and they themselves, let the bot write to."""
    return tuple(
        _line(case, one.kind, one.said, one.to, public=False)
        for one in notices
        if one.to.wrote_first and not one.to.silent
    )


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
            pin_voided=case.rules.pin_in_public is not PinInPublic.ACCEPT,
        ),
        reference=case.reference,
        priority=case.priority if kind in {"answer", "farewell"} else Priority.USUAL,
    )
