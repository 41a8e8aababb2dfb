"""Who calls: the app by its bearer token, or the bot's user by an OAuth 1.0a signature.

The bot's user may have an OAuth 2.0 token as well, which is sent as a bearer token.

The signature is recomputed over the request as it arrived (RFC 5849), so a
wrong key, a wrong secret, another host or a changed parameter is noticed.
"""

from __future__ import annotations

import hmac
import string
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from oauthlib.oauth1 import (
    SIGNATURE_HMAC_SHA1,
    RequestValidator,
    ResourceEndpoint,
)

from smoney_bot.channels.sandbox.problems import unauthorized

_NONCES_KEPT = 100_000
_ANY_LENGTH = (1, 200)


@dataclass(frozen=True, slots=True, kw_only=True)
class AppKeys:
    """The keys of the app and of its one user, the bot; never printed."""

    consumer_key: str = field(repr=False)
    consumer_secret: str = field(repr=False)
    access_token: str = field(repr=False)
    access_token_secret: str = field(repr=False)
    bearer_token: str = field(repr=False)
    bot_id: str
    user_token: str | None = field(default=None, repr=False)  # the bot's


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls; `user_id` is None when it is the app for itself."""

    user_id: str | None


class Gate:
    """Tells who sent a request."""

    def __init__(self, app: AppKeys) -> None:
        self._app = app
        self._endpoint = ResourceEndpoint(_Validator(app))

    def caller(self, method: str, url: str, headers: Mapping[str, str]) -> Caller:
        """Return who signed the request; raise the problem "401 Unauthorized".

        *url* is whole, as the client wrote it. Bodies are JSON, which OAuth 1.0a
        leaves unsigned.
        """
        authorization = headers.get("authorization", "")
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() == "bearer":
            if _same(token, self._app.bearer_token):
                return Caller(None)
            if self._app.user_token and _same(token, self._app.user_token):
                return Caller(self._app.bot_id)
            raise unauthorized()
        if not self._signed(method, url, authorization):
            raise unauthorized()
        return Caller(self._app.bot_id)

    def _signed(self, method: str, url: str, authorization: str) -> bool:
        headers = {"Authorization": authorization}
        try:
            valid, _ = self._endpoint.validate_protected_resource_request(url, method, "", headers)
        except ValueError:  # oauthlib's word for a header that is none
            return False
        return bool(valid)


def _same(token: str, known: str) -> bool:
    # Compared as bytes: `compare_digest` refuses letters outside ASCII.
    return hmac.compare_digest(token.encode(), known.encode())


class _Validator(RequestValidator):  # type: ignore[misc] # oauthlib ships no types
    """The answers that oauthlib's check asks for: one app, one user."""

    allowed_signature_methods = (SIGNATURE_HMAC_SHA1,)
    enforce_ssl = False  # the local X listens on loopback only
    safe_characters = frozenset(string.ascii_letters + string.digits + "-_")
    client_key_length = access_token_length = nonce_length = _ANY_LENGTH
    dummy_client = dummy_access_token = "nobody"  # noqa: S105 - stands for an unknown token

    def __init__(self, app: AppKeys) -> None:
        super().__init__()
        self._app = app
        self._nonces: deque[tuple[str, str]] = deque(maxlen=_NONCES_KEPT)
        self._seen: set[tuple[str, str]] = set()

    def validate_client_key(self, client_key: str, _request: object) -> bool:
        return client_key == self._app.consumer_key

    def validate_access_token(self, _client_key: str, token: str, _request: object) -> bool:
        return token == self._app.access_token

    def get_client_secret(self, _client_key: str, _request: object) -> str:
        return self._app.consumer_secret

    def get_access_token_secret(self, _client_key: str, _token: str, _request: object) -> str:
        return self._app.access_token_secret

    def validate_realms(self, *_: object, **__: object) -> bool:
        return True

    def validate_timestamp_and_nonce(
        self, _client_key: str, timestamp: str, nonce: str, *_: object, **__: object
    ) -> bool:
        """Return whether this pair is new: a recorded request cannot be sent again."""
        pair = (timestamp, nonce)
        if pair in self._seen:
            return False
        if len(self._nonces) == _NONCES_KEPT:
            self._seen.discard(self._nonces[0])
        self._nonces.append(pair)
        self._seen.add(pair)
        return True
