"""The people that X tells about beside a post or a direct message."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from smoney_bot.channels.x.dropped import Dropped
from smoney_bot.channels.x.strict_json import Json, id_at, object_at, objects_at, text_at

#: By X id. X leaves some people out: then nothing is known of them.
People = Mapping[str, Json]

#: X's pattern says 15 at most for new handles; a few old ones are longer.
_HANDLE = re.compile(r"[A-Za-z0-9_]{1,20}", re.ASCII)

_AUTOMATED = re.compile(r"automated(?: by .*)?", re.IGNORECASE | re.ASCII)


def beside_post(includes: Json) -> People:
    """Return the people in the `includes` of a post."""
    return _by_id(objects_at(includes, "users"))


def beside_direct(users: Json) -> People:
    """Return the people in the `users` map of a direct message."""
    return _by_id(one for one in users.values() if isinstance(one, dict))


def handle_in(person: Json, *names: str) -> str:
    """Return the handle that *person* has under *names*, else ""."""
    handle = text_at(person, *(names or ("username", "screen_name")))
    return handle if handle is not None and _HANDLE.fullmatch(handle) else ""


def check_human(person: Json) -> None:
    """Raise `Dropped` if X labels this author as automated.

    Bots that repeat what strangers make them say have been made to pay.
    """
    label = text_at(object_at(person, "affiliation"), "description")
    if label is not None and _AUTOMATED.fullmatch(label):
        raise Dropped("automated")


def _by_id(people: Iterable[Json]) -> dict[str, Json]:
    # X puts the same person at two depths: {...} and {"data": {...}}.
    flat = (object_at(one, "data") or one for one in people)
    return {x_id: one for one in flat if (x_id := id_at(one, "id_str", "id"))}
