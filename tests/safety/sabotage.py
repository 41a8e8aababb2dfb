"""Means of harming the service on purpose, so that a check can show that it would notice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine.interfaces import DBAPICursor


class Killed(BaseException):
    """Ends a worker between its claim and its decision, as SIGKILL would."""


@contextmanager
def without(words: str) -> Iterator[None]:
    """Sabotage every statement that holds *words*: it is sent without them."""

    def cut(
        _: Connection, __: DBAPICursor, statement: str, parameters: object, *___: object
    ) -> tuple[str, object]:
        return statement.replace(words, ""), parameters

    event.listen(Engine, "before_cursor_execute", cut, retval=True)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", cut)
