"""Steps: what comes due by itself is done one by one, whatever becomes of the others.

One row that cannot be read must not keep money from coming back. A round in which
a step failed does not count, so that one which fails each time shows as a late loop.
"""

from __future__ import annotations

from collections.abc import Callable

from structlog import get_logger

from smoney_bot.bank.errors import TryLater

log = get_logger(__name__)


class Steps:
    """One round of steps: `take` each, then `end`, which tells what failed."""

    def __init__(self) -> None:
        self._failed: list[Exception] = []

    def take(self, name: str, step: Callable[[], int]) -> int:
        """Take a step and return what it returns; 0 if it fails."""
        try:
            return step()
        except TryLater as away:
            log.warning("step.away", step=name, why=str(away))
            self._failed.append(away)
        except Exception as error:  # noqa: BLE001 - the loop hears of it
            log.error("step.failed", step=name)  # noqa: TRY400 - its traceback comes with the round's
            self._failed.append(error)
        return 0

    def end(self) -> None:
        """Raise what the steps raised: `TryLater` if nothing else was in the way."""
        away = [one for one in self._failed if isinstance(one, TryLater)]
        if len(away) < len(self._failed):
            raise ExceptionGroup("not all steps were done", self._failed)
        if away:
            raise away[0]
