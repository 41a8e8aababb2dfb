"""`smoney-bot inbox` and `smoney-bot outbox`: what waits, and what was set aside."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from smoney_bot.book import inbox, outbox
from smoney_bot.book.states import MessageState, ReplyState
from smoney_bot.cli.opening import load_settings, opened
from smoney_bot.cli.show import AsJson, confirm, counted, refuse, show_json, show_rows

inbox_app = typer.Typer(name="inbox", help="Messages that arrived.", no_args_is_help=True)
outbox_app = typer.Typer(name="outbox", help="Answers on their way.", no_args_is_help=True)

Most = Annotated[int, typer.Option("--most", help="How many lines at most.", min=1, max=10_000)]

_MESSAGE_COLUMNS = ["key", "state", "reason", "attempts", "received_at"]
_REPLY_COLUMNS = ["id", "reference", "kind", "state", "attempts", "due_at", "error"]


@inbox_app.command(name="list")
def list_messages(
    state: Annotated[MessageState | None, typer.Option(help="Only those in this state.")] = None,
    most: Most = 50,
    *,
    as_json: AsJson = False,
) -> None:
    """List messages, newest first; never their text."""
    with opened(load_settings()) as book, book.reading() as connection:
        rows = [asdict(line) for line in inbox.listing(connection, state, most)]
    if as_json:
        show_json(rows)
        return
    show_rows("Inbox", _MESSAGE_COLUMNS, rows)


@inbox_app.command(name="retry")
def retry_messages(
    keys: Annotated[list[str], typer.Argument(help="Keys of messages that were set aside.")],
) -> None:
    """Serve messages that were set aside once more.

    A payment that has grown too old is refused. What freezes, silences or changes
    the language is done as if it were said now: look what its author wrote since.
    """
    with opened(load_settings()) as book:
        retried = book.run(lambda c: inbox.retry(c, keys, book.now(c)))
    _said(retried, len(keys), "message")


@outbox_app.command(name="list")
def list_replies(
    state: Annotated[ReplyState | None, typer.Option(help="Only those in this state.")] = None,
    most: Most = 50,
    *,
    as_json: AsJson = False,
) -> None:
    """List answers, newest first; never their text."""
    with opened(load_settings()) as book, book.reading() as connection:
        rows = [asdict(line) for line in outbox.listing(connection, state, most)]
    if as_json:
        show_json(rows)
        return
    show_rows("Outbox", _REPLY_COLUMNS, rows)


@outbox_app.command(name="retry")
def retry_replies(
    ids: Annotated[list[int], typer.Argument(help="Ids of answers that were given up.")],
) -> None:
    """Send answers that were given up once more; looks first whether they are out."""
    with opened(load_settings()) as book:
        retried = book.run(lambda c: outbox.retry(c, ids, book.now(c)))
    _said(retried, len(ids), "answer")


def _said(retried: int, asked: int, noun: str) -> None:
    if retried < asked:
        refuse(f"{retried} of {counted(asked, noun)} will be tried again; no other waits for that.")
    confirm(f"{counted(retried, noun)} will be tried again.")
