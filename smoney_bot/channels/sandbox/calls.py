"""A call of the HTTP API, and reading what it brings as strictly as X does."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from smoney_bot.channels.sandbox.deliveries import Deliveries
from smoney_bot.channels.sandbox.limits import Allowance
from smoney_bot.channels.sandbox.oauth import Caller
from smoney_bot.channels.sandbox.problems import Json, invalid
from smoney_bot.channels.sandbox.subscriptions import Shape
from smoney_bot.channels.sandbox.world import World

_ID_LENGTH_MAX = 19


class Keys(Enum):
    """Which keys open a call: the user's, the app's, or either; with X's names."""

    USER = "OAuth 1.0a User Context, OAuth 2.0 User Context"
    APP = "OAuth 2.0 Application-Only"
    EITHER = "OAuth 1.0a User Context, OAuth 2.0 User Context, OAuth 2.0 Application-Only"


@dataclass(frozen=True, slots=True)
class Call:
    """One call that passed the gate. `body` is the JSON object that came with it."""

    world: World
    deliveries: Deliveries
    caller: Caller
    shape: Shape
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Json

    @property
    def user_id(self) -> str:
        """The user who calls; only for calls that want the user's keys."""
        assert self.caller.user_id is not None
        return self.caller.user_id

    def id(self, name: str) -> str:
        """Return the numeric id in the path or the query; raise 400."""
        value = self.path.get(name) or self.query.get(name) or ""
        check_id(name, value)
        return value

    def words(self, name: str) -> list[str]:
        """Return the comma-separated words of a query parameter."""
        return [word for word in self.query.get(name, "").split(",") if word]

    def number(self, name: str, low: int, high: int, default: int) -> int:
        """Return a query parameter between *low* and *high*; raise 400."""
        value = self.query.get(name, str(default))
        if value.isascii() and value.isdigit() and low <= int(value) <= high:
            return int(value)
        raise invalid(
            f"The `{name}` query parameter value [{value}] is not between {low} and {high}",
            {name: value},
        )


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One call that X offers: where, for whom, how often, and what it does.

    `run` returns the answer, None for an empty one (204).

    Calls of the same `counted_as` share one allowance.
    """

    method: str
    path: str
    keys: Keys
    allowance: Allowance
    run: Callable[[Call], Json | None]
    query: frozenset[str] = field(default=frozenset())
    status: int = 200
    counted_as: str = ""


def check_id(name: str, value: str) -> None:
    """Raise 400 unless *value* is an id as X writes them."""
    if not (value.isascii() and value.isdigit() and len(value) <= _ID_LENGTH_MAX):
        message = f"The `{name}` query parameter value [{value}] is not valid"
        raise invalid(message, {name: value})


def check_query(query: Mapping[str, str], known: Collection[str]) -> None:
    """Raise 400 for a query parameter that the call does not know."""
    for name, value in query.items():
        if name not in known:
            message = f"The query parameter [{name}] is not one of [{','.join(sorted(known))}]"
            raise invalid(message, {name: value})


def check_body(body: Json, known: Mapping[str, type], within: str = "$") -> None:
    """Raise 400 for a key that is not in *known*, or not of its type."""
    for name, value in body.items():
        place = f"{within}.{name}"
        if name not in known:
            raise invalid(
                f"{place}: is not defined in the schema and the schema does not allow "
                "additional properties"
            )
        if type(value) is not known[name]:
            raise invalid(f"{place}: {known[name].__name__} expected")


def paged(call: Call, facts: Iterable[Json], size: int) -> Json:
    """Return one page of *facts* (newest first) with X's `meta`; raise 400 for a bad token."""
    before = _read_token(call.query.get("pagination_token"))
    rest = [one for one in facts if before is None or int(one["id"]) < before]
    page = rest[:size]
    meta: Json = {"result_count": len(page)}
    if page:
        meta |= {"newest_id": page[0]["id"], "oldest_id": page[-1]["id"]}
    if len(rest) > size:
        meta["next_token"] = f"{int(page[-1]['id']):x}"
    return {"data": page, "meta": meta} if page else {"meta": meta}


def listed(things: list[Json]) -> Json:
    """Return the answer that lists *things*; without any there is no `data`."""
    meta = {"result_count": len(things)}
    return {"data": things, "meta": meta} if things else {"meta": meta}


def told(call: Call, facts: Json, within: str = "") -> Json | None:
    """Return the answer about *facts* in the shape that is in fashion."""
    if call.shape is Shape.EMPTY:
        return None
    if call.shape is Shape.LIST:
        return {"data": [facts]}
    return {"data": {within: facts} if within and call.shape is Shape.NESTED else facts}


def _read_token(token: str | None) -> int | None:
    if token is None:
        return None
    try:
        return int(token, 16)
    except ValueError:
        message = f"The `pagination_token` query parameter value [{token}] is not valid"
        raise invalid(message, {"pagination_token": token}) from None
