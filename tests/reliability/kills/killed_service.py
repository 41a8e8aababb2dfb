"""The daemon as a process that is killed and started again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from local_people import APP, SECRET_KEYS

_FORKED_DAEMON = Path(__file__).with_name("forked_daemon.py")


class KilledService:
    """`smoney-bot serve` on *database_url*; started and killed as often as one likes."""

    def __init__(
        self, folder: Path, database_url: str, x_url: str, *, lease: float, sabotage: str
    ) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.log = folder / f"{sabotage}.log"
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
            "PORT": str(self.port),
            "LOG_FORMAT": "json",
            "LOG_LEVEL": "warning",
        }
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("SMONEY_")}
        self._forks = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, str(_FORKED_DAEMON), str(self.log), str(lease), sabotage],
            cwd=folder,
            env=inherited | {f"SMONEY_{k}": v for k, v in settings.items()},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._daemon = 0

    def start(self) -> None:
        """Start the daemon; returns before it listens."""
        self._daemon = int(self._ask("start"))

    def end(self, how: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to the daemon and wait until it is gone."""
        if self._daemon:
            os.kill(self._daemon, how)
            assert self._ask("reap") == "gone"
            self._daemon = 0

    def close(self) -> None:
        """End everything."""
        self.end()
        self._forks.communicate()

    def _ask(self, word: str) -> str:
        assert self._forks.stdin is not None
        assert self._forks.stdout is not None
        print(word, file=self._forks.stdin, flush=True)
        return self._forks.stdout.readline().strip()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def killed_service(
    folder: Path, database_url: str, x_url: str, *, lease: float = 0, sabotage: str = "none"
) -> Iterator[KilledService]:
    """Have a service that is not started yet. *lease* in seconds; 0: as shipped."""
    with KilledService(folder, database_url, x_url, lease=lease, sabotage=sabotage) as service:
        yield service
