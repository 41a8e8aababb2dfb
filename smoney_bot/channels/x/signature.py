"""Signatures: which bytes are really X's, and which challenge may be answered.

X signs what it posts with HMAC-SHA256 under a secret of our app, and asks us to
prove the same secret by signing a token of its choice (CRC). Both are one
function under one key: an endpoint that signs any token signs forged events for
whoever asks. So only tokens that can never be an event are signed: UUIDs.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Sequence

#: The header that carries the signature, by the secret that made it: the app's
#: consumer secret or its OAuth 2.0 client secret. One is pinned by a setting;
#: "whichever comes" would let a forger choose the weaker.
SIGNATURE_HEADERS = {
    "consumer": "x-twitter-webhooks-signature",
    "client": "x-twitter-webhooks-signature-oauth2",
}

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)

#: The base64 of a UUID's 36 characters never holds `+`, `/` or `=`.
_ENCODED_UUID = re.compile(r"[A-Za-z0-9]{48}", re.ASCII)

#: What other services sign, should X change its tokens: no brace, quote or space,
#: so no JSON object; but any number.
_RELAXED = re.compile(r"[A-Za-z0-9+/=_-]{16,128}", re.ASCII)


class BadSignature(Exception):
    """These bytes are not signed with the secret we share with X."""


class BadToken(Exception):
    """This challenge is not one that X sends; signing it could forge an event."""


def sign(secret: str, body: bytes) -> str:
    """Return X's signature of *body*: `sha256=` and base64 of HMAC-SHA256.

    Source: X's webhook documentation, "Securing webhooks"; *body* is the raw
    bytes, before any decoding.
    """
    assert secret, "an empty secret would let everybody sign"
    digest = hmac.digest(secret.encode(), body, hashlib.sha256)
    return "sha256=" + base64.b64encode(digest).decode("ascii")


def check(secret: str, body: bytes, header: str | None) -> None:
    """Raise `BadSignature` unless *header* is X's signature of *body*.

    *header* is the value of the one pinned header, None if it is missing.
    Compared in constant time.
    """
    if header is None or not header.isascii():
        raise BadSignature
    if not hmac.compare_digest(header, sign(secret, body)):
        raise BadSignature


def names_a_uuid(token: str) -> bool:
    """Whether *token* is a UUID or the base64 of one, as all that X was seen to send."""
    if _UUID.fullmatch(token):
        return True
    if not _ENCODED_UUID.fullmatch(token):
        return False
    return _UUID.fullmatch(base64.b64decode(token).decode("latin-1")) is not None


def is_no_object(token: str) -> bool:
    """Whether *token* is made of the letters that base64 has: never a JSON object."""
    return _RELAXED.fullmatch(token) is not None


#: Which tokens may be signed, by setting.
CRC_TOKENS = {"uuid": names_a_uuid, "relaxed": is_no_object}


def crc_answer(
    secret: str, tokens: Sequence[str], may_sign: Callable[[str], bool] = names_a_uuid
) -> str:
    """Return the `response_token` for X's challenge.

    *tokens* are all values of `crc_token` in the query, decoded.
    Raises `BadToken` unless there is one that *may_sign* lets through.
    """
    if len(tokens) != 1:
        raise BadToken(f"one crc_token is expected, not {len(tokens)}")
    if not may_sign(tokens[0]):
        raise BadToken("the crc_token is not one that X sends: see SMONEY_X_CRC_TOKENS")
    return sign(secret, tokens[0].encode("ascii"))
