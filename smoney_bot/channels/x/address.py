"""Addresses: which ones X would call, or a customer. X: webhooks, "Introduction"."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_LENGTH_MAX = 200  # characters, X's limit


def fault(url: str, *, local: bool = False) -> str | None:
    """Return why X would not call *url*; None if it would.

    A *local* X takes plain http and a port as well, on loopback.
    """
    parts = _read(url)
    if isinstance(parts, str):
        return parts
    if len(url) > _LENGTH_MAX:
        return f"X takes addresses of {_LENGTH_MAX} characters at most"
    if local and parts.hostname in _LOOPBACK:
        return None if parts.scheme in {"http", "https"} else "write http://"
    if parts.scheme != "https":
        return "X calls https:// only"
    return None if parts.port is None else "X calls no address with a port in it"


def fault_for_customers(url: str) -> str | None:
    """Return why no link to *url* may be given to a customer; None if it may.

    Their browsers take a port, which X does not; and who tries things out on this
    machine has plain http.
    """
    parts = _read(url)
    if isinstance(parts, str):
        return parts
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        return None
    return "customers get links to https:// only: others can be read on the way"


def _read(url: str) -> SplitResult | str:
    """Return the parts of *url*, or why it is no address of a service."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # which is read only now
    except ValueError:
        return "this is no address"
    if not parts.hostname or parts.username or parts.query or parts.fragment:
        return "write a host and nothing else, like https://pay.example.org"
    return parts


def is_loopback(url: str) -> bool:
    """Whether *url* leads to this machine itself."""
    try:
        return urlsplit(url).hostname in _LOOPBACK
    except ValueError:
        return False
