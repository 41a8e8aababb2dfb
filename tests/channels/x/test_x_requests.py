"""What the bot sends in a full run is what X's own description of its API allows.

`x_schema.json` is an excerpt of that description, version 2.167 (November 2026).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from requests_of_a_run import Asked, record_a_run
from structlog.testing import capture_logs
from x_schema import operation, operations, problems

from smoney_bot.channels.x.endpoints import ENDPOINTS
from smoney_bot.channels.x.session import endpoint_of

POST, DIRECT = "POST /2/tweets", "POST /2/dm_conversations/with/{participant_id}/messages"
SUBSCRIBE, MENTIONS = "POST /2/activity/subscriptions", "GET /2/users/{id}/mentions"
DIRECTS_WITH = "GET /2/dm_conversations/with/{participant_id}/dm_events"

#: Where the description is behind what X serves, each with the reason why we ask all the same.
SERVED_ALL_THE_SAME = {
    # The older name of `post.fields`: X serves it, and tweepy sends it.
    "GET /2/users/{id}/mentions: tweet.fields is not known",
    # An expansion in newer words; without it nobody could tell who writes.
    "GET /2/dm_events: dm_event.fields: . breaks enum sender_id",
    f"{DIRECTS_WITH}: dm_event.fields: . breaks enum sender_id",
    # The Automated label, which the doctor looks for.
    "GET /2/users/me: user.fields: . breaks enum affiliation",
    # Documented as an event by the pages about the Activity API; refused, we do without.
    "POST /2/activity/subscriptions: body: event_type breaks enum oauth.revoke",
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> list[Asked]:
    url = f"sqlite:///{tmp_path_factory.mktemp('run') / 'book.db'}"
    with pytest.MonkeyPatch.context() as patch, capture_logs():
        return record_a_run(url, patch)


def _one(run: list[Asked], name: str) -> Asked:
    return next(one for one in run if (found := operation(one)) and found.name == name)


def test_every_request_is_as_x_describes_it(run: list[Asked]) -> None:
    assert {problem for one in run for problem in problems(one)} == SERVED_ALL_THE_SAME


def test_the_run_makes_each_call_that_the_bot_can_make(run: list[Asked]) -> None:
    made = {found.name for one in run if (found := operation(one))}
    assert made == operations().keys()
    assert ENDPOINTS.keys() <= {endpoint_of(one.method, one.path) for one in run}


@pytest.mark.parametrize(
    ("name", "spoil", "said"),
    [
        (POST, lambda a: replace(a, body=a.body | {"txt": "x"}), "additionalProperties"),
        (POST, lambda a: replace(a, body=a.body | {"text": 1}), "body: text breaks type"),
        (
            POST,
            lambda a: replace(a, body=a.body | {"reply": {"in_reply_to_tweet_id": "t:1"}}),
            "in_reply_to_tweet_id breaks pattern",
        ),
        (DIRECT, lambda a: replace(a, body={}), "body: . breaks required"),
        (DIRECT, lambda a: replace(a, path=a.path.replace("with", "to")), "no such operation"),
        (
            SUBSCRIBE,
            lambda a: replace(a, body=a.body | {"event_type": "post.like"}),
            "enum post.like",
        ),
        (MENTIONS, lambda a: replace(a, query=(("max_results", "101"),)), "breaks maximum"),
        (MENTIONS, lambda a: replace(a, query=(("since", "1"),)), "since is not known"),
        ("GET /2/users/by", lambda a: replace(a, query=()), "usernames is missing"),
        ("GET /2/webhooks", lambda a: replace(a, body={}), "a body that nobody wants"),
    ],
)
def test_a_request_with_something_wrong_is_noticed(
    run: list[Asked], name: str, spoil: Callable[[Asked], Asked], said: str
) -> None:
    """The negative control."""
    assert said in " ".join(problems(spoil(_one(run, name))))


def test_the_excerpt_holds_facts_alone() -> None:
    text = Path(__file__).with_name("x_schema.json").read_text(encoding="utf-8")
    assert "description" not in text.replace('"description",', "")
