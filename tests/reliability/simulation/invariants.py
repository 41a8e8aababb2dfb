"""What must hold whatever happened: money, codes, and what everybody can see of it.

The names I1 to I8 are those of the service's list of invariants.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from whole_bank import BOT, CAST, WholeBank, card

from smoney_bot.book import audit

_TIME = re.compile(r"\b[0-9]{2}:[0-9]{2}\b", re.ASCII)
_REFERENCE = re.compile(r"\b[0-9A-HJKMNP-TV-Z]{4,6}-[0-9]{2}\b", re.ASCII)


def rows(bank: WholeBank, question: str) -> list[tuple[Any, ...]]:
    """Return what the book says, without a crash point."""
    with bank.points.at_rest(), bank.book.reading() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(question)]


def money_violations(bank: WholeBank) -> Iterator[str]:
    """Yield what is wrong with the money at this moment (I1, I2, I6)."""
    with bank.points.at_rest(), bank.book.reading() as connection:
        for problem in audit.verify(connection):
            yield f"{problem.rule}: {problem.subject}: {problem.detail}"
    for key, cents in rows(
        bank,
        "SELECT transfers.key, transfers.amount_cents FROM transfers JOIN payments"
        " ON payments.message_key = transfers.key"
        " WHERE transfers.amount_cents > CASE payments.kind WHEN 'peer' THEN 25000 ELSE 50000 END",
    ):
        yield f"I6: {key} moved {cents} cents"


def rest_violations(bank: WholeBank) -> Iterator[str]:
    """Yield what is wrong once nothing waits any more (I3, I4, I5, I8, I10)."""
    yield from money_violations(bank)
    for key, state, reason in rows(
        bank,
        "SELECT key, state, reason FROM inbox WHERE state IN ('received', 'claimed', 'set_aside')",
    ):
        yield f"I4: {key} is {state} ({reason})"
    for key, times in rows(
        bank,
        "SELECT used_by, count(*) FROM card_codes WHERE used_by IS NOT NULL"
        " GROUP BY used_by HAVING count(*) > 1",
    ):
        yield f"I5: {key} used up {times} codes"
    yield from _code_violations(bank)
    yield from _reply_violations(bank)


def _code_violations(bank: WholeBank) -> Iterator[str]:
    """Yield the codes that can be read somewhere (I10)."""
    kept = " ".join(str(text) for question in _TEXTS for (text,) in rows(bank, question))
    numbers = set(_NUMBER.findall(kept))  # whole: an id may hold the digits of a code by chance
    for role in CAST:
        yield from (
            f"I10: a code of {role.handle}" for code in numbers.intersection(card(role.handle))
        )


_NUMBER = re.compile(r"[0-9]+", re.ASCII)
_TEXTS = ("SELECT payload FROM inbox", "SELECT text FROM outbox", "SELECT note FROM payments")


def _reply_violations(bank: WholeBank) -> Iterator[str]:
    wanted = Counter(
        (_first_version(bank, in_reply_to) if in_reply_to else to_x_id, text)
        for in_reply_to, to_x_id, text in rows(
            bank, "SELECT in_reply_to, to_x_id, text FROM outbox WHERE state = 'sent'"
        )
    )
    shown = Counter(visible(bank))
    for place, text in (shown - wanted).elements():
        yield f"I8: seen once too often, below {place}: {_named(text)}"
    for place, text in (wanted - shown).elements():
        yield f"I8: noted as sent, seen nowhere, below {place}: {_named(text)}"
    for (key,) in rows(
        bank,
        "SELECT key FROM inbox LEFT JOIN outbox ON outbox.message_key = inbox.key"
        " LEFT JOIN customers ON customers.x_id = inbox.author_id"
        " WHERE inbox.state IN ('applied', 'refused', 'declined') AND outbox.id IS NULL"
        " AND NOT coalesce(customers.silent, 1 = 0)",
    ):
        yield f"I8: {key} was never answered"


def visible(bank: WholeBank) -> Iterator[tuple[str, str]]:
    """Yield all that the bot said: below which post or to whom, and the words."""
    for post in bank.world.timeline(100_000):
        if post.author_id == BOT.x_id:
            yield _first_version(bank, post.in_reply_to or ""), post.text[slice(*post.body)].strip()
    for direct in bank.world.directs(BOT.x_id):
        if direct.sender_id == BOT.x_id:
            yield direct.recipient_id, direct.text


def _first_version(bank: WholeBank, post_id: str) -> str:
    """Return the id that names a post whatever was edited since."""
    post = bank.world.find(post_id)
    return post.key if post else post_id


def _named(text: str) -> str:
    return _TIME.sub("TIME", _REFERENCE.sub("REF", text))


def story(bank: WholeBank) -> dict[str, list[tuple[Any, ...]]]:
    """Return all that counts in the end, the same for every way that led there.

    Messages go by their number, because their ids tell the time, and references
    by REF, because they tell the order of arrival; the time of day by TIME, because
    a death takes some.
    """
    told = {
        "messages": "SELECT key, state, reason FROM inbox",
        "payments": "SELECT message_key, state, reason, amount_cents FROM payments",
        "transfers": "SELECT key, kind, source_id, target_id, amount_cents FROM transfers",
        "balances": "SELECT account_id, balance_cents FROM balances",
        "codes": "SELECT id, used_by FROM card_codes WHERE used_by IS NOT NULL",
        "asks": "SELECT asked_id, state, amount_cents, shown FROM asks",
        "pins": "SELECT customer_id FROM pins WHERE void_at IS NOT NULL",
        "guards": "SELECT customer_id, failures, locks FROM guards",
        "customers": "SELECT x_id, state, private, silent FROM customers",
        "requests": "SELECT message_key, kind, state, coalesce(taken_by, '') FROM requests",
        "request lines": "SELECT coalesce(operator, ''), words FROM request_lines",
        "refunds": "SELECT state, asked_by, coalesce(decided_by, 0) FROM approvals",
        "deeds of operators": "SELECT operator, deed FROM actions",
    }
    numbers = {x_id: f"message {number}" for number, x_id in enumerate(bank.said)}

    def plain(line: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(
            numbers.get(_bare(one), _named(one)) if isinstance(one, str) else one for one in line
        )

    ends = {name: sorted(map(plain, rows(bank, question))) for name, question in told.items()}
    return {**ends, "said": sorted(map(plain, visible(bank))), "noted": [(*bank.noted,)]}


def _bare(key: str) -> str:
    """Return the id in a message's key."""
    return key.removeprefix("t:").removeprefix("d:")
