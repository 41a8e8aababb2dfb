"""The courier brings messages to the bot as X does, and again what was not acknowledged."""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from http.client import HTTPConnection, HTTPException

from local_people import APP, People, Told, body

from smoney_bot.channels.sandbox.signing import Secrets

_SECRETS = Secrets(APP.consumer_secret)
_THREADS = 4
_PARCEL = 3  # messages in one body
_AGAIN = 0.1  # the share of acknowledged messages that X brings once more all the same
_WAIT_SECONDS = 0.05  # after a refusal


class Courier:
    """Some threads that bring what *people* write, *pause* seconds apart, until `drain`."""

    def __init__(self, people: People, port: int, dice: random.Random, pause: float) -> None:
        self._people, self._port, self._pause = people, port, pause
        self._dice = dice
        self._writing = threading.Event()
        self._writing.set()
        self._again: deque[list[Told]] = deque()
        self.acknowledged: dict[str, Told] = {}
        self.refused = 0
        self.heard = threading.Event()  # set by each acknowledgement
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(_THREADS)]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def drain(self, seconds: float) -> None:
        """Let nothing new be written; return once all that was written is acknowledged."""
        self._writing.clear()
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0, deadline - time.monotonic()))
            assert not thread.is_alive(), "the service acknowledges no more"

    def _run(self) -> None:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=10)
        while True:
            told = self._next()
            if not told:
                break
            if self._bring(connection, told):
                self.acknowledged.update({one.key: one for one in told})
                self.heard.set()
                time.sleep(self._pause)
            else:
                self.refused += 1
                self._again.append(told)
                time.sleep(_WAIT_SECONDS)
        connection.close()

    def _next(self) -> list[Told]:
        try:
            return self._again.popleft()
        except IndexError:
            if not self._writing.is_set():
                return []
        return [self._people.write(self._dice) for _ in range(_PARCEL)]

    def _bring(self, connection: HTTPConnection, told: list[Told]) -> bool:
        raw = body(told)
        headers = {"Content-Type": "application/json", **_SECRETS.headers(raw)}
        try:
            kept = self._post(connection, raw, headers)
            if kept and self._dice.random() < _AGAIN:
                self._post(connection, raw, headers)
        except (OSError, HTTPException):
            connection.close()
            return False
        return kept

    @staticmethod
    def _post(connection: HTTPConnection, raw: bytes, headers: dict[str, str]) -> bool:
        connection.request("POST", "/webhooks/x", raw, headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            connection.close()
        return answer.status == 200
