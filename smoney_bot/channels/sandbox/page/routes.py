"""The addresses of the page; everything a reader is or wants stands in them, no cookies."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from smoney_bot.bank.customers import Language
from smoney_bot.bank.languages import amount
from smoney_bot.channels.sandbox.page import formats
from smoney_bot.channels.sandbox.page.scene import Stage, Unsent, Wish
from smoney_bot.channels.sandbox.page.shield import Shield
from smoney_bot.channels.sandbox.page.view import BankView, Place
from smoney_bot.channels.sandbox.page.words import WORDS
from smoney_bot.channels.sandbox.world import User, World, WorldRefuses

_STATIC = Path(__file__).with_name("static")
_BODY_BYTES_MAX = 64 * 1024  # a direct message has 10,000 characters

#: How often a live page looks for changes, and how often it shows that it lives, in seconds.
_LOOK_EVERY = 0.15
_PULSE_EVERY = 15.0

_PREFERENCE = re.compile(r"\s*([A-Za-z]{1,8})(?:-[\w-]*)?\s*(?:;\s*q=([01](?:\.\d{0,3})?))?\s*")


def create_page(
    world: World,
    bank: BankView,
    *,
    bot_id: str,
    cast: Sequence[str],
    languages: Sequence[Language] = tuple(Language),
    elsewhere: Mapping[Place, str] = MappingProxyType({}),
    closing: Callable[[], bool] = lambda: False,
) -> list[BaseRoute]:
    """Return the routes of the page, to be mounted at `/` of the local X.

    *cast* holds the X ids of the customers whom a reader may be; the first one
    is offered first. So is the first of *languages*. *elsewhere* are the addresses of
    the bank's own pages. Once *closing* is true, live
    pages are hung up on, so that the server can stop.
    """
    stage = Stage(world, bank, bot_id=bot_id, cast=cast, elsewhere=elsewhere)
    page = _Page(stage, languages, closing)
    shield = [Middleware(Shield)]

    def form(path: str, endpoint: Callable[..., object]) -> Route:
        return Route(
            path,
            endpoint,
            methods=["POST"],
            middleware=shield,
            max_body_size=_BODY_BYTES_MAX,
        )

    return [
        Route("/", page.home, middleware=shield),
        Route("/as/{handle}", page.show, middleware=shield),
        form("/as/{handle}/posts", page.post),
        form("/as/{handle}/directs", page.send_direct),
        Route("/changes", page.changes, middleware=shield),
        Mount("/static", StaticFiles(directory=_STATIC), middleware=shield),
    ]


class _Page:
    """The endpoints."""

    def __init__(
        self, stage: Stage, languages: Sequence[Language], closing: Callable[[], bool]
    ) -> None:
        self._stage = stage
        self._languages = tuple(languages)
        self._closing = closing
        self._template = _environment().get_template("page.html")

    def home(self, request: Request) -> Response:
        return RedirectResponse(_address(self._stage.first, self._language(request)), 302)

    def show(self, request: Request) -> Response:
        return self._render(self._reader(request), self._wish(request))

    async def post(self, request: Request) -> Response:
        """Publish the text of the form as the reader."""
        return await self._say(request, self._stage.post, direct=False)

    async def send_direct(self, request: Request) -> Response:
        """Send the text of the form to the bot."""
        return await self._say(request, self._stage.send_direct, direct=True)

    async def changes(self, request: Request) -> Response:
        """Tell a live page, for as long as it listens, that something has changed."""
        return StreamingResponse(self._stamps(request), media_type="text/event-stream")

    async def _say(
        self, request: Request, say: Callable[[User, str], None], *, direct: bool
    ) -> Response:
        user = self._reader(request)
        text = await _text(request)
        wish = Wish(self._language(request))
        try:
            await run_in_threadpool(say, user, text)
        except WorldRefuses as refusal:
            unsent = Unsent(text, WORDS[wish.language].refusal(refusal), direct)
            return await run_in_threadpool(self._render, user, wish, unsent)
        # 303: loading the page again must not say the same thing again.
        fragment = "#messages" if direct else ""
        return RedirectResponse(_address(user, wish.language) + fragment, 303)

    async def _stamps(self, request: Request) -> AsyncIterator[str]:
        told, silent = "", 0.0
        while not (self._closing() or await request.is_disconnected()):
            stamp = await run_in_threadpool(self._stage.stamp)
            if stamp != told:
                told, silent = stamp, 0.0
                yield f"data: {stamp}\n\n"
            elif silent >= _PULSE_EVERY:
                silent = 0.0
                yield ": here\n\n"
            await asyncio.sleep(_LOOK_EVERY)
            silent += _LOOK_EVERY

    def _render(self, user: User, wish: Wish, unsent: Unsent | None = None) -> Response:
        scene = self._stage.scene(user, wish, unsent)
        page = self._template.render(
            scene=scene, words=scene.words, languages=self._languages, address=_address
        )
        status = 200 if unsent is None else 422
        return HTMLResponse(page, status, headers={"Vary": "Accept-Language"})

    def _reader(self, request: Request) -> User:
        user = self._stage.member(request.path_params["handle"])
        if user is None:
            raise HTTPException(404, "Nobody of that name lives here.")
        return user

    def _wish(self, request: Request) -> Wish:
        asked = request.query_params
        place = asked.get("place", "")
        return Wish(
            self._language(request),
            asked.get("example", ""),
            int(place) if re.fullmatch(r"[0-9]{1,2}", place) else None,
        )

    def _language(self, request: Request) -> Language:
        asked = request.query_params.get("lang", "")
        if asked in self._languages:
            return Language(asked)
        return preferred(request.headers.get("accept-language", ""), self._languages)


def preferred(header: str, languages: Sequence[Language]) -> Language:
    """Return which of *languages* an Accept-Language header likes best, else the first."""
    liked: dict[str, float] = {}
    for part in header.split(","):
        if found := _PREFERENCE.fullmatch(part):
            weight = float(found[2] or 1)
            liked[found[1].lower()] = max(weight, liked.get(found[1].lower(), 0))
    return max(languages, key=lambda language: liked.get(language, 0))


def _address(user: User, language: Language) -> str:
    return f"/as/{user.handle}?lang={language}"


async def _text(request: Request) -> str:
    """Return the text of the form, with the line ends that were typed."""
    async with request.form(max_files=0, max_fields=4) as form:
        text = form.get("text", "")
    return text.replace("\r\n", "\n") if isinstance(text, str) else ""


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("smoney_bot.channels.sandbox.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["amount"] = amount
    environment.filters["round_amount"] = formats.round_amount
    return environment
