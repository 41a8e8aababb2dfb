"""Authenticators on file: encrypted secrets, and the last step accepted of each.

A step is 30 s of time. Each step's code works once, and after it no earlier
one: `last_step` only ever grows while the secret stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, select, update

from smoney_bot.bank.authenticators import AuthenticatorOnFile
from smoney_bot.book import rows
from smoney_bot.book.errors import CodeAlreadyUsed
from smoney_bot.book.listed import is_in
from smoney_bot.book.tables import authenticators


def put(
    connection: Connection, customer_id: int, secret: str, now: datetime, *, last_step: int = 0
) -> None:
    """Put an authenticator on file, in place of the one before.

    *secret* is encrypted (`bank.authenticators.new_secret`). *last_step* is the
    step of the code that confirmed it, which then cannot be used again.
    """
    facts = {"secret": secret, "last_step": last_step, "set_at": now}
    row = {"customer_id": customer_id} | facts
    if not rows.add_new(connection, authenticators, [row], authenticators.c.customer_id):
        of_customer = authenticators.c.customer_id == customer_id
        connection.execute(update(authenticators).where(of_customer).values(**facts))


def remove(connection: Connection, customer_id: int) -> bool:
    """Take the authenticator off file; return whether there was one."""
    gone = delete(authenticators).where(authenticators.c.customer_id == customer_id)
    return connection.execute(gone).rowcount == 1


def on_file(connection: Connection, customer_ids: Iterable[int]) -> dict[int, AuthenticatorOnFile]:
    """Return the authenticators of these customers, by customer id."""
    asked = sorted(set(customer_ids))
    if not asked:
        return {}
    found = connection.execute(_BY_CUSTOMER, {"asked": asked})
    return {
        row.customer_id: AuthenticatorOnFile(row.customer_id, row.secret, row.last_step)
        for row in found
    }


_BY_CUSTOMER = select(authenticators).where(is_in(authenticators.c.customer_id, "asked"))


def use_up(connection: Connection, steps: Iterable[tuple[int, int, str]]) -> None:
    """Move authenticators on to the steps just used: (customer id, step, secret it was judged by).

    Raises `CodeAlreadyUsed` if that step or a later one was used meanwhile, or the
    authenticator replaced: then nothing of the transaction may be committed.
    """
    shown: dict[tuple[int, str], list[int]] = {}  # a message may show two that are right
    for one, step, secret in steps:
        if step in shown.setdefault((one, secret), []):
            raise CodeAlreadyUsed
        shown[one, secret].append(step)
    used = [
        {"of_customer": one, "judged_by": secret, "first_step": min(mine), "new_step": max(mine)}
        for (one, secret), mine in sorted(shown.items())
    ]
    if rows.change_each(connection, _USE_UP, used) != len(used):
        raise CodeAlreadyUsed


_USE_UP = (
    update(authenticators)
    .where(
        authenticators.c.customer_id == bindparam("of_customer"),
        authenticators.c.secret == bindparam("judged_by"),
        authenticators.c.last_step < bindparam("first_step"),
    )
    .values(last_step=rows.given("new_step", authenticators.c.last_step))
)


def secrets_after(connection: Connection, customer_id: int, limit: int) -> list[tuple[int, str]]:
    """Return (customer id, encrypted secret) of the next *limit* customers by id."""
    statement = (
        select(authenticators.c.customer_id, authenticators.c.secret)
        .where(authenticators.c.customer_id > customer_id)
        .order_by(authenticators.c.customer_id)
        .limit(limit)
    )
    return [(row.customer_id, row.secret) for row in connection.execute(statement)]


def rewrap(connection: Connection, secrets: Sequence[tuple[int, str, str]]) -> int:
    """Replace encrypted secrets (customer id, old, new); return how many were replaced.

    One that was set anew meanwhile stays as it is.
    """
    replaced = [{"of_customer": one, "old": old, "new": new} for one, old, new in secrets]
    return rows.change_each(connection, _REWRAP, replaced)


_REWRAP = (
    update(authenticators)
    .where(
        authenticators.c.customer_id == bindparam("of_customer"),
        authenticators.c.secret == bindparam("old"),
    )
    .values(secret=rows.given("new", authenticators.c.secret))
)
