"""Audit: is every cent where it should be? Each rule is one query over the book.

The database does the sums and only what is wrong comes back, line by line: the
memory needed does not grow with the book.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Connection, Select, cast, func, literal, or_, select, text
from sqlalchemy.exc import DBAPIError

from smoney_bot.bank.desk import PaymentState
from smoney_bot.book import gifts_audit, held_audit, refund_audit
from smoney_bot.book.faults import is_absence, is_conflict
from smoney_bot.book.ledger import PAYMENT
from smoney_bot.book.tables import accounts, balances, payments, transfers


@dataclass(frozen=True, slots=True)
class Problem:
    """One line of the book that is not as it should be."""

    rule: str
    subject: str  # which account, transfer, payment or page
    detail: str


def verify(connection: Connection) -> Iterator[Problem]:
    """Yield whatever is wrong in the book; nothing if every sum holds.

    Use a `Book.reading` transaction: all rules then see the same moment. Whether
    lines were changed, added or taken away together is for `book.seals` to find.
    """
    unhurried(connection)
    yield from legible(_sums_off(connection))


def unhurried(connection: Connection) -> None:
    """Let this transaction's statements take as long as a long book takes."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL statement_timeout = 0"))


def legible(problems: Iterator[Problem]) -> Iterator[Problem]:
    """Yield *problems*, and one more if damage keeps the book from being read to its end."""
    try:
        yield from problems
    except DBAPIError as error:
        if is_conflict(error) or is_absence(error):
            raise
        # Without the driver's words, which show what stands there.
        detail = f"is damaged: {type(error.orig).__name__}"
        yield Problem("book_can_be_read", "the book", detail)


def _sums_off(connection: Connection) -> Iterator[Problem]:
    yield from _sum_is_zero(connection)
    for rule, statement in _RULES.items():
        # Given here: a statement with options of its own is a new one, read anew.
        with connection.execute(statement, execution_options={"yield_per": 1000}) as lines:
            for subject, detail in lines:
                yield Problem(rule, str(subject), detail)


def _sum_is_zero(connection: Connection) -> Iterator[Problem]:
    total = connection.execute(_TOTAL).scalar_one()
    if total != 0:
        yield Problem("sum_is_zero", "all accounts", f"they add up to {total} cents")


def _cents(amount: Any) -> Any:  # noqa: ANN401 - SQL expressions
    """Return *amount* as a whole number, 0 for none; PostgreSQL's sums are NUMERIC."""
    return cast(func.coalesce(amount, 0), BigInteger)


_TOTAL = select(_cents(func.sum(balances.c.balance_cents)))


def _balances_off() -> Select[tuple[int, str]]:
    arrived = _folded("target_id")
    left = _folded("source_id")
    folded = _cents(arrived.c.cents) - _cents(left.c.cents)
    return (
        select(
            accounts.c.id,
            literal("balance ")
            .concat(func.coalesce(_as_text(balances.c.balance_cents), "missing"))
            .concat(", transfers ")
            .concat(_as_text(folded)),
        )
        .select_from(accounts)
        .outerjoin(balances, balances.c.account_id == accounts.c.id)
        .outerjoin(arrived, arrived.c.account_id == accounts.c.id)
        .outerjoin(left, left.c.account_id == accounts.c.id)
        .where(or_(balances.c.balance_cents.is_(None), balances.c.balance_cents != folded))
    )


def _folded(side: str) -> Any:  # noqa: ANN401 - a subquery
    account_id = transfers.c[side].label("account_id")
    cents = func.sum(transfers.c.amount_cents).label("cents")
    return select(account_id, cents).group_by(account_id).subquery(side)


def _as_text(number: Any) -> Any:  # noqa: ANN401 - SQL expressions
    return cast(cast(number, BigInteger), transfers.c.key.type)


def _below_floor() -> Select[tuple[int, str]]:
    below = balances.c.balance_cents < balances.c.floor_cents
    return select(balances.c.account_id, _as_text(balances.c.balance_cents)).where(below)


_payer_account = accounts.alias("payer_account")
_payee_account = accounts.alias("payee_account")


_arrives_in = func.coalesce(gifts_audit.target_of_gift(), _payee_account.c.id)


def _payments_unbooked() -> Select[tuple[str, str]]:
    """Booked payments without exactly the transfer they tell of (a key is unique)."""
    return (
        select(payments.c.reference, literal("no transfer of this amount between these two"))
        .join(_payer_account, _payer_account.c.customer_id == payments.c.payer_id)
        .join(_payee_account, _payee_account.c.customer_id == payments.c.payee_id)
        .outerjoin(
            transfers,
            (transfers.c.key == payments.c.message_key)
            & (transfers.c.kind == PAYMENT)
            & (transfers.c.amount_cents == payments.c.amount_cents)
            & (transfers.c.source_id == _payer_account.c.id)
            & (transfers.c.target_id == _arrives_in),
        )
        .where(
            payments.c.state == PaymentState.BOOKED,
            transfers.c.id.is_(None),
            ~held_audit.was_released(),
        )
    )


def _transfers_unexplained() -> Select[tuple[str, str]]:
    """Transfers of payments that no booked payment tells of."""
    paid = or_(payments.c.state == PaymentState.BOOKED, gifts_audit.was_given_back())
    told = (payments.c.message_key == transfers.c.key) & paid
    return (
        select(transfers.c.key, literal("no booked payment tells of this transfer"))
        .outerjoin(payments, told)
        .where(transfers.c.kind == PAYMENT, payments.c.reference.is_(None))
    )


_RULES: dict[str, Select[Any]] = {
    "balance_is_sum_of_transfers": _balances_off(),
    "balance_not_below_floor": _below_floor(),
    "booked_payment_has_transfer": _payments_unbooked(),
    "transfer_has_booked_payment": _transfers_unexplained(),
    **held_audit.RULES,
    **gifts_audit.RULES,
    **refund_audit.RULES,
}
