"""Argon2id at its lowest cost, for all that runs in the process of the tests.

A hash carries its own cost, so the bank checks these as it checks all others. What
is slow on purpose is tried where a test asks for `owasp_cost`.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from smoney_bot.bank.hashing import ARGON2

_OWASP = ARGON2.to_dict()


@pytest.fixture(scope="session", autouse=True)
def _lowest_cost() -> None:
    _make_cheap()


@pytest.fixture
def owasp_cost() -> Iterator[None]:
    """Give Argon2id the cost that it is shipped with, for one test."""
    ARGON2.load(_OWASP)
    yield
    _make_cheap()


def _make_cheap() -> None:
    ARGON2.update(argon2__memory_cost=8, argon2__time_cost=1)
