"""The commands: what an operator types, wrongly too."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
from driver import ALICE, BOB, BOT, CAROL, Service


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with Service(tmp_path, f"sqlite:///{tmp_path}/book.db", "http://127.0.0.1:9") as running:
        assert running.call("db", "upgrade").code == 0
        yield running


def test_an_account_from_opening_to_freezing(service: Service) -> None:
    opened = service.json("customer", "open", "@alice", "--x-id", ALICE, "--language", "en")
    assert opened == {
        "handle": "alice",
        "x_id": ALICE,
        "kind": "person",
        "state": "open",
        "language": "en",
        "private": False,
        "balance_cents": 0,
        "codes_left": 0,
    }
    codes = service.json("customer", "card", "alice")["codes"]
    assert len(codes) == 20
    assert all(len(code) == 8 and code.isdigit() for code in codes)
    assert service.call("customer", "pin", "alice", given="7391\n").code == 0
    assert service.call("customer", "freeze", "alice").code == 0
    shown = service.json("customer", "show", "alice")
    assert (shown["state"], shown["codes_left"]) == ("frozen", 20)
    assert service.call("customer", "unfreeze", "alice").code == 0
    assert service.json("customer", "show", "alice")["state"] == "open"


def test_a_handle_that_somebody_bears_is_not_given_away_in_silence(service: Service) -> None:
    service.json("customer", "open", "alice", "--x-id", ALICE)
    service.json("deposit", "alice", "20", "--reference", "slip")
    for given in ("", "n\n"):
        done = service.call("customer", "open", "Alice", "--x-id", CAROL, given=given)
        assert done.code == 1
        assert f"the X account {ALICE}" in " ".join(done.err.split())
        assert service.json("customer", "show", "alice")["x_id"] == ALICE
    assert service.call("customer", "open", "Alice", "--x-id", CAROL, given="y\n").code == 0
    shown = service.json("customer", "show", "alice")
    assert (shown["x_id"], shown["balance_cents"]) == (CAROL, 0)
    assert service.json("customer", "open", "alice", "--x-id", BOB, "--yes")["x_id"] == BOB


@pytest.mark.parametrize(("handle", "x_id"), [("Smoney", BOT), ("alice", BOT), ("smoney", ALICE)])
def test_the_bot_is_no_customer(service: Service, handle: str, x_id: str) -> None:
    done = service.call("customer", "open", handle, "--x-id", x_id)
    assert done.code == 1
    assert "the bot's own account" in " ".join(done.err.split())


def test_money_comes_in_and_out_once_per_reference(service: Service) -> None:
    service.json("customer", "open", "alice", "--x-id", ALICE)
    service.json("customer", "open", "bob", "--x-id", BOB)
    for booked in (True, False):
        done = service.json("deposit", "alice", "100.50", "--reference", "slip 7")
        assert done == {"handle": "alice", "booked": booked, "balance_cents": 10050}
    assert service.json("withdraw", "alice", "0.50", "--reference", "w")["balance_cents"] == 10000

    for words, why in (
        (("deposit", "bob", "100.50", "--reference", "slip 7"), "used before"),
        (("deposit", "alice", "99", "--reference", "slip 7"), "used before"),
        (("withdraw", "alice", "100.01", "--reference", "x"), "does not cover"),
        (("deposit", "alice", "2400.01", "--reference", "y"), "more than 2500.00"),
        (("deposit", "alice", "12.5", "--reference", "y"), "not an amount"),
        (("deposit", "alice", "0", "--reference", "y"), "not an amount"),
        (("deposit", "carol", "1", "--reference", "y"), "has an account"),
        (("deposit", "alice", "1", "--reference", ""), "A reference is one line"),
        (("deposit", "alice", "1", "--reference", " slip 8"), "no space before"),
        (("deposit", "alice", "1", "--reference", "slip\n8"), "A reference is one line"),
        (("withdraw", "alice", "1", "--reference", "x" * 101), "1 to 100 signs"),
    ):
        done = service.call(*words)
        assert done.code == 1
        assert why in done.err
    assert service.balance("alice") == 10000
    assert service.json("withdraw", "alice", "1", "--reference", "slip 7")["booked"], (
        "once each way"
    )
    longest = service.json("withdraw", "alice", "1", "--reference", "x" * 100)
    assert longest["balance_cents"] == 9800
    assert service.call("ledger", "verify").code == 0


@pytest.mark.parametrize(
    ("words", "given", "why"),
    [
        (("customer", "open", "alice bob", "--x-id", "1"), "", "not a handle"),
        (("customer", "open", "alice", "--x-id", "@alice"), "", "a number"),
        (("customer", "pin", "alice"), "12345\n", "four digits"),
        (("customer", "pin", "alice"), "1212\n", "repeats itself"),
        (("customer", "pin", "alice"), "1234\n", "in a row"),
        (("customer", "show", "nobody"), "", "has an account"),
        (("payment", "show", "7K3Q-18"), "", "not a reference"),
    ],
)
def test_a_mistake_gets_a_sentence_and_no_traceback(
    service: Service, words: tuple[str, ...], given: str, why: str
) -> None:
    service.json("customer", "open", "alice", "--x-id", ALICE)
    done = service.call(*words, given=given)
    assert done.code == 1
    assert why in " ".join(done.err.split())
    assert "Traceback" not in done.err
    assert given.strip() not in (done.out + done.err) or not given


def test_the_program_tells_its_version(service: Service) -> None:
    assert service.call("--version").out == f"smoney-bot {version('smoney-bot')}\n"


@pytest.mark.parametrize("name", ["SECRET_KEYS", "X_BOT_ID", "X_CONSUMER_SECRET", "X_ACCESS_TOKEN"])
def test_a_missing_secret_stops_the_start_and_says_what_to_set(tmp_path: Path, name: str) -> None:
    url = f"sqlite:///{tmp_path}/book.db"
    with Service(tmp_path, url, "http://127.0.0.1:9", **{name: ""}) as service:
        done = service.call("serve")
    assert done.code == 2
    assert f"SMONEY_{name} is not set" in " ".join(done.err.split())


def test_a_bad_setting_is_named_without_its_value(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/book.db"
    secret = {"SECRET_KEYS": "one:c2VjcmV0"}
    with Service(tmp_path, url, "http://127.0.0.1:9", **secret, LIMIT_PEER="251") as service:
        done = service.call("serve")
        assert done.code == 2
        assert "LIMIT_PEER" in done.err
    with Service(tmp_path, url, "http://127.0.0.1:9", **secret) as service:
        done = service.call("serve")
        assert done.code == 2
        assert "SMONEY_SECRET_KEYS" in done.err
        assert "c2VjcmV0" not in done.err
