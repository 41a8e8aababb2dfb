"""Starts `smoney-bot serve` again and again, quickly: imports once, then forks.

A program of its own, so that no thread of the tests is forked. Each line on its
standard input asks for something, each line of its output answers:

    start   fork; the child is the daemon; answers with its process id
    reap    wait for the end of the last one; answers "gone"

Arguments: the file for the daemon's log; the lease of a claim in seconds (0: as
shipped); and a sabotage, "none" or "early" (acknowledge before the commit).
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import time
from datetime import timedelta
from typing import Any

from smoney_bot.cli import main, running
from smoney_bot.web import app
from smoney_bot.web.keeper import Keeper
from smoney_bot.workers import catching_up, counter, sender

#: What uvicorn imports only when it starts.
for late in ("lifespan.on", "loops.auto", "protocols.http.auto"):
    importlib.import_module(f"uvicorn.{late}")


def _arrange(lease: float) -> None:
    """Shorten what a killed process leaves to wait for; the local X shows posts at once.

    What X lists would bring a lost message back and hide the loss: not here.
    """
    catching_up.WAYS = ()  # type: ignore[assignment] # two are shipped
    running.LOOK_AFTER = timedelta(seconds=0.5)
    if lease:
        counter.LEASE = sender.LEASE = timedelta(seconds=lease)


class _EarlyKeeper(Keeper):
    """Says 200 first and keeps afterwards, as no bank should."""

    def _write(self, group: list[Any]) -> None:
        self._answer(group, None)
        time.sleep(0.03)
        super()._write(group)


def _become_daemon(log: str, lease: float, sabotage: str) -> None:
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    _arrange(lease)
    if sabotage == "early":
        app.Keeper = _EarlyKeeper  # type: ignore[attr-defined] # the sabotage
    main(["serve"])


def _obey(log: str, lease: float, sabotage: str) -> None:
    child = 0
    for line in sys.stdin:
        if line.strip() == "start":
            child = os.fork()
            if child == 0:
                _become_daemon(log, lease, sabotage)
            print(child, flush=True)  # noqa: T201 - the answer
        else:
            os.waitpid(child, 0)
            child = 0
            print("gone", flush=True)  # noqa: T201 - the answer
    if child:  # nobody asks any more
        os.kill(child, signal.SIGKILL)


if __name__ == "__main__":
    _obey(sys.argv[1], float(sys.argv[2]), sys.argv[3])
