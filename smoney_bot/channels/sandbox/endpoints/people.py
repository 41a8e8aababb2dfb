"""People: who somebody is, by id or by handle."""

from __future__ import annotations

import re

from smoney_bot.channels.sandbox import shapes
from smoney_bot.channels.sandbox.calls import Call, Endpoint, Keys
from smoney_bot.channels.sandbox.limits import Allowance
from smoney_bot.channels.sandbox.posts import User
from smoney_bot.channels.sandbox.problems import Json, invalid, missing
from smoney_bot.channels.sandbox.refusals import NotThere

_HANDLES_MAX = 100
_HANDLE = re.compile(r"[A-Za-z0-9_]{1,15}", re.ASCII)
_FIELDS = frozenset({"user.fields", "tweet.fields", "expansions"})
_ALLOWANCE = Allowance(user=900, app=300)


def me(call: Call) -> Json:
    """Tell who the caller is."""
    return {"data": _facts(call, call.world.user(call.user_id))}


def by_id(call: Call) -> Json:
    """Tell who has an id; nobody is 200 with `errors` alone."""
    x_id = call.id("id")
    try:
        user = call.world.user(x_id)
    except NotThere:
        return {"errors": [missing("user", "id", x_id)]}
    return {"data": _facts(call, user)}


def by_handle(call: Call) -> Json:
    """Tell who has a handle; nobody is 200 with `errors` alone."""
    handle = call.path["username"]
    _check_handle("username", handle)
    user = call.world.by_handle(handle)
    if user is None:
        return {"errors": [missing("user", "username", handle)]}
    return {"data": _facts(call, user)}


def by_handles(call: Call) -> Json:
    """Tell who has which handle; those that nobody has stand in `errors`."""
    handles = call.words("usernames")
    if not 1 <= len(handles) <= _HANDLES_MAX:
        message = f"The `usernames` query parameter must hold 1 to {_HANDLES_MAX} usernames"
        raise invalid(message, {"usernames": call.query.get("usernames", "")})
    for handle in handles:
        _check_handle("usernames", handle)
    found = {handle: call.world.by_handle(handle) for handle in handles}
    answer: Json = {}
    if users := [_facts(call, user) for user in found.values() if user is not None]:
        answer["data"] = users
    if gone := [missing("user", "usernames", one) for one, user in found.items() if user is None]:
        answer["errors"] = gone
    return answer


def _check_handle(name: str, handle: str) -> None:
    if not _HANDLE.fullmatch(handle):
        message = (
            f"The `{name}` query parameter value [{handle}] does not match ^[A-Za-z0-9_]{{1,15}}$"
        )
        raise invalid(message, {name: handle})


def _facts(call: Call, user: User) -> Json:
    return shapes.chosen(shapes.user(user), shapes.USER_DEFAULTS, call.words("user.fields"))


# "me" and "by" come before the id: the first path that fits is taken.
ENDPOINTS = (
    Endpoint("GET", "/2/users/me", Keys.USER, Allowance(user=75), me, _FIELDS),
    Endpoint("GET", "/2/users/by", Keys.EITHER, _ALLOWANCE, by_handles, _FIELDS | {"usernames"}),
    Endpoint("GET", "/2/users/by/username/{username}", Keys.EITHER, _ALLOWANCE, by_handle, _FIELDS),
    Endpoint("GET", "/2/users/{id}", Keys.EITHER, _ALLOWANCE, by_id, _FIELDS),
)
