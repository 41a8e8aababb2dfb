"""The names of settings: a misspelt one is read by nobody, and the usual value holds."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

from smoney_bot.cli.checkup.findings import Finding, green, yellow
from smoney_bot.settings import Settings

_PREFIX = "SMONEY_"

#: All that may be set: the settings, where secrets are, and where Caddy finds `web`.
_KNOWN = {
    *(f"{_PREFIX}{name.upper()}" for name in Settings.model_fields),
    f"{_PREFIX}SECRETS_DIR",
    f"{_PREFIX}WEB",
}

_LINE = re.compile(rf"^\s*(?:export\s+)?({_PREFIX}\w+)\s*=", re.MULTILINE | re.IGNORECASE)


def look() -> Finding:
    """Tell whether every name in the environment, .env and the folder of secrets is read."""
    unread = sorted({name.upper() for name in _given()} - _KNOWN)
    if not unread:
        return green("settings", "readable")
    advice = "Correct or remove it: .env.example has all names."
    return yellow("settings", f"nobody reads {', '.join(map(_meant, unread))}", advice)


def _given() -> Iterator[str]:
    yield from (name for name in os.environ if name.upper().startswith(_PREFIX))
    env = Path(".env")
    if env.is_file():
        yield from _LINE.findall(env.read_text(encoding="utf-8"))
    if folder := os.environ.get(f"{_PREFIX}SECRETS_DIR"):
        yield from (one.name for one in Path(folder).iterdir() if _is_named(one))


def _is_named(file: Path) -> bool:
    return file.is_file() and file.name.upper().startswith(_PREFIX)


def _meant(name: str) -> str:
    """Return *name* with the one that was probably meant."""
    close = get_close_matches(name, _KNOWN, 1)
    return f"{name} (or is it {close[0]}?)" if close else name
