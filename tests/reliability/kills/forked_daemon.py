"""Starts `smoney-bot serve`, `web` or `work` again and again, quickly: imports once, then forks.

A program of its own, so that no thread of the tests is forked. Each line on its
standard input asks for something, as JSON; each line of its output answers:

    {"do": "start", ...}   fork; the child is the daemon; answers with its process id
    {"do": "reap", "pid"}  wait for the end of that one; answers with its exit code

With a start come `run` (which of the three), `settings` (the environment),
`folder`, the `log` file, the `lease` of a claim in seconds (0: as shipped), and a
`sabotage`: "none" or "early" (acknowledge before the commit).
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import time
from datetime import timedelta
from typing import Any

from smoney_bot.cli import daemon, running
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
        self._answer(group, frozenset())
        time.sleep(0.03)
        super()._write(group)


def _become_daemon(wish: dict[str, Any]) -> None:
    os.environ.update(wish["settings"])
    os.chdir(wish["folder"])
    descriptor = os.open(wish["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    _arrange(wish["lease"])
    if wish["sabotage"] == "early":
        app.Keeper = _EarlyKeeper  # type: ignore[attr-defined] # the sabotage
    {"serve": daemon.serve, "web": daemon.web, "work": daemon.work}[wish["run"]]()
    sys.exit()


def _obey() -> None:
    children = set()
    for line in sys.stdin:
        wish = json.loads(line)
        if wish["do"] == "start":
            child = os.fork()
            if child == 0:
                _become_daemon(wish)
            children.add(child)
            print(child, flush=True)  # noqa: T201 - the answer
        else:
            _, status = os.waitpid(wish["pid"], 0)
            children.remove(wish["pid"])
            print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201 - the answer
    for child in children:  # nobody asks any more
        os.kill(child, signal.SIGKILL)


if __name__ == "__main__":
    _obey()
