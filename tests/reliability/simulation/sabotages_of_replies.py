"""Sabotages of the replies: sent twice, never, or too soon."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection

from smoney_bot import channels
from smoney_bot.bank import answering
from smoney_bot.book import outbox, windows
from smoney_bot.channels.x import asking, client
from smoney_bot.workers import sender


def blind_resend(patch: pytest.MonkeyPatch) -> None:
    """Send again without looking."""
    patch.setattr(sender.Sender, "_find", lambda *_: None)


def unknown_is_unsent(patch: pytest.MonkeyPatch) -> None:
    """Take a reply that may be out for one that is not."""
    patch.setattr(outbox, "unknown", outbox.wait)
    wait = outbox.wait

    def forgetful(connection: Connection, pending: outbox.Pending, **facts: Any) -> None:  # noqa: ANN401
        wait(connection, replace(pending, look_first=False), **facts)

    patch.setattr(outbox, "wait", forgetful)


def reset_ignored(patch: pytest.MonkeyPatch) -> None:
    """Ask X again before the limit ends."""
    patch.setattr(windows, "note", lambda *_: None)
    patch.setattr(windows, "close", lambda *_: None)
    record = sender.Sender._record  # noqa: SLF001 - what is sabotaged

    def hasty(self: Any, connection: Any, pending: Any, fate: Any) -> bool:  # noqa: ANN401
        if isinstance(fate, channels.Wait):
            fate = channels.Wait(None, fate.why)
        return record(self, connection, pending, fate)

    patch.setattr(sender.Sender, "_record", hasty)


def nobody_answered(patch: pytest.MonkeyPatch) -> None:
    """Answer nobody."""
    patch.setattr(answering, "to_author", lambda *_, **__: ())


def replies_not_held(patch: pytest.MonkeyPatch) -> None:
    """Send what one had in hand once, however long ago."""
    patch.setattr(sender.Sender, "_hold", lambda *_: None)


def edited_posts_not_looked_below(patch: pytest.MonkeyPatch) -> None:
    """Look for a reply only below the version of the post that it was meant for."""
    find = client.XClient.find_post

    def stubborn(self: client.XClient, text: str, *, in_reply_to: str) -> str | None:
        def below(call: Any, pages: int) -> Any:  # noqa: ANN401 - as the client's
            call.keywords["tweet_fields"] = ["referenced_tweets"]
            for row in asking.rows(call, pages):
                parents: Any = row.get("referenced_tweets", ())
                if in_reply_to in {one["id"] for one in parents}:
                    yield row

        with pytest.MonkeyPatch.context() as only_here:
            only_here.setattr(client, "rows", below)
            return find(self, text, in_reply_to=in_reply_to)

    patch.setattr(client.XClient, "find_post", stubborn)
