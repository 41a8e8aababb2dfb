"""The book's commands: verify, seal, witness, backup, recover, as an operator types them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from driver import ALICE, Service


@pytest.fixture
def service(sqlite_url: str, tmp_path: Path) -> Iterator[Service]:
    """A service on SQLite, in which alice has 30 €, by three deposits."""
    with Service(tmp_path, sqlite_url, "http://127.0.0.1:9") as running:
        fill(running)
        yield running


def fill(service: Service) -> None:
    service.json("customer", "open", "alice", "--x-id", ALICE)
    for slip in "123":
        service.json("deposit", "alice", "10", "--reference", f"slip {slip}")


def deposit(service: Service, slip: str) -> None:
    service.json("deposit", "alice", "10", "--reference", f"slip {slip}")
    assert service.call("ledger", "seal").code == 0


def tamper(service: Service, *deeds: str) -> None:
    with closing(sqlite3.connect(service.folder / "book.db")) as raw:
        for table in ("transfers", "seals"):
            for deed in ("update", "delete"):
                raw.execute(f"DROP TRIGGER IF EXISTS {table}_refuse_{deed}")
        for deed in deeds:
            raw.execute(deed)
        raw.commit()


def restored(service: Service, backup: str) -> Service:
    """The same service on a copy of its book."""
    url = f"sqlite:///{service.folder}/{backup}"
    return Service(service.folder, url, "http://127.0.0.1:9")


def said(done_err: str) -> str:
    return " ".join(done_err.split())


def test_verify_tells_how_far_the_seals_reach(service: Service) -> None:
    facts = {"holds": True, "problems": [], "pages": 0, "sealed": 0, "unsealed": 3}
    assert service.json("ledger", "verify") == facts
    sealed = service.call("ledger", "seal")
    assert "3 transfers sealed" in sealed.err
    assert service.json("ledger", "verify") == facts | {"pages": 1, "sealed": 3, "unsealed": 0}
    assert "3 transfers in 1 page," in said(service.call("ledger", "verify").err)


def test_verify_names_each_line_that_does_not_hold(service: Service) -> None:
    deposit(service, "4")
    tamper(service, "UPDATE transfers SET memo = 'slip 9' WHERE id = 2")
    done = service.call("ledger", "verify", "--json")
    assert done.code == 1
    assert json.loads(done.out)["holds"] is False
    assert "page_is_as_sealed: page 1: one of the transfers 1 to 4" in said(done.err)


def test_verify_without_a_key_of_the_chain_says_which_one(service: Service) -> None:
    deposit(service, "4")
    service.environment["SMONEY_SECRET_KEYS"] = "other:" + "b" * 43 + "="
    done = service.call("ledger", "verify")
    assert done.code == 1
    assert "SMONEY_SECRET_KEYS lacks test" in said(done.err)


def test_a_file_without_a_head_is_no_witness(service: Service) -> None:
    """A pipe that was begun before anything was sealed leaves one."""
    (service.folder / "empty").touch()
    assert service.call("ledger", "mark-restored").code == 0
    for words in (("ledger", "verify"), ("ledger", "recover")):
        done = service.call(*words, "--witness", "empty")
        assert done.code == 1
        assert "no head of the chain" in said(done.err)
    assert service.call("serve").code == 2, "it still pays nothing"


def test_only_the_witness_sees_that_the_newest_page_was_cut_off(service: Service) -> None:
    deposit(service, "4")
    deposit(service, "5")
    assert service.call("ledger", "witness", "witness.jsonl").code == 0
    assert service.call("ledger", "verify", "--witness", "witness.jsonl").code == 0
    tamper(
        service,
        "DELETE FROM seals WHERE id = 2",
        "DELETE FROM transfers WHERE id = 5",
        "UPDATE balances SET balance_cents = balance_cents - 1000 WHERE balance_cents > 0",
        "UPDATE balances SET balance_cents = balance_cents + 1000 WHERE balance_cents < 0",
    )
    assert service.call("ledger", "verify").code == 0
    done = service.call("ledger", "verify", "--witness", "witness.jsonl")
    assert done.code == 1
    assert "nothing_is_cut_off" in done.err
    assert "missing here: 1 of the pages, at least 1 of the transfers" in said(done.err)


def test_the_witness_grows_by_a_line_for_each_new_head(service: Service) -> None:
    assert "Nothing is sealed yet" in service.call("ledger", "witness", "witness.jsonl").err
    deposit(service, "4")
    file = service.folder / "witness.jsonl"
    for _ in range(2):
        assert service.call("ledger", "witness", "witness.jsonl").code == 0
    first = [json.loads(line) for line in file.read_text().splitlines()]
    assert [(one["seal"], one["transfers"]) for one in first] == [(1, 4)]
    deposit(service, "5")
    printed = json.loads(service.call("ledger", "witness").out)
    assert json.loads(service.call("ledger", "witness", "witness.jsonl", "--json").out) == {
        **printed,
        "time": json.loads(file.read_text().splitlines()[1])["time"],
    }
    assert set(printed) == {"time", "seal", "transfers", "hash"}
    assert (printed["seal"], printed["transfers"]) == (2, 5)


def test_the_witness_refuses_a_chain_that_is_not_its_own(service: Service) -> None:
    deposit(service, "4")
    assert service.call("ledger", "witness", "witness.jsonl").code == 0
    before = (service.folder / "witness.jsonl").read_text()
    # An insider with the keys: everything but the witness is made to fit.
    tamper(service, "DELETE FROM seals")
    deposit(service, "5")
    assert service.call("ledger", "verify").code == 0
    for words in (("witness", "witness.jsonl"), ("verify", "--witness", "witness.jsonl")):
        done = service.call("ledger", *words)
        assert done.code == 1
        assert "page 1: is not the one that the witness saw" in said(done.err)
    assert (service.folder / "witness.jsonl").read_text() == before


def test_a_witness_that_cannot_be_read_is_no_witness(service: Service) -> None:
    deposit(service, "4")
    cut_off = '{"time": "2026-11-24T12:00:00+00:00", "se'
    for line in ("", "{}", "[1]", "7", '{"time": "noon"}', cut_off):
        (service.folder / "witness.jsonl").write_text(line + "\n")
        done = service.call("ledger", "verify", "--witness", "witness.jsonl")
        assert done.code == 1
        assert "line 1 of witness.jsonl" in said(done.err)
    assert service.call("ledger", "witness", "witness.jsonl").code == 1
    assert service.call("ledger", "verify", "--witness", "nowhere").code == 1


def test_a_restored_book_that_agrees_with_the_witness_pays_again(service: Service) -> None:
    deposit(service, "4")
    assert service.call("ledger", "witness", "witness.jsonl").code == 0
    assert service.call("backup", "copy.db").code == 0
    again = service.call("backup", "copy.db")
    assert again.code == 1
    assert "never overwritten" in said(again.err)
    with restored(service, "copy.db") as copy:
        done = copy.call("ledger", "recover")
        assert done.code == 1
        assert "--witness FILE" in said(done.err)
        done = copy.call("ledger", "recover", "--witness", "witness.jsonl")
        assert done.code == 0, done.err
        assert "pays again" in done.err
        assert "nothing to recover" in copy.call("ledger", "recover", "--accept-loss").err


def test_a_loss_is_counted_and_only_an_operators_word_accepts_it(service: Service) -> None:
    deposit(service, "4")
    assert service.call("backup", "copy.db").code == 0
    deposit(service, "5")
    deposit(service, "6")
    assert service.call("ledger", "witness", "witness.jsonl").code == 0
    recover = ("ledger", "recover", "--witness", "witness.jsonl")
    with restored(service, "copy.db") as copy:
        for _ in range(2):
            done = copy.call(*recover)
            assert done.code == 1
            assert "missing here: 2 of the pages, at least 2 of the transfers" in said(done.err)
        done = copy.call(*recover, "--accept-loss")
        assert done.code == 0
        assert "begin a new file" in said(done.err)
        assert "nothing to recover" in copy.call(*recover).err


def test_a_changed_book_is_not_recovered_whatever_the_operator_says(service: Service) -> None:
    deposit(service, "4")
    tamper(service, "UPDATE transfers SET memo = 'slip 9' WHERE id = 2")
    assert service.call("ledger", "mark-restored").code == 0
    done = service.call("ledger", "recover", "--accept-loss")
    assert done.code == 1
    assert "was changed" in said(done.err)


def test_an_operator_may_seal_what_came_in_far_too_late(service: Service) -> None:
    deposit(service, "4")
    tamper(
        service,
        "INSERT INTO transfers SELECT 0, 'late', 'payment', target_id, source_id, 1, '', "
        "'2026-01-01T00:00:00.000000Z' FROM transfers WHERE id = 1",
    )
    named = "transfer_stands_in_a_page"
    assert "0 transfers sealed" in service.call("ledger", "seal").err
    assert named in service.call("ledger", "verify").err
    assert "1 transfer sealed" in service.call("ledger", "seal", "--late").err
    assert named not in service.call("ledger", "verify").err


def test_on_postgresql_a_backup_is_said_and_not_made(
    tmp_path: Path, postgres_url: Callable[[], str]
) -> None:
    url = postgres_url().replace("postgres:@", "postgres:hush@")
    with Service(tmp_path, url, "http://127.0.0.1:9") as service:
        fill(service)
        done = service.call("backup", "copy.dump")
        assert done.code == 1
        assert "pg_dump --format=custom --file='copy.dump'" in done.out
        assert "pg_basebackup" in done.out
        assert "hush" not in done.out + done.err
        assert not (tmp_path / "copy.dump").exists()

        deposit(service, "4")
        assert service.call("ledger", "witness", "witness.jsonl").code == 0
        assert service.call("ledger", "mark-restored").code == 0
        assert service.call("ledger", "recover", "--witness", "witness.jsonl").code == 0
        assert service.json("ledger", "verify")["sealed"] == 4
