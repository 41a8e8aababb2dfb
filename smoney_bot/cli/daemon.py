"""The daemon's commands; what runs is imported only when it runs, so that others start fast."""

# ruff: noqa: PLC0415 - the web, tweepy and the local X cost a second to import

from __future__ import annotations

import errno
import os
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from smoney_bot import telemetry
from smoney_bot.cli.opening import load_daemon_settings, load_settings, opened, opened_to_pay
from smoney_bot.cli.show import confirm, counted, refuse

#: What listening says of a port that another program has, or that only root may have.
_UNUSABLE_PORT = {errno.EADDRINUSE, errno.EACCES}


def demo(
    port: Annotated[
        int,
        typer.Option(
            help="Where the page is, and one further the bot; 0: any free ones.", min=0, max=65534
        ),
    ] = 8001,
) -> None:
    """Try the whole service on this machine, with a local stand-in for X."""
    telemetry.configure("auto", "info")
    try:
        _run_demo(port)
    except OSError as bad:
        if bad.errno not in _UNUSABLE_PORT:
            raise
        refuse(
            f"Port {port} or {port + 1} cannot be used ({os.strerror(bad.errno)})."
            " Choose another with --port, or any free one with --port 0."
        )


def _run_demo(port: int) -> None:
    from smoney_bot.cli.demo import Demo
    from smoney_bot.cli.demo_house import furnish
    from smoney_bot.cli.demo_words import show, tell_codes
    from smoney_bot.cli.running import end_signal

    ended = end_signal()
    with (
        TemporaryDirectory(prefix="smoney-demo-") as folder,
        Demo(f"sqlite:///{folder}/demo.db", x_port=port, port=port and port + 1) as running,
    ):
        if ended.is_set():
            return
        staff = furnish(running)
        show(running, staff)
        tell_codes(running, staff)
        ended.wait()


def serve() -> None:
    """Run the daemon: X's door, and the workers."""
    from smoney_bot.cli.running import bound, listen, working

    settings = load_daemon_settings()
    with (
        bound(settings) as listener,
        opened_to_pay(settings, new=True) as book,
        working(settings, book) as workers,
    ):
        listen(settings, listener, book, workers.wake)


def web() -> None:
    """Run only X's door; the workers are other processes."""
    from smoney_bot.cli.running import bound, listen

    settings = load_daemon_settings()
    with bound(settings) as listener, opened(settings, new=True) as book:
        listen(settings, listener, book, lambda: None)


def work() -> None:
    """Run only the workers; X's door is another process."""
    from smoney_bot.cli.garbage import spare_what_stays
    from smoney_bot.cli.running import end_signal, measured, working

    ended = end_signal()
    settings = load_daemon_settings()
    with (
        opened_to_pay(settings, new=True) as book,
        measured(settings, book),
        working(settings, book),
    ):
        spare_what_stays()
        ended.wait()


def catch_up() -> None:
    """Read X's lists of mentions and direct messages now, as the daemon does every minute."""
    from smoney_bot.cli.running import open_x
    from smoney_bot.workers.catching_up import CatchingUp

    settings = load_settings()
    with opened(settings) as book:
        reading = CatchingUp(book, open_x(settings, book), settings.keyring(), settings.bot())
        new = reading.catch_up()
    confirm(f"{counted(new, 'new message')} kept.")
