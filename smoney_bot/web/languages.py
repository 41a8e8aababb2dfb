"""Which language a page speaks: the one asked for in its address, else the browser's."""

from __future__ import annotations

from starlette.requests import Request

from smoney_bot.bank.customers import Language


def language_of(request: Request, otherwise: Language | None = None) -> Language:
    """Return the language that `?lang=` asks for, else *otherwise*, else the browser's."""
    asked = request.query_params.get("lang", "")
    if asked in tuple(Language):
        return Language(asked)
    return otherwise or _spoken(request)


def _spoken(request: Request) -> Language:
    """Return the first of the browser's languages that the bank speaks, else French."""
    for one in request.headers.get("accept-language", "").split(","):
        tag = one.strip()[:2].lower()
        if tag in tuple(Language):
            return Language(tag)
    return Language.FRENCH
