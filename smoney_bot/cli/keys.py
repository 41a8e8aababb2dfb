"""`smoney-bot keys`: the bank's secret keys, and taking an old one out of use.

To rotate: put a new key first in SMONEY_SECRET_KEYS and restart every process;
`rewrap`; wait until `status` says that the old key can be removed. Cards run out
within 90 days, a PIN moves to the newest key the next time it is used.
"""

from __future__ import annotations

import base64
import secrets
from collections import Counter
from datetime import UTC, datetime
from enum import StrEnum

import typer
from sqlalchemy import Connection

from smoney_bot.bank import authenticators
from smoney_bot.bank.keys import Keyring
from smoney_bot.book import authenticators as records
from smoney_bot.book import key_use, operators
from smoney_bot.book.engine import Book
from smoney_bot.cli.opening import load_settings, opened
from smoney_bot.cli.show import AsJson, confirm, counted, refuse, show_json, show_rows

app = typer.Typer(name="keys", help="The bank's secret keys.", no_args_is_help=True)

_COLUMNS = ["key", "state", "card_codes", "pins", "authenticators", "messages", "seals"]
_BATCH = 500


class KeyState(StrEnum):
    """Where a key stands between its first day and its last."""

    NEWEST = "newest"  # new secrets are written with it
    NEEDED = "needed"  # older, and some records still have it
    REMOVABLE = "removable"  # older, and no record has it
    MISSING = "missing"  # records have it, but the setting does not


@app.command()
def new() -> None:
    """Print a new secret key; put it first in SMONEY_SECRET_KEYS, before the old ones."""
    typer.echo(make_key())


def make_key() -> str:
    """Return a new key as `id:base64`; its id is today's date and four random signs."""
    key_id = f"{datetime.now(UTC):%Y%m%d}-{secrets.token_hex(2)}"
    return f"{key_id}:{base64.b64encode(secrets.token_bytes(32)).decode()}"


@app.command()
def status(*, as_json: AsJson = False) -> None:
    """Show what still needs each key, and which old ones can be removed.

    Ends with exit code 1 if records need a key that the setting lacks.
    """
    settings = load_settings()
    keyring = settings.keyring()
    with opened(settings) as book, book.reading() as connection:
        rows = _rows(keyring, _counts(connection, book.now(connection)))
    if as_json:
        show_json(rows)
    else:
        show_rows("Secret keys", _COLUMNS, rows)
    _judge({str(row["key"]): KeyState(str(row["state"])) for row in rows})


def _counts(connection: Connection, now: datetime) -> dict[str, Counter[str]]:
    """Return, for each kind of record, how many need a key, by its id."""
    return {
        "card_codes": key_use.card_codes_by_key(connection, now),
        "pins": key_use.pins_by_key(connection),
        "authenticators": key_use.authenticators_by_key(connection),
        "messages": key_use.messages_by_key(connection),
        "seals": key_use.seals_by_key(connection),
    }


def _rows(keyring: Keyring, counts: dict[str, Counter[str]]) -> list[dict[str, object]]:
    """Return one row for each key, those of the setting first."""
    needed = {key for counted in counts.values() for key in counted}
    known = [*keyring.ids, *sorted(needed - set(keyring.ids))]
    return [
        {
            "key": key,
            "state": _state(key, keyring, needed=key in needed).value,
            **{kind: counted[key] for kind, counted in counts.items()},
        }
        for key in known
    ]


def _state(key: str, keyring: Keyring, *, needed: bool) -> KeyState:
    if key not in keyring.ids:
        return KeyState.MISSING
    if key == keyring.newest:
        return KeyState.NEWEST
    return KeyState.NEEDED if needed else KeyState.REMOVABLE


def _judge(states: dict[str, KeyState]) -> None:
    """Say what follows, in a sentence."""
    missing = [key for key, state in states.items() if state is KeyState.MISSING]
    if missing:
        refuse(
            "Codes are refused, or pages cannot be checked, because SMONEY_SECRET_KEYS lacks"
            f" their key: {', '.join(missing)}. Put it back."
        )
    removable = [key for key, state in states.items() if state is KeyState.REMOVABLE]
    if removable:
        confirm(f"Nothing needs {', '.join(removable)} any more: it can be removed.")


@app.command()
def rewrap() -> None:
    """Encrypt all authenticator secrets under the newest key."""
    settings = load_settings()
    keyring = settings.keyring()
    with opened(settings) as book:
        moved = _rewrap_all(book, keyring)
    confirm(f"{counted(moved, 'authenticator')} moved to {keyring.newest}.")


def _rewrap_all(book: Book, keyring: Keyring) -> int:
    """Move batch after batch, in order of customers; return how many moved."""
    moved, last = book.run(lambda c: _rewrap_operators(c, keyring)), 0
    while batch := _next_batch(book, last):
        moved += _rewrap(book, keyring, batch)
        last = batch[-1][0]
    return moved


def _rewrap_operators(connection: Connection, keyring: Keyring) -> int:
    """Move those of operators, who are few; return how many moved."""
    moved = 0
    for one in operators.listing(connection):
        held = operators.find(connection, one.name, lock=True)
        if held is None or held.secret is None:
            continue
        if authenticators.key_id(held.secret) in keyring.ids[1:]:
            operators.rewrap(connection, held, authenticators.rewrap(held.secret, keyring))
            moved += 1
    return moved


def _next_batch(book: Book, last: int) -> list[tuple[int, str]]:
    with book.reading() as connection:
        return records.secrets_after(connection, last, _BATCH)


def _rewrap(book: Book, keyring: Keyring, batch: list[tuple[int, str]]) -> int:
    """Move those of *batch* that an older key of the setting encrypts."""
    changed = [
        (customer_id, secret, authenticators.rewrap(secret, keyring))
        for customer_id, secret in batch
        if authenticators.key_id(secret) in keyring.ids[1:]
    ]
    return book.run(lambda connection: records.rewrap(connection, changed))
