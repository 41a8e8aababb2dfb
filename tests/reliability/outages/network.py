"""The network between the bank and the local X, and what may go wrong on it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import requests
from one_thread import Clock
from requests.adapters import BaseAdapter

Carry = Callable[[requests.PreparedRequest], requests.Response]

#: What happens to a request in place of the usual.
Trouble = Callable[[requests.PreparedRequest, Carry], requests.Response]

_IDS = re.compile(r"[0-9]{5,}")


@dataclass(frozen=True)
class Asked:
    """One call: when, what it was without its ids, and what X answered (0: nothing)."""

    at: datetime
    name: str
    status: int


class Network(BaseAdapter):
    """Carries tweepy's requests to X, unless there is *trouble*; remembers every call."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.trouble: Trouble | None = None
        self.calls: list[Asked] = []
        self.carry: Carry = lambda _: requests.Response()
        self._clock = clock

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:  # type: ignore[override] # noqa: ANN401 - requests' own options
        name = f"{request.method} {_IDS.sub('ID', request.path_url.partition('?')[0])}"
        at, status = self._clock.time, 0
        try:
            response = self.trouble(request, self.carry) if self.trouble else self.carry(request)
            status = response.status_code
        finally:
            self.calls.append(Asked(at, name, status))
        return response

    def close(self) -> None:
        """Nothing is open."""

    def too_early(self, reset: datetime) -> list[Asked]:
        """Return the calls that were refused by a limit, and made again before its *reset*."""
        limited: set[str] = set()
        early = []
        for call in self.calls:
            if call.name in limited and call.at < reset:
                early.append(call)
            if call.status == requests.codes.too_many_requests:
                limited.add(call.name)
        return early


# Troubles ------------------------------------------------------------------------


def answers(status: int, **headers: str) -> Trouble:
    """X does nothing and answers with *status*."""

    def trouble(request: requests.PreparedRequest, _: Carry) -> requests.Response:
        response = requests.Response()
        response.status_code, response.request, response.url = status, request, request.url or ""
        response.headers.update({name.replace("_", "-"): word for name, word in headers.items()})
        response._content = json.dumps({"title": "Trouble", "status": status}).encode()  # noqa: SLF001 - requests has no other way to make one
        return response

    return trouble


def until(over: Callable[[], bool], trouble: Trouble) -> Trouble:
    """This *trouble*, until it is *over*."""

    def troubled(request: requests.PreparedRequest, carry: Carry) -> requests.Response:
        return carry(request) if over() else trouble(request, carry)

    return troubled


def never_answers(clock: Clock) -> Trouble:
    """X does what it was asked to, and its answer never comes."""

    def trouble(request: requests.PreparedRequest, carry: Carry) -> requests.Response:
        carry(request)
        clock.time += timedelta(seconds=10)
        raise requests.ReadTimeout("no answer in time")

    return trouble


def resets(done: Callable[[], bool]) -> Trouble:
    """The connection breaks: before X has done it or, if *done* says so, behind it."""

    def trouble(request: requests.PreparedRequest, carry: Carry) -> requests.Response:
        if done():
            carry(request)
        raise requests.ConnectionError("connection reset")

    return trouble


def slow(clock: Clock, seconds: Callable[[], float]) -> Trouble:
    """Each answer takes so many *seconds*, fewer than the bank waits for."""

    def trouble(request: requests.PreparedRequest, carry: Carry) -> requests.Response:
        clock.time += timedelta(seconds=seconds())
        return carry(request)

    return trouble
