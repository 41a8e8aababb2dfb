"""Remembering: a recovered book asks X for what it has forgotten, before anything is served.

It has forgotten payments that people were told of, and that their codes are used up.
X still lists the messages, codes and all. Once they wait in the inbox, each author's
are served in the order in which they were written: what was paid is paid again as it
was, and a code that somebody shows anew, having seen it in public, comes too late.
"""

from __future__ import annotations

from structlog import get_logger

from smoney_bot.book import backups
from smoney_bot.workers.catching_up import CatchingUp

log = get_logger(__name__)


def remember(reading: CatchingUp) -> None:
    """Keep what X lists, if this book was recovered and did not do so yet.

    Raises `TryLater` if X does not answer: then nothing may be served.
    """
    with reading.book.reading() as connection:
        if not backups.must_ask_x(connection):
            return
    new = reading.catch_up()
    reading.book.run(backups.x_was_asked)
    log.warning("book.remembered", messages=new)
