"""The calls that we make of X: how often it answers them, what they cost, who waits for them.

Limits: docs.x.com, fundamentals, rate limits, for calls in the name of one account
(read in November 2026). They are where counting starts; X's headers correct it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from smoney_bot.book.windows import Limit, Span
from smoney_bot.channels.x.prices import Billed


class Need(IntEnum):
    """How long a call goes on as the day's budget runs out: down to which `Purse`."""

    SPARE = 0  # until four fifths are spent
    CUSTOMER = 1  # until all is
    PAYMENT = 2  # always: an order to pay waits for the answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One call of X's API; those of the same `window` share their limits.

    `billed` is what X bills: the call itself if it sends, else each thing it shows.
    """

    window: str
    limits: tuple[Limit, ...]
    billed: Billed
    need: Need
    sends: bool = False


def _quarter(calls: int) -> Limit:
    return Limit(Span.QUARTER, calls)


POSTS = Endpoint(
    window="POST /2/tweets",
    limits=(_quarter(100), Limit(Span.APP_DAY, 10_000)),
    billed=Billed.REPLY,
    need=Need.CUSTOMER,
    sends=True,
)
DIRECTS = Endpoint(
    window="POST /2/dm_conversations",
    limits=(_quarter(15), Limit(Span.DAY, 1_440), Limit(Span.APP_DAY, 1_440)),
    billed=Billed.DIRECT,
    need=Need.CUSTOMER,
    sends=True,
)
_DIRECTS_READ = Endpoint(
    window="GET /2/dm_events",
    limits=(_quarter(15),),
    billed=Billed.DIRECT_READ,
    need=Need.CUSTOMER,
)

#: By the names of `session.endpoint_of`.
ENDPOINTS = {
    "POST /2/tweets": POSTS,
    "POST /2/dm_conversations/with/:id/messages": DIRECTS,
    "GET /2/dm_events": _DIRECTS_READ,
    "GET /2/dm_conversations/with/:id/dm_events": _DIRECTS_READ,
    "GET /2/users/:id/tweets": Endpoint(
        window="GET /2/users/:id/tweets",
        limits=(_quarter(900),),
        billed=Billed.POST_READ,
        need=Need.CUSTOMER,
    ),
    "GET /2/users/:id/mentions": Endpoint(
        window="GET /2/users/:id/mentions",
        limits=(_quarter(300),),
        billed=Billed.POST_READ,
        need=Need.SPARE,
    ),
    "GET /2/users/by": Endpoint(
        window="GET /2/users/by",
        limits=(_quarter(900),),
        billed=Billed.PERSON_READ,
        need=Need.PAYMENT,
    ),
    "GET /2/users/me": Endpoint(
        window="GET /2/users/me",
        limits=(_quarter(75),),
        billed=Billed.PERSON_READ,
        need=Need.PAYMENT,
    ),
}
