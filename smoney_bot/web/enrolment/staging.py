"""What is chosen and not yet confirmed: kept as hashes, shown once in clear.

A first code is judged against it by the rules that judge every code. What was
right then becomes living in one transaction (`clerk`).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime

from smoney_bot.bank import authenticators, codes
from smoney_bot.bank.authenticators import AuthenticatorOnFile
from smoney_bot.bank.codes import KINDS, CodeKind, CodeOnFile, CodeUse
from smoney_bot.bank.customers import Customer
from smoney_bot.bank.keys import Keyring
from smoney_bot.bank.messages import SeenCode

_PLACE_LENGTH = 2


@dataclass(frozen=True, slots=True)
class Staged:
    """A PIN, a card and an authenticator as the book may keep them.

    `pin` is (hash, key id), `card` holds (place, hash, key id) of each code, and
    `authenticator` is encrypted.
    """

    pin: tuple[str, str]
    card: tuple[tuple[int, str, str], ...]
    authenticator: str

    def to_json(self) -> str:
        """Return it as one JSON object."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Staged:
        """Return what `to_json` wrote."""
        facts = json.loads(text)
        card = tuple((place, hash_, key_id) for place, hash_, key_id in facts["card"])
        pin_hash, pin_key = facts["pin"]
        return cls((pin_hash, pin_key), card, facts["authenticator"])


@dataclass(frozen=True, slots=True)
class Drawn:
    """What the customer sees this once: the card's codes, the secret of the app."""

    codes: tuple[str, ...] = field(repr=False)
    uri: str = field(repr=False)
    typed: str = field(repr=False)


def draw(keyring: Keyring, customer: Customer, pin: str) -> tuple[Staged, Drawn]:
    """Draw a card and an authenticator beside the chosen *pin*.

    Takes half a second of hashing (20 ms a code): call it outside every transaction.
    """
    card = tuple(codes.new_card_codes())
    app = authenticators.new_secret(keyring, customer.handle)
    staged = Staged(
        pin=codes.hash_code(keyring, customer.x_id, pin),
        card=tuple((_place(one), *codes.hash_code(keyring, customer.x_id, one)) for one in card),
        authenticator=app.secret,
    )
    return staged, Drawn(card, app.uri, app.typed)


def see(keyring: Keyring, customer: Customer, digits: str) -> SeenCode:
    """Return *digits* as the bank sees a code: a length, a place and tags."""
    place = _place(digits) if KINDS[len(digits)] is CodeKind.CARD else None
    return SeenCode(0, len(digits), place, codes.tags(keyring, customer.x_id, digits))


def judge(
    staged: Staged, seen: SeenCode, *, keyring: Keyring, customer: Customer, now: datetime
) -> CodeUse | None:
    """Return the use of a first code that is right at *now*, else None.

    A card code's use names its place; the book gives the row when the card is issued.
    """
    checked = codes.check(
        seen,
        _on_file(staged, seen, customer),
        keyring=keyring,
        author_id=customer.x_id,
        written_at=now,
    )
    return checked.use


def _on_file(
    staged: Staged, seen: SeenCode, customer: Customer
) -> CodeOnFile | AuthenticatorOnFile | None:
    """Return what would be on file of the code *seen* if the staged were living."""
    if KINDS[seen.length] is CodeKind.AUTHENTICATOR:
        return AuthenticatorOnFile(customer.id, staged.authenticator, last_step=0)
    hashed = {place: (hash_, key_id) for place, hash_, key_id in staged.card}
    if seen.place not in hashed:
        return None
    hash_, key_id = hashed[seen.place]
    return CodeOnFile(
        kind=CodeKind.CARD,
        row_id=0,
        customer_id=customer.id,
        place=seen.place,
        hash=hash_,
        key_id=key_id,
        spent=False,
    )


def _place(digits: str) -> int:
    return int(digits[:_PLACE_LENGTH])
