"""The service as docker-compose.yml has it, beside a local X on this machine."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from docker_engine import Engine
from stand_ins import ROOT

from smoney_bot.channels.sandbox.oauth import AppKeys

#: A name that leads nowhere outside, for which Caddy signs by itself.
NAME = "pay.localhost"
URL = f"https://{NAME}"
BOT = "222222222"
APP = AppKeys(
    consumer_key="an-invented-consumer-key",
    consumer_secret="an-invented-consumer-secret",
    access_token=f"{BOT}-an-invented-token",
    access_token_secret="an-invented-token-secret",
    bearer_token="an-invented-bearer-token",
    bot_id=BOT,
)
STAY = {"db", "web", "work", "caddy"}
_SECRET_KEYS = ("CONSUMER_KEY", "CONSUMER_SECRET", "ACCESS_TOKEN", "ACCESS_TOKEN_SECRET")
_AUTHORITY = "/data/caddy/pki/authorities/local/root.crt"
_HEALTHY_SECONDS = 90.0
_OVERRIDE = Path(__file__).parent / "docker-compose.override.yml"


@dataclass(frozen=True)
class Composed:
    """A folder with the shipped files, .env and secrets; `docker compose` in it."""

    engine: Engine
    folder: Path
    port: int  # where Caddy's 443 is published, on loopback
    certifi: str = "/nowhere"  # the file, in the image, of whom the bot trusts

    def compose(self, *words: str) -> str:
        """Run `docker compose` with *words*; return what it printed."""
        return self.engine.run("compose", *words, cwd=self.folder, **self._beside)

    def shell(self, script: str) -> str:
        """Run lines of the operators' guide, to the first that fails; return what they say."""
        done = subprocess.run(  # noqa: S603 - the guide's own lines
            ["bash", "-euxo", "pipefail", "-c", script],  # noqa: S607 - wherever it is
            cwd=self.folder,
            env=self.engine.environment | self._beside,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @property
    def _beside(self) -> dict[str, str]:
        return {"SMONEY_TEST_PORT": str(self.port), "SMONEY_TEST_CERTIFI": self.certifi}

    def bot(self, *words: str) -> str:
        """Run one of the operator's commands, as the guide has it."""
        return self.compose("run", "--rm", "-T", "bot", *words)

    def facts(self, *words: str) -> Any:  # noqa: ANN401 - JSON
        """Run one with --json."""
        return json.loads(self.bot(*words, "--json"))

    def inspect(self, *services: str) -> dict[str, dict[str, Any]]:
        """Return what the engine knows of the containers of *services*, or of all."""
        ids = self.compose("ps", "--all", "--quiet", *services).split()
        found = json.loads(self.engine.run("inspect", *ids)) if ids else []
        return {one["Config"]["Labels"]["com.docker.compose.service"]: one for one in found}

    def log(self, service: str) -> list[str]:
        """Return the lines that *service* has logged, as the engine keeps them."""
        (container,) = self.compose("ps", "--all", "--quiet", service).split()
        kept = self.engine.ask("logs", container)
        return (kept.stdout + kept.stderr).splitlines()

    def up(self) -> float:
        """Bring everything up; return after how many seconds all of it was healthy."""
        began = time.monotonic()
        self.compose("up", "--detach")
        while True:
            states = {name: one["State"] for name, one in self.inspect().items()}
            health = {name: states[name].get("Health", {}).get("Status") for name in STAY}
            if set(health.values()) == {"healthy"}:
                return time.monotonic() - began
            assert time.monotonic() < began + _HEALTHY_SECONDS, health
            time.sleep(0.5)

    def ended_after(self, began: datetime, *services: str) -> dict[str, tuple[int, float]]:
        """Return the exit code of each, and how many seconds after *began* it ended."""
        states = {name: one["State"] for name, one in self.inspect(*services).items()}
        return {
            name: (state["ExitCode"], (_moment(state["FinishedAt"]) - began).total_seconds())
            for name, state in states.items()
        }

    def secrets(self) -> dict[str, str]:
        """Return what stands in the files of secrets/, by their names."""
        files = (self.folder / "secrets").iterdir()
        told = {file.name: file.read_text(encoding="utf-8").strip() for file in files}
        return {name: text for name, text in told.items() if text}

    def trust_caddy(self) -> Path:
        """Let the doctor trust Caddy's own authority; return the file of who is trusted."""
        trusted = self.folder / "trusted.pem"
        trusted.write_text(self.compose("exec", "-T", "caddy", "cat", _AUTHORITY), encoding="utf-8")
        return trusted


def _moment(text: str) -> datetime:
    """Read the engine's moments, which have nine decimals."""
    return datetime.fromisoformat(re.sub(r"\.(\d{6})\d*Z$", r".\1", text)).replace(tzinfo=UTC)


def certifi(engine: Engine) -> str:
    """Return where the image of the bot has the authorities that requests trusts."""
    words = "import certifi; print(certifi.where())"
    return engine.run("run", "--rm", "--entrypoint=python", "smoney-bot", "-c", words).strip()


def lay_out(folder: Path, x_url: str) -> None:
    """Put into *folder* what a clone has, and what `smoney-bot init` makes there."""
    listed = subprocess.check_output(["git", "ls-files"], cwd=ROOT, text=True)  # noqa: S607 - wherever it is
    for name in listed.splitlines():
        if not name.startswith("tests/") and (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    shutil.copy(_OVERRIDE, folder)
    (folder / "trusted.pem").touch()
    (folder / ".env").write_text(f"SMONEY_X_API_URL={x_url}\n", encoding="utf-8")
    told = {f"SMONEY_X_{name}": getattr(APP, name.lower()) for name in _SECRET_KEYS}
    told |= {
        "SMONEY_X_BEARER_TOKEN": APP.bearer_token or "",
        "SMONEY_X_BOT_ID": BOT,
        "SMONEY_PUBLIC_URL": URL,
    }
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("SMONEY_")}
    subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "smoney_bot", "init", str(folder), "--defaults"],
        env=inherited | told,
        check=True,
        capture_output=True,
    )


@contextmanager
def leads_to(port: int, trusted: Path) -> Iterator[None]:
    """Be the DNS and the authorities of whoever calls from this machine."""
    real = socket.getaddrinfo

    def look_up(host: Any, service: Any, *rest: Any, **more: Any) -> Any:  # noqa: ANN401 - as socket has it
        there = ("127.0.0.1", port) if host == NAME else (host, service)
        return real(*there, *rest, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", look_up)
        patch.setenv("REQUESTS_CA_BUNDLE", str(trusted))
        yield
