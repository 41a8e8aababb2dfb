"""A loop that hangs, fails or dies shows in health, by its name; the others go on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from door_cast import settings
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from smoney_bot.book import rounds
from smoney_bot.book.engine import Book
from smoney_bot.web.app import create_app
from smoney_bot.workers import loops, watch
from smoney_bot.workers.loops import Loop
from smoney_bot.workers.watch import Watch

POLL = 0.05

#: A loop that goes wrong may rest for a second: the shortest there is. One that does
#: well has time, however busy the machine.
WORK_SECONDS = {"well": 30.0}
SHORT = 0.5


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(watch, "NOTE_SECONDS", 0.1)
    monkeypatch.setattr(loops, "_AFTER_ERROR_SECONDS", 0.05)
    with capture_logs():
        yield


@pytest.fixture
def client(book: Book, book_url: str) -> Iterator[TestClient]:
    with TestClient(create_app(settings(book_url), book)) as client:
        yield client


class Serving:
    """What the loops of these tests do: some do it well, one each way of failing."""

    def __init__(self) -> None:
        self.over = threading.Event()

    def well(self) -> int:
        return 0

    def hang(self) -> int:
        self.over.wait(30)
        return 0

    def fail(self) -> int:
        raise RuntimeError("a bug")

    def die(self) -> int:
        raise SystemExit  # ends the thread, and no handler of ours sees it


@pytest.fixture
def run() -> Iterator[Callable[..., None]]:
    """Run loops under *watch* until the end of the test."""
    serving, running = Serving(), list[Loop]()

    def start(book: Book, *names: str, came_round: Callable[[str], None] | None = None) -> None:
        for name in names:
            serve, longest = getattr(serving, name), WORK_SECONDS.get(name, SHORT)
            running.append(Loop(name, serve, POLL, work_seconds=longest))
        watching = Watch(book, {loop.name: loop.may_rest_seconds for loop in running})
        watching.begin()
        for loop in running:
            loop.start(came_round or watching.came_round)

    yield start
    serving.over.set()
    for loop in running:
        loop.stop()
        loop.join()


def ready(client: TestClient) -> tuple[int, dict[str, Any]]:
    answer = client.get("/health/ready")
    return answer.status_code, answer.json()


def after_their_rest(client: TestClient) -> tuple[int, dict[str, Any]]:
    """Return what health says once every loop has rested for longer than it may."""
    assert ready(client)[0] == 200, "nothing is late at the start"
    time.sleep(1.3)
    return ready(client)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_loop_that_hangs_fails_or_dies_is_named_and_the_others_are_not(
    book: Book, client: TestClient, run: Callable[..., None]
) -> None:
    run(book, "well", "hang", "fail", "die")
    status, told = after_their_rest(client)
    assert status == 503
    late = {name for name, one in told["checks"].items() if one["status"] == "failing"}
    assert late == {"loop hang", "loop fail", "loop die"}
    assert told["checks"]["loop well"]["status"] == "ok"
    assert all(f"the loop {name} came round" in told["why"] for name in ("hang", "fail", "die"))
    assert client.get("/health/live").status_code == 200


def test_a_watch_that_believes_every_loop_would_notice_nothing(
    book: Book, client: TestClient, run: Callable[..., None]
) -> None:
    """The negative control: one loop's round is noted as everybody's."""
    blind = Watch(book, {"well": 1, "hang": 1})

    def came_round(_: str) -> None:
        blind.came_round("hang")
        blind.came_round("well")

    run(book, "well", "hang", came_round=came_round)
    assert after_their_rest(client)[0] == 200


def test_a_web_process_beside_workers_that_were_killed_is_not_ready(
    book: Book, client: TestClient
) -> None:
    """All that is left of them are their last rounds."""
    with book.writing() as connection:
        Watch(book, {"counter": 63})._begin(connection)  # noqa: SLF001 - as they started
        connection.exec_driver_sql("UPDATE rounds SET every_seconds = 1")
    time.sleep(1.1)
    status, told = ready(client)
    assert (status, told["checks"]["loop counter"]["seconds_max"]) == (503, 1)


def test_before_any_worker_ran_that_is_a_warning(book: Book, client: TestClient) -> None:
    status, told = ready(client)
    assert status == 200
    assert told["checks"]["loops"]["status"] == "warning"
    with book.reading() as connection:
        assert rounds.listing(connection) == []
