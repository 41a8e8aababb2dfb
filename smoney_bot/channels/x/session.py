"""The HTTP session under tweepy: one host, a time limit, no redirects.

tweepy speaks to a host written into it, for ever if need be, and reads every
error as if its body were a JSON object. All three are put right here, below it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests

#: Seconds to connect (a little over one TCP retransmission) and between bytes.
CONNECT_SECONDS = 3.05
READ_SECONDS = 10.0

#: Written into tweepy; the only host it ever asks for.
_TWEEPY_HOST = "https://api.twitter.com/"


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

    Faults of the network stay what requests makes of them.
    """

    def __init__(self, api_url: str, *, read_seconds: float = READ_SECONDS) -> None:
        super().__init__()
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
        response = super().request(method, self._here(str(url)), *arguments, **options)
        if response.status_code not in range(200, 300):
            raise BadStatus(response.status_code, response.headers, response.content)
        return response

    def _here(self, url: str) -> str:
        if not url.startswith(_TWEEPY_HOST):
            raise ValueError("this session speaks to X's API alone")
        return self._base + url.removeprefix(_TWEEPY_HOST)
