"""No page or log line of the whole test run holds a secret: the run fails at its end if one does.

Looked at is what each test has printed and logged (as pytest captured it, whatever the
outcome), the log files that daemons left in its folder, and every answer that our apps
gave and that clients read, with its headers (`page_watch`). Secrets are codes as people
write them (`#` and digits) and the keys and tokens that the tests give to the service;
on pages also whole codes without their #, authenticators' secrets, links and hashes.
What was found is named by its kind and its test, and never shown.

A test that plants secrets there on purpose says so: `@pytest.mark.plants_secrets("why")`.
A page that shows one to its owner, once, stands in `SHOWN`.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

import pytest
from page_watch import watch

PLANTS = "plants_secrets"

#: Under this name a process of pytest-xdist tells what it found in files and on pages.
_FOUND = "secret found"

_KINDS = {
    # A printed reference or a colour has letters, a sum has at most six digits and a comma.
    "a code": r"#\s?(?:[0-9]{8}|[0-9]{6}|[0-9]{4})(?![0-9A-Za-z,.€])",
    "a secret key": re.escape(base64.b64encode(b"k" * 32).decode()),
    "a key of X": r"an-invented-consumer-secret|invented-consumer-secret",
    "a token of X": r"[0-9]{9}-(?:invented-)?token\b|(?:invented-)?token-secret|invented-bearer",
    "a user token": r"an-invented-user-token",
}
_KINDS_OF_PAGES = _KINDS | {
    # Two digits for its place on the card, 01 to 20, and six more.
    "a whole code": r"(?<![0-9A-Za-z#.-])(?:0[1-9]|1[0-9]|20)[0-9]{6}(?![0-9A-Za-z.-])",
    "a card": r"<b>[0-9]{2}</b>[0-9]{6}",
    "an authenticator's secret": r"otpauth:|(?:[A-Z2-7]{4} ){4,}[A-Z2-7]{4}\b",
    "a customer's link": r"/enrolment/[A-Za-z0-9_-]{20,}",
    "a hash": r"\$argon2",
}


def _compiled(kinds: dict[str, str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?P<k{n}>{one})" for n, one in enumerate(kinds.values())))


_SECRET, _SECRET_OF_PAGES = _compiled(_KINDS), _compiled(_KINDS_OF_PAGES)
NAMES = tuple(_KINDS_OF_PAGES)  # the others are the first of them

#: Pages that show a secret on purpose: by path, which ones, and why.
SHOWN = {
    r"/enrolment": ({"a customer's link"}, "a code that works leads on to one's own link"),
    r"/enrolment/[^/]+": (
        {"a customer's link", "a card", "an authenticator's secret"},
        "the card and the secret are shown this once; the form leads to its own address",
    ),
    r"/enrolment/[^/]+/code": ({"a customer's link"}, "the form leads to its own address"),
    r"/as/[^/]+(?:/(?:posts|directs))?": (
        {"a code", "a whole code"},
        "the local X, where one is alice: her card, and posts as they were typed",
    ),
    r"/2/.+": ({"a code", "a whole code"}, "the local X, which brings posts as they were typed"),
}


def kinds_in(text: str) -> set[str]:
    """Return which kinds of secret *text* holds."""
    return {NAMES[int(str(found.lastgroup)[1:])] for found in _SECRET.finditer(text)}


@lru_cache(512)  # most answers are like one before: their headers above all
def kinds_on_page(path: str, text: str) -> frozenset[str]:
    """Return which kinds of secret stand on a page that must not show them."""
    found = _SECRET_OF_PAGES.finditer(text)
    kinds = frozenset(NAMES[int(str(one.lastgroup)[1:])] for one in found)
    if kinds:
        for page, (shown, _) in SHOWN.items():
            if re.fullmatch(page, path):
                kinds -= shown
    return kinds


class SecretScan:
    """The plugin; `found` has (test, kind) for each secret."""

    def __init__(self) -> None:
        self.found: set[tuple[str, str]] = set()
        self._seen: set[str] = set()  # of the test that runs
        self._patch = pytest.MonkeyPatch()

    def look(self, path: str, text: str) -> None:
        """Look at a page, or at what a test has captured (without a path)."""
        kinds = kinds_on_page(path, text) if path else kinds_in(text)
        if kinds:
            where = f"on a page below /{_first_part(path)}" if path else "captured"
            self._seen |= {f"{kind} ({where})" for kind in kinds}

    def pytest_sessionstart(self) -> None:
        """Begin to watch."""
        watch(self.look, self._patch)

    def pytest_unconfigure(self) -> None:
        """Leave everything as it was."""
        self._patch.undo()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> None:
        """Look at the log files of the test while its folder is there; tell what was seen."""
        seen, self._seen = self._seen, set()
        folder = getattr(item, "funcargs", {}).get("tmp_path")
        if isinstance(folder, Path):
            seen |= {kind for text in _logs(folder) for kind in kinds_in(text)}
        if item.get_closest_marker(PLANTS) is None:
            item.user_properties += [(_FOUND, kind) for kind in sorted(seen)]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Look at what the test has printed and logged."""
        if PLANTS in report.keywords:
            return
        kinds = {kind for _, text in report.sections for kind in kinds_in(text)}
        kinds |= {str(kind) for name, kind in report.user_properties if name == _FOUND}
        self.found |= {(report.nodeid, kind) for kind in kinds}

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail the run; after all else, which may set the status too."""
        if self.found and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Name the tests."""
        if self.found:
            terminalreporter.section("secrets in the output, the log or on a page", red=True)
            for line in _lines(self.found):
                terminalreporter.write_line(line)


def _first_part(path: str) -> str:
    """Return as much of the path as may be told: the rest could be a secret itself."""
    return path.lstrip("/").partition("/")[0]


def _logs(folder: Path) -> Iterator[str]:
    for path in folder.glob("*.log"):
        yield path.read_text(encoding="utf-8", errors="replace")


def _lines(found: Iterable[tuple[str, str]]) -> Iterator[str]:
    yield from (f"{test}: {kind}" for test, kind in sorted(found))


def pytest_configure(config: pytest.Config) -> None:
    """Look at everything that this run will report."""
    config.addinivalue_line("markers", f"{PLANTS}(why): puts secrets where the scan looks")
    config.pluginmanager.register(SecretScan())
