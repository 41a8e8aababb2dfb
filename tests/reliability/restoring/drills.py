"""One restore drill: a copy is put in place, may not pay, asks X, and is compared.

Meanwhile somebody who holds a customer's account on X posts every code again that
was shown after the copy was made: the copy does not know that they are used up.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from local_people import APP, KEYRING, SECRET_KEYS
from lost_bank import LostBank, Payments, Teller, messages, paid, teller

from smoney_bot import settings as environment
from smoney_bot.book import audit, backups
from smoney_bot.book.engine import Book
from smoney_bot.book.witness import NOTHING_CUT_OFF
from smoney_bot.cli.ledger import find_problems
from smoney_bot.cli.opening import opened_to_pay
from smoney_bot.settings import BadSettings
from smoney_bot.workers.remembering import remember


@dataclass
class Drill:
    """What a drill came to."""

    rebuilt: int = 0  # payments that came back from X
    lost: int = 0  # payments whose message X lists no more
    shown_again: int = 0  # codes that were tried once more
    wrong: list[str] = field(default_factory=list)


Opening = Callable[[Teller], None]


def ask_x_first(bank: Teller) -> None:
    """Open as the daemon does: what X lists is in the inbox before anything is served."""
    bank.take_over()
    remember(bank.reading)


def pay_at_once(bank: Teller) -> None:
    """Open directly after the restore, and ask X at leisure: the sabotage."""
    bank.take_over()
    bank.serve()
    bank.reading.catch_up()


def drill(lost: LostBank, copy: Path, opening: Opening = ask_x_first) -> Drill:
    """Restore *copy*, recover it, open it, and compare it with what the lost bank had."""
    path = lost.folder / "restored.db"
    shutil.copyfile(copy, path)
    book = Book(f"sqlite:///{path}")
    before = paid(book)
    known = messages(book)
    forgotten = [key for key in lost.payments if key not in before]
    gone = {key for key in forgotten if key not in known and not lost.listed(key)}
    done = Drill(lost=len(gone))
    done.wrong += _recovery(book, path, lost)
    with lost.shown_again(forgotten) as again, teller(book, lost.people.url) as bank:
        for one in again:
            bank.keep(one)
        opening(bank)
        bank.serve()
        done.shown_again = len(again)
    after = paid(book)
    done.rebuilt = len(after) - len(before)
    done.wrong += _compared(lost, after, gone)
    with book.reading() as connection:
        done.wrong += [str(problem) for problem in audit.verify(connection)]
    book.close()
    return done


def _recovery(book: Book, path: Path, lost: LostBank) -> Iterator[str]:
    """Recover the copy as an operator does; yield what was not as it should be."""
    if not _refuses_to_pay(path):
        yield "a restored book would pay before it is recovered"
    with book.reading() as connection:
        now = book.now(connection)
        problems = list(find_problems(connection, KEYRING, now, lost.witness))
    yield from (str(one) for one in problems if one.rule != NOTHING_CUT_OFF)
    book.run(backups.recovered)
    if _refuses_to_pay(path):
        yield "a recovered book refuses to pay"


def _refuses_to_pay(path: Path) -> bool:
    settings = environment.load(
        database_url=f"sqlite:///{path}", secret_keys=SECRET_KEYS, x_bot_id=APP.bot_id
    )
    try:
        with opened_to_pay(settings):
            return False
    except BadSettings as refusal:
        return "ledger recover" in str(refusal)


def _compared(lost: LostBank, after: Payments, gone: set[str]) -> Iterator[str]:
    """Yield each payment that is not as it was, but for those that are *gone*."""
    due = {key: one for key, one in lost.payments.items() if key not in gone}
    for key in sorted(due.keys() | after.keys()):
        if due.get(key) != after.get(key):
            yield f"{key}: {after.get(key)}, and it was {due.get(key)}"
