"""The bank's secret keys: several may live at once, so that they can rotate.

The setting holds `id:base64` pairs of 32 bytes, newest first. Nothing uses
them directly: each purpose derives a key of its own (HKDF, RFC 5869), so that
no two uses of one secret can be played against each other.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from functools import lru_cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

#: As passlib's wallet wants them too.
_KEY_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}", re.ASCII)
_KEY_BYTES = 32


class BadKeys(ValueError):
    """The secret keys cannot be used; the message says what to do, never their value."""


class Keyring:
    """The living secret keys, newest first."""

    def __init__(self, keys: dict[str, bytes]) -> None:
        self._keys = keys

    def __repr__(self) -> str:
        return f"Keyring({', '.join(self._keys)})"

    @classmethod
    def parse(cls, text: str) -> Keyring:
        """Read `id:base64,id:base64`; raise `BadKeys` for anything else."""
        keys: dict[str, bytes] = {}
        for pair in text.split(","):
            key_id, colon, encoded = pair.strip().partition(":")
            if not colon or not _KEY_ID.fullmatch(key_id):
                message = (
                    "each secret key is written id:base64, with an id of letters, digits, . _ - "
                    "that begins with a letter or digit"
                )
                raise BadKeys(message)
            if key_id in keys:
                message = f"two secret keys have the id {key_id}: give each its own"
                raise BadKeys(message)
            try:
                secret = base64.b64decode(encoded, validate=True)
            except (binascii.Error, ValueError):
                secret = b""
            if len(secret) != _KEY_BYTES:
                message = (
                    f"secret key {key_id} is not the base64 of {_KEY_BYTES} bytes: "
                    "make one with `smoney-bot keys new`"
                )
                raise BadKeys(message)
            keys[key_id] = secret
        return cls(keys)

    @property
    def newest(self) -> str:
        """The id of the key that new secrets are written with."""
        return next(iter(self._keys))

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all living keys, newest first."""
        return tuple(self._keys)

    def derive(self, key_id: str, purpose: str) -> bytes:
        """Return the 32-byte key for *purpose*; raise KeyError if *key_id* is gone."""
        return _derive(self._keys[key_id], purpose)

    def tags(self, purpose: str, *parts: str) -> dict[str, str]:
        """Return HMAC-SHA256 of *parts* under each living key, as hex, by key id."""
        return {key_id: mac(self.derive(key_id, purpose), *parts) for key_id in self._keys}


def mac(key: bytes, *parts: str) -> str:
    """Return HMAC-SHA256 over *parts*, each preceded by its length, as hex."""
    framed = b"".join(
        len(raw).to_bytes(4, "big") + raw for raw in (part.encode() for part in parts)
    )
    return hmac.new(key, framed, hashlib.sha256).hexdigest()


@lru_cache(maxsize=256)
def _derive(secret: bytes, purpose: str) -> bytes:
    info = f"smoney-bot/{purpose}".encode()
    hkdf = HKDF(algorithm=hashes.SHA256(), length=_KEY_BYTES, salt=None, info=info)
    return hkdf.derive(secret)
