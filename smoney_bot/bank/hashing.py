"""The slow hash that keeps codes and passwords: Argon2id at OWASP's minimum."""

from __future__ import annotations

from passlib.context import CryptContext

#: 19 MiB, two passes, one lane: some 20 ms (OWASP, Password Storage Cheat Sheet).
ARGON2 = CryptContext(
    schemes=["argon2"],
    argon2__type="ID",
    argon2__memory_cost=19456,
    argon2__time_cost=2,
    argon2__parallelism=1,
)
