"""A TCP proxy before PostgreSQL that goes wrong on demand, in the words of Toxiproxy."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from dataclasses import dataclass
from enum import StrEnum

_AT_ONCE = 65_536
_RST = struct.pack("ii", 1, 0)  # SO_LINGER: close with a reset


class Kind(StrEnum):
    """What a toxic does."""

    DOWN = "down"  # nobody is let in, and who is there is cut off
    RESET_PEER = "reset_peer"  # who says something is cut off
    LIMIT_DATA = "limit_data"  # cut off after so many bytes of answers
    TIMEOUT = "timeout"  # nothing passes, and after so many seconds it is cut off
    LATENCY = "latency"  # everything passes so many seconds later


@dataclass(frozen=True)
class Toxic:
    """One toxic; *amount* is in bytes or in seconds."""

    kind: Kind
    amount: float = 0.0


class ToxicProxy:
    """Listens on a port of its own, and passes everything to the socket file *server*."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]
        self._toxic: Toxic | None = None
        self._open: set[socket.socket] = set()
        self._passed = 0
        self._threads = [threading.Thread(target=self._listen)]
        self._threads[0].start()

    def poison(self, toxic: Toxic | None) -> None:
        """Go wrong in this way from now on; None: no more."""
        self._passed, self._toxic = 0, toxic
        if toxic and toxic.kind is Kind.DOWN:
            self._cut(*self._open)

    def close(self) -> None:
        """Cut everybody off and listen no more."""
        self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        self._cut(*self._open)
        for thread in self._threads:
            thread.join()

    def _listen(self) -> None:
        while True:
            try:
                client, _ = self._door.accept()
            except OSError:
                return
            if self._toxic and self._toxic.kind is Kind.DOWN:
                self._cut(client)
                continue
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._server)
            self._open |= {client, server}
            for pair in ((client, server, False), (server, client, True)):
                thread = threading.Thread(target=self._pump, args=pair)
                self._threads.append(thread)
                thread.start()

    def _pump(self, source: socket.socket, target: socket.socket, answers: bool) -> None:  # noqa: FBT001 - which way
        with contextlib.suppress(OSError):
            while data := source.recv(_AT_ONCE):
                passed = self._through(data, answers=answers)
                target.sendall(passed)
                if len(passed) < len(data):
                    break
        self._cut(source, target)

    def _through(self, data: bytes, *, answers: bool) -> bytes:
        """Return how much of *data* passes; less than all of it ends the connection."""
        toxic = self._toxic
        match toxic:
            case None:
                return data
            case Toxic(Kind.LATENCY, seconds):
                time.sleep(seconds)
                return data
            case Toxic(Kind.LIMIT_DATA, most):
                left = max(0, int(most) - self._passed) if answers else len(data)
                self._passed += len(data) if answers else 0
                return data[:left]
            case Toxic(Kind.TIMEOUT, seconds):
                time.sleep(seconds)
        return b""

    def _cut(self, *ends: socket.socket) -> None:
        for end in ends:
            with contextlib.suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST)
                end.shutdown(socket.SHUT_RDWR)
            self._open.discard(end)
            end.close()
