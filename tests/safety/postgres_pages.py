"""What stands on the pages of PostgreSQL's files, record by record.

A record that is gone leaves its bytes where it stood, until others are written over a
part of them. Read straight through, the end of an old number and the beginning of
another record then make digits that nobody ever wrote. Source: PostgreSQL's manual,
"Database Page Layout".
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

_PAGE = 8192
#: Where the records' pointers end, and their room; behind a page's own 12 bytes.
_BOUNDS = struct.Struct("<HHH")
_BOUNDS_AT, _POINTERS_AT = 12, 24
_POINTER = struct.Struct("<I")
#: What is put between two records: nothing that could be part of a code.
_BETWEEN = b"\n|\t|\n"

#: Digits that could be a code, and a moment of which only the end is left.
_DIGITS = re.compile(rb"(?<![0-9])[0-9]{8}(?![0-9])")
_END_OF_A_MOMENT = re.compile(rb"[0-9T:.]*[0-9]\.[0-9]{6}\+00:00")


def apart(data: bytes) -> bytes:
    """Return all bytes of the file *data*, each record apart, and the old bytes between them.

    Eight digits among the old bytes are left out: what was written over their
    neighbours may have cut a longer number there. Whole, it went through the
    write-ahead log, as everything does that stands on a page.
    """
    return _BETWEEN.join(
        part for start in range(0, len(data), _PAGE) for part in _parts(data[start : start + _PAGE])
    )


def _parts(page: bytes) -> Iterator[bytes]:
    end = 0
    for start, length in _records(page):
        yield _old(page[end:start])
        yield page[start : start + length]
        end = start + length
    yield _old(page[end:])


def _records(page: bytes) -> list[tuple[int, int]]:
    """Return where the records of *page* begin, and their lengths, in order; [] if it has none."""
    if len(page) < _PAGE:
        return []
    lower, upper, special = _BOUNDS.unpack_from(page, _BOUNDS_AT)
    if not _POINTERS_AT <= lower <= upper <= special <= _PAGE:
        return []
    pointers = (_POINTER.unpack_from(page, at)[0] for at in range(_POINTERS_AT, lower, 4))
    found = ((one & 0x7FFF, one >> 17) for one in pointers)
    return sorted({(start, length) for start, length in found if length and start >= upper})


def _old(some: bytes) -> bytes:
    """Return what lies between two records, without what may be a piece of a cut number."""
    return _END_OF_A_MOMENT.sub(b"~", _DIGITS.sub(b"x" * 8, some))
