"""`smoney-bot x`: registering the real door at a local X, and what an operator reads of it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from driver import Service
from structlog.testing import capture_logs
from x_side import ALICE, APP, BOT, XSide, x_side

from smoney_bot import settings as environment
from smoney_bot.book import registrations
from smoney_bot.book.engine import Book
from smoney_bot.channels.sandbox.faults import Fault
from smoney_bot.channels.sandbox.server import serve
from smoney_bot.cli import replays
from smoney_bot.cli.demo import Demo
from smoney_bot.cli.running import working
from smoney_bot.settings import Settings
from smoney_bot.web.app import create_app

REFUSED = Fault(status=403, body={"detail": "Your account is not permitted to do this."})


@pytest.fixture
def x() -> Iterator[XSide]:
    with x_side() as running:
        yield running


@contextmanager
def service_at(x: XSide, folder: Path, url: str, public_url: str = "") -> Iterator[Service]:
    public_url = public_url or x.webhook_url.removesuffix("/webhooks/x")
    with Service(folder, url, x.url, PUBLIC_URL=public_url) as service:
        yield service


@pytest.fixture
def service(x: XSide, tmp_path: Path, sqlite_url: str) -> Iterator[Service]:
    with service_at(x, tmp_path, sqlite_url) as running:
        yield running


def registration(url: str) -> registrations.Registration | None:
    book = Book(url)
    with book.reading() as connection:
        found = registrations.find(connection)
    book.close()
    return found


def settings_of(service: Service, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Return what the service's environment sets, and nothing else."""
    for name in [one for one in os.environ if one.startswith("SMONEY_")]:
        monkeypatch.delenv(name)
    for name, value in service.environment.items():
        if name.startswith("SMONEY_"):
            monkeypatch.setenv(name, value)
    return environment.load()


def words(text: str) -> str:
    return " ".join(text.split())


def test_the_real_door_is_registered_shown_and_taken_back(
    x: XSide, tmp_path: Path, book_url: str, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    with service_at(x, tmp_path, book_url, "http://127.0.0.1:1") as first:
        door = serve(create_app(settings_of(first, monkeypatch), book))
    with service_at(x, tmp_path, book_url, door.url) as service:
        done = service.call("x", "register")
        assert (done.code, x.kinds[0]) == (0, "dm.received"), done.err
        assert "created" in done.out
        shown = service.json("x", "status")
        (hook,) = shown["webhooks"]
        assert (hook["url"], hook["valid"], shown["sound"]) == (
            f"{door.url}/webhooks/x",
            True,
            True,
        )
        seen = registration(book_url)
        assert seen is not None
        assert (seen.webhook_id, shown["last_checked"]) == (hook["id"], seen.seen_at.isoformat())
        assert {one["state"] for one in shown["subscriptions"]} == {"as it should be"}

        again = service.json("x", "register")
        assert (again["url"], again["sound"]) == (f"{door.url}/webhooks/x", True)
        assert {one["became"] for one in again["steps"]} == {"as it should be"}

        undone = service.json("x", "unregister", "--yes")
        assert "webhook" in [one["what"] for one in undone["steps"]]
        assert (x.deliveries.webhooks.all(), x.kinds) == ([], [])
        assert registration(book_url) is None
        assert service.call("x", "status").code == 1
    door.stop()


def test_status_is_a_table_for_people(service: Service, x: XSide) -> None:
    service.call("x", "register")
    done = service.call("x", "status")
    assert done.code == 0
    for word in ("Webhooks", "post.mention.create", "as it should be", "Last checked"):
        assert word in done.out
    assert x.deliveries.webhooks.all()[0].id in done.out


def test_unregister_asks_first(service: Service, x: XSide) -> None:
    service.call("x", "register")
    assert service.call("x", "unregister", given="n\n").code == 1
    assert len(x.deliveries.webhooks.all()) == 1
    assert service.call("x", "unregister", given="y\n").code == 0
    assert x.deliveries.webhooks.all() == []


def test_the_webhook_in_the_way_is_named_and_can_be_removed(service: Service, x: XSide) -> None:
    old = x.deliveries.register(x.webhook_url + "?old=1")
    done = service.call("x", "register")
    assert done.code == 1
    assert old.id in words(done.err)
    assert "unregister --webhook" in words(done.err)
    assert service.call("x", "unregister", "--webhook", "77", "--yes").code == 1
    assert service.call("x", "unregister", "--webhook", old.id, "--yes").code == 0
    assert service.call("x", "register").code == 0


@pytest.mark.parametrize(
    ("public_url", "why"),
    [
        ("", "SMONEY_PUBLIC_URL is not set"),
        ("http://pay.example", "https"),
        ("https://pay.example:8443", "port"),
        ("https://pay.example/?a=1", "write a host"),
        ("https://alice@pay.example", "write a host"),
        ("https://", "write a host"),
        ("https://pay.example:port", "no address"),
        ("https://pay.example/" + "a" * 200, "200"),
    ],
)
def test_an_address_that_x_would_not_call_is_refused_before_it_is_asked(
    service: Service, x: XSide, public_url: str, why: str
) -> None:
    service.environment["SMONEY_PUBLIC_URL"] = public_url
    done = service.call("x", "register")
    assert done.code == 2
    assert why in words(done.err)
    assert x.deliveries.webhooks.all() == []


def test_beside_the_real_x_loopback_will_not_do(service: Service) -> None:
    service.environment["SMONEY_X_API_URL"] = "https://api.x.com"
    done = service.call("x", "register")
    assert done.code == 2
    assert "https" in done.err


def test_without_the_apps_token_it_says_what_to_set(service: Service) -> None:
    del service.environment["SMONEY_X_BEARER_TOKEN"]
    done = service.call("x", "register")
    assert done.code == 2
    assert "SMONEY_X_BEARER_TOKEN is not set" in words(done.err)


def test_a_door_with_another_secret_is_told_what_to_try(service: Service, x: XSide) -> None:
    x.door.secret = "another"
    done = service.call("x", "register")
    assert done.code == 1
    assert "SMONEY_X_CRC" in words(done.err)


def test_what_x_does_not_bring_yet_ends_with_exit_code_1(service: Service, x: XSide) -> None:
    x.faults.script("POST", "/2/activity", REFUSED)
    done = service.call("x", "register")
    assert done.code == 1
    assert "SMONEY_X_USER_TOKEN" in words(done.out)
    seen = registration(service.environment["SMONEY_DATABASE_URL"])
    assert seen is not None
    assert not seen.sound


def test_a_user_token_helps_where_x_takes_no_oauth_1(service: Service, x: XSide) -> None:
    service.environment["SMONEY_X_USER_TOKEN"] = str(APP.user_token)
    x.faults.script("POST", "/2/activity", REFUSED)
    assert service.call("x", "register").code == 0


def test_an_x_that_is_away_is_told_in_a_sentence(service: Service, x: XSide) -> None:
    x.faults.script("GET", "/2/webhooks", Fault(status=503))
    done = service.call("x", "status")
    assert done.code == 1
    assert "Away for now" in done.err
    assert "Traceback" not in done.err


# Replays ------------------------------------------------------------------------------


def test_what_was_lost_comes_again_in_windows_one_after_the_other(
    x: XSide, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replays, "_ASK_EVERY_SECONDS", 0.05)
    service.call("x", "register")
    lost = x.world.post(ALICE, "@Smoney #aide")
    assert x.deliveries.settle(5)
    _age(x, timedelta(hours=2))
    x.door.bodies.clear()
    busy = Fault(status=409, body={"title": "ReplayConflictError"})
    x.faults.script("POST", "/2/webhooks/replay", busy, busy)
    done = service.call("x", "replay", "--since", "3h")
    assert done.code == 0, done.err
    assert done.err.count("X replays") == 2
    assert x.deliveries.settle(5)
    ids = [body["data"]["payload"]["id"] for body in x.door.bodies if "data" in body]
    assert set(ids) == {lost.id}


def _age(x: XSide, by: timedelta) -> None:
    """Let all that X tried to deliver have been tried earlier."""
    tried: Any = x.deliveries._tried  # noqa: SLF001 - the local X has no other past
    moved = [(at - by, event) for at, event in tried]
    tried.clear()
    tried.extend(moved)


@pytest.mark.parametrize(
    ("since", "why"), [("3", "not a span"), ("10m", "32 minutes"), ("25h", "24 hours")]
)
def test_a_span_that_x_does_not_replay_is_refused(service: Service, since: str, why: str) -> None:
    done = service.call("x", "replay", "--since", since)
    assert done.code == 1
    assert why in words(done.err)


def test_without_a_webhook_there_is_nothing_to_replay_to(service: Service) -> None:
    done = service.call("x", "replay", "--since", "1h")
    assert "x register" in words(done.err)


def test_a_plan_without_replays_is_told_clearly(service: Service, x: XSide) -> None:
    service.call("x", "register")
    x.faults.script("POST", "/2/webhooks/replay", REFUSED)
    done = service.call("x", "replay", "--since", "1h")
    assert done.code == 1
    assert "not permitted" in words(done.err)
    assert "catch-up" in words(done.err)


# The daemon ---------------------------------------------------------------------------


def test_the_daemon_keeps_the_registration_as_it_was_made(
    x: XSide, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.call("x", "register")
    url = service.environment["SMONEY_DATABASE_URL"]
    seen = registration(url)
    assert seen is not None
    found = x.deliveries.subscriptions.find("dm.received", BOT)
    assert found is not None
    x.deliveries.subscriptions.remove(found.id)
    book = Book(url)
    an_hour_ago = datetime.now(UTC) - timedelta(minutes=61)
    book.run(lambda c: registrations.note(c, seen.webhook_id, an_hour_ago, sound=True))
    with capture_logs(), working(settings_of(service, monkeypatch), book):
        _wait_for(lambda: x.deliveries.subscriptions.find("dm.received", BOT) is not None)
    book.close()


def _wait_for(come: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not come():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_demo_registers_itself_by_the_same_way(sqlite_url: str) -> None:
    with capture_logs(), Demo(sqlite_url, places=1) as demo:
        (hook,) = demo.deliveries.webhooks.all()
        assert hook.url == f"{demo.server.url}/webhooks/x"
        assert len(demo.deliveries.subscriptions.all()) == 4
