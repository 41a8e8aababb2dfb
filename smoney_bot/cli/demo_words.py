"""What the terminal says of the demo: where its pages are, and who may sign in where."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Sequence

from rich.markup import escape
from rich.panel import Panel

from smoney_bot.channels.sandbox.page import Place
from smoney_bot.cli.demo import Demo
from smoney_bot.cli.demo_house import Staff, code_now
from smoney_bot.cli.show import out

_LABELS = {
    Place.COLLECTION: "the collection",
    Place.STATEMENT: "a statement",
    Place.CONSOLE: "the console",
}
_HINTS = {
    Place.COLLECTION: "what @entraide has been given",
    Place.STATEMENT: "write #releve to the bot first",
    Place.CONSOLE: "for operators",
}


def show(running: Demo, staff: Sequence[Staff]) -> None:
    """Print where to look and how to sign in."""
    out.print(
        Panel.fit(
            f"Open [bold link={running.x.url}]{running.x.url}[/]\n"
            "and be alice, bob or the association @entraide.\n"
            "[dim]Below is what an operator reads. Ctrl-C ends it all.[/]",
            title="smoney-bot on a local X",
            border_style="green",
        )
    )
    for place, url in running.elsewhere.items():
        _line(_LABELS[place], f"[bold link={url}]{url}[/]", _HINTS[place])
    for one in staff:
        _line(one.name, f"password {escape(one.password)}", _second(one))


def _line(label: str, said: str, hint: str) -> None:
    # Not wrapped: an address and a password are there to be copied.
    out.print(f"{label:14}  {said}  [dim]{hint}[/]".rstrip(), soft_wrap=True)


def _second(staff: Staff) -> str:
    """Return what it takes beside the password."""
    if staff.app is None:
        return ""
    return "and six digits: press Enter here" if _hears() else f"app secret {staff.app.typed}"


def _hears() -> bool:
    """Return whether somebody can press Enter; in the background, reading would stop us."""
    return sys.stdin.isatty() and os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()


def tell_codes(running: Demo, staff: Sequence[Staff]) -> None:
    """Print who needs six digits, and which, each time Enter is pressed on a terminal."""
    holders = [one for one in staff if one.app is not None]
    if not holders or not _hears():
        return

    def listen() -> None:
        # Not `sys.stdin`: a thread that waits in it hinders Python's end.
        while os.read(sys.stdin.fileno(), 1024):
            for one in holders:
                out.print(f"[bold]{one.name}[/]: {code_now(running, one)}")

    threading.Thread(target=listen, name="demo-codes", daemon=True).start()
