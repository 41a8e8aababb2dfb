"""Reading forms: whoever sends one is a stranger until its fields have been looked at."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

#: More fields than any form of ours has.
_FIELDS_MAX = 8


async def fields_of(request: Request) -> dict[str, str]:
    """Return the fields of a form that are there once; files are refused.

    Raises `HTTPException` 400 for a form that is broken, or of which the browser
    has not sent all before it hung up.
    """
    try:
        async with request.form(max_files=0, max_fields=_FIELDS_MAX) as form:
            given = {name: form.getlist(name) for name in form}
    except ClientDisconnect:
        raise HTTPException(400) from None
    return {
        name: values[0]
        for name, values in given.items()
        if len(values) == 1 and isinstance(values[0], str)
    }
