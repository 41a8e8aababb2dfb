"""Authenticators: the app on a customer's phone that shows six digits every 30 s.

TOTP (RFC 6238) as every app supports it: SHA-1, six digits, steps of 30 s. The
secret must be read back, so it is encrypted instead of hashed: passlib's wallet,
under keys of the bank that are not in the database.

A code is judged at the time of the message that shows it, never at the time of
its arrival (`threats.md` C7): an outage spoils no honest code, and nobody can
choose the moment. No clock is read here, so passlib is always given the time.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from passlib.totp import TOTP, AppWallet

from smoney_bot.bank.keys import Keyring

STEP = timedelta(seconds=30)

_ISSUER = "smoney-bot"
_PURPOSE = "authenticator"

#: The wallet can stretch weak keys by 2**cost rounds of PBKDF2. Ours are 32
#: random bytes, which gain nothing by it.
_WALLET_COST = 0


@dataclass(frozen=True, slots=True)
class NewAuthenticator:
    """A new secret: encrypted, to be kept; and in clear, to be shown this once.

    `uri` is for a QR code, `typed` the same secret in groups for typing it by
    hand. Neither may be kept or logged.
    """

    secret: str
    uri: str = field(repr=False)
    typed: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AuthenticatorOnFile:
    """What the book holds of an authenticator; only steps after `last_step` count.

    The step of a moment is its number of whole 30 s since 1970.
    """

    customer_id: int
    secret: str
    last_step: int


def new_secret(keyring: Keyring, handle: str) -> NewAuthenticator:
    """Make a secret for the app of the customer shown as *handle* (without @)."""
    app = _app(keyring).new()
    uri = app.to_uri(label=handle, issuer=_ISSUER)
    return NewAuthenticator(app.to_json(encrypt=True), uri, app.pretty_key(sep=" "))


def candidates(secret: str, keyring: Keyring, written_at: datetime) -> list[tuple[int, str]]:
    """Return (step, digits) of the codes that are right in a message of *written_at*.

    These are the code that the app showed at that moment and the one before,
    the newer first; none if the key that *secret* is encrypted under is gone.
    """
    if key_id(secret) not in keyring.ids:
        return []
    app = _app(keyring).from_json(secret)
    shown = [app.generate(moment) for moment in (written_at, written_at - STEP)]
    return [(code.counter, code.token) for code in shown]


def key_id(secret: str) -> str:
    """Return the id of the key that *secret* is encrypted under."""
    kept: str = json.loads(secret)["enckey"]["t"]
    return kept


def rewrap(secret: str, keyring: Keyring) -> str:
    """Return *secret* encrypted under the newest key; raise KeyError if its key is gone."""
    app = _app(keyring).from_json(secret)
    wrapped: str = app.to_json(encrypt=True)
    return wrapped


def _app(keyring: Keyring) -> Any:  # noqa: ANN401 - a class that passlib makes, untyped
    """Return passlib's TOTP with the bank's keys in its wallet."""
    keys = {living: keyring.derive(living, _PURPOSE) for living in keyring.ids}
    wallet = AppWallet(keys, default_tag=keyring.newest, encrypt_cost=_WALLET_COST)
    return TOTP.using(wallet=wallet)
