"""A real Chromium for the tests of pages, and what a browser must not do on them.

    opening   opens pages, and in the end wants no complaint and no stranger
    watches   one `Watch` for each browser window that a test opened

Without Chromium these tests are skipped with that reason; where the variable
CI is set they fail, so that nobody takes their silence for success.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1280, "height": 800}

NO_CHROMIUM = "no Chromium: apt-get install chromium"

REFUSED = "the server responded with a status of 4"
"""What Chromium complains of when a page says what was wrong with a form."""

# As long as the service itself may take on a busy machine; a page that is right ends it at once.
expect.set_options(timeout=15_000)


def chromium() -> str:
    """Return where Chromium is; without it skip the test, or fail it where CI is set."""
    found = shutil.which("chromium")
    if found is not None:
        return found
    if os.environ.get("CI"):
        pytest.fail(NO_CHROMIUM, pytrace=False)
    pytest.skip(NO_CHROMIUM)


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Tell pytest-playwright to take the system's Chromium, and to keep it quiet."""
    quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    return {"executable_path": chromium(), "args": ["--no-sandbox", *quiet]}


class Watch:
    """Notes what a browser must not do: complain, or speak to anybody else."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.addresses: list[str] = []
        self._noted: list[str] = []
        self._forgiven: list[str] = []
        self._host = urlsplit(url).netloc
        context.on("request", lambda request: self.addresses.append(request.url))
        context.on("console", lambda message: self._note(message.type, message.text))
        context.on("weberror", lambda error: self._note("error", str(error.error)))

    @property
    def strangers(self) -> set[str]:
        """The hosts asked, other than the page's own."""
        return {urlsplit(one).netloc for one in self.addresses} - {self._host}

    @property
    def complaints(self) -> list[str]:
        """What the browser complained of, without what is forgiven."""
        return [one for one in self._noted if not any(words in one for words in self._forgiven)]

    def forgive(self, words: str) -> None:
        """Forgive every complaint that contains *words*, also those that come later."""
        self._forgiven.append(words)

    def _note(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            self._noted.append(text)


@pytest.fixture
def watches() -> list[Watch]:
    """Return the watches of this test; what was meant may be forgiven."""
    return []


class Opens(Protocol):
    """Opens *url* in a browser window of its own."""

    def __call__(
        self, url: str, *, viewport: ViewportSize = DESK, scripts: bool = True
    ) -> Page: ...


@contextmanager
def opening(browser: Browser, watches: list[Watch]) -> Iterator[Opens]:
    """Open pages until the end of the block; raise `AssertionError` if a watch noted anything."""
    contexts: list[BrowserContext] = []

    def open_page(url: str, *, viewport: ViewportSize = DESK, scripts: bool = True) -> Page:
        context = browser.new_context(viewport=viewport, java_script_enabled=scripts)
        contexts.append(context)
        watches.append(Watch(context, url))
        page = context.new_page()
        page.goto(url)
        return page

    try:
        yield open_page
    finally:
        for context in contexts:
            context.close()
    assert [watch.strangers for watch in watches if watch.strangers] == []
    assert [watch.complaints for watch in watches if watch.complaints] == []
