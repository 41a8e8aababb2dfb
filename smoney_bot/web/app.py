"""The web application: a handful of routes, each made of parts chosen at start."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.routing import Route

from smoney_bot.book.engine import Book
from smoney_bot.channels.x.signature import CRC_TOKENS, SIGNATURE_HEADERS
from smoney_bot.settings import Settings
from smoney_bot.telemetry.figures import registry_of
from smoney_bot.web.collections import create_collections
from smoney_bot.web.console import create_console
from smoney_bot.web.enrolment import create_enrolment
from smoney_bot.web.health import Health
from smoney_bot.web.keeper import Keeper
from smoney_bot.web.statements import create_statements
from smoney_bot.web.webhook import BODY_MAX, Door


def create_app(
    settings: Settings, book: Book, on_kept: Callable[[], None] = lambda: None
) -> FastAPI:
    """Return the application; raise `BadSettings` if a secret is missing.

    *on_kept* is called, from another thread, after each commit to the inbox.
    """
    keeper = Keeper(book, on_kept)
    keyring, bot = settings.keyring(), settings.bot()
    door = Door(
        book=book,
        keeper=keeper,
        keyring=keyring,
        bot=bot,
        secret=settings.signing_secret(),
        header=SIGNATURE_HEADERS[settings.x_signature.value],
        crc_secret=settings.crc_secret(),
        crc_tokens=CRC_TOKENS[settings.x_crc_tokens.value],
    )
    registry = registry_of(book, settings.budget)
    health = Health(book, registry, settings.budget, keeping=lambda: keeper.alive)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        keeper.start()
        yield
        keeper.stop()

    app = FastAPI(
        title="smoney-bot",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=lifespan,
        max_body_size=BODY_MAX,
        # FastAPI would export paths, and those of enrolment are secrets: see telemetry.tracing.
        telemetry={"auto_configure": False, "tracing": False, "metrics": False, "logs": False},
    )
    # Plain routes: FastAPI's own cost more than all that the door does. The busiest is first.
    app.router.routes += [
        Route("/webhooks/x", door.deliver, methods=["POST"]),
        Route("/webhooks/x", door.challenge, methods=["GET"]),
        Route("/health/live", health.live, methods=["GET"]),
        Route("/health/ready", health.ready, methods=["GET"]),
        Route("/metrics", health.metrics, methods=["GET"]),
        *create_enrolment(book, keyring, bot_handle=bot.handle, public_url=settings.public_url),
        *create_statements(book, keyring, bot_handle=bot.handle),
        *create_collections(book, bot_handle=bot.handle, public_url=settings.public_url),
    ]
    if settings.console:
        app.router.routes += create_console(book, keyring, settings.budget)
    return app
