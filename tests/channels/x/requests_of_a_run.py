"""Everything that the bot asks of X, from its registration to the day it leaves; recorded.

The bot is the real one, against the local X over HTTP; what goes into the wire is
noted on its way, and nothing is held back.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from smoney_bot.book import inbox, outbox
from smoney_bot.channels.x.looking import look
from smoney_bot.channels.x.registration import put_right, take_back
from smoney_bot.channels.x.session import Session
from smoney_bot.cli.demo import CAST, Demo
from smoney_bot.cli.running import open_admin, open_x
from smoney_bot.workers.catching_up import CatchingUp

_SECONDS = 30.0


@dataclass(frozen=True)
class Asked:
    """One request: `body` is None where nothing was sent along."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    body: Any


def record_a_run(url: str, patch: pytest.MonkeyPatch) -> list[Asked]:
    """Let the bot live through everything on the empty database *url*; return what it asked."""
    asked: list[Asked] = []
    really_send = Session.send

    def send(
        session: Session,
        request: requests.PreparedRequest,
        **options: Any,  # noqa: ANN401 - requests' own, passed through untouched
    ) -> requests.Response:
        asked.append(_asked(request))
        return really_send(session, request, **options)

    patch.setattr(Session, "send", send)
    with Demo(url, cast=CAST[:2], places=4, workers=1) as demo:
        _pay(demo)
        _look_for_what_was_sent(demo)
        _catch_up(demo)
        _mend_and_leave(demo)
    return asked


def _asked(request: requests.PreparedRequest) -> Asked:
    parts = urlsplit(str(request.url))
    query = tuple(parse_qsl(parts.query, keep_blank_values=True))
    body = None if request.body is None else json.loads(request.body)
    return Asked(str(request.method), parts.path, query, body)


def _pay(demo: Demo) -> None:
    """Public and private, with a mention and as the newspaper printed it: glued, without one."""
    alice = demo.users["alice"].x_id
    codes = iter(demo.cards[alice])
    demo.world.post(alice, f"@Smoney #1 @bob #{next(codes)}")
    demo.world.post(alice, f"@Smoney#2@bob#{next(codes)}")
    demo.world.send_direct(alice, demo.bot.x_id, f"#3 @bob #{next(codes)} merci")
    demo.world.send_direct(alice, demo.bot.x_id, "#solde")
    demo.world.post(demo.users["bob"].x_id, "@Smoney #help")
    _wait_for_answers(demo, 5)


def _wait_for_answers(demo: Demo, count: int) -> None:
    deadline = time.monotonic() + _SECONDS
    while _answers(demo) < count or _waiting(demo):
        assert time.monotonic() < deadline, f"{_answers(demo)} of {count} answers"
        time.sleep(0.05)


def _waiting(demo: Demo) -> int:
    with demo.book.reading() as connection:
        return inbox.waiting(connection)[0] + outbox.waiting(connection)[0]


def _answers(demo: Demo) -> int:
    return len(_said(demo)) + len(_written(demo))


def _said(demo: Demo) -> list[Any]:
    return [one for one in demo.world.timeline(100) if one.author_id == demo.bot.x_id]


def _written(demo: Demo) -> list[Any]:
    return [one for one in demo.world.directs(demo.bot.x_id) if one.sender_id == demo.bot.x_id]


def _look_for_what_was_sent(demo: Demo) -> None:
    """As the sender does where an answer of X was lost."""
    channel, alice = open_x(demo.settings, demo.book), demo.users["alice"].x_id
    post = next(one for one in _said(demo) if one.in_reply_to)
    text = post.text[slice(*post.body)].strip()
    assert channel.find_post(text, in_reply_to=post.in_reply_to) == post.id
    direct = _written(demo)[0]
    assert channel.find_direct(direct.text, to_x_id=alice) == direct.id
    assert channel.whoami()[0] == demo.bot.x_id


def _catch_up(demo: Demo) -> None:
    channel = open_x(demo.settings, demo.book)
    oldest = str(min(int(one.id) for one in demo.world.timeline(100)) - 1)
    assert channel.mentions_since(oldest)
    assert channel.directs_since(oldest)
    reading = CatchingUp(demo.book, channel, demo.settings.keyring(), demo.settings.bot())
    reading.serve()


def _mend_and_leave(demo: Demo) -> None:
    """The webhook is called anew and what drifted is repaired; then all is taken back."""
    x, url = open_admin(demo.settings), f"{demo.server.url}/webhooks/x"
    assert x.account().x_id == demo.bot.x_id
    hook = look(x, url).ours
    assert hook is not None
    x.check_webhook(hook.id)
    since = datetime.now(UTC) - timedelta(hours=2)  # X replays the last day
    x.replay(hook.id, f"{since:%Y%m%d%H%M}", f"{since + timedelta(hours=1):%Y%m%d%H%M}")
    drifted = demo.deliveries.subscriptions.find("dm.received", demo.bot.x_id)
    assert drifted is not None
    x.repoint(drifted.id, webhook_id=hook.id, tag="smoney-bot")
    put_right(x, url)
    take_back(x, hook)
