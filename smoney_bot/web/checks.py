"""What health looks at: one check for each thing that may be away, late or stuck.

A check fails only where money cannot be served. What merely wants an operator's
eyes is a warning: no machine should be taken out of service for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from smoney_bot.book.vitals import Vitals
from smoney_bot.channels.x.budget import Budget, Purse

#: Seconds after which a waiting message is worth a warning, and the service stuck:
#: ten minutes may pass legitimately, while X cannot say who a payee is.
MESSAGE_SLOW, MESSAGE_STUCK = 60.0, 900.0

#: Seconds after which replies are worth a warning: they leave at X's pace, in windows
#: of a quarter of an hour, and a crowd fills several.
REPLY_SLOW = 1800.0

#: Seconds that X's lists may stay unread: what the webhook loses is found only there.
LIST_SLOW = 3600.0

#: Seconds a transfer may stand unsealed: pages are closed every minute.
UNSEALED_SLOW = 600.0


class Standing(StrEnum):
    """What a check found."""

    OK = "ok"
    WARNING = "warning"
    FAILING = "failing"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: `says` is for people, `facts` for machines."""

    name: str
    standing: Standing
    says: str
    facts: dict[str, float] = field(default_factory=dict)

    def shown(self) -> dict[str, object]:
        """Return it as JSON has it."""
        return {"status": self.standing.value, "says": self.says, **self.facts}


def checks_of(found: Vitals, budget: Budget) -> Iterator[Check]:
    """Yield one check for each thing that *found* tells of."""
    yield _recovery(found)
    yield from _loops(found)
    yield _messages(found)
    yield _replies(found)
    set_aside = "messages that failed too often (smoney-bot inbox list)"
    yield _count("set_aside", found.set_aside, set_aside)
    yield _count("given_up", found.given_up, "replies given up in the last 24 hours")
    yield _sealing(found)
    yield _reading(found)
    yield _sending(found)
    yield _spending(found, budget)


def _recovery(found: Vitals) -> Check:
    if found.must_recover is None:
        return Check("recovery", Standing.OK, "this book may pay")
    return Check("recovery", Standing.FAILING, found.must_recover)


def _loops(found: Vitals) -> Iterator[Check]:
    if not found.rounds:
        yield Check("loops", Standing.WARNING, "no worker has ever run on this book")
    for one in found.rounds:
        rested = one.rested_seconds(found.now)
        says = f"the loop {one.loop} came round {rested:.0f} s ago, at most {one.every_seconds}"
        standing = Standing.FAILING if one.is_late(found.now) else Standing.OK
        facts = {"seconds": rested, "seconds_max": float(one.every_seconds)}
        yield Check(f"loop {one.loop}", standing, says, facts)


def _messages(found: Vitals) -> Check:
    age = found.messages.age_seconds(found.now)
    slow = Standing.WARNING if age > MESSAGE_SLOW else Standing.OK
    return Check(
        "messages",
        Standing.FAILING if age > MESSAGE_STUCK else slow,
        f"messages waiting: {found.messages.count}, the oldest for {age:.0f} s",
        {"count": found.messages.count, "seconds": age},
    )


def _replies(found: Vitals) -> Check:
    age = found.replies.age_seconds(found.now)
    return Check(
        "replies",
        Standing.WARNING if age > REPLY_SLOW else Standing.OK,
        f"replies waiting: {found.replies.count}, the oldest for {age:.0f} s",
        {"count": found.replies.count, "seconds": age},
    )


def _count(name: str, count: int, says: str) -> Check:
    standing = Standing.WARNING if count else Standing.OK
    return Check(name, standing, f"{says}: {count}", {"count": count})


def _sealing(found: Vitals) -> Check:
    age = found.unsealed.age_seconds(found.now)
    return Check(
        "sealing",
        Standing.WARNING if age > UNSEALED_SLOW else Standing.OK,
        f"transfers in no page: {found.unsealed.count}, the oldest for {age:.0f} s",
        {"count": found.unsealed.count, "seconds": age},
    )


def _reading(found: Vitals) -> Check:
    ages = {
        name: (found.now - read_at).total_seconds() for name, read_at in found.lists_read_at.items()
    }
    slow = [name for name, age in ages.items() if age > LIST_SLOW]
    if slow:
        says = f"X's lists were not read for long: {', '.join(slow)}"
        return Check("reading", Standing.WARNING, says, ages)
    return Check("reading", Standing.OK, "X's lists are read as they should be", ages)


def _sending(found: Vitals) -> Check:
    if found.halted:
        says = "X takes nothing from us: look at the credits and the keys in X's console"
        return Check("sending", Standing.WARNING, says)
    return Check("sending", Standing.OK, "X takes what we send")


def _spending(found: Vitals, budget: Budget) -> Check:
    spent = sum(kind.micro_dollars for kind in found.spent)
    euros, day = budget.in_euros(spent), budget.in_euros(budget.micro_dollars)
    return Check(
        "budget",
        Standing.OK if budget.purse(spent) is Purse.FULL else Standing.WARNING,
        f"X has cost {euros} of {day} euros this UTC day",
        {"euros": float(euros), "euros_max": float(day)},
    )
