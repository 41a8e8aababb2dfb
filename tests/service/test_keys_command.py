"""Rotating the secret keys, as an operator does it: new key, rewrap, status, removal."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from driver import ALICE, BOT, Service
from passlib.totp import TOTP

from smoney_bot.bank import authenticators
from smoney_bot.bank.keys import Keyring
from smoney_bot.bank.messages import ClearMessage, Form, Mention
from smoney_bot.bank.orders import Bot
from smoney_bot.bank.redaction import conceal
from smoney_bot.book import authenticators as records
from smoney_bot.book import customers, inbox
from smoney_bot.book.engine import Book
from smoney_bot.cli import keys

OLD = "2025:" + base64.b64encode(b"o" * 32).decode()
NEW = "2026:" + base64.b64encode(b"n" * 32).decode()
BOTH = f"{NEW},{OLD}"


@pytest.fixture
def service(book_url: str, tmp_path: Path) -> Iterator[Service]:
    with Service(tmp_path, book_url, "http://127.0.0.1:9", SECRET_KEYS=OLD) as running:
        running.json("customer", "open", "alice", "--x-id", ALICE)
        yield running


def _use_keys(service: Service, text: str) -> None:
    service.environment["SMONEY_SECRET_KEYS"] = text


def _keyring(service: Service) -> Keyring:
    return Keyring.parse(service.environment["SMONEY_SECRET_KEYS"])


@pytest.fixture
def bank(book_url: str) -> Iterator[Book]:
    book = Book(book_url)
    yield book
    book.close()


def _enrol(service: Service, bank: Book, x_id: str = ALICE) -> TOTP:
    new = authenticators.new_secret(_keyring(service), "alice")
    with bank.writing() as connection:
        customer = customers.by_x_ids(connection, [x_id])[x_id]
        records.put(connection, customer.id, new.secret, bank.now(connection))
    return TOTP.from_uri(new.uri)


def _secret(bank: Book) -> str:
    with bank.reading() as connection:
        return records.secrets_after(connection, 0, 1)[0][1]


def _keep(service: Service, bank: Book, number: int, code: str = " #07482193") -> None:
    text = f"@Smoney #1 @bob{code}"
    message = ClearMessage(
        key=f"t:{number}",
        form=Form.POST,
        edited=False,
        message_id=str(number),
        author_id=ALICE,
        author_handle="alice",
        text=text,
        written_at=datetime.now(UTC),
        body=(0, len(text)),
        mentions=(Mention(0, 7, "Smoney", BOT),),
    )
    kept = conceal(message, _keyring(service), Bot(BOT, "Smoney"))
    with bank.writing() as connection:
        inbox.keep(connection, [kept], bank.now(connection))


def _status(service: Service) -> dict[str, tuple[str, int, int, int, int]]:
    """The state and the counts of each key, by its id."""
    done = service.call("keys", "status", "--json")
    rows = json.loads(done.out)
    missing = any(row["state"] == "missing" for row in rows)
    assert done.code == int(missing), done.err
    counts = ("state", "card_codes", "pins", "authenticators", "messages")
    return {row["key"]: tuple(row[name] for name in counts) for row in rows}


def test_an_old_key_is_taken_out_of_use_step_by_step(service: Service, bank: Book) -> None:
    service.json("customer", "card", "alice")
    service.call("customer", "pin", "alice", given="4827\n")
    phone = _enrol(service, bank)
    assert _status(service) == {"2025": ("newest", 20, 1, 1, 0)}

    _use_keys(service, BOTH)
    assert _status(service) == {"2026": ("newest", 0, 0, 0, 0), "2025": ("needed", 20, 1, 1, 0)}
    for moved in ("1 authenticator moved to 2026", "0 authenticators moved to 2026"):
        assert moved in service.call("keys", "rewrap").err
    assert _status(service)["2025"] == ("needed", 20, 1, 0, 0)
    service.json("customer", "card", "alice")
    service.call("customer", "pin", "alice", given="4827\n")
    assert _status(service) == {"2026": ("newest", 20, 1, 1, 0), "2025": ("removable", 0, 0, 0, 0)}
    shown = service.call("keys", "status")
    assert "Nothing needs 2025 any more: it can be removed" in " ".join(shown.err.split())

    _use_keys(service, NEW)
    assert _status(service) == {"2026": ("newest", 20, 1, 1, 0)}
    now = datetime.now(UTC)
    right = authenticators.candidates(_secret(bank), _keyring(service), now)
    assert phone.generate(now).token == right[0][1]


def test_a_key_that_is_needed_but_gone_is_named(service: Service, bank: Book) -> None:
    service.json("customer", "card", "alice")
    _enrol(service, bank)
    _use_keys(service, NEW)
    assert _status(service)["2025"] == ("missing", 20, 0, 1, 0)
    for words in (("keys", "status"), ("keys", "status", "--json")):
        done = service.call(*words)
        assert done.code == 1
        assert "SMONEY_SECRET_KEYS lacks their key: 2025" in " ".join(done.err.split())
    before = _secret(bank)
    assert "0 authenticators moved" in service.call("keys", "rewrap").err
    assert _secret(bank) == before


def test_a_message_needs_the_newest_key_that_the_door_knew(service: Service, bank: Book) -> None:
    _keep(service, bank, 1)
    _use_keys(service, BOTH)
    _keep(service, bank, 2)
    _keep(service, bank, 3, code="")
    assert _status(service) == {"2026": ("newest", 0, 0, 0, 1), "2025": ("needed", 0, 0, 0, 1)}


def test_what_no_longer_works_needs_no_key(service: Service, bank: Book) -> None:
    service.json("customer", "card", "alice")
    service.call("customer", "pin", "alice", given="4827\n")
    with bank.writing() as connection:
        connection.exec_driver_sql("UPDATE card_codes SET wrong = 2 WHERE place <= 5")
        connection.exec_driver_sql("UPDATE pins SET void_at = set_at")
    assert _status(service) == {"2025": ("newest", 15, 0, 0, 0)}


def test_authenticators_move_in_batches(
    service: Service, bank: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "_BATCH", 2)
    for number in range(5):
        service.json("customer", "open", f"carol{number}", "--x-id", str(number))
        _enrol(service, bank, str(number))
    _use_keys(service, BOTH)
    assert "5 authenticators moved" in service.call("keys", "rewrap").err
    assert _status(service)["2026"] == ("newest", 0, 0, 5, 0)


def test_no_command_shows_a_key_except_the_one_that_makes_it(service: Service) -> None:
    _use_keys(service, BOTH)
    for words in (("status",), ("status", "--json"), ("rewrap",)):
        done = service.call("keys", *words)
        assert done.code == 0
        for key in (OLD, NEW):
            assert key.partition(":")[2] not in done.out + done.err
    made = service.call("keys", "new").out.strip()
    assert len(Keyring.parse(made).ids) == 1


def test_without_keys_the_status_says_how_to_make_them(service: Service) -> None:
    del service.environment["SMONEY_SECRET_KEYS"]
    done = service.call("keys", "status")
    assert done.code == 2
    assert "smoney-bot keys new" in " ".join(done.err.split())
