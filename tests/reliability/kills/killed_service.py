"""The daemon as a process that is killed and started again."""

from __future__ import annotations

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Self

from local_people import APP, SECRET_KEYS

_FORKED_DAEMON = Path(__file__).with_name("forked_daemon.py")


@cache
def _forks() -> subprocess.Popen[str]:
    """Return the program that forks daemons: one for all tests of this process."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SMONEY_")}
    forks = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, str(_FORKED_DAEMON)],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    atexit.register(forks.communicate)  # it ends where its input does
    return forks


def _ask(**wish: object) -> str:
    forks = _forks()
    assert forks.stdin is not None
    assert forks.stdout is not None
    print(json.dumps(wish), file=forks.stdin, flush=True)
    return forks.stdout.readline().strip()


class KilledService:
    """`smoney-bot serve` on *database_url*; started and killed as often as one likes.

    Or one half of it, if *run* is `web` or `work`.
    """

    def __init__(
        self,
        folder: Path,
        database_url: str,
        x_url: str,
        *,
        lease: float = 0,
        sabotage: str = "none",
        run: str = "serve",
    ) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.log = folder / f"{run}-{self.port}-{sabotage}.log"
        settings = {
            "DATABASE_URL": database_url,
            "SECRET_KEYS": SECRET_KEYS,
            "X_API_URL": x_url,
            "X_BOT_ID": APP.bot_id,
            "X_CONSUMER_KEY": APP.consumer_key,
            "X_CONSUMER_SECRET": APP.consumer_secret,
            "X_ACCESS_TOKEN": APP.access_token,
            "X_ACCESS_TOKEN_SECRET": APP.access_token_secret,
            "X_BEARER_TOKEN": APP.bearer_token,
            "X_BUDGET_DAY": "10000",
            "PORT": str(self.port),
            "LOG_FORMAT": "json",
            "LOG_LEVEL": "warning",
        }
        self._wish = {
            "run": run,
            "settings": {f"SMONEY_{name}": value for name, value in settings.items()},
            "folder": str(folder),
            "log": str(self.log),
            "lease": lease,
            "sabotage": sabotage,
        }
        self._daemon = 0

    def start(self) -> None:
        """Start the daemon; returns before it listens."""
        self._daemon = int(_ask(do="start", **self._wish))

    def end(self, how: signal.Signals = signal.SIGKILL) -> int:
        """Send a signal to the daemon and wait until it is gone; return its exit code."""
        if not self._daemon:
            return 0
        os.kill(self._daemon, how)
        code = int(_ask(do="reap", pid=self._daemon))
        self._daemon = 0
        return code

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()


@contextmanager
def killed_service(
    folder: Path, database_url: str, x_url: str, *, lease: float = 0, sabotage: str = "none"
) -> Iterator[KilledService]:
    """Have a service that is not started yet. *lease* in seconds; 0: as shipped."""
    with KilledService(folder, database_url, x_url, lease=lease, sabotage=sabotage) as service:
        yield service
