"""The house: keys, and the files that hold secrets."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

from smoney_bot.cli.checkup.findings import Finding, green, note, red, yellow
from smoney_bot.cli.checkup.records import sqlite_file
from smoney_bot.settings import BadSettings, Settings

#: After this a key is old enough to be followed by a new one.
_KEY_LIFE = timedelta(days=400)

#: `smoney-bot keys new` begins an id with the day.
_KEY_DAY = re.compile(r"(20[0-9]{2})([01][0-9])([0-3][0-9])-.*", re.ASCII)


def look(settings: Settings, now: datetime) -> Iterator[Finding]:
    """Look at everything that needs neither the database nor the network."""
    yield _secret_keys(settings, now.date())
    yield _x_keys(settings)
    yield _files(settings)


def _secret_keys(settings: Settings, today: date) -> Finding:
    try:
        keyring = settings.keyring()
    except BadSettings as bad:
        return red("secret keys", str(bad), "Make one: smoney-bot keys new")
    said = f"{len(keyring.ids)}, the newest is {keyring.newest}"
    born = _born(keyring.newest)
    if born is None:
        return green("secret keys", said)
    old = today - born
    if old > _KEY_LIFE:
        return yellow(
            "secret keys", f"{said}, {old.days} days old", "Rotate: smoney-bot keys --help"
        )
    return green("secret keys", f"{said}, {old.days} days old")


def _born(key_id: str) -> date | None:
    found = _KEY_DAY.fullmatch(key_id)
    try:
        return date(int(found[1]), int(found[2]), int(found[3])) if found else None
    except ValueError:
        return None


def _x_keys(settings: Settings) -> Finding:
    needed: tuple[Callable[[], object], ...] = (
        settings.bot,
        settings.x_keys,
        settings.app_token,
        settings.signing_secret,
        settings.crc_secret,
    )
    for one in needed:
        try:
            one()
        except BadSettings as bad:
            return red("keys for X", str(bad), "Set it, then look again.")
    if settings.signing_secret() != settings.crc_secret():
        return green("keys for X", "all there; challenges have a secret of their own")
    return green("keys for X", "all there")


def _files(settings: Settings) -> Finding:
    """Whether anybody on this machine can read what is not theirs.

    Files of somebody else are not ours to close: a container's secrets lie open
    inside it, in a folder that is closed outside. Nor is a file open to all while
    nobody else can enter its folder: `smoney-bot init` closes that one.
    """
    looked_at = [path for path in _secret_files(settings) if path.is_file()]
    if not looked_at:
        return note("files", "no secrets in files here")
    open_to_all = [path for path in looked_at if _is_ours_and_open(path)]
    if open_to_all:
        names = " ".join(str(path) for path in open_to_all)
        return red("files", "anybody on this machine can read secrets", f"chmod 600 {names}")
    return green("files", f"{len(looked_at)} with secrets, closed to others")


def _is_ours_and_open(path: Path) -> bool:
    facts = path.stat()
    entered = path.parent.stat().st_mode & stat.S_IXOTH
    return facts.st_uid == os.geteuid() and bool(entered and facts.st_mode & stat.S_IROTH)


def _secret_files(settings: Settings) -> Iterator[Path]:
    yield Path(".env")
    folder = os.environ.get("SMONEY_SECRETS_DIR")
    if folder:
        yield from sorted(Path(folder).glob("[Ss][Mm][Oo][Nn][Ee][Yy]_*"))
    book = sqlite_file(settings.database_url)
    if book is not None:
        yield book
