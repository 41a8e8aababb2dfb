"""No code is left by the whole service with a local X, answers and look-ups included."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from canary_places import SqliteFiles
from canary_search import found
from figures import show
from watched_door import logging_to

from smoney_bot.book import inbox, outbox
from smoney_bot.cli.demo import CAST, Demo

#: What alice posts or writes; the second one names a payee whom X does not mark.
POSTED = (
    "@Smoney #1 @bob #{code}",
    "@Smoney #1@bob#{code}",
    "@Smoney #1 @bob {code}",
    "@Smoney #{code} @bob #1",
    "@Smoney #1 @nobody_at_all #{code}",
)
WRITTEN = ("#1 @bob {code}", "{code}", "#public #{code}")


def _say_all(demo: Demo) -> None:
    alice, codes = demo.users["alice"].x_id, iter(demo.cards[demo.users["alice"].x_id])
    for text in POSTED:
        post = demo.world.post(alice, text.format(code=next(codes)))
    demo.world.edit(post.id, "@Smoney #1 @bob #" + next(codes))
    demo.world.post(alice, "@Smoney #1 @bob #" + next(codes), quote_of=post.id)
    for text in WRITTEN:
        demo.world.send_direct(alice, demo.bot.x_id, text.format(code=next(codes)))


def _wait_until_quiet(demo: Demo) -> None:
    assert demo.deliveries.settle(20)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with demo.book.reading() as connection:
            if inbox.waiting(connection)[0] == outbox.waiting(connection)[0] == 0:
                return
        time.sleep(0.02)
    raise AssertionError("the bank did not come to rest")


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_the_whole_service_leaves_no_code(
    log_format: str, sqlite_url: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "all.log"
    with logging_to(log, log_format), Demo(sqlite_url, cast=CAST[:2], places=10) as demo:
        _say_all(demo)
        _wait_until_quiet(demo)
        places = SqliteFiles(demo.book, sqlite_url).places()
        codes = frozenset(code for card in demo.cards.values() for code in card)
    places |= {"log": log.read_bytes(), "output": "".join(capfd.readouterr()).encode()}
    hits = {place: which for place, data in places.items() if (which := found(data, codes))}
    show(f"canaries, whole service, {log_format} log", violations=len(hits), codes=len(codes))
    assert hits == {}
    assert places["log"].count(b"reply.sent") >= len(WRITTEN)
