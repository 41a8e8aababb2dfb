"""What the book says while a demonstration runs."""

from __future__ import annotations

from smoney_bot.book import audit, customers, inbox, ledger, outbox
from smoney_bot.cli.demo import Demo


def balances(demo: Demo) -> dict[str, int]:
    """Return what everybody has according to the book, in cents, by handle."""
    with demo.book.reading() as connection:
        found = customers.by_x_ids(connection, [user.x_id for user in demo.users.values()])
        return {
            one.handle: int(ledger.balance(connection, one.account_id)) for one in found.values()
        }


def codes_left(demo: Demo, handle: str) -> int:
    """Return how many codes of *handle*'s card still work, as the page would offer them."""
    return len(demo.bank.person(demo.users[handle].x_id).unused)


def problems(demo: Demo) -> list[audit.Problem]:
    """Return what does not hold in the book."""
    with demo.book.reading() as connection:
        return list(audit.verify(connection))


def is_quiet(demo: Demo) -> bool:
    """Whether nothing waits, neither a message nor a reply."""
    with demo.book.reading() as connection:
        return inbox.waiting(connection)[0] == 0 and outbox.waiting(connection)[0] == 0
