"""Errors to Sentry, if SMONEY_SENTRY_DSN names a place for them (extra `sentry`).

Each line of the log at `error` or above is sent with its event, its facts and its
traceback. Of the rest of what Sentry can collect nothing is: no local variables,
requests, breadcrumbs, machine names; digits in the words of exceptions are starred.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from smoney_bot.telemetry.masking import mask, masked
from smoney_bot.version import VERSION

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint


class NotInstalled(Exception):
    """What a setting asks for is in an extra that is not installed; the message says which."""


def report_crashes(dsn: str) -> None:
    """Send errors to *dsn* from now on. Call it after `configure`; raises `NotInstalled`."""
    try:
        import sentry_sdk  # noqa: PLC0415 - an extra
        from sentry_sdk.integrations.atexit import AtexitIntegration  # noqa: PLC0415 - likewise
    except ModuleNotFoundError:
        message = "SMONEY_SENTRY_DSN needs Sentry's library: pip install 'smoney-bot[sentry]'"
        raise NotInstalled(message) from None
    sentry_sdk.init(
        dsn,
        release=f"smoney-bot@{VERSION}",
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[AtexitIntegration(callback=lambda *_: None)],
        before_send=_scrub,
        include_local_variables=False,
        max_breadcrumbs=0,
        server_name="",
    )
    logging.getLogger().addHandler(_Reporter(logging.ERROR))


class _Reporter(logging.Handler):
    """Hands lines of the log to Sentry, ours with their facts."""

    def emit(self, record: logging.LogRecord) -> None:
        """Send one line."""
        import sentry_sdk  # noqa: PLC0415 - an extra

        if isinstance(record.msg, Mapping):
            facts = dict(record.msg)
        else:
            facts = {"event": mask(record.getMessage()), "exc_info": record.exc_info}
        error = _error_of(facts.pop("exc_info", None))
        with sentry_sdk.new_scope() as scope:
            scope.set_tag("event", facts["event"])
            scope.set_context("facts", facts)
            if error is None:
                scope.capture_message(str(facts["event"]), level="error")
            else:
                scope.capture_exception(error)


def _error_of(exc_info: Any) -> BaseException | None:  # noqa: ANN401 - logging takes many forms
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple):
        error: BaseException | None = exc_info[1]
        return error
    return sys.exception() if exc_info else None


def _scrub(event: Event, _: Hint) -> Event:
    """Star digits in what exceptions say: they quote what they stumbled over."""
    if "exception" in event:
        event["exception"] = masked(event["exception"])
    return event
