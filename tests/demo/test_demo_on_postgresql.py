"""The demonstration's bot on PostgreSQL, as in production; the local X without its page."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from demo_book import balances, is_quiet, problems

from smoney_bot.cli.demo import Demo

_PATIENCE_SECONDS = 15.0


@pytest.fixture
def demo(postgres_url: Callable[[], str]) -> Iterator[Demo]:
    with Demo(postgres_url(), places=2) as running:
        yield running


def say(demo: Demo, author: str, text: str) -> list[str]:
    """Post *text* and return what Smoney answered to it, once nothing waits any more."""
    post = demo.world.post(demo.users[author].x_id, text)
    assert demo.deliveries.settle(_PATIENCE_SECONDS)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not is_quiet(demo):
        assert time.monotonic() < deadline, "the bank did not come to rest"
        time.sleep(0.01)
    return [one.text for one in demo.world.timeline(10) if one.in_reply_to == post.id]


def test_a_post_pays_on_postgresql_too(demo: Demo) -> None:
    before = balances(demo)
    code = demo.cards[demo.users["alice"].x_id][0]

    answers = say(demo, "alice", f"@Smoney #20 @bob #{code}")

    assert [("Payé" in answer, "à bob" in answer) for answer in answers] == [(True, True)]
    paid = before | {"alice": before["alice"] - 20_00, "bob": before["bob"] + 20_00}
    assert balances(demo) == paid
    again = say(demo, "alice", f"@Smoney #20 @bob #{code} encore")
    assert len(again) == 1
    assert "Payé" not in again[0]
    assert balances(demo) == paid
    assert problems(demo) == []
