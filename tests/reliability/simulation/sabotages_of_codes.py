"""Sabotages of the codes: worth more than once, guessed at will, judged at the wrong time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Connection

from smoney_bot.bank import case, redaction, teller
from smoney_bot.bank.codes import Checked
from smoney_bot.book import authenticators, cards, guards, inbox, pins
from smoney_bot.book import codes as code_records
from smoney_bot.workers import counter, judging, records


def attempts_uncounted(patch: pytest.MonkeyPatch) -> None:
    """Check any number of codes."""

    def count(guard: guards.Guard, attempts: int, _now: datetime) -> tuple[guards.Guard, Any]:
        return guard, guards.Reserved(True, attempts, None)  # noqa: FBT003 - named in the class

    patch.setattr(guards, "count", count)


def codes_forever(patch: pytest.MonkeyPatch) -> None:
    """Let a code work again and again."""
    patch.setattr(cards, "use_up", lambda *_: None)


def pins_forever(patch: pytest.MonkeyPatch) -> None:
    """Let a PIN that everybody has seen work again."""
    patch.setattr(pins, "use_up", lambda *_: None)


def code_kept_when_refused(patch: pytest.MonkeyPatch) -> None:
    """Use a code up only if the order is carried out."""
    decision = teller._decision  # noqa: SLF001 - what is sabotaged

    def lenient(one: case.Case, outcome: Any, reason: str = "") -> Any:  # noqa: ANN401
        decided = decision(one, outcome, reason)
        return replace(decided, uses=()) if reason else decided

    patch.setattr(teller, "_decision", lenient)


def any_code_is_right(patch: pytest.MonkeyPatch) -> None:
    """Pay without looking at the code."""
    patch.setattr(case.Case, "check_code", lambda *_: None)


def attempts_counted_each_time(patch: pytest.MonkeyPatch) -> None:
    """Count the codes of a message again after each crash."""
    patch.setattr(inbox, "note_counted", lambda *_: None)


def attempts_counted_afterwards(patch: pytest.MonkeyPatch) -> None:
    """Count the codes of a message only when it is decided."""
    reserve, write = guards.reserve, records.write
    owed: dict[int, int] = {}

    def grant(connection: Connection, attempts: Mapping[int, int], now: datetime) -> Any:  # noqa: ANN401 - as the guards'
        owed.update(attempts)
        held = guards._lock(connection, attempts)  # noqa: SLF001 - what is sabotaged
        return {one: guards.count(held[one], attempts[one], now)[1] for one in held}

    def write_and_count(connection: Connection, *decided: Any) -> None:  # noqa: ANN401 - passed on
        reserve(connection, owed, decided[-1])
        owed.clear()
        write(connection, *decided)

    patch.setattr(code_records, "reserve", grant)
    patch.setattr(records, "write", write_and_count)


def authenticators_forever(patch: pytest.MonkeyPatch) -> None:
    """Let an authenticator's code work again."""
    patch.setattr(authenticators, "use_up", lambda *_: None)


def judged_on_arrival(patch: pytest.MonkeyPatch) -> None:
    """Judge an authenticator's code by the time at which it is looked at."""

    def check(self: counter.Counter, claim: judging.Claim) -> Checked | Exception:
        with self.book.reading() as connection:
            late = replace(claim.message, written_at=self.book.now(connection))
        looked_at = replace(claim, claimed=replace(claim.claimed, message=late))
        return judging.check(looked_at, self.keyring)

    patch.setattr(counter.Counter, "_check", check)


def codes_kept_in_clear(patch: pytest.MonkeyPatch) -> None:
    """Keep what was written as it was written."""
    patch.setattr(redaction, "hide", lambda text, _kept=(): text)
