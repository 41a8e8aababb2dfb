"""The version of this program."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def _installed() -> str:
    """Return what is installed, or that it runs from its sources: `make demo` installs nothing."""
    try:
        return version("smoney-bot")
    except PackageNotFoundError:
        return "source"


VERSION = _installed()
