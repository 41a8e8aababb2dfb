"""The door's memory: what it has signed, and who asks it to sign how often.

The answer to a challenge is a signature, and X's deliveries are signed in the
same way. So a delivery that bears a signature of ours is an attack, whatever
let it be made. In memory: each process remembers its own, a restart forgets.
One event loop uses them, so nothing is locked.
"""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable

#: The latest answers that are remembered, some 2 MB.
SIGNED_MAX = 10_000

#: Challenges that one address may bring in a minute. X itself asks about hourly.
CHALLENGES_MAX = 60
_MINUTE = 60.0  # seconds

#: Addresses that are counted at a time: the longest silent one is forgotten first.
_ADDRESSES_MAX = 1_000


class Signed:
    """The latest *most* signatures that were given away."""

    def __init__(self, most: int = SIGNED_MAX) -> None:
        self._most = most
        self._signatures: OrderedDict[str, None] = OrderedDict()

    def add(self, signature: str) -> None:
        """Remember *signature*, and forget the oldest one if there are too many."""
        self._signatures[signature] = None
        self._signatures.move_to_end(signature)
        if len(self._signatures) > self._most:
            self._signatures.popitem(last=False)

    def __contains__(self, signature: object) -> bool:
        return signature in self._signatures


class Throttle:
    """Counts the challenges of each address in the last minute.

    By address, because one counter for all would let any stranger use up X's
    turns, and a webhook that fails for 28 hours is switched off. *clock* gives
    seconds and never goes back.
    """

    def __init__(
        self, most: int = CHALLENGES_MAX, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most = most
        self._clock = clock
        self._asked: OrderedDict[str, deque[float]] = OrderedDict()

    def admit(self, address: str) -> bool:
        """Return whether *address* may ask once more, and count it if so."""
        asked = self._asked.setdefault(address, deque(maxlen=self._most))
        self._asked.move_to_end(address)
        if len(self._asked) > _ADDRESSES_MAX:
            self._asked.popitem(last=False)
        now = self._clock()
        if len(asked) == self._most and now - asked[0] < _MINUTE:
            return False
        asked.append(now)
        return True
