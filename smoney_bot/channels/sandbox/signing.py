"""How X proves itself to a webhook, and how a webhook proves itself to X (CRC).

Both are HMAC-SHA256 under the app's consumer secret, or its client secret in
the newer form. X: webhooks, "Securing webhooks" and "Challenge-response checks".
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urlencode

import requests


@dataclass(frozen=True, slots=True)
class Secrets:
    """The secrets that sign; `client` is for apps that have one."""

    consumer: str = field(repr=False)
    client: str | None = field(default=None, repr=False)

    def headers(self, body: bytes) -> dict[str, str]:
        """Return the signatures over the exact bytes of *body*."""
        headers = {"x-twitter-webhooks-signature": _sign(self.consumer, body)}
        if self.client is not None:
            headers["x-twitter-webhooks-signature-oauth2"] = _sign(self.client, body)
        return headers

    def answers(self, token: str) -> tuple[str, ...]:
        """Return the right answers to the challenge *token*: with either secret."""
        keys = (self.consumer, self.client)
        return tuple(_sign(key, token.encode()) for key in keys if key is not None)


def challenge(url: str, secrets: Secrets, *, timeout: float) -> bool:
    """Ask the webhook at *url* to sign a token; return whether it answers right in time.

    Redirects count as a wrong answer. *timeout* is in seconds.
    """
    token = base64.b64encode(str(uuid.uuid4()).encode()).decode()
    nonce = base64.b64encode(str(int(time.time() * 1000)).encode()).decode().rstrip("=")
    asked = f"{url}{'&' if '?' in url else '?'}{urlencode({'crc_token': token, 'nonce': nonce})}"
    try:
        answer = requests.get(
            asked, headers={"User-Agent": ""}, timeout=timeout, allow_redirects=False
        )
    except requests.RequestException:
        return False
    right_status = answer.status_code == HTTPStatus.OK
    return right_status and _response_token(answer.content) in secrets.answers(token)


def _response_token(body: bytes) -> str:
    try:
        answer = json.loads(body)
    except ValueError:
        return ""
    token = answer.get("response_token") if isinstance(answer, dict) else None
    return token if isinstance(token, str) else ""


def _sign(key: str, message: bytes) -> str:
    digest = hmac.new(key.encode(), message, hashlib.sha256).digest()
    return "sha256=" + base64.b64encode(digest).decode()
