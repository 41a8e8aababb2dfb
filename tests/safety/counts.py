"""How much the safety tests do: a little on every run, the full counts before a release.

`SMONEY_SAFETY=full` asks for the full counts.
"""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many of each; the figures come from the service's acceptance list."""

    canaries: int  # codes that are shown and then looked for, on each engine
    killed_canaries: int  # those of them shown to a service that is killed
    exposed: int  # codes shown once and tried again in every way
    rounds: int  # in which many hands reach for one code
    guessed: int  # accounts that somebody guesses at
    guesses: int  # wrong codes for each of them
    hostile: int  # posts of strangers that name a victim
    interleavings: int  # of switches of private mode and orders


SMALL = Counts(
    canaries=228,
    killed_canaries=100,
    exposed=60,
    rounds=12,
    guessed=10,
    guesses=15,
    hostile=150,
    interleavings=30,
)
FULL = Counts(
    canaries=100_000,
    killed_canaries=5_000,
    exposed=10_000,
    rounds=1_000,
    guessed=1_000,
    guesses=100,
    hostile=10_000,
    interleavings=1_000,
)

#: Hands that reach for one code at the same moment.
HANDS = 16

#: A sabotage shows at once: it is tried at the small counts only.
COUNTS = FULL if os.environ.get("SMONEY_SAFETY") == "full" else SMALL
