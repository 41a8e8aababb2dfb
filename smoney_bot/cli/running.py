"""Running the daemon: the workers, X's door, and the signals that end them."""

from __future__ import annotations

import fcntl
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import FrameType

import uvicorn
from prometheus_client import start_http_server
from sqlalchemy import Connection, make_url
from structlog import get_logger

from smoney_bot.book import inbox, outbox
from smoney_bot.book.engine import Book
from smoney_bot.channels.x.admin import XAdmin
from smoney_bot.channels.x.client import XClient
from smoney_bot.channels.x.pacing import Pacing
from smoney_bot.cli.garbage import spare_what_stays
from smoney_bot.settings import BadSettings, Settings
from smoney_bot.telemetry import count_x_call
from smoney_bot.telemetry.figures import registry_of
from smoney_bot.web.app import create_app
from smoney_bot.workers.catching_up import CatchingUp
from smoney_bot.workers.loops import Workers
from smoney_bot.workers.registering import Registering
from smoney_bot.workers.remembering import remember

log = get_logger(__name__)

#: Calls in hand at once, so that a flood of large bodies cannot fill the memory;
#: X is told 503 and brings them again.
_CALLS_MAX = 1000

#: After SIGTERM, how long open requests may take to finish, in seconds.
_GRACE_SECONDS = 8

#: How long after a start X is asked whether it has what was being sent at the end:
#: it may take a few seconds to show what it has accepted.
LOOK_AFTER = timedelta(seconds=10)


@contextmanager
def working(settings: Settings, book: Book) -> Iterator[Workers]:
    """Run the workers until the end of the block; then finish the batch in hand.

    Raises `BadSettings` if other workers are at the same SQLite file, and `TryLater`
    if X is away while a recovered book has yet to ask it.
    """
    rules = settings.rules()
    workers = Workers(
        book,
        rules,
        settings.keyring(),
        lambda: open_x(settings, book),
        settings.workers,
        _registering(settings, book),
        settings.budget,
    )
    with _taking_over(settings.database_url, book):
        remember(CatchingUp(book, open_x(settings, book), settings.keyring(), settings.bot()))
        workers.start()
        try:
            yield workers
        finally:
            workers.stop()


@contextmanager
def _taking_over(database_url: str, book: Book) -> Iterator[None]:
    """On SQLite, be the only workers, and take up what the last ones had in hand.

    The lock ends with the process, however that ends; the file stays. So whoever
    holds it need not wait for leases: nobody else can be at work. On PostgreSQL
    somebody may be, so leases run out by themselves.
    """
    url = make_url(database_url)
    if url.get_backend_name() != "sqlite":
        yield
        return
    with Path(f"{url.database}-lock").open("ab") as side:
        try:
            fcntl.flock(side, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BadSettings(
                "Another smoney-bot works on this SQLite file, which is for one process."
                " Stop it first, or move to PostgreSQL."
            ) from None
        messages, replies = book.run(lambda c: _release(c, book))
        log.info("leases.released", messages=messages, replies=replies)
        yield


def _release(connection: Connection, book: Book) -> tuple[int, int]:
    now = book.now(connection)
    return inbox.release(connection, now), outbox.release(connection, now + LOOK_AFTER)


def open_x(settings: Settings, book: Book | None = None) -> XClient:
    """Return a client that speaks as the bot; one for each thread.

    With *book* it keeps the pace and the budget that all processes share.
    """
    keys = settings.x_keys()
    return XClient(
        api_url=settings.x_api_url,
        consumer_key=keys.consumer_key,
        consumer_secret=keys.consumer_secret,
        access_token=keys.access_token,
        access_token_secret=keys.access_token_secret,
        bearer_token=keys.bearer_token or "",
        bot_id=settings.bot().x_id,
        on_call=count_x_call,
        gate=Pacing(book, settings.budget) if book is not None else None,
    )


def open_admin(settings: Settings) -> XAdmin:
    """Return a client for our app's side of X; raise `BadSettings` without its token."""
    keys = settings.x_keys()
    return XAdmin(
        api_url=settings.x_api_url,
        consumer_key=keys.consumer_key,
        consumer_secret=keys.consumer_secret,
        access_token=keys.access_token,
        access_token_secret=keys.access_token_secret,
        bearer_token=settings.app_token(),
        user_token=settings.user_token(),
        bot_id=settings.bot().x_id,
        on_call=count_x_call,
    )


def _registering(settings: Settings, book: Book) -> Registering | None:
    """Return what keeps us registered at X, if X is to reach us here."""
    if settings.public_url is None or settings.x_bearer_token is None:
        return None
    try:
        url = settings.webhook_url()
    except BadSettings as bad:
        # Customers may still reach it, and X is asked for what it cannot bring.
        log.warning("x.not_registrable", why=str(bad))
        return None
    return Registering(book, open_admin(settings), url)


@contextmanager
def bound(settings: Settings) -> Iterator[socket.socket]:
    """Hold the port until the end of the block, before anything else is started.

    Nobody is answered before `listen`. Raises `BadSettings` if it cannot be had.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, settings.port))
        except OSError as bad:
            place = f"SMONEY_HOST {settings.host} and SMONEY_PORT {settings.port}"
            raise BadSettings(f"{place} cannot be used: {bad.strerror}") from None
        yield listener


def listen(
    settings: Settings, listener: socket.socket, book: Book, on_kept: Callable[[], None]
) -> None:
    """Answer HTTP until SIGTERM or SIGINT; call *on_kept* when messages were kept."""
    app = create_app(settings, book, on_kept)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        limit_concurrency=_CALLS_MAX,
    )
    # uvicorn raises the signal again once it has stopped; the workers stop after
    # it, so the second one must not end the process.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _ignore)
    log.info("daemon.listening", host=settings.host, port=settings.port)
    spare_what_stays()
    uvicorn.Server(config).run(sockets=[listener])


@contextmanager
def measured(settings: Settings, book: Book) -> Iterator[None]:
    """Answer Prometheus on a port of its own until the end of the block, if one is set.

    For a process without a web half. Raises `BadSettings` if the port cannot be used.
    """
    if settings.metrics_port is None:
        yield
        return
    try:
        server, thread = start_http_server(
            settings.metrics_port, settings.host, registry=registry_of(book, settings.budget)
        )
    except OSError as bad:
        raise BadSettings(f"SMONEY_METRICS_PORT cannot be used: {bad.strerror}") from None
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def end_signal() -> threading.Event:
    """Return what the first SIGTERM or SIGINT will set; a second one interrupts at once.

    Ask for it before anything starts: a signal then never breaks a start in two.
    """
    told = threading.Event()

    def tell(number: int, frame: FrameType | None) -> None:
        if told.is_set():
            signal.default_int_handler(number, frame)
        told.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, tell)
    return told


def _ignore(_: int, __: FrameType | None) -> None:
    log.info("daemon.stopping")
