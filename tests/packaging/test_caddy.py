"""The way in from outside, with the real Caddy: two doors, nothing else, no token in its log."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

import pytest

CADDYFILE = Path(__file__).parents[2] / "deploy/caddy/Caddyfile"
TOKEN = "an-invented-token-of-a-link"

pytestmark = pytest.mark.skipif(shutil.which("caddy") is None, reason="Caddy is not here")


class Web:
    """Stands where smoney-bot's web half does, and says what reached it."""

    def __init__(self) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.do_POST()

            def do_POST(self) -> None:
                said = f"{self.command} {self.path} {self.headers['X-Forwarded-For']}".encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.address = f"127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@dataclass
class Caddy:
    """A Caddy on loopback, without TLS, in front of *web*."""

    folder: Path
    web: Web
    config: Path = CADDYFILE
    port: int = field(default=0, init=False)

    def __enter__(self) -> Self:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        environment = {
            "HOME": str(self.folder),
            "PATH": os.environ["PATH"],
            "SMONEY_PUBLIC_URL": f"http://127.0.0.1:{self.port}",
            "SMONEY_WEB": self.web.address,
        }
        with (self.folder / "caddy.log").open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - fixed words
                ["caddy", "run", "--config", str(self.config), "--adapter", "caddyfile"],  # noqa: S607 - wherever it is
                cwd=self.folder,
                env=environment,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                assert time.monotonic() < deadline, self.log()
                time.sleep(0.05)
            else:
                return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(timeout=20)

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, str]:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        line.request(method, path, body, named)
        answer = line.getresponse()
        said = answer.read().decode()
        line.close()
        return answer.status, said

    def log(self) -> str:
        return (self.folder / "caddy.log").read_text()


@pytest.fixture(scope="module")
def caddy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caddy]:
    web = Web()
    with Caddy(tmp_path_factory.mktemp("caddy"), web) as running:
        yield running
    web.stop()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/webhooks/x?crc_token=t&nonce=n"),
        ("POST", "/webhooks/x"),
        ("GET", "/enrolment"),
        ("POST", "/enrolment"),
        ("GET", f"/enrolment/{TOKEN}?lang=fr"),
        ("POST", f"/enrolment/{TOKEN}/code"),
        ("GET", "/enrolment/static/enrolment.css"),
    ],
)
def test_x_and_customers_get_through_as_they_asked(caddy: Caddy, method: str, path: str) -> None:
    assert caddy.ask(method, path) == (200, f"{method} {path} 127.0.0.1")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/metrics"),
        ("GET", "/health/live"),
        ("GET", "/health/ready"),
        ("GET", "/console"),
        ("GET", "/webhooks/x/"),  # not even redirected
        ("GET", "/webhooks"),
        ("GET", "/enrolments"),
        ("PUT", "/webhooks/x"),
        ("DELETE", f"/enrolment/{TOKEN}"),
        ("GET", "/webhooks/x/../../metrics"),
        ("GET", "/enrolment/../metrics"),
        ("GET", "/enrolment/%2e%2e/metrics"),
        ("GET", "//metrics"),
    ],
)
def test_nothing_else_does(caddy: Caddy, method: str, path: str) -> None:
    status, said = caddy.ask(method, path)
    assert (status, said) == (404, "")


def test_a_client_cannot_say_that_it_is_another(caddy: Caddy) -> None:
    """The limits for each visitor, and the log of attacks, rest on this address."""
    forged = caddy.ask("GET", "/enrolment", X_Forwarded_For="192.0.2.1")
    assert forged == (200, "GET /enrolment 127.0.0.1")


def test_no_token_reaches_the_log_even_when_the_bot_is_away(tmp_path: Path) -> None:
    log = away_log(tmp_path, CADDYFILE)
    assert "connection refused" in log
    assert TOKEN not in log


def test_without_the_filter_it_would(tmp_path: Path) -> None:
    """The control: Caddy logs what was asked for when it cannot be passed on."""
    bare = tmp_path / "Caddyfile"
    text = CADDYFILE.read_text(encoding="utf-8")
    bare.write_text(text.replace("request>uri delete", "request>nothing delete"))
    assert TOKEN in away_log(tmp_path, bare)


def away_log(folder: Path, config: Path) -> str:
    web = Web()
    web.stop()
    with Caddy(folder, web, config) as running:
        status, _ = running.ask("GET", f"/enrolment/{TOKEN}", Referer=f"https://x/{TOKEN}")
        assert status == 502
    return running.log()
