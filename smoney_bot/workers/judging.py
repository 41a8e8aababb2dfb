"""Judging: the codes of claimed messages, checked outside every lock.

What the book holds of them was read when the messages were claimed; if another
message uses a code up meanwhile, the writing will notice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from smoney_bot.bank import codes
from smoney_bot.bank.customers import Customer
from smoney_bot.bank.keys import Keyring
from smoney_bot.bank.messages import Message
from smoney_bot.book import codes as code_records
from smoney_bot.book import inbox


@dataclass(frozen=True, slots=True)
class Claim:
    """A claimed message and what the book held of its codes at that moment."""

    claimed: inbox.Claimed
    reserved: code_records.Reserved | None = None  # None: no account, or no code to check
    on_file: Mapping[int, codes.OnFile] = field(default_factory=dict)

    @property
    def message(self) -> Message:
        """The message itself."""
        return self.claimed.message

    @property
    def is_slow(self) -> bool:
        """Whether to judge it takes a hash: not for a lock, nor for an authenticator."""
        if self.reserved is None or not self.reserved.granted:
            return False
        return any(codes.takes_hash(one) for one in self.message.codes)


def claims_of(
    claimed: Iterable[inbox.Claimed],
    known: Mapping[str, Customer],
    reserved: Mapping[int, code_records.Reserved],
    on_file: Mapping[code_records.At, codes.OnFile],
) -> list[Claim]:
    """Return each message with what concerns its codes, by author and place in the text."""
    return [_claim_of(one, known.get(one.message.author_id), reserved, on_file) for one in claimed]


def _claim_of(
    claimed: inbox.Claimed,
    author: Customer | None,
    reserved: Mapping[int, code_records.Reserved],
    on_file: Mapping[code_records.At, codes.OnFile],
) -> Claim:
    if author is None or not claimed.message.codes:
        return Claim(claimed)
    places = [code.start for code in claimed.message.codes]
    mine = {at: on_file[author.id, at] for at in places if (author.id, at) in on_file}
    return Claim(claimed, reserved[author.id], mine)


def check(claim: Claim, keyring: Keyring) -> codes.Checked:
    """Judge the codes of one message (20 ms each, off the GIL)."""
    if claim.reserved is None:
        return codes.Checked()
    if not claim.reserved.granted:
        return codes.Checked(locked=True, failures=claim.reserved.failures)
    message = claim.message
    results = [
        codes.check(
            seen,
            claim.on_file.get(seen.start),
            keyring=keyring,
            author_id=message.author_id,
            written_at=message.written_at,
        )
        for seen in message.codes
    ]
    return codes.Checked(tuple(results), failures=claim.reserved.failures)
