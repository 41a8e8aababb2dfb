"""A customer with a card, a PIN and an app, and the windows in which they renew them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

from enrolment_cast import ALICE, KEYS, PIN, Answer, Site, ask
from passlib.totp import TOTP
from sqlalchemy import Connection, select, update

from smoney_bot.bank.authenticators import new_secret
from smoney_bot.bank.codes import hash_code
from smoney_bot.bank.customers import Customer, State
from smoney_bot.bank.desk import Renewal
from smoney_bot.book import authenticators, customers, renewals
from smoney_bot.book import codes as code_records
from smoney_bot.book.engine import Book
from smoney_bot.book.tables import guards
from smoney_bot.book.tables import renewals as windows

CARD = ("01482193", "02735518", "03906624")
WRONG = "01000000"


@dataclass(frozen=True)
class Holder:
    """A customer of *book* who holds `CARD`, `PIN` and an app."""

    book: Book
    customer: Customer
    app: TOTP

    @property
    def app_code(self) -> str:
        """What the app shows now."""
        shown: str = self.app.generate().token
        return shown

    def opens_window(self) -> str:
        """Open a window, as by direct message; return its word."""
        return opens_window(self.book, self.customer.x_id)

    def window_ends(self) -> None:
        """Let the time of the open window pass."""
        with self.book.writing() as connection:
            now = self.book.now(connection)
            past = {"opened_at": now - 2 * renewals.LIFE, "expires_at": now - renewals.LIFE}
            connection.execute(update(windows).values(**past))

    def turns(self, state: State) -> None:
        """Put the account into *state*."""

        def work(connection: Connection) -> None:
            x_id = self.customer.x_id
            held = customers.by_x_ids(connection, [x_id], lock=True)[x_id]
            customers.update(connection, [replace(held, state=state)])

        self.book.run(work)

    def starts_over(self) -> None:
        """Be open, with no failure on record."""
        self.turns(State.OPEN)
        self.book.run(lambda c: code_records.forgive(c, [self.customer.id]))

    @property
    def failures(self) -> int:
        """How many attempts are counted against this customer now."""
        counted = select(guards.c.failures).where(guards.c.customer_id == self.customer.id)
        with self.book.reading() as connection:
            failures: int = connection.execute(counted).scalar_one()
        return failures


def holder(book: Book, x_id: str = ALICE) -> Holder:
    """Give the customer of this X id a card, a PIN and an app."""
    app = new_secret(KEYS, "alice")
    printed, (pin_hash, pin_key) = _hashed(x_id)

    def work(connection: Connection) -> Customer:
        customer = customers.by_x_ids(connection, [x_id])[x_id]
        now, one = book.now(connection), customer.id
        code_records.issue_card(connection, one, printed, now)
        code_records.set_pin(connection, one, hash_=pin_hash, key_id=pin_key, now=now)
        authenticators.put(connection, one, app.secret, now)
        return customer

    return Holder(book, book.run(work), TOTP.from_uri(app.uri))


def opens_window(book: Book, x_id: str = ALICE) -> str:
    """Open a window for the customer of this X id, as by direct message; return its word."""
    word = renewals.new_word()

    def work(connection: Connection) -> None:
        one = customers.by_x_ids(connection, [x_id])[x_id].id
        renewals.open_windows(connection, [Renewal(one, word)], book.now(connection))

    book.run(work)
    return word


@cache
def _hashed(x_id: str) -> tuple[list[tuple[int, str, str]], tuple[str, str]]:
    """Return `CARD` and `PIN` as the book keeps them; 20 ms each, so once for all tests."""
    printed = [(int(code[:2]), *hash_code(KEYS, x_id, code)) for code in CARD]
    return printed, hash_code(KEYS, x_id, PIN)


def renew(site: Site, word: str, code: str) -> Answer:
    """Send the form of the page."""
    return ask(f"{site.url}/enrolment?lang=en", {"word": word, "code": code})
