"""The states that a row can be in, as the database names them."""

from __future__ import annotations

from enum import StrEnum


class AccountKind(StrEnum):
    """What an account is for."""

    CUSTOMER = "customer"
    FUNDING = "funding"  # where money enters and leaves: the outside world's side
    HELD = "held"  # money of payments whose payee has no account yet


class MessageState(StrEnum):
    """Where a message stands; the last five are final, as in `bank.desk.Outcome`."""

    RECEIVED = "received"
    CLAIMED = "claimed"
    IGNORED = "ignored"
    REFUSED = "refused"
    DECLINED = "declined"
    APPLIED = "applied"
    SET_ASIDE = "set_aside"  # failed too often: waits for an operator


class ReplyState(StrEnum):
    """Where a reply stands."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    UNKNOWN = "unknown"  # may be out: look before sending again
    GAVE_UP = "gave_up"


class ApprovalState(StrEnum):
    """Where a refund stands; the last two are final."""

    ASKED = "asked"  # by one operator: waits for another
    APPROVED = "approved"
    DECLINED = "declined"
