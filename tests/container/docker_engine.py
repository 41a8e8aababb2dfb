"""A Docker engine of one's own, and what it runs for the time of a test.

Another engine of this machine is left alone: the stand-ins for base images have the
names of real ones, and are nobody's to find.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

#: Of the engine's bridge, where containers find this machine; nobody else gets there.
ADDRESS = "10.213.77.1"
_BRIDGE = Path("/sys/class/net/docker0")
_STARTS_SECONDS = 30.0
_STOPS_SECONDS = 60.0
_COMMAND_SECONDS = 900.0  # a build fetches packages
_PROGRAMS = ("dockerd", "docker", "containerd", "runc", "docker-init", "debootstrap")


def why_not() -> str | None:
    """Return why there can be no engine here; None if there can."""
    absent = [name for name in _PROGRAMS if shutil.which(name) is None]
    if absent:
        return f"not installed here: {', '.join(absent)}"
    if os.geteuid() != 0:
        return "an engine and debootstrap need root"
    if _BRIDGE.exists():
        return "another Docker engine runs here: stop it, and remove its docker0"
    return None


@dataclass
class Engine:
    """Runs until the end of the block; everything it keeps is in *folder*."""

    folder: Path
    environment: dict[str, str] = field(init=False)

    def __enter__(self) -> Self:
        socket, config = self.folder / "docker.sock", self.folder / "config"
        (config / "cli-plugins").mkdir(parents=True, exist_ok=True)
        self.environment = os.environ | {
            "DOCKER_HOST": f"unix://{socket}",
            "DOCKER_CONFIG": str(config),
        }
        with (self.folder / "dockerd.log").open("wb") as log:
            self._daemon = subprocess.Popen(  # noqa: S603 - fixed words
                [  # noqa: S607 - wherever it is
                    "dockerd",
                    f"--data-root={self.data}",
                    f"--exec-root={self.folder / 'exec'}",
                    f"--pidfile={self.folder / 'docker.pid'}",
                    f"--host=unix://{socket}",
                    f"--bip={ADDRESS}/24",
                ],
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + _STARTS_SECONDS
        while self.ask("info").returncode:
            if self._daemon.poll() is not None or time.monotonic() > deadline:
                self._daemon.terminate()
                raise AssertionError((self.folder / "dockerd.log").read_text()[-2000:])
            time.sleep(0.2)
        return self

    def __exit__(self, *_: object) -> None:
        self._daemon.terminate()
        self._daemon.wait(_STOPS_SECONDS)
        if _BRIDGE.exists():  # ours, which the engine leaves behind
            subprocess.run(["ip", "link", "delete", "docker0"], check=True)  # noqa: S607 - as above

    @property
    def data(self) -> Path:
        """Where images, containers, logs and volumes lie."""
        return self.folder / "data"

    def ask(
        self, *words: str, cwd: Path | None = None, given: str = "", **more: str
    ) -> subprocess.CompletedProcess[str]:
        """Run `docker` with *words*, whatever comes of it; *more* stands in the environment."""
        return subprocess.run(  # noqa: S603 - the test's own words
            ["docker", *words],  # noqa: S607 - wherever it is
            cwd=cwd,
            env=self.environment | more,
            input=given,
            capture_output=True,
            text=True,
            timeout=_COMMAND_SECONDS,
            check=False,
        )

    def run(self, *words: str, cwd: Path | None = None, given: str = "", **more: str) -> str:
        """Do the same, and return what it printed; it has to go well."""
        done = self.ask(*words, cwd=cwd, given=given, **more)
        assert done.returncode == 0, f"docker {' '.join(words)}: {done.stdout}{done.stderr}"[-4000:]
        return done.stdout
