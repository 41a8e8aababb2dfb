"""The people of this test: accounts at X, codes on their cards, and what X shows of it."""

from __future__ import annotations

import itertools
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import requests
from composed import APP, BOT, Composed
from docker_engine import ADDRESS

from smoney_bot.channels.sandbox.api import ENDPOINTS, create_api
from smoney_bot.channels.sandbox.deliveries import Deliveries
from smoney_bot.channels.sandbox.limits import Allowance
from smoney_bot.channels.sandbox.server import serve
from smoney_bot.channels.sandbox.world import World

PEOPLE = {"alice": "111111111", "bob": "333333333", "carol": "444444444", "mallory": "555555555"}
PIN = "7391"
START_EUROS = 100
_CARD_CODE = re.compile(r"<li><b>(\d\d)</b>(\d{6})</li>")

#: Seconds after each failure: what was not taken while all was down is brought soon after.
_AGAIN = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)


@dataclass
class Town:
    """A local X, reached from containers at `url`, where *PEOPLE* post."""

    world: World
    url: str
    codes: dict[str, list[str]] = field(default_factory=dict)
    posts: list[str] = field(default_factory=list)  # each has to be answered once
    codes_given: list[str] = field(default_factory=list)

    def open(self, composed: Composed) -> None:
        """Be the operator: everybody gets an account, money, and codes."""
        for name, x_id in PEOPLE.items():
            composed.bot("customer", "open", name, "--x-id", x_id, "--language", "en")
            composed.bot("deposit", name, str(START_EUROS), "--reference", f"first/{name}")
        self.codes["alice"] = enrol(composed.bot("customer", "invite", "alice").strip())
        for name in ("bob", "carol", "mallory"):
            self.codes[name] = composed.facts("customer", "card", name)["codes"]
        self.codes_given += itertools.chain(*self.codes.values())

    def pay(self, payer: str, payee: str) -> str:
        """Post that *payer* pays one euro; return the post's id."""
        code = self.codes[payer].pop(0)
        post = self.world.post(PEOPLE[payer], f"@Smoney #1 @{payee} #{code}")
        self.posts.append(post.id)
        return post.id

    def answers(self) -> Counter[str]:
        """Return how many answers of the bot stand under each post."""
        said = (one for one in self.world.timeline(10_000) if one.author_id == BOT)
        return Counter(one.in_reply_to for one in said if one.in_reply_to)

    def answer_to(self, post_id: str, seconds: float = 30) -> str:
        """Wait for the bot's answer under *post_id*; return what it says."""
        wait_for(lambda: self.answers()[post_id] > 0, seconds, "no answer")
        said = self.world.timeline(10_000)
        return next(one.text for one in said if (one.author_id, one.in_reply_to) == (BOT, post_id))


def enrol(link: str) -> list[str]:
    """Be a customer at the page, through Caddy: a PIN, a card, its first code; return the rest."""
    with requests.Session() as browser:
        drawn = browser.post(link, {"pin": PIN, "again": PIN}, timeout=20)
        first, *rest = [place + secret for place, secret in _CARD_CODE.findall(drawn.text)]
        done = browser.post(f"{link}/code", {"code": first}, timeout=20, allow_redirects=False)
        assert done.status_code == 303
    return rest


def wait_for(what: Callable[[], bool], seconds: float, else_: str) -> None:
    """Return once *what* holds."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, else_
        time.sleep(0.05)


@contextmanager
def town() -> Iterator[Town]:
    """Run the local X, with as many calls as one likes: X's limits are tested elsewhere."""
    world = World()
    for name, x_id in PEOPLE.items():
        world.add_user(name, name.capitalize(), x_id=x_id)
    world.add_user("Smoney", "Smoney", x_id=BOT, automated=True)
    deliveries = Deliveries(
        world, consumer_secret=APP.consumer_secret, bot_id=BOT, retry_after=_AGAIN
    )
    calls = {f"{call.method} {call.path}": Allowance() for call in ENDPOINTS}
    api = create_api(world, app=APP, deliveries=deliveries, allowances=calls)
    server = serve(api, host=ADDRESS)
    try:
        yield Town(world, server.url)
    finally:
        server.stop()
        deliveries.close()
