"""Asking: who may ask whom, how a bill is shared, and what the one asked may answer.

To be asked binds to nothing: only the payment that somebody orders with a code
moves money, and it is a payment like any other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from smoney_bot.bank import orders, paying, policy
from smoney_bot.bank.asks import (
    Ask,
    Asked,
    AskedFor,
    AsksTakenBack,
    AskState,
    BlockedNow,
    Blocking,
    Changes,
    Declined,
    Part,
    Shared,
    UnblockedNow,
    WasDeclined,
)
from smoney_bot.bank.case import Case, Done, Notice
from smoney_bot.bank.customers import Customer, State
from smoney_bot.bank.errors import (
    AccountFrozen,
    AskedIsAsker,
    CannotBeAsked,
    CodeMissing,
    DirectOnly,
    NothingAsked,
    TooLittleToShare,
    TooManyAsks,
    UnknownPayee,
)
from smoney_bot.bank.links import unlinked
from smoney_bot.bank.money import Cents

#: How long an ask counts that was taken back or declined: who was asked has read it.
UNPAID_COUNTS = policy.DAY

#: A bill among ten people is asked for at once; a stolen X account cannot ask a crowd.
UNPAID_MAX = 10

#: Whoever has not paid three asks does not want to be asked a fourth time.
UNPAID_TO_ONE_MAX = 3

#: Every order that this module carries out.
AskOrder = (
    orders.Ask | orders.Share | orders.PayAsk | orders.DeclineAsk | orders.Block | orders.Unblock
)


def carry_out(case: Case, author: Customer, order: AskOrder) -> Done:
    """Return what *author*'s order about asks does; raise `Refused` if it may not."""
    if case.message.public:
        raise DirectOnly
    match order:
        case orders.Ask(amount, asked, note):
            return _ask(case, author, [(asked, amount)], note)
        case orders.Share():
            return _share(case, author, order)
        case orders.PayAsk():
            return _pay(case, author, order)
        case orders.DeclineAsk(reference):
            return _decline(case, author, reference)
        case orders.Block(other):
            return _block(case, author, other, on=True)
        case orders.Unblock(other):
            return _block(case, author, other, on=False)


def shares(total: Cents, people: int) -> list[Cents]:
    """Return *total* in as many shares as there are *people*, the asker's own the last.

    Each is what goes into it in whole cents; the cents that are left over go one
    each to the first. Raises `TooLittleToShare` if somebody would have none.
    """
    each, left = divmod(int(total), people)
    if each == 0:
        raise TooLittleToShare
    return [Cents(each + 1)] * left + [Cents(each)] * (people - left)


def take_back(case: Case, author: Customer, reference: str) -> Done | None:
    """Return that what *author* asked as *reference* is taken back; None if nothing is open."""
    mine = [
        one
        for one in case.desk.asks.named
        if one.reference == reference and one.asker_id == author.id
    ]
    if not mine:
        return None
    parts = _parts(case, mine)
    ended = tuple(replace(_ended(case, one), state=AskState.CANCELLED) for one in mine)
    answer = AsksTakenBack(reference, parts)
    return Done(answer=answer, private=True, asks=Changes(ended=ended))


def _share(case: Case, author: Customer, order: orders.Share) -> Done:
    *parts, own = shares(order.amount, len(order.others) + 1)
    done = _ask(case, author, list(zip(order.others, parts, strict=True)), order.note)
    listed = _parts(case, done.asks.new)
    answer = Shared(order.amount, listed, own, case.rules.ask_life.days)
    return replace(done, answer=answer)


def _ask(
    case: Case, author: Customer, parts: Sequence[tuple[orders.Payee, Cents]], note: str
) -> Done:
    """Return one ask for each of *parts*: all of them, or none if one may not be."""
    if author.state is State.FROZEN:
        raise AccountFrozen  # whoever froze it may not be the one who asks
    asked = [(_asked(case, author, payee), amount) for payee, amount in parts]
    for _, amount in asked:
        policy.check_amount(case.rules.limits, policy.payment_kind(author.kind), amount)
    _check_count(case, author, [person for person, _ in asked])
    new = tuple(_new(case, author, person, amount, note) for person, amount in asked)
    person, amount = asked[0]
    return Done(
        answer=Asked(person.handle, amount, case.rules.ask_life.days),
        asks=Changes(new=new),
        notices=tuple(
            _notice(case, author, person, ask)
            for (person, _), ask in zip(asked, new, strict=True)
            if ask.shown
        ),
    )


def _asked(case: Case, author: Customer, payee: orders.Payee) -> Customer:
    """Return whom *author* asks; raise unless the bank may write to them."""
    person = case.desk.whom(payee)
    if person is None:
        raise CannotBeAsked(payee.handle)
    if person.id == author.id:
        raise AskedIsAsker
    # One answer for all causes: that somebody said "stop" is nobody else's business.
    if person.state is State.CLOSED or person.silent or not person.wrote_first:
        raise CannotBeAsked(person.handle)
    return person


def _check_count(case: Case, author: Customer, asked: Sequence[Customer]) -> None:
    unpaid = case.desk.asks.unpaid.get(author.id, Counter())
    if unpaid.total() + len(asked) > UNPAID_MAX:
        raise TooManyAsks(UNPAID_MAX)
    for person in asked:
        if unpaid[person.id] >= UNPAID_TO_ONE_MAX:
            raise TooManyAsks(UNPAID_TO_ONE_MAX, person.handle)


def _new(case: Case, author: Customer, person: Customer, amount: Cents, note: str) -> Ask:
    return Ask(
        reference=case.reference,
        message_key=case.message.key,
        asker_id=author.id,
        asked_id=person.id,
        amount=amount,
        note=note,
        shown=(person.id, author.id) not in case.desk.asks.blocks,
        state=AskState.OPEN,
        payment_reference=None,
        created_at=case.desk.now,
        expires_at=case.desk.now + case.rules.ask_life,
        ended_at=None,
    )


def _notice(case: Case, author: Customer, person: Customer, ask: Ask) -> Notice:
    days, note = case.rules.ask_life.days, unlinked(ask.note)
    said = AskedFor(author.handle, ask.amount, days, note)
    return Notice(person, said, kind=f"ask-{person.id}")


def _pay(case: Case, author: Customer, order: orders.PayAsk) -> Done:
    """Return the payment of what was asked: one like any other, and the end of the ask."""
    if order.code_at is None:
        raise CodeMissing
    ask = _open_to(case, author, order.reference)
    asker = case.desk.customer(ask.asker_id)
    payee = orders.Payee(asker.handle, asker.x_id)
    # The note is the asker's: it would come back to them as the payer's words.
    done = paying.carry_out(case, author, orders.Pay(ask.amount, payee, code_at=order.code_at))
    paid = replace(_ended(case, ask), state=AskState.PAID, payment_reference=case.reference)
    return replace(done, asks=Changes(ended=(paid,)))


def _decline(case: Case, author: Customer, reference: str) -> Done:
    ask = _open_to(case, author, reference)
    asker = case.desk.customer(ask.asker_id)
    said = WasDeclined(author.handle, ask.amount, ask.reference)
    return Done(
        answer=Declined(asker.handle),
        asks=Changes(ended=(replace(_ended(case, ask), state=AskState.DECLINED),)),
        notices=(Notice(asker, said, kind="declined"),),
    )


def _block(case: Case, author: Customer, other: orders.Payee, *, on: bool) -> Done:
    person = case.desk.whom(other)
    if person is None:
        raise UnknownPayee(other.handle)
    if person.id == author.id:
        raise AskedIsAsker
    answer = BlockedNow(person.handle) if on else UnblockedNow(person.handle)
    return Done(answer=answer, asks=Changes(blocking=Blocking(author.id, person.id, on)))


def _open_to(case: Case, author: Customer, reference: str) -> Ask:
    """Return the open ask that *author* was told of as *reference*; raise `NothingAsked`."""
    for one in case.desk.asks.named:
        told = one.shown and one.asked_id == author.id and one.reference == reference
        if told and one.expires_at > case.desk.now:
            return one
    raise NothingAsked(reference)


def _parts(case: Case, asked: Sequence[Ask]) -> tuple[Part, ...]:
    return tuple(Part(case.desk.customer(one.asked_id).handle, one.amount) for one in asked)


def _ended(case: Case, ask: Ask) -> Ask:
    return replace(ask, ended_at=case.desk.now)
