"""Operators: what each role may do, what a password must be, how failures are slowed down.

    viewer < teller < supervisor

Who may do something may do all that those below may. Money goes back to a payer only
by two of them: one asks, and another, a supervisor, approves.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from smoney_bot.bank.hashing import ARGON2

#: NIST SP 800-63B asks for 8 signs at least; this page moves other people's money.
PASSWORD_MIN = 12
#: So that nobody makes the bank hash a book.
PASSWORD_MAX = 200

#: How long a session lasts: without a request, and in all (OWASP ASVS 4, 3.3.2).
IDLE = timedelta(minutes=15)
SESSION = timedelta(hours=8)

#: From this many failures in a row on, each one locks, twice as long as the one before.
FAILURES_FREE = 5
_LOCK_FIRST = timedelta(minutes=1)
_LOCK_LONGEST = timedelta(hours=1)
#: NIST SP 800-63B: after 100 failures in a row only a new password opens again.
FAILURES_MAX = 100


class Role(StrEnum):
    """What an operator may do, from the least to the most."""

    VIEWER = "viewer"
    TELLER = "teller"
    SUPERVISOR = "supervisor"


class Deed(StrEnum):
    """What operators do, as the record of their actions names it."""

    SIGN_IN = "signed_in"
    FAIL = "failed_to_sign_in"
    SIGN_OUT = "signed_out"
    TRY = "tried_what_was_not_allowed"
    LOOK_AT_PAYMENT = "looked_at_payment"
    LOOK_AT_CUSTOMER = "looked_at_customer"
    FREEZE = "froze_account"
    UNFREEZE = "unfroze_account"
    RESEND = "resent_reply"
    RETRY = "retried_message"
    VERIFY = "verified_book"
    ASK_REFUND = "asked_for_refund"
    APPROVE_REFUND = "approved_refund"
    DECLINE_REFUND = "declined_refund"
    LOOK_AT_REQUEST = "looked_at_request"
    TAKE_REQUEST = "took_request"
    ANSWER_REQUEST = "answered_request"
    CLOSE_REQUEST = "closed_request"
    LOOK_AT_ACTIONS = "looked_at_actions"
    ADD = "added_operator"
    DISABLE = "disabled_operator"
    ENABLE = "enabled_operator"
    NEW_PASSWORD = "set_password"  # noqa: S105 - the name of a deed
    NEW_AUTHENTICATOR = "set_authenticator"


#: The lowest role that may; what is not here is not done in the console.
LOWEST = {
    Deed.LOOK_AT_PAYMENT: Role.VIEWER,
    Deed.LOOK_AT_CUSTOMER: Role.VIEWER,
    Deed.FREEZE: Role.TELLER,
    Deed.UNFREEZE: Role.TELLER,
    Deed.RESEND: Role.TELLER,
    Deed.RETRY: Role.TELLER,
    Deed.ASK_REFUND: Role.TELLER,
    Deed.VERIFY: Role.TELLER,
    Deed.LOOK_AT_REQUEST: Role.TELLER,  # it shows what customers write
    Deed.TAKE_REQUEST: Role.TELLER,
    Deed.ANSWER_REQUEST: Role.TELLER,
    Deed.CLOSE_REQUEST: Role.TELLER,
    Deed.APPROVE_REFUND: Role.SUPERVISOR,
    Deed.DECLINE_REFUND: Role.SUPERVISOR,
    Deed.LOOK_AT_ACTIONS: Role.SUPERVISOR,
}

_RANKS = list(Role)


def may(role: Role, deed: Deed) -> bool:
    """Return whether an operator of that *role* may do this in the console."""
    lowest = LOWEST.get(deed)
    return lowest is not None and _RANKS.index(role) >= _RANKS.index(lowest)


def needs_authenticator(role: Role) -> bool:
    """Return whether a password alone will not do: supervisors release money."""
    return role is Role.SUPERVISOR


def lock_until(failures: int, now: datetime) -> datetime | None:
    """Return until when nobody signs in under a name that has failed this often in a row."""
    if failures < FAILURES_FREE:
        return None
    doublings = min(failures - FAILURES_FREE, 10)
    wait: timedelta = min(_LOCK_FIRST * 2**doublings, _LOCK_LONGEST)
    return now + wait


def fault_of_password(password: str, name: str) -> str | None:
    """Return what is wrong with a new password, for an operator's eyes; None if nothing is."""
    if not PASSWORD_MIN <= len(password) <= PASSWORD_MAX:
        return f"A password has {PASSWORD_MIN} to {PASSWORD_MAX} signs."
    if name.lower() in password.lower():
        return "A password does not contain the name."
    if len(set(password)) < PASSWORD_MIN // 2:
        return "These are too few different signs."
    return None


def hash_password(password: str) -> str:
    """Return what is kept of a password; takes about 20 ms, so do it outside transactions."""
    hashed: str = ARGON2.hash(password)
    return hashed


def is_password(password: str, hashed: str | None) -> bool:
    """Return whether it is the password; without a hash as much time is spent for nothing."""
    if hashed is None or len(password) > PASSWORD_MAX:
        ARGON2.dummy_verify()
        return False
    return bool(ARGON2.verify(password, hashed))
