"""Tables of commands, where lines are as short as in a pipe."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from smoney_bot.bank.money import Cents
from smoney_bot.cli.boxes import _MESSAGE_COLUMNS
from smoney_bot.cli.money import _COLUMNS
from smoney_bot.cli.show import out, show_rows
from smoney_bot.cli.x import _HOOK_COLUMNS

KEY = "d:2127312334694370283"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
FACTS = {
    "id": KEY,
    "key": KEY,
    "reference": "0123456789ABC-48",
    "state": "set_aside",
    "reason": "already_carried_out",
    "kind": "donation",
    "amount_cents": Cents(25000),
    "payer": "a_handle_of_all",
    "payee": "as_long_as_this",
    "attempts": 5,
    "url": "https://payments.association.example.org/webhooks/x",
    "valid": True,
    "received_at": NOON,
    "created_at": NOON,
}


@pytest.mark.parametrize("columns", [_MESSAGE_COLUMNS, _HOOK_COLUMNS, _COLUMNS])
@pytest.mark.parametrize("width", [80, 200])
def test_what_the_next_command_needs_is_whole_and_nothing_is_cut_off(
    columns: list[str],
    width: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(out, "width", width)
    show_rows("Lines", columns, [FACTS])
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= width
    assert "…" not in shown
    assert "2026-11-24" in shown
    for name in {"id", "key", "reference"} & set(columns):
        assert str(FACTS[name]) in shown
    if "amount_cents" in columns:
        assert "250.00 €" in shown
