"""The power fails at any moment, and no payment that was acknowledged is lost, on SQLite.

The real book pays in a process that strace records; what may be found on disk is
rebuilt at random moments and opened. Full counts (`SMONEY_RELIABILITY=full`):
10,000 images for each journal mode that is shipped.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from disk import Disk, Files
from recording import Step, record
from reliability_figures import FULL, SEED, chance
from reliability_figures import record as figure

from smoney_bot.bank.money import euros
from smoney_bot.book import customers, ledger, sqlite
from smoney_bot.book.engine import Book

IMAGES = 10_000 if FULL else 150
PAYMENTS = 120 if FULL else 30

#: A quick run tries what is shipped here, and one sabotage.
_SHIPPED = sqlite.SERVED_PRAGMAS["journal_mode"]
_MODES = ["TRUNCATE", "WAL"] if FULL else [_SHIPPED]
_OTHERS = [
    ("journal_mode=WAL", "synchronous=NORMAL"),
    ("journal_mode=DELETE", "synchronous=FULL"),
    ("journal_mode=TRUNCATE", "synchronous=OFF"),
][: 3 if FULL else 1]

#: A sabotage shows soon: of 400 images, the mildest one lost a payment in 80.
SABOTAGED_IMAGES = 400 if FULL else 60

_PAYING = Path(__file__).with_name("paying.py")

needs_strace = pytest.mark.skipif(
    shutil.which("strace") is None and not os.environ.get("CI"),
    reason="strace is not installed: it records what the book does to its files",
)


def _recorded(path: Path, *pragmas: str) -> tuple[Files, list[Step]]:
    """Open two accounts in the database at *path*, let the book pay, and return how it went."""
    book = Book(f"sqlite:///{path}")
    with book.writing() as connection:
        now = book.now(connection)
        alice = customers.open_account(connection, handle="alice", x_id="111111111", now=now)
        customers.open_account(connection, handle="bob", x_id="333333333", now=now)
        ledger.deposit(connection, alice, euros(200), "first", now)
    book.close()
    before = {one.name: bytearray(one.read_bytes()) for one in path.parent.glob(path.name + "*")}
    return before, record(_PAYING, path, str(PAYMENTS), *pragmas)


def _cuts(path: Path, name: str, images: int, *pragmas: str) -> Iterator[str]:
    """Cut the power *images* times; yield what is wrong each time: nothing, most of all."""
    files, steps = _recorded(path, *pragmas)
    dice = chance(name)
    cuts = Counter(dice.randrange(len(steps)) for _ in range(images))
    disk = Disk(files)
    for place, step in enumerate(steps):
        for _ in range(cuts[place]):
            yield _judge(disk.image(dice), disk.acknowledged, path.parent / "image")
        disk.do(step)
    assert disk.acknowledged == PAYMENTS


def _judge(image: Files, acknowledged: int, folder: Path) -> str:
    folder.mkdir(exist_ok=True)
    for name, content in image.items():
        (folder / name).write_bytes(content)
    try:
        with closing(sqlite3.connect(folder / "book.db")) as connection:
            connection.execute("PRAGMA synchronous = OFF")  # the image need not last
            return _wrong(connection, acknowledged)
    except sqlite3.DatabaseError:
        return "corrupt"
    finally:
        for path in folder.iterdir():
            path.unlink()


def _wrong(connection: sqlite3.Connection, acknowledged: int) -> str:
    if connection.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
        return "corrupt"
    booked = connection.execute("SELECT key FROM transfers WHERE kind = 'payment' ORDER BY id")
    keys = [key for (key,) in booked]
    if keys != [f"t:{number}" for number in range(1, len(keys) + 1)]:
        return "torn"
    if len(keys) < acknowledged:
        return "lost"
    balances = connection.execute(
        "SELECT balance_cents FROM balances JOIN accounts ON accounts.id = account_id"
        " JOIN customers ON customers.id = customer_id ORDER BY handle"
    )
    return "" if [*balances] == [(20_000 - len(keys),), (len(keys),)] else "torn"


def test_what_is_shipped_is_one_of_the_modes_tested_here() -> None:
    assert sqlite.SERVED_PRAGMAS["journal_mode"] in {"TRUNCATE", "WAL"}
    assert sqlite.SERVED_PRAGMAS["synchronous"] == "FULL"


@needs_strace
@pytest.mark.parametrize("mode", _MODES)
def test_no_payment_that_was_acknowledged_is_lost_when_the_power_fails(
    sqlite_url: str, mode: str
) -> None:
    started = time.monotonic()
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    wrong = Counter(_cuts(path, f"power {mode}", IMAGES, f"journal_mode={mode}"))
    figure(
        f"power cuts, {mode} and FULL",
        counted=f"{IMAGES:,} images, {PAYMENTS} payments",
        violations=IMAGES - wrong[""],
        seconds=time.monotonic() - started,
        seed=SEED,
        engine="sqlite",
        note="as shipped" if mode == _SHIPPED else "other versions",
    )
    assert wrong == {"": IMAGES}


@needs_strace
@pytest.mark.parametrize("pragmas", _OTHERS, ids=" and ".join)
def test_other_settings_lose_payments_when_the_power_fails(
    sqlite_url: str, pragmas: tuple[str, str]
) -> None:
    started, name = time.monotonic(), " and ".join(one.partition("=")[2] for one in pragmas)
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    wrong = Counter(_cuts(path, f"power {name}", SABOTAGED_IMAGES, *pragmas))
    figure(
        f"power cuts, {name} (sabotage)",
        counted=f"{SABOTAGED_IMAGES} images",
        violations=SABOTAGED_IMAGES - wrong[""],
        seconds=time.monotonic() - started,
        seed=SEED,
        engine="sqlite",
        note=f"{wrong['lost']} lost, {wrong['torn']} torn, {wrong['corrupt']} corrupt, as it must",
    )
    assert wrong["lost"] > 0
