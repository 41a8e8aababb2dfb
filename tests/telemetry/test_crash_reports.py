"""Errors sent to Sentry hold what a developer needs, and nothing of a customer."""

from __future__ import annotations

import io
import json
import logging
import socket
from collections.abc import Iterator
from typing import Any

import pytest
import sentry_sdk
import structlog
from collector import Collector, collecting

from smoney_bot import telemetry
from smoney_bot.telemetry import crashes

#: A code that stands in the words of an exception, and a word in a local variable.
PLANTED, LOCAL = "07482193", "zqvcanary"


@pytest.fixture
def collector() -> Iterator[Collector]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    with collecting() as collector:
        yield collector
        sentry_sdk.get_client().close()
        # Sends nothing any more; by default it would also put itself between us and our libraries.
        sentry_sdk.init(default_integrations=False, auto_enabling_integrations=False)
    structlog.reset_defaults()
    root.handlers = handlers
    root.setLevel(level)


def report(collector: Collector) -> io.StringIO:
    """Send errors to *collector* from now on; return the stream of the log."""
    stream = io.StringIO()
    telemetry.configure("json", "info", stream)
    telemetry.report_crashes(f"http://key@127.0.0.1:{collector.port}/1")
    return stream


def stumble() -> None:
    local = LOCAL
    try:
        int(f"{PLANTED}x")
    except ValueError:
        structlog.get_logger("smoney_bot.workers.counter").exception("message.failed", key="t:19")
    del local


def sent(collector: Collector) -> list[dict[str, Any]]:
    """Return the events that arrived."""
    sentry_sdk.flush(10)
    lines = [line for _, body in collector.bodies for line in body.splitlines()]
    return [one for one in map(json.loads, lines) if "event_id" in one and "platform" in one]


def test_an_error_arrives_with_its_event_its_facts_and_its_traceback(collector: Collector) -> None:
    stream = report(collector)
    stumble()
    (event,) = sent(collector)
    assert event["tags"]["event"] == "message.failed"
    assert event["contexts"]["facts"]["key"] == "t:19"
    (error,) = event["exception"]["values"]
    assert error["type"] == "ValueError"
    assert error["stacktrace"]["frames"][-1]["function"] == "stumble"
    assert event["release"].startswith("smoney-bot@")
    assert "message.failed" in stream.getvalue(), "the log has it as before"


def test_no_digits_no_local_variable_and_no_machine_is_named(collector: Collector) -> None:
    report(collector)
    stumble()
    logging.getLogger("uvicorn.error").error("row %s is odd", PLANTED)
    assert len(sent(collector)) == 2
    for secret in (PLANTED, LOCAL, socket.gethostname()):
        assert secret.encode() not in collector.everything
    assert collector.everything.count(b"********") >= 2


def test_digits_that_are_not_starred_would_be_noticed(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control."""
    monkeypatch.setattr(crashes, "_scrub", lambda event, _: event)
    report(collector)
    stumble()
    assert sent(collector)
    assert PLANTED.encode() in collector.everything


def test_what_is_less_than_an_error_is_not_sent(collector: Collector) -> None:
    report(collector)
    structlog.get_logger("smoney_bot").warning("reply.wait", why="later")
    assert sent(collector) == []
