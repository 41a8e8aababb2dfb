"""The teller: one message, read against the desk, becomes one decision.

A pure function: no SQL, no clock, no network. With `paying` and `policy` it is
the rule book of the service; `Refused` is caught here and nowhere else.
"""

from __future__ import annotations

from dataclasses import replace

from smoney_bot.bank import (
    answering,
    answers,
    asking,
    holding,
    orders,
    paying,
    policy,
    receipting,
    reception,
)
from smoney_bot.bank.case import Case, Done, Rules
from smoney_bot.bank.codes import Checked
from smoney_bot.bank.collections import NameHidden, NameShown
from smoney_bot.bank.customers import Customer, State
from smoney_bot.bank.desk import Decision, Desk, Outcome, Renewal
from smoney_bot.bank.errors import (
    AccountClosed,
    AccountFrozen,
    AlreadyEdited,
    CodeRefused,
    DirectOnly,
    NoAccount,
    NothingToCancel,
    NothingWaits,
    NotNamed,
    PrivateOnly,
    Refused,
    Unclear,
)
from smoney_bot.bank.messages import Message

#: Heard in public too, whatever the mode: they only ever protect their author.
_PROTECTIVE = (orders.Freeze, orders.Stop, orders.GoPrivate)

#: They move money or loosen a protection, so they are carried out in time or not at all.
_TIMELY = (
    orders.Pay,
    orders.GiveCode,
    orders.Ask,
    orders.Share,
    orders.PayAsk,
    orders.GoPublic,
    orders.Renew,
    orders.AskStatement,
)

#: Orders that an edit could have turned into something else.
_WEIGHTY = (orders.Pay, orders.GoPublic, orders.GiveCode, orders.Cancel)


def decide(
    rules: Rules, desk: Desk, message: Message, *, reference: str, checked: Checked
) -> Decision:
    """Return what becomes of *message*; neither *desk* nor anything else changes.

    *checked* is the judgement on the codes in it, *reference* the name that its
    answer carries. The caller settles the decision on the desk before it asks
    for the next one.
    """
    case = Case(
        rules=rules,
        desk=desk,
        message=message,
        reference=reference,
        checked=checked,
        order=orders.read(message, rules.bot),
        author=desk.customers.get(message.author_id),
    )
    if isinstance(case.order, orders.NotAnOrder):
        return _decision(case, Outcome.IGNORED, reason="not_an_order")
    if _was_taken_back(case):
        return _decision(case, Outcome.IGNORED, reason="deleted")
    if case.author is None and not _may_be_told(case):
        return _decision(case, Outcome.IGNORED, reason="told_today")
    try:
        done = _carry_out(case)
    except Refused as refusal:
        return _refuse(case, refusal)
    return _apply(case, done)


def _was_taken_back(case: Case) -> bool:
    """Return whether the post was deleted before it was decided.

    Its code was seen by all, and is used up. What protects its author is done
    nevertheless: an intruder must not undo a freeze by deleting it.
    """
    return case.message.key in case.desk.deleted and not isinstance(case.order, _PROTECTIVE)


def _may_be_told(case: Case) -> bool:
    """Return whether this stranger may be told how it works: once a day, and not after stop."""
    told = case.message.author_id in case.desk.told
    return not told and not isinstance(case.order, orders.Stop)


def _carry_out(case: Case) -> Done:
    author = case.author
    if author is None:
        raise NoAccount
    _check_standing(case, author)
    if case.message.key in case.desk.unsure:
        raise NotNamed
    match case.order:
        case orders.Pay() as pay:
            return paying.carry_out(case, author, pay)
        case orders.AskBalance():
            return receipting.balance(case, author)
        case orders.AskHistory():
            lines = case.desk.histories.get(author.account_id, ())
            return Done(answer=answers.HistoryIs(lines), private=True)
        case orders.AskStatement():
            return receipting.open_statement(case, author)
        case orders.AskReceipt(reference):
            return receipting.receipt(case, author, reference)
        case orders.GoPrivate():
            switched = _switch(case, author, private=True)
            return Done(answer=answers.PrivateNow(), customer=switched)
        case orders.GoPublic(code_at):
            case.check_code(code_at)
            switched = _switch(case, author, private=False)
            return Done(answer=answers.PublicNow(), customer=switched)
        case orders.Freeze():
            frozen = replace(author, state=State.FROZEN)
            return Done(answer=answers.FrozenNow(), customer=frozen)
        case orders.Cancel(reference):
            return _cancel(case, author, reference)
        case orders.AskHelp():
            return Done(answer=answers.Help())
        case orders.Stop():
            return Done(answer=answers.Stopped(), customer=replace(author, silent=True))
        case orders.Resume():
            return Done(answer=answers.Resumed(), customer=replace(author, silent=False))
        case orders.Speak(language):
            speaking = replace(author, language=language)
            return Done(answer=answers.Speaking(language), customer=speaking)
        case orders.Renew():
            return _renew(case, author)
        case orders.ShowName(on):
            named = replace(author, show_name=on)
            return Done(answer=NameShown() if on else NameHidden(), customer=named)
        case (
            orders.Ask()
            | orders.Share()
            | orders.PayAsk()
            | orders.DeclineAsk()
            | orders.Block()
            | orders.Unblock() as about_asks
        ):
            return asking.carry_out(case, author, about_asks)
        case orders.Consult() as consult:
            return reception.carry_out(case, author, consult)
        case orders.NotUnderstood(paste):
            raise Unclear(paste or f"@{case.rules.bot.handle} #20 @bob #code")
        case orders.GiveCode(code_at):
            return _confirm(case, author, code_at)
        case orders.NotAnOrder():
            raise AssertionError  # decided before


def _renew(case: Case, author: Customer) -> Done:
    """Open a window for renewing codes; in public nothing opens, and nobody learns of one."""
    if case.message.public:
        return Done(answer=answers.RenewDirectly(), private=True)
    if author.state is State.FROZEN:
        raise AccountFrozen
    word = case.desk.words[author.id]
    return Done(answer=answers.RenewalOpen(word), renewal=Renewal(author.id, word))


def _confirm(case: Case, author: Customer, code_at: int) -> Done:
    waiting = case.desk.waiting.get(author.id)
    # A code that comes late was written for an order that waits no more.
    if waiting is None or case.message.written_at < waiting.created_at:
        raise NothingWaits
    return paying.confirm(case, author, waiting, code_at)


def _cancel(case: Case, author: Customer, reference: str) -> Done:
    waiting = case.desk.waiting.get(author.id)
    if waiting is not None and waiting.reference == reference:
        return paying.cancel(waiting)
    held = case.desk.held.get(reference)
    if held is not None and held.payer_id == author.id:
        return holding.take_back(case, author, held)
    asked = asking.take_back(case, author, reference)
    if asked is None:
        raise NothingToCancel(reference)
    return asked


def _check_standing(case: Case, author: Customer) -> None:
    """Raise if this author may not give this order here at all."""
    if author.state is State.CLOSED:
        raise AccountClosed
    if isinstance(case.order, _PROTECTIVE):
        return
    if case.message.public and _was_private(case, author):
        raise PrivateOnly
    if case.message.edited and isinstance(case.order, _WEIGHTY):
        raise AlreadyEdited
    if isinstance(case.order, _TIMELY):
        policy.check_age(case.rules.limits, case.message.written_at, case.desk.now)


def _was_private(case: Case, author: Customer) -> bool:
    """Return whether private mode may have been on when the message was written.

    Only the latest switch is known. In doubt it was on: a public order that comes
    late is refused rather than carried out against its author's wish.
    """
    since = author.private_since
    return author.private or (since is not None and case.message.written_at < since)


def _switch(case: Case, author: Customer, *, private: bool) -> Customer:
    """Return *author* in the mode of the latest switch, by the posts' own times."""
    since, written_at = author.private_since, case.message.written_at
    if since is not None and written_at < since:
        return author
    return replace(author, private=private, private_since=written_at)


def _apply(case: Case, done: Done) -> Decision:
    author = done.customer or case.author
    if done.settled is not None:  # the answer tells of the order that waited
        case = replace(case, reference=done.settled.reference)
    if done.taken_back is not None:
        case = replace(case, reference=done.taken_back.reference)
    lines = answering.to_author(case, done.answer, author, private=done.private)
    payment = done.payment or done.settled
    if done.payee is not None and payment is not None:
        lines += answering.to_payee(case, done.payee, payment)
    lines += answering.notify(case, done.notices)
    changed = done.customer if done.customer != case.author else None
    decision = _decision(case, Outcome.APPLIED)
    return replace(
        decision,
        payment=done.payment,
        settled=done.settled,
        taken_back=done.taken_back,
        asks=done.asks,
        requests=done.requests,
        transfer=done.transfer,
        customer=changed,
        renewal=done.renewal,
        replies=lines,
    )


def _refuse(case: Case, refusal: Refused) -> Decision:
    outcome = Outcome.DECLINED if isinstance(refusal, CodeRefused) else Outcome.REFUSED
    decision = _decision(case, outcome, reason=refusal.reason)
    payment = None
    if isinstance(case.order, orders.Pay) and case.author is not None:
        payment = paying.refused(case, case.author, case.order, refusal.reason)
    private = isinstance(refusal, DirectOnly)
    lines = answering.to_author(case, refusal, case.author, private=private)
    told = case.message.author_id if case.author is None else None
    return replace(decision, payment=payment, told=told, replies=lines)


def _decision(case: Case, outcome: Outcome, reason: str = "") -> Decision:
    return Decision(
        message_key=case.message.key,
        reference=case.reference,
        outcome=outcome,
        reason=reason,
        uses=case.uses,
        clear_failures=case.forgiven,
    )
