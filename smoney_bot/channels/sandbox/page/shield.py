"""The page's shield: strict headers, and no posting from other sites.

The page listens on this machine only, but any site open in the same browser
could send a form to it; browsers say where a form comes from.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'; object-src 'none'"
    ),
    # Not "no-referrer": browsers would then send "Origin: null" with our own forms.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # The page shows codes, if only invented ones.
    "Cache-Control": "no-store",
}

_OWN_SITE = frozenset({"same-origin", "none"})  # "none": typed by the reader


class Shield:
    """Wraps a route: adds the headers, answers 403 to a form from elsewhere."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one HTTP request (ASGI)."""

        async def send_shielded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        foreign = scope["method"] == "POST" and not is_own(Headers(scope=scope))
        app = PlainTextResponse("Post from the page itself.", 403) if foreign else self._app
        await app(scope, receive, send_shielded)


def is_own(headers: Headers) -> bool:
    """Return whether a form comes from this very page, or from no browser at all."""
    if headers.get("sec-fetch-site", "none") not in _OWN_SITE:
        return False
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")
