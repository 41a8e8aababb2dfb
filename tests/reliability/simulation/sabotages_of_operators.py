"""Sabotages of what operators do: more than one transaction, and the process dies between them."""

from __future__ import annotations

from typing import Any

import pytest
from crash_points import Killed
from sqlalchemy import Connection

from smoney_bot.book import actions, refunds


def decided_before_the_money_moves(patch: pytest.MonkeyPatch) -> None:
    """Commit the decision on a refund apart from its transfer."""
    decide = refunds._decide  # noqa: SLF001 - what is sabotaged

    def decide_and_die(connection: Connection, *arguments: Any) -> None:  # noqa: ANN401 - as it is called
        decide(connection, *arguments)
        patch.setattr(refunds, "_decide", decide)
        _commit_and_die(connection)

    patch.setattr(refunds, "_decide", decide_and_die)


def recorded_afterwards(patch: pytest.MonkeyPatch) -> None:
    """Commit what an operator did apart from the record of it."""
    note = actions.note

    def die_before_the_note(connection: Connection, *_: object, **__: object) -> None:
        patch.setattr(actions, "note", note)
        _commit_and_die(connection)

    patch.setattr(actions, "note", die_before_the_note)


def _commit_and_die(connection: Connection) -> None:
    connection.exec_driver_sql("COMMIT")
    raise Killed
