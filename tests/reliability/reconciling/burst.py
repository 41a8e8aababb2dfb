"""A burst of deliveries at a door over real connections, each at its own moment."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from driver import mention, new_id, sign

#: More than the door lets in at once: who comes on top is told 503.
_CONNECTIONS = 1_200

_Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Burst:
    """So many deliveries *per_second* to *port*, each of one post of a stranger.

    `statuses` are the answers by the post's key; 0: the connection broke. `seconds`
    passed until the last was sent, which is longer than asked for where the machine
    cannot keep up.
    """

    port: int
    count: int
    per_second: int
    statuses: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    def run(self) -> None:
        """Deliver all; in a thread without a loop."""
        with asyncio.Runner() as runner:
            runner.run(self._run())

    async def _run(self) -> None:
        turns, begun = enumerate(list(self._deliveries())), time.monotonic()
        connections = min(_CONNECTIONS, self.count)
        await asyncio.gather(*(self._bring(turns, begun) for _ in range(connections)))

    def _deliveries(self) -> Iterator[tuple[str, bytes]]:
        """Yield the keys and the whole requests."""
        first = int(new_id())
        for number in range(self.count):
            post_id = str(first + number)
            body = mention("@Smoney what a day", post_id=post_id, author=str(10**12 + number))
            head = (
                f"POST /webhooks/x HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
                f"x-twitter-webhooks-signature: {sign(body)}\r\n\r\n"
            )
            yield f"t:{post_id}", head.encode() + body

    async def _bring(self, turns: Iterator[tuple[int, tuple[str, bytes]]], begun: float) -> None:
        """Bring one after the other on one connection, none before its moment."""
        line: _Line | None = None
        for number, (key, request) in turns:
            await asyncio.sleep(max(0.0, begun + number / self.per_second - time.monotonic()))
            line = line or await asyncio.open_connection("127.0.0.1", self.port)
            self.seconds = time.monotonic() - begun
            try:
                line[1].write(request)
                self.statuses[key], closes = await _read_answer(line[0])
            except (OSError, asyncio.IncompleteReadError):
                self.statuses[key], closes = 0, True
            if closes:
                line[1].close()
                line = None
        if line:
            line[1].close()


async def _read_answer(reader: asyncio.StreamReader) -> tuple[int, bool]:
    """Read one answer whole; return its status, and whether the connection ends with it."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    _, _, length = head.partition("content-length: ")
    if length:
        await reader.readexactly(int(length.split("\r\n", 1)[0]))
    return int(head.split(" ", 2)[1]), "connection: close" in head or not length


def of_status(burst: Burst, status: int) -> set[str]:
    """Return the keys that were answered with *status*."""
    return {key for key, answered in burst.statuses.items() if answered == status}
