"""Drives the service from outside: settings, routes, commands, and X's documented bodies.

It knows the commands and nothing else of the package's insides, as an operator's
script would not.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import io
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import pytest

from smoney_bot.cli import main

BOT, ALICE, BOB, CAROL = "222222222", "111111111", "333333333", "444444444"
SECRET = "an-invented-consumer-secret"
_EPOCH_MS = 1_288_834_974_657


class FakeX:
    """Answers `POST /2/tweets` as X does, and remembers what was posted."""

    def __init__(self) -> None:
        self.posts: queue.Queue[dict[str, Any]] = queue.Queue()
        posts = self.posts

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                posts.put({"path": self.path, **json.loads(body)})
                answer = json.dumps({"data": {"id": str(time.time_ns()), "text": ""}}).encode()
                self.send_response(201)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@dataclass(frozen=True)
class Done:
    """A command that ended: its exit code and what it printed."""

    code: int
    out: str
    err: str


class Service:
    """The service as processes, with settings from the environment only."""

    def __init__(self, folder: Path, database_url: str, x_url: str, **settings: str) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        given = {
            "DATABASE_URL": database_url,
            "SECRET_KEYS": "test:" + base64.b64encode(b"k" * 32).decode(),
            "X_API_URL": x_url,
            "X_BOT_ID": BOT,
            "X_CONSUMER_KEY": "consumer-key",
            "X_CONSUMER_SECRET": SECRET,
            "X_ACCESS_TOKEN": f"{BOT}-token",
            "X_ACCESS_TOKEN_SECRET": "token-secret",
            "X_BEARER_TOKEN": "bearer",
            "PORT": str(self.port),
            "LOG_FORMAT": "json",
            **settings,
        }
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("SMONEY_")}
        self.environment = inherited | {f"SMONEY_{k}": v for k, v in given.items() if v}
        self.url = f"http://127.0.0.1:{self.port}"
        self._daemons: list[subprocess.Popen[bytes]] = []

    def run(self, *words: str, given: str = "") -> Done:
        """Run one command to its end, in a process of its own."""
        done = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-m", "smoney_bot", *words],
            cwd=self.folder,
            env=self.environment,
            input=given,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def call(self, *words: str, given: str = "") -> Done:
        """Run one command to its end in this process, which is quicker."""
        out, err, code = io.StringIO(), io.StringIO(), 0
        with (
            pytest.MonkeyPatch.context() as patch,
            contextlib.chdir(self.folder),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            patch.setattr("sys.stdin", io.StringIO(given))
            for name in [name for name in os.environ if name.startswith("SMONEY_")]:
                patch.delenv(name)
            for name, value in self.environment.items():
                patch.setenv(name, value)
            try:
                main(list(words))
            except SystemExit as end:
                code = int(end.code or 0)
        return Done(code, out.getvalue(), err.getvalue())

    def json(self, *words: str) -> Any:  # noqa: ANN401 - JSON
        """Run one command with --json and return what it printed."""
        done = self.call(*words, "--json")
        assert done.code == 0, done.err
        return json.loads(done.out)

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start a daemon; its log goes to a file named after it."""
        with (self.folder / f"{'-'.join(words)}.log").open("ab") as log:
            daemon = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-m", "smoney_bot", *words],
                cwd=self.folder,
                env=self.environment,
                stdout=log,
                stderr=log,
            )
        self._daemons.append(daemon)
        return daemon

    def wait_ready(self, seconds: float = 20.0) -> None:
        """Return once /health/ready says 200."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.get("/health/ready")[0] == 200:
                return
            time.sleep(0.05)
        raise AssertionError(self.log())

    def log(self) -> str:
        """Return what the daemons wrote."""
        return "\n".join(path.read_text() for path in sorted(self.folder.glob("*.log")))

    def get(self, path: str) -> tuple[int, bytes]:
        """GET a path; status 0 when nobody listens."""
        return self._ask(urllib.request.Request(self.url + path))  # noqa: S310 - loopback

    def post(self, body: bytes, **headers: str) -> tuple[int, bytes]:
        """POST a body to X's door, with exactly these headers."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named.setdefault("Content-Type", "application/json")
        request = urllib.request.Request(  # noqa: S310 - loopback
            self.url + "/webhooks/x", data=body, headers=named, method="POST"
        )
        return self._ask(request)

    def deliver(self, body: bytes) -> int:
        """POST a body as X signs it."""
        return self.post(body, x_twitter_webhooks_signature=sign(body))[0]

    def balance(self, handle: str) -> int:
        """Return a balance in cents."""
        cents: int = self.json("customer", "show", handle)["balance_cents"]
        return cents

    def stop(self) -> list[int]:
        """End the daemons with SIGTERM; return their exit codes."""
        for daemon in self._daemons:
            daemon.send_signal(signal.SIGTERM)
        return [daemon.wait(timeout=20) for daemon in self._daemons]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for daemon in self._daemons:
            if daemon.poll() is None:
                daemon.kill()
                daemon.wait()

    @staticmethod
    def _ask(request: urllib.request.Request) -> tuple[int, bytes]:
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - loopback
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        except (urllib.error.URLError, ConnectionError):
            return 0, b""


def sign(body: bytes, secret: str = SECRET) -> str:
    """Sign as X does."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return "sha256=" + base64.b64encode(digest).decode()


def new_id() -> str:
    """Return an id of X for this moment."""
    return str((time.time_ns() // 1_000_000 - _EPOCH_MS) << 22 | time.time_ns() % 4_000_000)


def mention(
    text: str, *, post_id: str | None = None, author: str = ALICE, **extra: object
) -> bytes:
    """Return an X Activity API body: *author* posted *text*."""
    post_id = post_id or new_id()
    people = {"Smoney": BOT, "alice": ALICE, "bob": BOB, "carol": CAROL}
    mentions = [
        {"start": at, "end": at + len(name) + 1, "username": name, "id": x_id}
        for name, x_id in people.items()
        if (at := text.find(f"@{name}")) >= 0
    ]
    payload = {
        "id": post_id,
        "text": text,
        "author_id": author,
        "conversation_id": post_id,
        "display_text_range": [0, len(text)],
        "edit_history_tweet_ids": [post_id],
        "entities": {"mentions": mentions},
        **extra,
    }
    users = [{"id": x_id, "username": name, "name": name} for name, x_id in people.items()]
    event = {
        "event_uuid": post_id,
        "filter": {"user_id": BOT},
        "event_type": "post.mention.create",
        "tag": "mentions",
        "payload": payload,
        "includes": {"users": users},
    }
    return json.dumps({"data": event}).encode()
