"""Replays: windows that follow X's rules, and what a local X brings again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from x_side import ALICE, BOT, x_side

from smoney_bot.channels.x import wire
from smoney_bot.channels.x.refusals import Reason, XRefuses
from smoney_bot.channels.x.registration import put_right
from smoney_bot.channels.x.replays import NothingToReplay, windows

NOW = datetime(2026, 11, 20, 10, 0, 30, tzinfo=UTC)
SPANS = [timedelta(minutes=minutes) for minutes in (32, 45, 129, 131, 132, 180, 600, 1440)]


def moment(minute: str) -> datetime:
    return datetime.strptime(minute, "%Y%m%d%H%M").replace(tzinfo=UTC)


@pytest.mark.parametrize("span", SPANS)
def test_windows_follow_the_rules_of_x(span: timedelta) -> None:
    found = [(moment(begin), moment(end)) for begin, end in windows(NOW, span)]
    for begin, end in found:
        assert timedelta(0) < end - begin <= timedelta(hours=2, minutes=1)
        assert timedelta(minutes=31) <= NOW - begin <= timedelta(hours=24)
        assert NOW - end >= timedelta(minutes=10)
    assert all(before[1] == after[0] for before, after in pairwise(found))
    assert found[0][0] <= NOW - span + timedelta(minutes=2)
    assert found[-1][1] == datetime(2026, 11, 20, 9, 49, tzinfo=UTC)


@pytest.mark.parametrize("minutes", [0, 31, 1441])
def test_what_x_does_not_replay_is_not_asked_for(minutes: int) -> None:
    with pytest.raises(NothingToReplay, match="32 minutes"):
        windows(NOW, timedelta(minutes=minutes))


def test_windows_cut_every_two_hours_would_begin_too_late() -> None:
    """The negative control: 131 minutes back, the second window would begin 11 minutes ago."""
    naive = NOW - timedelta(minutes=131) + timedelta(hours=2)
    assert NOW - naive < timedelta(minutes=31)


def test_what_was_lost_is_brought_again_and_its_end_is_told() -> None:
    clock = [NOW.timestamp()]
    with x_side(clock=lambda: clock[0]) as x:
        hook = put_right(x.admin(), x.webhook_url).webhook_id
        x.door.statuses = [503] * 4
        lost = x.world.post(ALICE, "@Smoney #20 @bob #07482193")
        assert x.deliveries.settle(5)
        x.door.bodies.clear()
        clock[0] += 45 * 60

        ((begin, end),) = windows(NOW + timedelta(minutes=45), timedelta(minutes=60))
        job = x.admin().replay(hook, begin, end)
        assert x.deliveries.settle(5)
        again, done = x.door.bodies
        assert again["data"]["payload"]["id"] == lost.id
        assert done["replay_job_status"]["job_id"] == job


def test_one_replay_at_a_time() -> None:
    clock = [NOW.timestamp()]
    with x_side(clock=lambda: clock[0], retry_after=(300,)) as x:
        hook = put_right(x.admin(), x.webhook_url).webhook_id
        x.door.statuses = [503]
        x.world.post(ALICE, "@Smoney #aide")
        clock[0] += 45 * 60
        ((begin, end),) = windows(NOW + timedelta(minutes=45), timedelta(minutes=60))
        x.door.statuses = [503, 503, 503]
        x.admin().replay(hook, begin, end)
        with pytest.raises(XRefuses) as refused:
            x.admin().replay(hook, begin, end)
        assert refused.value.reason is Reason.REPLAY_UNDER_WAY


@pytest.mark.parametrize("minutes", [(20, 12), (25 * 60, 23 * 60), (60, 5), (40, 50)])
def test_the_local_x_keeps_these_rules(minutes: tuple[int, int]) -> None:
    with x_side(clock=NOW.timestamp) as x:
        hook = put_right(x.admin(), x.webhook_url).webhook_id
        begin, end = ((NOW - timedelta(minutes=one)).strftime("%Y%m%d%H%M") for one in minutes)
        with pytest.raises(XRefuses, match="400"):
            x.admin().replay(hook, begin, end)


def test_the_end_of_a_replay_is_no_message() -> None:
    body = b'{"replay_job_status": {"webhook_id": "1", "job_state": "Complete", "job_id": "2"}}'
    delivery = wire.read(body, bot_id=BOT)
    assert (delivery.messages, delivery.ignored) == ((), ("replay_complete",))
