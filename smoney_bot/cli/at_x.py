"""Our app's side of X for a command: a refusal ends it with what to do."""

# ruff: noqa: PLC0415 - tweepy costs half a second to import, which other commands need not pay

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from smoney_bot.cli.show import refuse
from smoney_bot.settings import Settings

if TYPE_CHECKING:
    from smoney_bot.channels.x.admin import XAdmin


@contextmanager
def asking(settings: Settings) -> Iterator[XAdmin]:
    """Open our app's side of X; raise `BadSettings` without the keys for it.

    What X refuses in the block ends the command with exit code 1.
    """
    from smoney_bot.channels.x.refusals import XRefuses, advice
    from smoney_bot.cli.running import open_admin

    try:
        yield open_admin(settings)
    except XRefuses as refusal:
        refuse(f"X refuses: {advice(refusal)}")
