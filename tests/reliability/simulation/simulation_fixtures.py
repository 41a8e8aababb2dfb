"""What the tests of the simulation share: quick hashes, a quiet log, a bank with accounts.

They name this module in `pytest_plugins`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from whole_bank import hasten, prepared


@pytest.fixture(scope="module")
def accounts(_sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a database with the accounts of everybody, to be copied.

    While a module uses it hashes and threads are spared, and log lines: a
    traceback takes longer than a run.
    """
    with pytest.MonkeyPatch.context() as patch, capture_logs():
        hasten(patch)
        yield prepared(_sqlite_template, tmp_path_factory.mktemp("accounts"))
