"""Compile each module once, also where Python is told to leave no bytecode by the sources.

A run starts the program a hundred times, and each worker of pytest-xdist reads all tests:
compiled anew each time, that is a fifth of the run. What is compiled stays in pytest's own
folder, so that the sources stay as they are.
"""

from __future__ import annotations

import os
import sys

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Choose where bytecode goes, for this process and for those that it starts."""
    if not sys.dont_write_bytecode:
        return
    folder = str(config.rootpath / ".pytest_cache" / "bytecode")
    sys.dont_write_bytecode, sys.pycache_prefix = False, folder
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # may be the option -B instead
    os.environ["PYTHONPYCACHEPREFIX"] = folder
