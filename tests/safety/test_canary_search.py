"""The search for codes finds them however they are written, and nothing else."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable

import pytest
from canary_search import found

CODE = "07482193"
WIDE = "".join(chr(0xFF10 + int(digit)) for digit in CODE)
CANARIES = frozenset([CODE, "15550123"])

WRITTEN = {
    "plain": f"@Smoney #20 @bob #{CODE} merci".encode(),
    "at the edge": CODE.encode(),
    "glued to a word": f"merci{CODE}x".encode(),
    "behind an amount": f"#20 {CODE} 2 pizzas".encode(),
    "split": b"0748 2193",
    "split into pairs": b"#07-48-21-93",
    "split by what nobody sees": "0748\u200b2193".encode(),
    "full-width": WIDE.encode(),
    "arabic": "".join(chr(0x0660 + int(digit)) for digit in CODE).encode(),
    "backwards": CODE[::-1].encode(),
    "among binary bytes": b"\x00\xff\x81" + CODE.encode() + b"\xfe\x00",
    "escaped": "".join(f"\\u003{digit}" for digit in CODE).encode(),
    "escaped full-width": json.dumps(WIDE).encode(),
    "utf-16-le": f"#{CODE} a".encode("utf-16-le"),
    "utf-16-be": f"#{CODE} a".encode("utf-16-be"),
    "utf-16 at an odd place": b"\x01" + f"#{CODE} a".encode("utf-16-le"),
    "hexadecimal": f"#{CODE} a".encode().hex().encode(),
    "hexadecimal in capitals": f"j{CODE}k".encode().hex().upper().encode(),
}

NO_CODE = {
    "a longer number": f"1{CODE}".encode(),
    "an id": f"21237{CODE}71446273".encode(),
    "a hash": f"ab3f{CODE}cd12ef34ab56cd78ef90ab12".encode(),
    "a code that nobody has": b"07482194",
    "stars": b"#********",
    "a moment": b"2026-11-24T12:00:07.482193+00:00",
}


@pytest.mark.parametrize("data", WRITTEN.values(), ids=WRITTEN)
def test_a_code_is_found_however_it_is_written(data: bytes) -> None:
    assert list(found(data, CANARIES)) == [CODE]


@pytest.mark.parametrize("lead", [b"", b"a", b"ab"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("tail", [b"", b" merci\xff\xfe"])
def test_a_code_is_found_in_base64_wherever_it_begins(
    lead: bytes, encode: Callable[[bytes], bytes], tail: bytes
) -> None:
    inside = encode(lead + f"#{CODE}".encode() + tail)
    assert list(found(b'{"body": "' + inside + b'"}', CANARIES)) == [CODE]
    assert list(found(b"body=x" + inside, CANARIES)) == [CODE]


@pytest.mark.parametrize("data", NO_CODE.values(), ids=NO_CODE)
def test_what_is_no_code_is_not_taken_for_one(data: bytes) -> None:
    assert found(data, CANARIES) == {}
