"""Brings messages to several doors in turn, as a proxy before them does."""

from __future__ import annotations

import itertools
import random
import threading
import time
from http.client import HTTPConnection, HTTPException

from local_people import APP, People, Told, body

from smoney_bot.channels.sandbox.signing import Secrets

_SECRETS = Secrets(APP.consumer_secret)
_THREADS = 4
_PARCEL = 3  # messages in one body
_AGAIN = 0.1  # the share of bodies that X brings once more all the same
_WAIT_SECONDS = 0.05  # after all doors have refused


class TwoDoors:
    """Some threads that bring *orders* messages, each body to one door and else to the next."""

    def __init__(
        self, people: People, ports: list[int], dice: random.Random, orders: int, pause: float
    ) -> None:
        self._people, self._ports, self._dice, self._pause = people, ports, dice, pause
        parcels = -(-orders // _PARCEL)
        self._sizes = itertools.chain([_PARCEL] * (parcels - 1), [orders - _PARCEL * (parcels - 1)])
        self._turns = itertools.count()
        self._lock = threading.Lock()
        self.acknowledged: dict[str, Told] = {}
        self.turned_away = 0  # how often one door was shut
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(_THREADS)]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def join(self, seconds: float) -> None:
        """Return once everything is acknowledged."""
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0, deadline - time.monotonic()))
            assert not thread.is_alive(), "the doors acknowledge no more"

    def _run(self) -> None:
        doors = [HTTPConnection("127.0.0.1", port, timeout=10) for port in self._ports]
        while told := self._next():
            times = 2 if self._dice.random() < _AGAIN else 1
            for _ in range(times):
                self._bring(doors, body(told))
            self.acknowledged.update({one.key: one for one in told})
            time.sleep(self._pause)
        for door in doors:
            door.close()

    def _next(self) -> list[Told]:
        with self._lock:
            return [self._people.write(self._dice) for _ in range(next(self._sizes, 0))]

    def _bring(self, doors: list[HTTPConnection], raw: bytes) -> None:
        for tried in itertools.count(1):
            if _post(doors[next(self._turns) % len(doors)], raw):
                return
            self.turned_away += 1
            if tried % len(doors) == 0:
                time.sleep(_WAIT_SECONDS)


def _post(door: HTTPConnection, raw: bytes) -> bool:
    headers = {"Content-Type": "application/json", **_SECRETS.headers(raw)}
    try:
        door.request("POST", "/webhooks/x", raw, headers)
        answer = door.getresponse()
        answer.read()
    except (OSError, HTTPException):
        door.close()
        return False
    if answer.status != 200:
        door.close()
    return answer.status == 200
