"""Health for operators' machines: alive, ready, and the metrics.

Ready means that money can be served: the book is there and up to date, and
nothing is stuck. All is read from the book, so a process that only listens
tells of the workers too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from smoney_bot.bank.errors import TryLater
from smoney_bot.book import migrations, vitals
from smoney_bot.book.engine import Book
from smoney_bot.book.vitals import Vitals
from smoney_bot.channels.x.budget import Budget
from smoney_bot.web.checks import Check, Standing, checks_of


@dataclass(frozen=True, slots=True)
class Health:
    """Answers the three questions of `/health/live`, `/health/ready` and `/metrics`."""

    book: Book
    registry: CollectorRegistry
    budget: Budget
    keeping: Callable[[], bool]  # whether the door can keep what X brings
    newest: str | None = field(default_factory=migrations.newest)  # read once: it takes 7 ms

    async def live(self, _: Request) -> Response:
        """Say that the process runs; nothing else is asked."""
        return JSONResponse({"status": "alive"})

    async def ready(self, _: Request) -> Response:
        """Say whether money can be served, and what is in the way."""
        checks, found = await run_in_threadpool(self._look)
        failing = [one.says for one in checks if one.standing is Standing.FAILING]
        facts: dict[str, object] = {"status": "not ready" if failing else "ready"}
        if failing:
            facts["why"] = "; ".join(failing)
        if found is not None:
            facts["inbox_oldest_seconds"] = found.messages.age_seconds(found.now)
            facts["outbox_waiting"] = found.replies.count
        facts["checks"] = {one.name: one.shown() for one in checks}
        return JSONResponse(facts, status_code=503 if failing else 200)

    async def metrics(self, _: Request) -> Response:
        """Return all metrics in Prometheus' text format."""
        text = await run_in_threadpool(generate_latest, self.registry)
        return Response(text, media_type=CONTENT_TYPE_LATEST)

    def _look(self) -> tuple[list[Check], Vitals | None]:
        try:
            is_current = migrations.current(self.book) == self.newest
            found = vitals.read(self.book) if is_current else None
        except TryLater as away:
            return [Check("database", Standing.FAILING, str(away))], None
        ours = [Check("database", Standing.OK, "answers"), self._keeper()]
        if found is None:
            advice = "run: smoney-bot db upgrade"
            return [*ours, Check("schema", Standing.FAILING, advice)], None
        schema = Check("schema", Standing.OK, f"is {self.newest}")
        return [*ours, schema, *checks_of(found, self.budget)], found

    def _keeper(self) -> Check:
        if self.keeping():
            return Check("keeper", Standing.OK, "writes what X brings")
        return Check("keeper", Standing.FAILING, "X's deliveries are not kept: start it again")
