"""The shield of the enrolment page: headers, no forms from other sites, not too many requests.

The token in the address is what opens the page (or, where there is none, a word
and a code do); nothing here weakens or replaces it.
"""

from __future__ import annotations

import ipaddress
import math
import time
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: The largest form, in bytes; those of customers have fifty.
BODY_MAX = 4 * 1024

#: The longest address, in signs; ours have up to eighty. A number in it is then one
#: that Python reads: it refuses those of more than 4,300 digits.
_PATH_MAX = 200

#: Requests of one address in a minute; an enrolment takes about five.
REQUESTS_MAX = 30

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    # The address holds the token: it leaves by no link.
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
}

_OWN_SITE = frozenset({"same-origin", "none"})  # "none": typed by the reader
#: Half of an IPv6 address belongs to whoever has one: the network counts.
_IPV6_NETWORK_BITS = 64


class Shield:
    """Adds *headers* to every answer of the app it wraps."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str] = _HEADERS) -> None:
        self._app = app
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one HTTP request (ASGI)."""

        async def send_shielded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        await self._app(scope, receive, send_shielded)


Stop = Callable[[int, Mapping[str, str]], Response]  # status, headers


class Turnstile:
    """Lets through what comes from the page itself, and not too often from one address.

    *stop* makes the answer to others: 429 to a request beyond *requests_max* in
    a minute, 404 to an address too long, 403 to a form from another site, 413 to
    one of more than *body_max* bytes. Behind a proxy the client's address is what
    the server makes of the proxy's headers.
    """

    def __init__(
        self, app: ASGIApp, stop: Stop, requests_max: int, body_max: int = BODY_MAX
    ) -> None:
        self._app = app
        self._stop = stop
        self._body_max = body_max
        self._limit = RateLimitItemPerMinute(requests_max)
        # In memory: each process counts for itself, and a restart forgives.
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one HTTP request (ASGI)."""
        app = self._stop_of(scope) or self._app
        await app(scope, receive, send)

    def _stop_of(self, scope: Scope) -> Response | None:
        host, _ = scope.get("client") or ("", 0)
        client = neighbourhood(host)
        if not self._limiter.hit(self._limit, client):
            opens_at = self._limiter.get_window_stats(self._limit, client).reset_time
            seconds = max(1, math.ceil(opens_at - time.time()))
            return self._stop(429, {"Retry-After": str(seconds)})
        if len(scope["path"]) > _PATH_MAX:
            return self._stop(404, {})
        headers = Headers(scope=scope)
        if scope["method"] == "POST" and not is_own(headers):
            return self._stop(403, {})
        return self._stop(413, {}) if _length(headers) > self._body_max else None


def _length(headers: Headers) -> int:
    try:
        return int(headers.get("content-length", ""))
    except ValueError:
        return 0  # without a length, or with none that can be, a body is counted as it comes


def neighbourhood(address: str) -> str:
    """Return what is counted as one visitor: an IPv4 address, or a network of IPv6."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((int(parsed), _IPV6_NETWORK_BITS), strict=False))


def is_own(headers: Headers) -> bool:
    """Return whether a form comes from this very page, or from no browser at all.

    Because of the referrer policy browsers call our own page's origin "null",
    as they would a stranger's: then only Sec-Fetch-Site tells, and where it is
    missing (an old browser) the token in the address has to do.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in _OWN_SITE
    origin = headers.get("origin", "null")
    try:
        return origin == "null" or urlsplit(origin).netloc == headers.get("host")
    except ValueError:  # no address at all, such as `http://[`
        return False
