"""Addresses: which ones X would call. X: webhooks, "Introduction"."""

from __future__ import annotations

from urllib.parse import urlsplit

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_LENGTH_MAX = 200  # characters, X's limit


def fault(url: str, *, local: bool = False) -> str | None:
    """Return why X would not call *url*; None if it would.

    A *local* X takes plain http and a port as well, on loopback.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "this is no address"
    if not parts.hostname or parts.username or parts.query or parts.fragment:
        return "write a host and nothing else, like https://pay.example.org"
    if len(url) > _LENGTH_MAX:
        return f"X takes addresses of {_LENGTH_MAX} characters at most"
    if local and parts.hostname in _LOOPBACK:
        return None if parts.scheme in {"http", "https"} else "write http://"
    if parts.scheme != "https":
        return "X calls https:// only"
    return None if port is None else "X calls no address with a port in it"


def is_loopback(url: str) -> bool:
    """Whether *url* leads to this machine itself."""
    try:
        return urlsplit(url).hostname in _LOOPBACK
    except ValueError:
        return False
