"""The porter: lets operators in by name, password and authenticator, and out again.

One refusal for all causes. It costs less work where a name is unknown or locked, so
`routes` tells every one after the same time: nobody learns which names there are.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

from sqlalchemy import Connection
from structlog import get_logger

from smoney_bot.bank import authenticators
from smoney_bot.bank.customers import Language
from smoney_bot.bank.keys import Keyring, mac
from smoney_bot.bank.operators import Deed, is_password, needs_authenticator
from smoney_bot.book import actions, operators, sessions
from smoney_bot.book.engine import Book
from smoney_bot.book.operators import Operator
from smoney_bot.book.sessions import Session
from smoney_bot.telemetry import metrics

log = get_logger(__name__)

#: More than an operator's name can have is not kept in the record.
_NAME_MAX = 40


class NotAdmitted(Exception):
    """Nobody is signed in; it is not said why."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Who is here: a session, and the token that its forms must bring."""

    session: Session
    csrf: str

    @property
    def operator(self) -> Operator:
        """Who is signed in."""
        return self.session.operator

    def owns(self, csrf: str) -> bool:
        """Return whether a form is one of this session's own pages."""
        return hmac.compare_digest(csrf.encode(), self.csrf.encode())


@dataclass(frozen=True, slots=True)
class Porter:
    """Opens and ends sessions."""

    book: Book
    keyring: Keyring

    def sign_in(self, name: str, password: str, code: str, language: Language) -> str:
        """Return the token of a new session; raise `NotAdmitted`.

        The attempt is counted first, in a transaction of its own.
        """
        name = name.strip().lower()[:_NAME_MAX]
        found = self.book.run(lambda c: operators.reserve(c, name, self.book.now(c)))
        with self.book.reading() as connection:
            now = self.book.now(connection)
        right = is_password(password, found.password_hash if found else None)
        if found is None or not right:
            self._turn_away(name)
        step = self._step(found, code.replace(" ", ""), now)
        if step is None and (found.secret is not None or needs_authenticator(found.role)):
            self._turn_away(name)

        def work(connection: Connection) -> str | None:
            if not operators.admit(connection, found, step):
                return None
            moment = self.book.now(connection)
            actions.note(connection, found, Deed.SIGN_IN, moment)
            return sessions.open_session(connection, found, language, moment)

        token = self.book.run(work)
        if token is None:
            self._turn_away(name)
        metrics.SIGN_INS.labels("admitted").inc()
        log.info("operator.signed_in", operator=found.name)
        return token

    def _step(self, operator: Operator, code: str, now: datetime) -> int | None:
        """Return the step of which the operator's authenticator showed *code*, or None."""
        if operator.secret is None:
            return None
        shown = authenticators.candidates(operator.secret, self.keyring, now)
        steps = [at for at, digits in shown if hmac.compare_digest(digits.encode(), code.encode())]
        return next(iter(steps), None)

    def _turn_away(self, name: str) -> NoReturn:
        """Note the failure and raise `NotAdmitted`."""
        known = self.book.run(lambda c: self._note_failure(c, name))
        metrics.SIGN_INS.labels("turned_away").inc()
        log.warning("operator.turned_away", operator=name if known else "unknown")
        raise NotAdmitted

    def _note_failure(self, connection: Connection, name: str) -> bool:
        operator = operators.find(connection, name)
        # Somebody may have typed a password where the name goes: that is not kept.
        who = operator or "unknown"
        actions.note(connection, who, Deed.FAIL, self.book.now(connection))
        return operator is not None

    def visit(self, token: str) -> Visit | None:
        """Return whose token this is, and begin their rest anew; None if nobody's."""
        if not token:
            return None
        with self.book.reading() as connection:
            now = self.book.now(connection)
            session = sessions.find(connection, token, now)
        if session is None:
            return None
        if session.is_to_be_noted(now):
            self.book.run(lambda c: sessions.note_seen(c, session, now))
        return Visit(session, mac(token.encode(), "console-form"))

    def sign_out(self, visit: Visit) -> None:
        """End the session."""

        def work(connection: Connection) -> None:
            sessions.end(connection, visit.session)
            actions.note(connection, visit.operator, Deed.SIGN_OUT, self.book.now(connection))

        self.book.run(work)

    def speak(self, visit: Visit, language: Language) -> None:
        """Show this session's pages in *language*."""
        self.book.run(lambda c: sessions.speak(c, visit.session, language))
