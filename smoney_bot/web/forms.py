"""Reading forms: whoever sends one is a stranger until its fields have been looked at.

One kind is read, that which browsers send for our pages. The other one, for files,
lets its sender name the codec of each text, and Python has codecs that raise all
kinds of errors or make half characters, which no database takes.
"""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

_KIND = "application/x-www-form-urlencoded"

#: More fields than any form of ours has.
_FIELDS_MAX = 8


async def fields_of(request: Request) -> dict[str, str]:
    """Return the fields of a form that are there once.

    Raises `HTTPException`: 415 for another kind of form, 400 for one that is broken,
    or that the browser has not sent to its end before it hung up.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _KIND:
        raise HTTPException(415)
    try:
        async with request.form(max_fields=_FIELDS_MAX) as form:
            given = {name: form.getlist(name) for name in form}
    except ClientDisconnect:
        raise HTTPException(400) from None
    return {
        name: values[0]
        for name, values in given.items()
        if len(values) == 1 and isinstance(values[0], str)
    }
