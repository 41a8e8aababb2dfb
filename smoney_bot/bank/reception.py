"""Reception: requests for the desk are opened or added to, and what may be answered.

One of a kind waits at a time: what its customer writes meanwhile goes to the same
people. Nothing is granted here, and no money moves.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from smoney_bot.bank import opening_hours, orders
from smoney_bot.bank.branch import (
    Changes,
    DeskAnswered,
    Request,
    RequestClosed,
    RequestLine,
    RequestOpened,
    RequestState,
    RequestWaits,
    WriteToDesk,
)
from smoney_bot.bank.case import Case, Done
from smoney_bot.bank.customers import Customer
from smoney_bot.bank.desk import Reply
from smoney_bot.bank.links import has_link
from smoney_bot.bank.replies import render

#: What one answer may hold, in signs: a direct message takes ten times as much.
ANSWER_MAX = 1000

#: The bank never asks for a code: neither may the people who speak for it.
_CODE = r"(?:code|pin|mot de passe|password|chiffres|digits)s?\b"
_ASKS_FOR_CODE = re.compile(
    r"\b(?:donne|envoie|envoye|communique|indique|dite|dis|tape|saisi|confirme|fourni|[ée]cri"
    r"|give|send|tell|type|enter|share|provide|confirm|need|write|quel|what|which)"
    rf"\w*\b[^.!?\n]{{0,60}}\b{_CODE}|\b{_CODE}[^.!\n]{{0,40}}\?",
    re.IGNORECASE,
)


@dataclass(eq=False)
class NotSayable(Exception):
    """An operator's words may not go out; `why` says so in a word."""

    why: str


def carry_out(case: Case, author: Customer, order: orders.Consult) -> Done:
    """Return what it means that *author* asks for people."""
    if case.message.public:
        return Done(answer=WriteToDesk(), private=True)
    code_seen = bool(case.message.codes)
    waiting = case.desk.requests.get((author.id, order.kind))
    if waiting is None:
        new = _new(case, author, order)
        due_at = case.rules.desk.local(new.due_at)
        line = _line(case, new, order.words)
        said = RequestOpened(order.kind, due_at, code_seen)
        return Done(answer=said, requests=Changes(new, line))
    line = _line(case, waiting, order.words)
    answer = RequestWaits(
        waiting.reference,
        waiting.kind,
        case.rules.desk.local(waiting.due_at),
        late=case.desk.now > waiting.due_at,
        words_added=line is not None,
        code_seen=code_seen,
    )
    return Done(answer=answer, requests=Changes(line=line))


def check_words(words: str) -> None:
    """Raise `NotSayable` unless an operator may write *words* to a customer."""
    if not words.strip():
        raise NotSayable("empty")
    if len(words) > ANSWER_MAX:
        raise NotSayable("too_long")
    if has_link(words):
        raise NotSayable("link")
    if _ASKS_FOR_CODE.search(words):
        raise NotSayable("asks_for_code")


def check_reader(customer: Customer) -> None:
    """Raise `NotSayable` unless the bank may write to *customer*."""
    if customer.silent or not customer.wrote_first:
        raise NotSayable("may_not_be_written_to")


def reply(request: Request, to: Customer, said: DeskAnswered | RequestClosed, number: int) -> Reply:
    """Return the direct message that says *said*; *number* is its line's, unique for good."""
    return Reply(
        message_key=request.message_key,
        kind=f"desk-{number}",
        to_x_id=to.x_id,
        in_reply_to=None,
        text=render(said, to.language, public=False, reference=request.reference),
        reference=request.reference,
    )


def _new(case: Case, author: Customer, order: orders.Consult) -> Request:
    now = case.desk.now
    soon_at, due_at = opening_hours.deadlines(now, order.kind, case.rules.desk)
    return Request(
        reference=case.reference,
        message_key=case.message.key,
        customer_id=author.id,
        kind=order.kind,
        state=RequestState.OPEN,
        taken_by=None,
        opened_at=now,
        soon_at=soon_at,
        due_at=due_at,
        answered_at=None,
        closed_at=None,
    )


def _line(case: Case, request: Request, words: str) -> RequestLine | None:
    if not words:
        return None
    return RequestLine(
        reference=request.reference, operator=None, words=words, written_at=case.desk.now
    )
