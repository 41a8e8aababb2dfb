"""Runs `smoney-bot web`; with the argument "early", sabotaged: it says 200 before the commit."""

from __future__ import annotations

import sys
import time
from typing import Any

from smoney_bot.cli import main
from smoney_bot.web import app
from smoney_bot.web.keeper import Keeper


class _EarlyKeeper(Keeper):
    """Says 200 first and keeps afterwards, as no bank should."""

    def _write(self, group: list[Any]) -> None:
        self._answer(group, frozenset())
        time.sleep(0.05)
        super()._write(group)


if __name__ == "__main__":
    if "early" in sys.argv:
        app.Keeper = _EarlyKeeper  # type: ignore[attr-defined] # the sabotage
    main(["web"])
