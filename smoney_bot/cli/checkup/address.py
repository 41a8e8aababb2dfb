"""The address: PUBLIC_URL as X meets it, by the same challenge."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from http import HTTPStatus
from urllib.parse import urlsplit

import requests

from smoney_bot.channels.x.address import is_loopback
from smoney_bot.channels.x.signature import sign
from smoney_bot.cli.checkup.findings import Finding, green, note, red, yellow
from smoney_bot.settings import BadSettings, Settings

#: X gives up after 10 s, and did so after 3 s in the past.
_TIMEOUT_SECONDS = 10.0
_SLOW_SECONDS = 3.0


def look(settings: Settings) -> Iterator[Finding]:
    """Look at the address, and ask it for what X asks it for."""
    try:
        url, secret = settings.webhook_url(), settings.crc_secret()
    except BadSettings as bad:
        yield red("address", str(bad), "Set it, then look again.")
        return
    yield green("address", url)
    yield from probe(url, secret)


def probe(url: str, secret: str, *, trusted: str | bool = True) -> Iterator[Finding]:
    """Challenge the webhook at *url*, which should answer with *secret*.

    *trusted*: True trusts whom browsers trust; a path names other authorities.
    """
    token = str(uuid.uuid4())
    try:
        answer = _ask(url, token, trusted=trusted)
    except requests.exceptions.SSLError as fault:
        yield red("certificate", _reason(fault), "Renew it, with the whole chain: X checks it.")
        return
    except requests.RequestException as fault:
        advice = "Start the daemon (smoney-bot serve), and see that the proxy leads to it."
        yield red("door", f"no answer: {type(fault).__name__}", advice)
        return
    if urlsplit(url).scheme == "https":
        yield green("certificate", "valid")
    elif is_loopback(url):
        yield note("certificate", "none is needed beside a local X")
    yield _judge(answer, sign(secret, token.encode()))


def _ask(url: str, token: str, *, trusted: str | bool) -> requests.Response:
    with requests.Session() as session:
        # What the environment says of proxies and authorities does not hold for X.
        session.trust_env = False
        return session.get(
            url,
            params={"crc_token": token},
            timeout=_TIMEOUT_SECONDS,
            allow_redirects=False,
            verify=trusted,
        )


def _judge(answer: requests.Response, right: str) -> Finding:
    if answer.is_redirect:
        advice = "Let the proxy answer there itself: X switches a webhook off that redirects."
        return red("door", "it redirects", advice)
    if answer.status_code != HTTPStatus.OK:
        advice = "See that the proxy leads /webhooks/x to the daemon."
        return red("door", f"it answers {answer.status_code}", advice)
    if _token(answer.content) != right:
        advice = "See that the daemon there has the same SMONEY_X_CRC and secrets as here."
        return red("door", "it signs challenges with another secret, or none", advice)
    seconds = answer.elapsed.total_seconds()
    if seconds > _SLOW_SECONDS:
        return yellow("door", f"it takes {seconds:.1f} s to answer", "X may not wait that long.")
    return green("door", f"answers X's challenge rightly, in {seconds * 1000:.0f} ms")


def _token(body: bytes) -> object:
    try:
        facts = json.loads(body)
    except ValueError:
        return None
    return facts.get("response_token") if isinstance(facts, dict) else None


def _reason(fault: Exception) -> str:
    """Return what is wrong with the certificate, without the address and its token."""
    cause: object = fault
    while isinstance(cause, Exception) and (inner := _cause(cause)) is not None:
        cause = inner
    return str(getattr(cause, "verify_message", "") or "not valid")


def _cause(fault: Exception) -> object:
    inner = getattr(fault, "reason", None) or next(iter(fault.args), None)
    return inner if isinstance(inner, Exception) else None
