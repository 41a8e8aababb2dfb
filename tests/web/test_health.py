"""Health and metrics: what an operator's machines are told, and that no secret is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from door_cast import ALICE, AWAY, CODE, SECRETS, X, settings, signed
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from smoney_bot.book.engine import Book
from smoney_bot.web.app import create_app
from smoney_bot.web.keeper import Keeper


@pytest.fixture(autouse=True)
def _logged() -> Iterator[None]:
    with capture_logs():
        yield


@pytest.fixture
def client(book: Book, book_url: str) -> Iterator[TestClient]:
    with TestClient(create_app(settings(book_url), book)) as client:
        yield client


@pytest.fixture(params=["empty", "away"])
def unready(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[TestClient, str]]:
    """A client of a book that cannot serve, and what is to be said about it."""
    urls = {"empty": f"sqlite:///{tmp_path}/empty.db", "away": AWAY}
    why = {"empty": "smoney-bot db upgrade", "away": "the database is away"}
    book = Book(urls[request.param])
    with TestClient(create_app(settings(urls[request.param]), book)) as client:
        yield client, why[request.param]
    book.close()


def test_alive_and_ready(client: TestClient) -> None:
    assert client.get("/health/live").json() == {"status": "alive"}
    ready = client.get("/health/ready")
    assert ready.status_code == 200
    told = ready.json()
    assert told.pop("checks").keys() >= {"database", "schema", "recovery", "messages", "replies"}
    assert told == {"status": "ready", "inbox_oldest_seconds": 0.0, "outbox_waiting": 0}


def test_readiness_tells_how_long_the_oldest_message_waits(client: TestClient, x: X) -> None:
    body = x.mention()
    client.post("/webhooks/x", content=body, headers=signed(body))
    seconds = client.get("/health/ready").json()["inbox_oldest_seconds"]
    assert 0 < seconds < 60


@pytest.fixture
def x() -> X:
    return X()


def test_a_book_that_cannot_serve_is_alive_and_not_ready(unready: tuple[TestClient, str]) -> None:
    client, why = unready
    assert client.get("/health/live").status_code == 200
    ready = client.get("/health/ready")
    assert ready.status_code == 503
    assert why in ready.json()["why"]
    assert "invented-word" not in ready.text
    assert "127.0.0.1" not in ready.text


def test_a_door_that_cannot_keep_is_not_ready(
    client: TestClient, x: X, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client.get("/health/ready").json()["checks"]["keeper"]["status"] == "ok"
    monkeypatch.setattr(Keeper, "alive", False)
    ready = client.get("/health/ready")
    assert ready.status_code == 503
    assert "not kept" in ready.json()["why"]
    body = x.mention()
    told = client.post("/webhooks/x", content=body, headers=signed(body))
    assert (told.status_code, told.headers["retry-after"]) == (503, "5")


def test_an_older_schema_is_not_ready(client: TestClient, book: Book) -> None:
    with book.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'older'")
    assert client.get("/health/ready").status_code == 503


def families(text: str) -> dict[str, dict[str, float]]:
    """Read Prometheus' format: samples by name, each by its label's value."""
    return {
        family.name: {
            "".join(sample.labels.values()): sample.value
            for sample in family.samples
            if not sample.name.endswith("_created")
        }
        for family in text_string_to_metric_families(text)
    }


def test_the_metrics_count_what_happens(client: TestClient, x: X) -> None:
    before = families(client.get("/metrics").text)
    body = x.mention()
    client.post("/webhooks/x", content=body, headers=signed(body))
    client.post("/webhooks/x", content=body, headers=signed(body))
    client.post("/webhooks/x", content=body)
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    after = families(answer.text)
    kept, refused = "smoney_messages_kept", "smoney_deliveries_refused"
    assert after[kept][""] - before[kept][""] == 1, "each message counts once"
    assert after[refused]["unsigned"] - before[refused].get("unsigned", 0) == 1
    assert {"smoney_messages", "smoney_replies", "smoney_batch_seconds"} <= after.keys()


def test_neither_metrics_nor_health_hold_a_secret_or_a_name(client: TestClient, x: X) -> None:
    for body in (x.mention(), x.direct(f"#20 @bob #{CODE}")):
        client.post("/webhooks/x", content=body, headers=signed(body))
    client.get("/webhooks/x", params={"crc_token": CODE})
    shown = "".join(client.get(path).text for path in ("/metrics", "/health/ready", "/health/live"))
    for secret in (*SECRETS.values(), CODE, CODE[2:], ALICE, "alice", "tomatoes"):
        assert secret not in shown


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json", "/"])
def test_nothing_else_is_told_to_strangers(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404
