"""Spans reach a collector; what FastAPI would add of its own, paths and all, does not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from collector import Collector, collecting

#: What stands in the path of somebody's enrolment page, and opens it.
TOKEN, OTHER = "zqvcanarytoken", "zqvcanaryother"

#: Our spans, and one that fails; our door; and a door with FastAPI's own choices.
_PROGRAM = """
from door_cast import settings
from fastapi import FastAPI
from starlette.testclient import TestClient
from smoney_bot import telemetry
from smoney_bot.book.engine import Book
from smoney_bot.web.app import create_app
telemetry.export_spans()
with telemetry.span("batch") as span:
    span.set_attribute("messages", 3)
try:
    with telemetry.span("send"):
        raise ValueError("{token}")
except ValueError:
    pass
with TestClient(create_app(settings("{url}"), Book("{url}"))) as client:
    client.get("/enrolment/{token}")
TestClient(FastAPI()).get("/enrolment/{other}")
"""


def run(program: str, collector: Collector) -> None:
    """Run *program* in a process of its own, with a collector in its environment."""
    endpoint = f"http://127.0.0.1:{collector.port}"
    casts = Path(__file__).parents[1] / "web"
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program],
        env={**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "PYTHONPATH": str(casts)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_spans_arrive_with_figures_and_without_words_or_paths(sqlite_url: str) -> None:
    with collecting() as collector:
        run(_PROGRAM.format(token=TOKEN, other=OTHER, url=sqlite_url), collector)
    assert {path for path, _ in collector.bodies} == {"/v1/traces"}
    for told in (b"batch", b"messages", b"send", b"smoney-bot"):
        assert told in collector.everything
    assert TOKEN.encode() not in collector.everything
    assert OTHER.encode() in collector.everything, "the negative control: FastAPI's own choice"
