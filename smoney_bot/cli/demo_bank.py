"""The bank as the demonstration's page shows it: read from the book, nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from smoney_bot.bank.collections import TAKING
from smoney_bot.bank.customers import Customer, Kind, State
from smoney_bot.bank.desk import Outcome, PaymentState
from smoney_bot.book import codes as code_records
from smoney_bot.book import collections, customers, ledger, stories
from smoney_bot.book.engine import Book
from smoney_bot.book.states import MessageState, ReplyState
from smoney_bot.book.stories import Story
from smoney_bot.channels.sandbox.page import (
    CardCode,
    PersonView,
    Step,
    StepName,
    StepState,
    Way,
)
from smoney_bot.channels.sandbox.world import World

_OUTCOMES = {MessageState(outcome.value): outcome for outcome in Outcome}


@dataclass(frozen=True, slots=True)
class DemoBank:
    """Reads for the page; *cards* holds the printed codes, which only a demo may know."""

    book: Book
    world: World
    cards: Mapping[str, Sequence[str]]

    def person(self, x_id: str) -> PersonView:
        """Return the customer of that X id; raise `KeyError` for a stranger."""
        with self.book.reading() as connection:
            customer = customers.by_x_ids(connection, [x_id])[x_id]
            balance = ledger.balance(connection, customer.account_id)
            used = code_records.used_places(connection, customer.id)
            tag = _tag_of(connection, customer)
        printed = self.cards[x_id]
        return PersonView(
            handle=customer.handle,
            name=self.world.user(x_id).name,
            kind=customer.kind,
            balance_cents=balance,
            private=customer.private,
            frozen=customer.state is State.FROZEN,
            tag=tag,
            card=tuple(CardCode(digits, int(digits[:2]) in used) for digits in printed),
        )

    def way(self, message_key: str) -> Way | None:
        """Return how far a message has come; None if it never arrived."""
        with self.book.reading() as connection:
            story = stories.by_key(connection, message_key)
        if story is None:
            return None
        outcome = _OUTCOMES.get(story.state)
        steps = [Step(StepName.RECEIVED, story.received_at, StepState.DONE)]
        if story.payment is not None:
            steps += _money_steps(story)
        if outcome is not Outcome.IGNORED:
            steps.append(_answer_step(story))
        reference = next((reply.reference for reply in story.replies), "")
        return Way(tuple(steps), reference, outcome)

    def changes(self) -> int:
        """Return a number that grows with each change the page could show."""
        with self.book.reading() as connection:
            return stories.changes(connection)


def _tag_of(connection: Connection, customer: Customer) -> str:
    """Return the tag of the newest collection of an association that takes gifts, or ""."""
    if customer.kind is not Kind.ASSOCIATION:
        return ""
    mine = (
        one
        for one in collections.listing(connection)
        if one.owner_id == customer.id and one.state in TAKING
    )
    return next((one.tag for one in mine), "")


def _money_steps(story: Story) -> list[Step]:
    """Return the steps of an order to pay: its code, and the book."""
    declined = story.state is MessageState.DECLINED
    booked = story.payment is PaymentState.BOOKED
    checked = Step(StepName.CHECKED, story.decided_at, _done(good=not declined))
    if declined:
        return [checked]
    return [checked, Step(StepName.BOOKED, story.decided_at, _done(good=booked))]


def _answer_step(story: Story) -> Step:
    sent = next((one for one in story.replies if one.state is ReplyState.SENT), None)
    if sent is None:
        return Step(StepName.ANSWERED, None, StepState.WAITING)
    return Step(StepName.ANSWERED, sent.sent_at, StepState.DONE)


def _done(*, good: bool) -> StepState:
    return StepState.DONE if good else StepState.REFUSED
