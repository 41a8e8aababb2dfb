"""The daemon's commands; what runs is imported only when it runs, so that others start fast."""

# ruff: noqa: PLC0415 - the web, tweepy and the local X cost a second to import

from __future__ import annotations

from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.panel import Panel

from smoney_bot import telemetry
from smoney_bot.cli.opening import load_daemon_settings, opened
from smoney_bot.cli.show import out


def demo(
    port: Annotated[int, typer.Option(help="Where the page is; the bot is one further.")] = 8001,
) -> None:
    """Try the whole service on this machine, with a local stand-in for X."""
    from smoney_bot.cli.demo import Demo
    from smoney_bot.cli.running import wait_for_signal

    telemetry.configure("auto", "info")
    with (
        TemporaryDirectory(prefix="smoney-demo-") as folder,
        Demo(f"sqlite:///{folder}/demo.db", x_port=port, port=port and port + 1) as running,
    ):
        out.print(
            Panel.fit(
                f"Open [bold link={running.x.url}]{running.x.url}[/]\n"
                "and be alice, bob or the association @entraide.\n"
                "[dim]Below is what an operator reads. Ctrl-C ends it all.[/]",
                title="smoney-bot on a local X",
                border_style="green",
            )
        )
        wait_for_signal()


def serve() -> None:
    """Run the daemon: X's door, and the workers."""
    from smoney_bot.cli.running import listen, working

    settings = load_daemon_settings()
    with opened(settings) as book, working(settings, book) as workers:
        listen(settings, book, workers.wake)


def web() -> None:
    """Run only X's door; the workers are other processes."""
    from smoney_bot.cli.running import listen

    settings = load_daemon_settings()
    with opened(settings) as book:
        listen(settings, book, lambda: None)


def work() -> None:
    """Run only the workers; X's door is another process."""
    from smoney_bot.cli.running import wait_for_signal, working

    settings = load_daemon_settings()
    with opened(settings) as book, working(settings, book):
        wait_for_signal()
