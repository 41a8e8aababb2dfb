"""News: whoever watches the world learns that something happened in it."""

from __future__ import annotations

import threading
from collections.abc import Callable

from smoney_bot.channels.sandbox.posts import Direct, Post

Listener = Callable[[Post | Direct], None]


class News:
    """A count of changes that can be waited for, and listeners to each new thing.

    `lock` is held (it may be taken again by the same thread) while the world
    changes and while listeners are told, so that they hear things in order.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._changed = threading.Condition(self.lock)
        self._count = 0
        self._listeners: list[Listener] = []

    def tell(self, thing: Post | Direct | None = None) -> None:
        """Count a change and hand *thing* to every listener."""
        with self._changed:
            self._count += 1
            self._changed.notify_all()
            if thing is not None:
                for listener in self._listeners:
                    listener(thing)

    def count(self) -> int:
        """Return a number that grows with each change."""
        with self.lock:
            return self._count

    def wait(self, after: int, timeout: float) -> int:
        """Return `count()` once it is beyond *after*, or after *timeout* seconds anyway."""
        with self._changed:
            self._changed.wait_for(lambda: self._count > after, timeout)
            return self._count

    def listen(self, listener: Listener) -> None:
        """Let *listener* hear everything from now on; it must be quick."""
        with self.lock:
            self._listeners.append(listener)
