"""Looking for codes in raw bytes, however they were written down.

A code counts as found where its eight digits stand, in any script, alone or
split by spaces and dashes; as base64, hexadecimal, UTF-16 or JSON escapes; and
backwards. Digits inside longer numbers, inside the long words that hashes and
tags are, and inside moments are no code: a hundred thousand canaries are a
thousandth of all that there could be, so chance would find some of them there.
"""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Iterator

_LENGTH = 8
#: Bytes that are read at once, and how far two readings overlap.
_CHUNK, _OVERLAP = 4 * 1024 * 1024, 100
#: How many bytes on each side tell what a find is.
_AROUND = 60
#: What people, and programs, put between the parts of a split code.
_SPLIT = r"[ .,'/_\-\n\u00a0\u200b\u202f\u2009\ufe0f\u20e3]{0,3}"
#: A word with no more signs than this may be a code glued to a word.
_WORD_LONGEST = 20

#: As logs and databases write them: a day makes eight digits, seconds and microseconds too.
_MOMENT = re.compile(
    rb"20[0-9]{2}-[0-9]{2}-[0-9]{2}[T ][0-9:]{8}(?:\.[0-9]{1,6})?(?:[+-][0-9]{2}:[0-9]{2})?"
)

_RUN = re.compile(rf"\d(?:{_SPLIT}\d){{{_LENGTH - 1},}}")
_DIGITS = re.compile(r"\d+")
_SIGN = re.compile(r"[0-9A-Za-z]")

# Maximal runs: those of more than eight digits are no code. Each pattern begins with
# the bytes themselves, not with a group: that is searched for three times as fast.
_UTF_16_LITTLE = re.compile(rb"[0-9]\x00(?:[0-9]\x00){7,}")
_UTF_16_BIG = re.compile(rb"\x00[0-9](?:\x00[0-9]){7,}")
_HEXADECIMAL = re.compile(rb"3[0-9](?:3[0-9]){7,}")
_ESCAPED = re.compile(rb"\\u(?:003|ff1|FF1)[0-9](?:\\u(?:003|ff1|FF1)[0-9]){7,}")
#: How the digits of a run are got: every so many bytes, from such a place on.
_SPACED = (
    ("utf-16-le", _UTF_16_LITTLE, 2, 0),
    ("utf-16-be", _UTF_16_BIG, 2, 1),
    ("hexadecimal", _HEXADECIMAL, 2, 1),
    ("escaped", _ESCAPED, 6, 5),
)

_BASE_64 = re.compile(rb"[A-Za-z0-9+/_-]{11,}")
#: Wherever eight digits begin, six of them fill two groups of four signs, and these
#: are the only signs that groups of three digits make.
_DIGITS_IN_IT = re.compile(rb"[MNO][DTjz][AEIMQUYcgk][w-z0-5][MNO][DTjz][AEIMQUYcgk][w-z0-5]")
_EIGHT = re.compile(rb"[0-9]{8}")
_URL_SAFE = bytes.maketrans(b"-_", b"+/")


def found(data: bytes, canaries: frozenset[str]) -> dict[str, str]:
    """Return which of *canaries* stand in *data*, and as what."""
    return {code: how for how, code in _codes(data) if code in canaries}


def around(data: bytes, code: str) -> bytes:
    """Return what stands around the first *code* in *data*, as far as a plain one can be seen."""
    start = max(data.find(code.encode()), data.find(code[::-1].encode()))
    return data[max(0, start - _AROUND) : start + _LENGTH + _AROUND] if start >= 0 else b""


def all_codes(data: bytes) -> frozenset[str]:
    """Return whatever would be found in *data* if it were a canary."""
    return frozenset(code for _, code in _codes(data))


def _codes(data: bytes) -> Iterator[tuple[str, str]]:
    data = _MOMENT.sub(b"~", data)  # whole, or one that is cut would look like a code
    for start in range(0, len(data), _CHUNK):
        for how, digits in _readings(data[start : start + _CHUNK + _OVERLAP]):
            yield how, digits
            yield how, digits[::-1]


def _readings(data: bytes) -> Iterator[tuple[str, str]]:
    """Yield every eight digits in *data*, with the way in which they are written."""
    for digits in _plain(data.decode("utf-8", "replace")):
        yield "plain", digits
    for how, pattern, step, at in _SPACED:
        for match in pattern.finditer(data):
            yield how, match[0][at::step].decode()
    for digits in _base_64(data):
        yield "base64", digits


def _plain(text: str) -> Iterator[str]:
    for run in _RUN.finditer(text):
        groups = list(_DIGITS.finditer(text, *run.span()))
        for first, group in enumerate(groups):
            joined = ""
            for last in groups[first:]:
                joined += last[0]
                if len(joined) >= _LENGTH:
                    break
            if len(joined) == _LENGTH and not _in_long_word(text, group.start(), last.end()):
                yield "".join(str(unicodedata.digit(one)) for one in joined)


def _in_long_word(text: str, start: int, end: int) -> bool:
    """Return whether [start, end) is part of a word so long that it must be a hash."""
    while end - start <= _WORD_LONGEST and start > 0 and _SIGN.match(text[start - 1]):
        start -= 1
    while end - start <= _WORD_LONGEST and end < len(text) and _SIGN.match(text[end]):
        end += 1
    return end - start > _WORD_LONGEST


def _base_64(data: bytes) -> Iterator[str]:
    for word in _BASE_64.finditer(data):
        if not _DIGITS_IN_IT.search(word[0]):
            continue
        signs = word[0].translate(_URL_SAFE)
        for start in range(4):
            whole = signs[start : start + (len(signs) - start) // 4 * 4]
            rest = signs[start + len(whole) :]
            padded = whole + (rest + b"A" * (4 - len(rest)) if rest else b"")
            for match in _EIGHT.finditer(base64.b64decode(padded)):
                yield match[0].decode()
