"""docs/going-live.md as it is to be followed: its parts, and the code in them, in order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs/going-live.md"

#: Lines that other tests are about, and which ones.
ELSEWHERE = {
    r"python3 -m venv \S+": "tests/packaging/test_wheel.py",
    r"\. \.venv/bin/activate": "tests/packaging/test_wheel.py",
    r"(\S+/)?pip install \S+": "tests/packaging/test_wheel.py",
    r"export PATH=/opt/smoney/bin:\$PATH": "tests/packaging/test_container_files.py",
    r"systemd-sysusers|systemd-tmpfiles --create": "tests/packaging/test_container_files.py",
    r"docker compose logs web": "tests/packaging/test_container_files.py",
    r"docker compose --profile watch up --detach": "tests/packaging/test_container_files.py",
}

_HEADING = re.compile(r"^## (?:\d\. )?(.+)$", re.MULTILINE)
_CODE = re.compile(r"^ {4}(\S.*)$|`(bot [^`]+)`", re.MULTILINE)
_INLINE = re.compile(r"`((?:bot|smoney-bot|docker compose) [^`]+)`")
_ASKED_AS = re.compile(r"^\|.+\| ([^|]+) \|$", re.MULTILINE)


def sections(markdown: str) -> dict[str, str]:
    """Return the text of each part of the page, by its heading without the number."""
    _, *parts = _HEADING.split(markdown)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def lines(markdown: str) -> Iterator[str]:
    """Yield what is to be typed: each line of code, and each `bot ...` in the text.

    Without the comments of a shell; what stands on both sides of && comes as two.
    """
    for block, inline in _CODE.findall(markdown):
        line = (block or inline).strip()
        if line.startswith("@"):  # a post: its # begins no comment
            yield line
        else:
            yield from (part.strip() for part in line.partition(" #")[0].split("&&"))


def inline_commands(markdown: str) -> set[str]:
    """Return the commands that stand between backticks."""
    return set(_INLINE.findall(markdown))


def names_of_keys(markdown: str) -> list[str]:
    """Return how `init` asks for what X's console shows, by the table of the page."""
    _, *rows = _ASKED_AS.findall(markdown)
    return [name.strip() for row in rows for name in row.split(",")]
