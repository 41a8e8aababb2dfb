"""What X bills, pay-per-use.

Source: docs.x.com, getting started, pricing; in force since 20 April 2026, read in
November 2026. X's money is the dollar, so prices are in millionths of a dollar.

Where X has two prices the one that fits us stands here: all our posts are replies
to people who summoned us, without a link; what we read counts at the full price,
though X bills a fifth of it if the bot's own account owns the app.
"""

from __future__ import annotations

from enum import StrEnum

_CENT = 10_000


class Billed(StrEnum):
    """One kind of thing that X bills, as `smoney-bot x budget` calls it."""

    REPLY = "replies posted"
    DIRECT = "direct messages sent"
    POST_READ = "posts read"
    DIRECT_READ = "direct messages read"
    PERSON_READ = "people looked up"
    POST_IN = "posts delivered"
    DIRECT_IN = "direct messages delivered"


#: In millionths of a dollar, for each one.
PRICES = {
    Billed.REPLY: 1 * _CENT,
    Billed.DIRECT: 3 * _CENT // 2,
    Billed.POST_READ: _CENT // 2,
    Billed.DIRECT_READ: 1 * _CENT,
    Billed.PERSON_READ: 1 * _CENT,
    Billed.POST_IN: _CENT // 2,
    Billed.DIRECT_IN: 1 * _CENT,
}
