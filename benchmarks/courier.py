"""Brings deliveries to a running service: by wrk, as fast as they are taken."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.bodies import SETTINGS, signature

_HERE = Path(__file__).parent
_FIGURES = re.compile(r"^figures (\d+) (\d+) (\d+) ([0-9.]+) ([0-9.]+)$", re.MULTILINE)

#: As the goals have it: 32 connections, one thread of wrk.
CONNECTIONS = 32


@dataclass(frozen=True, slots=True)
class Brought:
    """What wrk saw: `p50` and `p99` in milliseconds."""

    rate: float
    failures: int
    p50: float
    p99: float


@contextmanager
def service(url: str, *words: str, log: Path = Path(os.devnull)) -> Iterator[int]:
    """Run `benchmarks.service` on the database at *url*; return its port (0 without a door)."""
    command = [sys.executable, "-m", "benchmarks.service", url, *words]
    with (
        log.open("w") as said,
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            env=os.environ | SETTINGS,
            text=True,
        ) as running,
    ):
        assert running.stdin is not None
        assert running.stdout is not None
        try:
            yield 0 if "--no-web" in words else int(running.stdout.readline())
        finally:
            running.stdin.close()
            running.wait(30)


def write(path: Path, bodies: Iterable[bytes]) -> None:
    """Write deliveries to a file, each with its signature."""
    with path.open("w") as out:
        out.writelines(f"{signature(body)}\t{body.decode()}\n" for body in bodies)


def bring(port: int, path: Path, *, seconds: int) -> Brought:
    """Bring the deliveries in *path* for so many seconds."""
    said = subprocess.run(
        _wrk(port, path, seconds), check=True, capture_output=True, text=True
    ).stdout
    found = _FIGURES.search(said)
    assert found is not None, said
    requests, microseconds, failures, p50, p99 = found.groups()
    return Brought(int(requests) / int(microseconds) * 1e6, int(failures), float(p50), float(p99))


@contextmanager
def bringing_once(port: int, path: Path) -> Iterator[None]:
    """Bring each delivery in *path* once, beside the block."""
    command = [*_wrk(port, path, seconds=600), "once"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as running:
        try:
            yield
        finally:
            running.terminate()


def _wrk(port: int, path: Path, seconds: int) -> Sequence[str]:
    wrk = shutil.which("wrk")
    assert wrk is not None, "wrk is not installed: apt install wrk"
    return (
        wrk, "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(_HERE / "post.lua"),
        f"http://127.0.0.1:{port}", "--", str(path),
    )  # fmt: skip
