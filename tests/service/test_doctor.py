"""`smoney-bot doctor`: all well, and each thing that can be wrong, provoked."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from driver import Service
from sqlalchemy import make_url
from x_side import APP, BOT, XSide, x_side

from smoney_bot.book import backups, rounds, spending, windows
from smoney_bot.book.engine import Book
from smoney_bot.book.rounds import Round
from smoney_bot.channels.sandbox.faults import Fault
from smoney_bot.channels.x.registration import put_right
from smoney_bot.cli.checkup import records
from smoney_bot.cli.checkup.findings import Mark, age, clock

Checks = dict[str, dict[str, Any]]
ME = {"id": BOT, "username": "Smoney", "affiliation": {"description": "Automated"}}

#: What is looked at when nothing stands in the way, in this order.
ALL = [
    "settings",
    "secret keys",
    "keys for X",
    "files",
    "database",
    "database's clock",
    "tables",
    "book",
    "workers",
    "sending",
    "budget",
    "backup",
    "witness",
    "address",
    "certificate",
    "door",
    "account",
    "permissions",
    "X's clock",
    "profile",
    "webhook",
    "subscriptions",
]


@pytest.fixture
def x() -> Iterator[XSide]:
    with x_side() as running:
        yield running


@contextmanager
def in_order(x: XSide, folder: Path, url: str) -> Iterator[Service]:
    """A bank where nothing is wrong."""
    public_url = x.webhook_url.removesuffix("/webhooks/x")
    with Service(folder, url, x.url, PUBLIC_URL=public_url) as service:
        put_right(x.admin(), x.webhook_url)
        come_round(url)
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            Path(str(parsed.database)).chmod(0o600)
        yield service


@pytest.fixture
def service(x: XSide, tmp_path: Path, sqlite_url: str) -> Iterator[Service]:
    with in_order(x, tmp_path, sqlite_url) as running:
        yield running


def write(url: str, work: Callable[[Any, datetime], object]) -> None:
    book = Book(url)
    book.run(lambda c: work(c, book.now(c)))
    book.close()


def come_round(url: str, ago: timedelta = timedelta(0)) -> None:
    write(url, lambda c, now: rounds.note(c, [Round("counter", 60, now - ago)]))


def checks(service: Service, *words: str) -> Checks:
    """Run the doctor and return what it says, by what it looked at."""
    done = service.call("doctor", "--json", *words)
    told = json.loads(done.out)
    found = {one["check"]: one for one in told["checks"]}
    assert told["well"] == (done.code == 0)
    assert told["well"] == (not wrong(found))
    for one in wrong(found):
        assert found[one]["advice"], f"{one} is red, and nothing is advised"
    return found


def wrong(found: Checks) -> list[str]:
    return [name for name, one in found.items() if one["mark"] == "red"]


def url_of(service: Service) -> str:
    return service.environment["SMONEY_DATABASE_URL"]


# All well -----------------------------------------------------------------------------


def test_where_nothing_is_wrong_it_says_so(x: XSide, tmp_path: Path, book_url: str) -> None:
    with in_order(x, tmp_path, book_url) as service:
        found = checks(service)
        assert wrong(found) == []
        assert list(found) == ALL
        marks = {one["mark"] for name, one in found.items()} - {"green", "note"}
        assert marks == set()


def test_it_is_a_table_for_people_and_shows_no_secret(service: Service, x: XSide) -> None:
    done = service.call("doctor")
    assert done.code == 0, done.out
    assert "Nothing is wrong" in done.err
    for name in ALL:
        assert name in done.out
    x.door.secret = "another"
    broken = service.call("doctor")
    assert broken.code == 1
    assert "1 thing to put right" in broken.err
    printed = done.out + broken.out + broken.err
    names = ("SECRET_KEYS", "X_CONSUMER_SECRET", "X_ACCESS_TOKEN", "X_ACCESS_TOKEN_SECRET")
    secrets = [service.environment[f"SMONEY_{name}"] for name in names]
    assert [one for one in secrets if one in printed] == []


def test_it_changes_nothing(service: Service, x: XSide) -> None:
    before = (x.deliveries.webhooks.all(), x.deliveries.subscriptions.all())
    book = Path(str(make_url(url_of(service)).database))
    content = book.read_bytes()
    checks(service)
    assert (x.deliveries.webhooks.all(), x.deliveries.subscriptions.all()) == before
    assert book.read_bytes() == content


# The house ----------------------------------------------------------------------------


def test_settings_that_cannot_be_read_are_named_each(service: Service) -> None:
    service.environment |= {"SMONEY_LIMIT_PEER": "251", "SMONEY_PORT": "x"}
    done = service.call("doctor", "--json")
    said = [one["said"] for one in json.loads(done.out)["checks"]]
    assert done.code == 1
    assert any("SMONEY_PORT" in one for one in said)


def test_a_misspelt_setting_is_named_wherever_it_stands(service: Service, tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir()
    for name in ("SMONEY_SENTRY_DNS", "SMONEY_SENTRY_DSN", "POSTGRES_PASSWORD"):
        (folder / name).write_text("")
    (tmp_path / ".env").write_text(
        "# SMONEY_NOTHING=1\nexport SMONEY_LIMIT_PEERS=3\nsmoney_limit_day=500.00\nPORT=1\n"
    )
    service.environment |= {"SMONEY_LIMTI_PEER": "3", "SMONEY_SECRETS_DIR": str(folder)}
    found = checks(service)["settings"]
    assert found["mark"] == "yellow"
    assert found["said"] == (
        "nobody reads SMONEY_LIMIT_PEERS (or is it SMONEY_LIMIT_PEER?),"
        " SMONEY_LIMTI_PEER (or is it SMONEY_LIMIT_PEER?),"
        " SMONEY_SENTRY_DNS (or is it SMONEY_SENTRY_DSN?)"
    )
    example = (Path(__file__).parents[2] / ".env.example").read_text(encoding="utf-8")
    del service.environment["SMONEY_LIMTI_PEER"], service.environment["SMONEY_SECRETS_DIR"]
    (tmp_path / ".env").write_text(re.sub(r"(?m)^# (SMONEY_\w+=)", r"\1", example))
    service.environment["SMONEY_METRICS_PORT"] = "9100"
    assert checks(service)["settings"]["mark"] == "green"


@pytest.mark.parametrize(
    ("name", "value", "check"),
    [
        ("SECRET_KEYS", "", "secret keys"),
        ("SECRET_KEYS", "one:c2hvcnQ=", "secret keys"),
        ("X_BOT_ID", "", "keys for X"),
        ("X_CONSUMER_KEY", "", "keys for X"),
        ("X_ACCESS_TOKEN_SECRET", "", "keys for X"),
        ("X_BEARER_TOKEN", "", "keys for X"),
        ("X_CRC", "client", "keys for X"),
        ("X_SIGNATURE", "client", "keys for X"),
    ],
)
def test_a_key_that_is_missing_or_bad(service: Service, name: str, value: str, check: str) -> None:
    service.environment[f"SMONEY_{name}"] = value
    found = checks(service)
    assert check in wrong(found)
    assert "SMONEY_" in found[check]["said"]


def test_an_old_key_should_be_followed_by_a_new_one(service: Service) -> None:
    for day, mark in ((datetime.now(UTC), "green"), (datetime(2024, 1, 1, tzinfo=UTC), "yellow")):
        key = service.environment["SMONEY_SECRET_KEYS"].partition(":")[2]
        service.environment["SMONEY_SECRET_KEYS"] = f"{day:%Y%m%d}-ab12:{key}"
        assert checks(service)["secret keys"]["mark"] == mark


def test_secrets_that_anybody_can_read(service: Service, tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir()
    tmp_path.chmod(0o755)  # else nobody gets as far
    service.environment["SMONEY_SECRETS_DIR"] = str(folder)
    for path in (tmp_path / ".env", folder / "smoney_x_bearer_token", tmp_path / "book.db"):
        path.touch()
        path.chmod(0o644)
        found = checks(service)
        assert wrong(found) == ["files"]
        assert found["files"]["advice"] == f"chmod 600 {_shown(path, tmp_path)}"
        path.chmod(0o600)
        assert wrong(checks(service)) == []


def test_secrets_in_a_folder_that_nobody_else_enters_are_closed(
    service: Service, tmp_path: Path
) -> None:
    """As `init` makes them: for another user in a container, in a folder for their owner."""
    folder = tmp_path / "secrets"
    folder.mkdir(mode=0o700)
    (folder / "SMONEY_X_BEARER_TOKEN").touch(0o444)
    service.environment["SMONEY_SECRETS_DIR"] = str(folder)
    assert checks(service)["files"]["mark"] == "green"
    folder.chmod(0o711)
    assert wrong(checks(service)) == ["files"]


def _shown(path: Path, folder: Path) -> str:
    return ".env" if path == folder / ".env" else str(path)


# The records --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("sqlite:///none.db", "none yet"),
        ("sqlite://", "must be a file"),
        ("nonsense", "cannot be read"),
        ("paper://x", "no such database"),
        ("postgresql+psycopg://smoney:invented-word@127.0.0.1:9/smoney", "away"),
    ],
)
def test_a_database_that_is_not_there(service: Service, tmp_path: Path, url: str, why: str) -> None:
    service.environment["SMONEY_DATABASE_URL"] = url
    found = checks(service)
    assert wrong(found) == ["database"]
    assert why in found["database"]["said"]
    assert "invented-word" not in repr(found)
    assert not (tmp_path / "none.db").exists()


def test_tables_that_are_not_up_to_date(service: Service, tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch(mode=0o600)
    service.environment["SMONEY_DATABASE_URL"] = "sqlite:///empty.db"
    found = checks(service)
    assert wrong(found) == ["tables"]
    assert "db upgrade" in found["tables"]["advice"]


@pytest.mark.parametrize(("major", "mark"), [(12, Mark.RED), (13, Mark.GREEN), (18, Mark.GREEN)])
def test_a_postgresql_that_is_too_old(major: int, mark: Mark) -> None:
    assert records.postgresql(major, 1).mark is mark


def test_a_book_from_a_backup(service: Service) -> None:
    write(url_of(service), backups.mark_restored)
    assert wrong(checks(service)) == ["book"]


def test_workers_that_are_late_or_were_never_there(service: Service, tmp_path: Path) -> None:
    come_round(url_of(service), timedelta(seconds=61))
    found = checks(service)
    assert wrong(found) == ["workers"]
    assert "counter" in found["workers"]["said"]
    service.environment["SMONEY_DATABASE_URL"] = "sqlite:///new.db"
    service.call("db", "upgrade")
    assert "workers" in wrong(checks(service))
    assert (tmp_path / "new.db").exists()


def test_sending_that_x_has_stopped(service: Service) -> None:
    write(url_of(service), windows.halt)
    assert wrong(checks(service)) == ["sending"]


@pytest.mark.parametrize(
    ("dollars", "mark"), [(15, "green"), (17, "yellow"), (20, "red"), (21, "red")]
)
def test_a_budget_that_runs_low_or_out(service: Service, dollars: int, mark: str) -> None:
    micro = dollars * 10**6
    write(url_of(service), lambda c, now: spending.add(c, "POST /2/tweets", 1, micro, now))
    assert checks(service)["budget"]["mark"] == mark


@pytest.mark.parametrize(("seconds", "mark"), [(-6, Mark.RED), (-4, Mark.GREEN), (6, Mark.RED)])
def test_clocks_that_differ(seconds: int, mark: Mark) -> None:
    here = datetime(2026, 11, 20, tzinfo=UTC)
    assert clock("clock", here + timedelta(seconds=seconds), here).mark is mark


def test_backups_and_witness_have_an_age(service: Service, tmp_path: Path) -> None:
    folder, witness = tmp_path / "copies", tmp_path / "witness.jsonl"
    folder.mkdir()
    words = ("--backup", str(folder), "--witness", str(witness))
    assert wrong(checks(service, *words)) == ["backup", "witness"]

    copy = folder / "book.db"
    copy.touch()
    head = {"time": "2026-01-01T00:00:00+00:00", "seal": 1, "transfers": 1, "hash": "a"}
    witness.write_text(json.dumps(head) + "\n")
    found = checks(service, *words)
    assert (found["backup"]["mark"], found["witness"]["mark"]) == ("green", "yellow")

    long_ago = (datetime.now(UTC) - timedelta(days=3)).timestamp()
    os.utime(copy, (long_ago, long_ago))
    head["time"] = datetime.now(UTC).isoformat()
    witness.write_text(json.dumps(head) + "\n")
    found = checks(service, *words)
    assert (found["backup"]["mark"], found["witness"]["mark"]) == ("yellow", "green")
    assert found["backup"]["said"] == "3 days old"

    witness.write_text("nonsense\n")
    assert wrong(checks(service, *words)) == ["witness"]


@pytest.mark.parametrize(
    ("minutes", "said"), [(0, "0 min"), (119, "119 min"), (120, "2 h"), (2880, "2 days")]
)
def test_ages_are_written_as_people_say_them(minutes: int, said: str) -> None:
    assert age(timedelta(minutes=minutes)) == said


# The address --------------------------------------------------------------------------


@pytest.mark.parametrize("public_url", ["", "http://pay.example", "https://pay.example:8443"])
def test_an_address_that_x_does_not_call(service: Service, public_url: str) -> None:
    service.environment["SMONEY_PUBLIC_URL"] = public_url
    found = checks(service)
    assert wrong(found) == ["address"]
    assert "webhook" not in found


def test_nobody_at_the_address(service: Service) -> None:
    service.environment["SMONEY_PUBLIC_URL"] = "http://127.0.0.1:9"
    found = checks(service)
    assert wrong(found) == ["door", "webhook", "subscriptions"]


@pytest.mark.parametrize(
    ("status", "why"), [(301, "redirects"), (404, "answers 404"), (503, "answers 503")]
)
def test_a_door_that_does_not_answer_a_challenge(
    service: Service, x: XSide, status: int, why: str
) -> None:
    x.door.challenge_status = status
    x.door.headers = {"Location": "/elsewhere"} if status == 301 else {}
    found = checks(service)
    assert wrong(found) == ["door"]
    assert why in found["door"]["said"]


def test_a_door_with_another_secret(service: Service, x: XSide) -> None:
    x.door.secret = "another"
    found = checks(service)
    assert wrong(found) == ["door"]
    assert "SMONEY_X_CRC" in found["door"]["advice"]


# The account --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("me", "access", "check"),
    [
        (ME | {"id": "444444444", "username": "mallory"}, "read-write-directmessages", "account"),
        (ME | {"username": "Smoney_FR"}, "read-write-directmessages", "account"),
        (ME, "read-write", "permissions"),
        (ME, "read", "permissions"),
    ],
)
def test_an_account_that_is_not_the_bots_or_may_not_enough(
    service: Service, x: XSide, me: dict[str, Any], access: str, check: str
) -> None:
    fault = Fault(status=200, body={"data": me}, headers={"x-access-level": access})
    x.faults.script("GET", "/2/users/me", fault)
    assert wrong(checks(service)) == [check]


def test_what_x_does_not_tell_somebody_should_look_at(service: Service, x: XSide) -> None:
    bare = Fault(status=200, body={"data": {"id": BOT, "username": "smoney"}})
    x.faults.script("GET", "/2/users/me", bare)
    found = checks(service)
    looks = [name for name, one in found.items() if one["mark"] == "yellow"]
    assert looks == ["permissions", "profile"]
    assert "Automation" in found["profile"]["advice"]


@pytest.mark.parametrize("status", [401, 402, 403, 429, 503])
def test_an_x_that_refuses_or_is_away(service: Service, x: XSide, status: int) -> None:
    x.faults.script("GET", "/2/users/me", Fault(status=status, body={"detail": "no"}))
    assert wrong(checks(service)) == ["X"]


def test_an_x_without_our_webhook(service: Service, x: XSide) -> None:
    (hook,) = x.deliveries.webhooks.all()
    x.deliveries.webhooks.remove(hook.id)
    found = checks(service)
    assert wrong(found) == ["webhook", "subscriptions"]
    assert "leads elsewhere" in found["subscriptions"]["said"]


def test_a_webhook_that_x_has_switched_off(service: Service, x: XSide) -> None:
    (hook,) = x.deliveries.webhooks.all()
    x.door.secret = "another"
    x.deliveries.webhooks.check(hook.id)
    x.door.secret = APP.consumer_secret
    assert wrong(checks(service)) == ["webhook"]


def test_a_subscription_that_is_missing(service: Service, x: XSide) -> None:
    found = x.deliveries.subscriptions.find("dm.received", BOT)
    assert found is not None
    x.deliveries.subscriptions.remove(found.id)
    told = checks(service)
    assert wrong(told) == ["subscriptions"]
    assert "dm.received (missing)" in told["subscriptions"]["said"]
