"""The service under measurement, in a process of its own: `python -m benchmarks.service URL`.

X's door and the counter as the daemon runs them, without the sender: an answer
is in the outbox, and there the measurement ends. It says its port on standard
output and ends when its standard input does.
"""

from __future__ import annotations

import argparse
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import uvicorn

from benchmarks.bank import KEYS, RULES
from smoney_bot import settings as environment
from smoney_bot import telemetry
from smoney_bot.bank.errors import TryLater
from smoney_bot.book.engine import Book
from smoney_bot.cli.garbage import spare_what_stays
from smoney_bot.web.app import create_app
from smoney_bot.workers.counter import Counter
from smoney_bot.workers.loops import Loop


class Nobody:
    """A channel that must not be asked: X marked every mention."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever is asked for
        raise TryLater(f"nobody is there to {name}")


class Forgetful:
    """A book that keeps nothing: what the door costs without one."""

    def run_single(self, work: object) -> frozenset[str]:
        """Say that nothing was new."""
        del work
        return frozenset()

    run = run_single


class Server(uvicorn.Server):
    """Says its port once it listens."""

    async def startup(self, sockets: Any = None) -> None:  # noqa: ANN401 - as uvicorn has it
        """Listen, then say where."""
        await super().startup(sockets)
        print(self.servers[0].sockets[0].getsockname()[1], flush=True)  # noqa: T201 - that is its way to tell


def main() -> None:
    """Serve until standard input ends."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("url")
    words.add_argument("--no-web", action="store_true")
    words.add_argument("--no-work", action="store_true")
    words.add_argument("--keep-nothing", action="store_true")
    words.add_argument("--threads", type=int, default=2)
    asked = words.parse_args()
    telemetry.configure("json", "info", sys.stderr)
    book = Book(asked.url)
    pool = ThreadPoolExecutor(asked.threads)
    helping = Loop("counter-2", Counter(book, RULES, Nobody(), pool, KEYS).serve)
    counter = Counter(book, RULES, Nobody(), pool, KEYS, on_many=helping.wake)
    loop = Loop("counter", counter.serve, poll=0.05)
    loops = [] if asked.no_work else [loop, helping]
    for one in loops:
        one.start()
    if asked.no_web:
        spare_what_stays()
        sys.stdin.read()
    else:
        _listen(asked.url, book, loop, keep_nothing=asked.keep_nothing)
    for one in loops:
        one.stop()
    for one in loops:
        one.join()
    book.close()


def _listen(url: str, book: Book, loop: Loop, *, keep_nothing: bool) -> None:
    kept: Any = Forgetful() if keep_nothing else book
    app = create_app(environment.load(database_url=url), kept, loop.wake)
    config = uvicorn.Config(
        app,
        port=0,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=2,  # wrk leaves in the middle of what it asks
    )
    server = Server(config)

    def end() -> None:
        sys.stdin.read()
        server.should_exit = True

    threading.Thread(target=end, daemon=True).start()
    spare_what_stays()
    server.run()


if __name__ == "__main__":
    main()
