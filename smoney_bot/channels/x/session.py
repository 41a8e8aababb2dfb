"""The HTTP session under tweepy: one host, a time limit, no redirects.

tweepy speaks to a host written into it, for ever if need be, and reads every
error as if its body were a JSON object. All three are put right here, below it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

import requests

#: Seconds to connect (a little over one TCP retransmission) and between bytes.
CONNECT_SECONDS = 3.05
READ_SECONDS = 10.0

#: Written into tweepy; the only host it ever asks for.
_TWEEPY_HOST = "https://api.twitter.com/"

#: Told of each call: its endpoint, and its status or what kept it from having one.
OnCall = Callable[[str, str], None]

#: What X's addresses consist of; other parts of a path are somebody's id.
_WORD = re.compile(r"2|[a-z_]+", re.ASCII)


def endpoint_of(method: str, url: str) -> str:
    """Name what is asked for, but not of whom: `GET /2/users/:id/tweets`."""
    parts = urlsplit(url).path.strip("/").split("/")
    named = (part if _WORD.fullmatch(part) else ":id" for part in parts)
    return f"{method.upper()} /{'/'.join(named)}"


class Shut(Exception):
    """The call was not made: there is no room for it before `until` (UTC)."""

    def __init__(self, until: datetime, why: str) -> None:
        super().__init__(why)
        self.until = until


class Gate(Protocol):
    """What every call passes: it keeps X's pace and counts what X bills."""

    def admit(self, endpoint: str) -> None:
        """Let one call through, or raise `Shut`."""

    def heed(self, endpoint: str, answer: requests.Response) -> None:
        """Learn from X's answer, whatever its status. Never raises."""


class OpenGate:
    """Lets every call through: for calls that nobody counts."""

    def admit(self, endpoint: str) -> None:
        """Let it through."""

    def heed(self, endpoint: str, answer: requests.Response) -> None:
        """Learn nothing."""


class BadStatus(Exception):
    """X answered with something else than 2xx; the text has the status alone.

    Holds the answer, never the request: that carries our tokens.
    """

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        super().__init__(f"status {status}")
        self.status = status
        self.headers = headers
        self.body = body


class Session(requests.Session):
    """Sends tweepy's requests to *api_url*; raises `BadStatus` unless answered 2xx.

    Raises `Shut` if *gate* does not let a call through. Faults of the network stay
    what requests makes of them.
    """

    def __init__(
        self,
        api_url: str,
        *,
        read_seconds: float = READ_SECONDS,
        on_call: OnCall = lambda *_: None,
        gate: Gate | None = None,
    ) -> None:
        super().__init__()
        self._gate: Gate = gate or OpenGate()
        self._on_call = on_call
        self._base = api_url.rstrip("/") + "/"
        self._timeout = (CONNECT_SECONDS, read_seconds)

    def request(
        self,
        method: str | bytes,
        url: str | bytes,
        *arguments: Any,  # noqa: ANN401  requests' own, passed through untouched
        **options: Any,  # noqa: ANN401  likewise
    ) -> requests.Response:
        """Send one request; OAuth 1 signs the address that is really called."""
        options |= {"timeout": self._timeout, "allow_redirects": False}
        here, endpoint = self._here(str(url)), endpoint_of(str(method), str(url))
        self._gate.admit(endpoint)
        try:
            response = super().request(method, here, *arguments, **options)
        except requests.RequestException as fault:
            self._on_call(endpoint, type(fault).__name__)
            raise
        self._on_call(endpoint, str(response.status_code))
        self._gate.heed(endpoint, response)
        if response.status_code not in range(200, 300):
            raise BadStatus(response.status_code, response.headers, response.content)
        return response

    def _here(self, url: str) -> str:
        if not url.startswith(_TWEEPY_HOST):
            raise ValueError("this session speaks to X's API alone")
        return self._base + url.removeprefix(_TWEEPY_HOST)
