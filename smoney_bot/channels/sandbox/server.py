"""Serving an app on loopback, in a thread: the local X, and the bot beside it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import uvicorn

_START_TIMEOUT = 10.0
_POLL = 0.005
#: Pages that wait for news hold their connection: stopping does not wait for them.
_STOP_TIMEOUT = 1

_BACKLOG = 128


class RunningServer:
    """An app that is being served; `url` is where."""

    def __init__(self, server: uvicorn.Server, listener: socket.socket) -> None:
        self.url = url_of(listener)
        self._server = server
        self._listener = listener
        self._thread = threading.Thread(target=self._run, name=f"server at {self.url}", daemon=True)

    def start(self) -> None:
        """Start and wait until it answers; raise `RuntimeError` if it does not."""
        self._thread.start()
        deadline = time.monotonic() + _START_TIMEOUT
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"the app at {self.url} did not start")
            time.sleep(_POLL)

    def stop(self) -> None:
        """Stop serving and give the port back; may be called twice."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join()
        self._listener.close()

    def _run(self) -> None:
        # uvicorn leaves by SystemExit when the app cannot start; `start` sees that it left.
        with suppress(SystemExit):
            self._server.run(sockets=[self._listener])


def bind(host: str = "127.0.0.1", port: int = 0) -> socket.socket:
    """Take *port* (0: any free one) without answering yet; raise `OSError` if it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=_BACKLOG)


def url_of(listener: socket.socket) -> str:
    """Return the address of what will be served there."""
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def serve(
    app: Callable[..., Any],
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    listener: socket.socket | None = None,
) -> RunningServer:
    """Serve *app* (ASGI) at *host* and *port* (0: any free one) and return once it answers.

    Or on a *listener* that was bound before. Raises `OSError` if the port is taken.
    Signals are left to the main thread.
    """
    listener = listener or bind(host, port)
    config = uvicorn.Config(
        app,
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
        ws="none",
        timeout_graceful_shutdown=_STOP_TIMEOUT,
    )
    running = RunningServer(uvicorn.Server(config), listener)
    running.start()
    return running
