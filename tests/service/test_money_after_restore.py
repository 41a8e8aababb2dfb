"""No money comes in or goes out of a restored book before it has been recovered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from driver import ALICE, Service

SLIP = ("5", "--reference", "slip 2")


@pytest.fixture
def restored(sqlite_url: str, tmp_path: Path) -> Iterator[Service]:
    """A service whose book was restored from a backup; alice has 10 €."""
    with Service(tmp_path, sqlite_url, "http://127.0.0.1:9") as running:
        running.json("customer", "open", "alice", "--x-id", ALICE)
        running.json("deposit", "alice", "10", "--reference", "slip 1")
        assert running.call("ledger", "mark-restored").code == 0
        yield running


@pytest.mark.parametrize("command", ["deposit", "withdraw"])
def test_a_restored_book_books_no_money(restored: Service, command: str) -> None:
    refused = restored.call(command, "alice", *SLIP)
    assert refused.code == 2
    assert "smoney-bot ledger recover" in " ".join(refused.err.split())
    assert restored.balance("alice") == 1000


@pytest.mark.parametrize(("command", "cents"), [("deposit", 1500), ("withdraw", 500)])
def test_a_recovered_book_books_money_again(restored: Service, command: str, cents: int) -> None:
    """The negative control: nothing but the mark was in the way."""
    assert restored.call("ledger", "recover", "--accept-loss").code == 0
    assert restored.call(command, "alice", *SLIP).code == 0
    assert restored.balance("alice") == cents
