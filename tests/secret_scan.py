"""No log line of the whole test run holds a secret: the run fails at its end if one does.

Looked at is what each test has printed and logged (as pytest captured it, whatever the
outcome), and the log files that daemons left in its folder. Secrets are codes as people
write them (`#` and digits) and the keys and tokens that the tests give to the service.
What was found is named by its kind and its test, and never shown.

A test that plants secrets there on purpose says so: `@pytest.mark.plants_secrets("why")`.
Pages are not looked at: some show a code to its owner, once, and have tests of their own.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

PLANTS = "plants_secrets"

#: Under this name a process of pytest-xdist tells what it found in files.
_IN_A_FILE = "secret in a log file"

_KINDS = {
    # A printed reference or a colour has letters, a sum has at most six digits and a comma.
    "a code": r"#\s?(?:[0-9]{8}|[0-9]{6}|[0-9]{4})(?![0-9A-Za-z,.€])",
    "a secret key": re.escape(base64.b64encode(b"k" * 32).decode()),
    "a key of X": r"an-invented-consumer-secret|invented-consumer-secret",
    "a token of X": r"[0-9]{9}-(?:invented-)?token\b|(?:invented-)?token-secret|invented-bearer",
    "a user token": r"an-invented-user-token",
}
_SECRET = re.compile("|".join(f"(?P<k{n}>{one})" for n, one in enumerate(_KINDS.values())))
_NAMES = tuple(_KINDS)


def kinds_in(text: str) -> set[str]:
    """Return which kinds of secret *text* holds."""
    return {_NAMES[int(str(found.lastgroup)[1:])] for found in _SECRET.finditer(text)}


class SecretScan:
    """The plugin; `found` has (test, kind) for each secret."""

    def __init__(self) -> None:
        self.found: set[tuple[str, str]] = set()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> None:
        """Look at the log files of the test while its folder is there."""
        folder = getattr(item, "funcargs", {}).get("tmp_path")
        if isinstance(folder, Path) and item.get_closest_marker(PLANTS) is None:
            for kind in {kind for text in _logs(folder) for kind in kinds_in(text)}:
                item.user_properties.append((_IN_A_FILE, kind))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Look at what the test has printed and logged."""
        if PLANTS in report.keywords:
            return
        kinds = {kind for _, text in report.sections for kind in kinds_in(text)}
        kinds |= {str(kind) for name, kind in report.user_properties if name == _IN_A_FILE}
        self.found |= {(report.nodeid, kind) for kind in kinds}

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail the run; after all else, which may set the status too."""
        if self.found and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Name the tests."""
        if self.found:
            terminalreporter.section("secrets in the output or the log", red=True)
            for line in _lines(self.found):
                terminalreporter.write_line(line)


def _logs(folder: Path) -> Iterator[str]:
    for path in folder.glob("*.log"):
        yield path.read_text(encoding="utf-8", errors="replace")


def _lines(found: Iterable[tuple[str, str]]) -> Iterator[str]:
    yield from (f"{test}: {kind}" for test, kind in sorted(found))


def pytest_configure(config: pytest.Config) -> None:
    """Look at everything that this run will report."""
    config.addinivalue_line("markers", f"{PLANTS}(why): puts secrets where the scan looks")
    config.pluginmanager.register(SecretScan())
