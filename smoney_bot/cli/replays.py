"""`smoney-bot x replay`: X brings again what it tried to bring before."""

# ruff: noqa: PLC0415 - tweepy costs half a second to import, which other commands need not pay

from __future__ import annotations

import re
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from smoney_bot.cli.at_x import asking
from smoney_bot.cli.opening import load_settings, opened
from smoney_bot.cli.show import confirm, refuse

if TYPE_CHECKING:
    from smoney_bot.channels.x.admin import XAdmin

_SPAN = re.compile(r"([1-9][0-9]{0,3})(m|h)", re.ASCII)
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1)}

#: X runs one replay at a time: how often to ask whether the last one ended, and how long.
_ASK_EVERY_SECONDS = 10.0
_ASK_FOR_SECONDS = 900.0


def replay(
    since: Annotated[str, typer.Option(help="How far back: 45m, 3h; 24h at most.")],
) -> None:
    """Have X bring again what it tried to bring before; nothing is kept or paid twice.

    X takes two hours at a time, one after the other. Not every plan of X has it;
    the daemon reads X's lists anyway.
    """
    from smoney_bot.channels.x import registration

    span = _SPAN.fullmatch(since)
    if span is None:
        refuse(f"{since} is not a span: write 45m or 3h.")
    settings = load_settings()
    url = settings.webhook_url()
    with opened(settings) as book, book.reading() as connection:
        now = book.now(connection)
    asked = _windows(now, int(span[1]) * _UNITS[span[2]])
    with asking(settings) as x:
        hook = registration.find(x.webhooks(), url)
        if hook is None:
            refuse("X has no webhook of ours to replay to. Run: smoney-bot x register")
        for begin, end in asked:
            job = _start(x, hook.id, begin, end)
            confirm(f"X replays {begin} to {end} UTC: job {job}.")


def _windows(now: datetime, span: timedelta) -> list[tuple[str, str]]:
    from smoney_bot.channels.x import replays

    try:
        return replays.windows(now, span)
    except replays.NothingToReplay as bad:
        refuse(f"{bad}.")


def _start(x: XAdmin, webhook_id: str, begin: str, end: str) -> str:
    """Start one replay, once the one before it has ended; return its number."""
    from smoney_bot.channels.x.refusals import Reason, XRefuses

    deadline = time.monotonic() + _ASK_FOR_SECONDS
    while True:
        try:
            return x.replay(webhook_id, begin, end) or "without a number"
        except XRefuses as refusal:
            busy = refusal.reason is Reason.REPLAY_UNDER_WAY
            if not busy or time.monotonic() > deadline:
                refuse(
                    f"X does not replay: {refusal}. Perhaps it is not open to this app."
                    " What X still lists is read by: smoney-bot catch-up"
                )
        time.sleep(_ASK_EVERY_SECONDS)
