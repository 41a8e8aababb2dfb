"""Codes: the secret that authorises an order, worth something once.

A code is turned into a tag the moment it arrives (HMAC under a key that is not
in the database, bound to its author). Of a card code or a PIN only an Argon2id
hash of that tag is kept: neither the book nor a copy of it can tell or try a
code. An authenticator's code is compared by its tag with those that the app
showed at the time. `threats.md`'s sources: NIST SP 800-63B on look-up secrets,
OWASP on Argon2id's cost.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from smoney_bot.bank.authenticators import AuthenticatorOnFile, candidates
from smoney_bot.bank.hashing import ARGON2
from smoney_bot.bank.keys import Keyring, mac
from smoney_bot.bank.messages import SeenCode

CARD_LENGTH = 8  # two digits of place, six of secret (20 bits, NIST SP 800-63B)
AUTHENTICATOR_LENGTH = 6
PIN_LENGTH = 4
LENGTHS = (CARD_LENGTH, AUTHENTICATOR_LENGTH, PIN_LENGTH)

CARD_PLACES = 20
CARD_LIFE = timedelta(days=90)

#: Consecutive failures until the lock (RTS on SCA, article 4(3)(b): at most 5).
FAILURES_MAX = 5
_LOCK_FIRST = timedelta(minutes=15)
_LOCK_LONGEST = timedelta(hours=24)

_TAG = "code-tag"


class PinInPublic(StrEnum):
    """What a PIN may do in a public post."""

    BURN = "burn"  # works once, then the PIN is void
    REFUSE = "refuse"
    ACCEPT = "accept"  # 2014's way


class CodeKind(StrEnum):
    """The kinds of code, told apart by their length."""

    CARD = "card"
    AUTHENTICATOR = "authenticator"
    PIN = "pin"


KINDS = {
    CARD_LENGTH: CodeKind.CARD,
    AUTHENTICATOR_LENGTH: CodeKind.AUTHENTICATOR,
    PIN_LENGTH: CodeKind.PIN,
}


@dataclass(frozen=True, slots=True)
class CodeOnFile:
    """What the book holds of a card code or a PIN: its hash and the key of the hashed tag.

    `row_id` names it in the book. A code that is `spent` (used, retired or of
    an expired card) is still hashed against, so that time tells nothing.
    """

    kind: CodeKind
    row_id: int
    customer_id: int
    place: int | None
    hash: str
    key_id: str
    spent: bool


OnFile = CodeOnFile | AuthenticatorOnFile


@dataclass(frozen=True, slots=True)
class CodeUse:
    """A right code, to be used up by the decision on its message.

    `step` is the 30 s of an authenticator's code; its `row_id` is the customer's.
    `judged_by` is what stood on file when it was judged: the hash, or the
    authenticator's secret as it is kept. Where something else stands there by now,
    the code is right no more.
    """

    kind: CodeKind
    row_id: int
    customer_id: int
    place: int | None
    step: int | None = None
    judged_by: str = ""


@dataclass(frozen=True, slots=True)
class Rehash:
    """A PIN's hash, made anew under the newest key or at today's cost."""

    customer_id: int
    old: str
    hash: str
    key_id: str


class Verdict(StrEnum):
    """What the check of one code said."""

    RIGHT = "right"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class CheckedCode:
    """One code of a message after the check."""

    at: int
    verdict: Verdict
    use: CodeUse | None = None  # set when right
    missed: CodeOnFile | None = None  # what was tried with wrong digits
    rehash: Rehash | None = None  # to be kept whatever becomes of the order


@dataclass(frozen=True, slots=True)
class Checked:
    """All codes of a message after the check.

    `locked`: the author has failed too often; nothing was tried.
    `failures`: consecutive failures on record, this attempt included.
    """

    codes: tuple[CheckedCode, ...] = ()
    locked: bool = False
    failures: int = 0

    def at(self, position: int | None) -> CheckedCode | None:
        """Return the code that stood at *position* of the text."""
        return next((code for code in self.codes if code.at == position), None)


def tags(keyring: Keyring, author_id: str, digits: str) -> dict[str, str]:
    """Return the tag of *digits* said by *author_id* under each living key."""
    return keyring.tags(_TAG, author_id, digits)


def hash_code(keyring: Keyring, author_id: str, digits: str) -> tuple[str, str]:
    """Return (Argon2id hash, key id) to keep for a code of *author_id*."""
    key = keyring.derive(keyring.newest, _TAG)
    return ARGON2.hash(mac(key, author_id, digits)), keyring.newest


def takes_hash(seen: SeenCode) -> bool:
    """Return whether to `check` this code takes an Argon2id (20 ms), right or wrong."""
    return seen.length != AUTHENTICATOR_LENGTH


def check(
    seen: SeenCode,
    on_file: OnFile | None,
    *,
    keyring: Keyring,
    author_id: str,
    written_at: datetime,
) -> CheckedCode:
    """Judge one code of *author_id* as of *written_at*, the message's own time (UTC).

    A card code or PIN always costs one Argon2id (20 ms), whatever is wrong; a
    right PIN that is to move to the newest key costs a second one. Run it
    outside every lock and transaction; Argon2id frees the GIL.
    """
    if isinstance(on_file, AuthenticatorOnFile):
        shown = candidates(on_file.secret, keyring, written_at)
        right = [step for step, digits in shown if _says(seen, keyring, author_id, digits)]
        return _check_steps(seen, on_file, right)
    if not takes_hash(seen):
        return CheckedCode(seen.start, Verdict.WRONG)
    return _check_hash(seen, on_file, keyring)


def _says(seen: SeenCode, keyring: Keyring, author_id: str, digits: str) -> bool:
    """Return whether *seen* is *digits* said by *author_id*, under any key both know."""
    expected = tags(keyring, author_id, digits)
    return any(
        hmac.compare_digest(seen.tags.get(key_id, ""), tag) for key_id, tag in expected.items()
    )


def _check_steps(seen: SeenCode, on_file: AuthenticatorOnFile, right: list[int]) -> CheckedCode:
    """Accept the newest of the *right* steps that comes after the last one used."""
    step = max(right, default=on_file.last_step)
    if step <= on_file.last_step:
        return CheckedCode(seen.start, Verdict.WRONG)
    of = on_file.customer_id
    use = CodeUse(CodeKind.AUTHENTICATOR, of, of, place=None, step=step, judged_by=on_file.secret)
    return CheckedCode(seen.start, Verdict.RIGHT, use)


def _check_hash(seen: SeenCode, on_file: CodeOnFile | None, keyring: Keyring) -> CheckedCode:
    tag = seen.tags.get(on_file.key_id) if on_file else None
    if on_file is None or tag is None:
        ARGON2.dummy_verify()
        return CheckedCode(seen.start, Verdict.WRONG)
    if not ARGON2.verify(tag, on_file.hash):
        return CheckedCode(seen.start, Verdict.WRONG, missed=on_file)
    if on_file.spent:
        return CheckedCode(seen.start, Verdict.WRONG)
    use = CodeUse(
        on_file.kind,
        on_file.row_id,
        on_file.customer_id,
        on_file.place,
        judged_by=on_file.hash,
    )
    return CheckedCode(seen.start, Verdict.RIGHT, use, rehash=_rehash(seen, on_file, keyring))


def _rehash(seen: SeenCode, on_file: CodeOnFile, keyring: Keyring) -> Rehash | None:
    """Return the hash to keep for a PIN from now on, if not the one it has.

    A card code has none: it works once, and its card runs out within 90 days.
    """
    tag = seen.tags.get(keyring.newest)  # none if the door has not heard of that key yet
    if on_file.kind is not CodeKind.PIN or tag is None:
        return None
    if on_file.key_id == keyring.newest and not ARGON2.needs_update(on_file.hash):
        return None
    return Rehash(on_file.customer_id, on_file.hash, ARGON2.hash(tag), keyring.newest)


def new_card_codes() -> Iterator[str]:
    """Yield the codes of a new card, in order of place: eight digits each."""
    for place in range(1, CARD_PLACES + 1):
        yield f"{place:02}{secrets.randbelow(1_000_000):06}"


def lock_until(now: datetime, locks_before: int) -> datetime:
    """Return the end of a lock that starts *now*: 15 minutes, doubling to a day."""
    return now + min(_LOCK_FIRST * (1 << min(locks_before, 10)), _LOCK_LONGEST)
