"""The clerk: what each step of an enrolment does to the book.

Looking is one short read. Choosing keeps hashes beside the invitation. The
right first code makes everything living at once, and only once, whoever else
posts the same at the same moment.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection
from structlog import get_logger

from smoney_bot.bank.codes import CodeKind, CodeOnFile, CodeUse
from smoney_bot.bank.customers import Customer, State
from smoney_bot.bank.keys import Keyring
from smoney_bot.bank.messages import SeenCode
from smoney_bot.book import authenticators, customers, invitations
from smoney_bot.book import codes as code_records
from smoney_bot.book.engine import Book
from smoney_bot.book.invitations import Invitation
from smoney_bot.web.enrolment.staging import Drawn, Staged, draw, judge, see

log = get_logger(__name__)


class LinkEnded(Exception):
    """The link opens nothing: unknown, used, too old, replaced, or tried too often."""


class NothingStaged(Exception):
    """A first code came before a PIN was chosen: begin at the beginning."""


@dataclass(eq=False)
class WrongCode(Exception):
    """The first code is not right; so many tries are left, at least one."""

    tries_left: int


@dataclass(frozen=True, slots=True)
class Visit:
    """A living invitation, and whose it is."""

    invitation: Invitation
    customer: Customer


@dataclass(frozen=True, slots=True)
class Clerk:
    """Carries an enrolment from the link to living codes."""

    book: Book
    keyring: Keyring

    def visit(self, token: str) -> Visit:
        """Return what the link opens, changing nothing; raise `LinkEnded`, or `TryLater`."""
        wanted = invitations.hash_token(token)
        with self.book.reading() as connection:
            invitation = invitations.find(connection, wanted, self.book.now(connection))
            if invitation is None:
                raise LinkEnded
            customer = customers.by_ids(connection, [invitation.customer_id])[
                invitation.customer_id
            ]
        if customer.state is State.CLOSED:
            raise LinkEnded
        return Visit(invitation, customer)

    def choose(self, visit: Visit, pin: str) -> Drawn:
        """Stage *pin* with a fresh card and authenticator; return what to show once.

        What was staged before is void. Raises `LinkEnded`, or `TryLater`.
        """
        staged, drawn = draw(self.keyring, visit.customer, pin)
        kept, one = staged.to_json(), visit.invitation.id
        if not self.book.run(lambda c: invitations.stage(c, one, kept, self.book.now(c))):
            raise LinkEnded
        log.info("enrolment.staged", invitation=one, customer=visit.customer.id)
        return drawn

    def confirm(self, visit: Visit, digits: str) -> None:
        """Judge a first code; if it is right, all that was staged is living.

        Raises `WrongCode`, `NothingStaged`, `LinkEnded`, or `TryLater`.
        """
        invitation, customer = visit.invitation, visit.customer
        if invitation.staged is None:
            raise NothingStaged
        staged, seen = Staged.from_json(invitation.staged), see(self.keyring, customer, digits)
        now = self.book.run(lambda c: self._reserve(c, invitation))
        use = judge(staged, seen, keyring=self.keyring, customer=customer, now=now)
        if use is None:
            log.info("enrolment.wrong_code", invitation=invitation.id, customer=customer.id)
            if invitation.tries_left <= 1:
                raise LinkEnded
            raise WrongCode(invitation.tries_left - 1)
        self.book.run(lambda c: self._make_living(c, visit, staged, seen, use))
        log.info("enrolment.done", invitation=invitation.id, customer=customer.id)

    def _reserve(self, connection: Connection, invitation: Invitation) -> datetime:
        """Count the try before the check; return its moment."""
        now = self.book.now(connection)
        if not invitations.reserve(connection, invitation.id, now):
            raise LinkEnded
        return now

    def _make_living(
        self, connection: Connection, visit: Visit, staged: Staged, seen: SeenCode, use: CodeUse
    ) -> None:
        now, customer_id = self.book.now(connection), visit.customer.id
        if not invitations.accept(connection, visit.invitation, now):
            raise LinkEnded
        hash_, key_id = staged.pin
        code_records.set_pin(connection, customer_id, hash_=hash_, key_id=key_id, now=now)
        code_records.issue_card(connection, customer_id, staged.card, now)
        authenticators.put(
            connection, customer_id, staged.authenticator, now, last_step=use.step or 0
        )
        code_records.forgive(connection, [customer_id])
        if use.kind is CodeKind.CARD:
            printed = code_records.on_file(connection, [(customer_id, seen)], now)
            on_card = printed[customer_id, seen.start]
            assert isinstance(on_card, CodeOnFile)
            used = replace(use, row_id=on_card.row_id)
            message_key = f"enrolment:{visit.invitation.id}"
            code_records.use_up(connection, {message_key: [used]}, now)
