"""Health for operators' machines: alive, ready, and the metrics."""

from __future__ import annotations

from dataclasses import dataclass

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from smoney_bot.bank.errors import TryLater
from smoney_bot.book import inbox, migrations, outbox
from smoney_bot.book.engine import Book


@dataclass(frozen=True, slots=True)
class Health:
    """Answers the three questions of `/health/live`, `/health/ready` and `/metrics`."""

    book: Book

    async def live(self, _: Request) -> Response:
        """Say that the process runs; nothing else is asked."""
        return JSONResponse({"status": "alive"})

    async def ready(self, _: Request) -> Response:
        """Say whether money can be served: the book is there and up to date."""
        status, facts = await run_in_threadpool(self._look)
        return JSONResponse(facts, status_code=status)

    async def metrics(self, _: Request) -> Response:
        """Return all metrics in Prometheus' text format."""
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    def _look(self) -> tuple[int, dict[str, object]]:
        try:
            if not migrations.is_current(self.book):
                return 503, {"status": "not ready", "why": "run: smoney-bot db upgrade"}
            with self.book.reading() as connection:
                now = self.book.now(connection)
                _, oldest = inbox.waiting(connection)
                replies, _ = outbox.waiting(connection)
        except TryLater as away:
            return 503, {"status": "not ready", "why": str(away)}
        age = (now - oldest).total_seconds() if oldest else 0.0
        facts = {"status": "ready", "inbox_oldest_seconds": age, "outbox_waiting": replies}
        return 200, facts
