"""Faults on demand: scripted answers in place of the usual ones, for tests."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What happens to one call instead of the usual answer.

    `done`: the call is carried out all the same, only its answer goes wrong.
    `status` None keeps the usual answer, so that only `delay` (seconds) counts.
    `cut`: the connection is closed in the middle of the answer.
    """

    status: int | None = None
    body: dict[str, Any] | str = ""  # a str goes out as an HTML page
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    done: bool = False
    cut: bool = False


class Faults:
    """A queue of faults; each is used by the first call that fits it. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queue: list[tuple[str, str, Fault]] = []

    def script(self, method: str, path_prefix: str, *faults: Fault) -> None:
        """Let the next calls of *method* to paths under *path_prefix* meet *faults*, in turn."""
        with self._lock:
            self._queue.extend((method, path_prefix, fault) for fault in faults)

    def take(self, method: str, path: str) -> Fault | None:
        """Return the fault that this call meets, and forget it."""
        with self._lock:
            for place, (wanted, prefix, fault) in enumerate(self._queue):
                if method == wanted and path.startswith(prefix):
                    del self._queue[place]
                    return fault
        return None
