"""From the direct message to the printed statement: the real service, in a real browser."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser_fixtures import DESK, PHONE, Opens, Watch, opening
from playwright.sync_api import Browser, ViewportSize, expect
from sqlalchemy import update

from smoney_bot.bank.customers import Language
from smoney_bot.book import inbox, outbox
from smoney_bot.book.renewals import LETTERS
from smoney_bot.book.tables import customers
from smoney_bot.channels.sandbox.world import Direct, Post
from smoney_bot.cli.demo import Demo
from smoney_bot.web.statements.words import WORDS

_WORD = re.compile(rf"[{LETTERS}]{{4}}-[{LETTERS}]{{4}}")
_HARD_TO_USE = Path(__file__).parents[1] / "enrolment" / "hard_to_use.js"
_SETTLE_SECONDS = 15.0


@pytest.fixture
def demo(sqlite_url: str) -> Iterator[Demo]:
    """The service, where alice has money and a card."""
    with Demo(sqlite_url, places=4) as running:
        yield running


@pytest.fixture
def opens(browser: Browser, demo: Demo, watches: list[Watch]) -> Iterator[Opens]:
    """Open pages of *demo*, which are closed before it stops."""
    assert demo.server.url
    with opening(browser, watches) as open_page:
        yield open_page


def says(demo: Demo, text: str) -> list[str]:
    """Let alice write to the bot; return what it answers her."""
    heard: list[str] = []
    alice = demo.users["alice"].x_id

    def hear(said: Post | Direct) -> None:
        if isinstance(said, Direct) and said.recipient_id == alice:
            heard.append(said.text)

    demo.world.listen(hear)
    demo.world.send_direct(alice, demo.bot.x_id, text)
    assert demo.deliveries.settle(_SETTLE_SECONDS)
    deadline = time.monotonic() + _SETTLE_SECONDS
    while not _is_quiet(demo):
        assert time.monotonic() < deadline, "the bank did not come to rest"
        time.sleep(0.01)
    return heard


def _is_quiet(demo: Demo) -> bool:
    with demo.book.reading() as connection:
        return inbox.waiting(connection)[0] == 0 and outbox.waiting(connection)[0] == 0


@pytest.mark.parametrize(
    ("viewport", "language", "order"),
    [
        pytest.param(PHONE, Language.FRENCH, "releve", id="phone-french"),
        pytest.param(DESK, Language.ENGLISH, "statement", id="desk-english"),
    ],
)
def test_a_word_and_a_code_lead_to_the_statement_and_its_file(
    demo: Demo, opens: Opens, viewport: ViewportSize, language: Language, order: str
) -> None:
    card, words = demo.cards[demo.users["alice"].x_id], WORDS[language]
    with demo.book.writing() as connection:
        connection.execute(update(customers).values(language=language))
    says(demo, f"12,50 @bob #{card[0]} pizza")
    (answer,) = says(demo, order)
    found = _WORD.search(answer)
    assert found

    page = opens(f"{demo.server.url}/statement?lang={language}", viewport=viewport, scripts=True)
    assert page.evaluate(_HARD_TO_USE.read_text()) == []
    page.get_by_label(words.word).fill(found[0])
    page.get_by_label(words.code).fill(card[1])
    page.get_by_role("button", name=words.show).click()

    expect(page.get_by_role("heading", level=1)).to_contain_text(words.statement)
    expect(page.get_by_role("row").filter(has_text="pizza")).to_contain_text("@bob")
    page.wait_for_load_state()  # with its style sheet
    assert page.evaluate(_HARD_TO_USE.read_text()) == []
    width = page.evaluate("() => document.documentElement.scrollWidth")
    assert width <= viewport["width"]
    with page.expect_download() as download:
        page.get_by_role("link", name=words.sheet).click()
    assert "pizza" in download.value.path().read_text(encoding="utf-8-sig")

    page.emulate_media(media="print")
    expect(page.get_by_role("table")).to_be_visible()
    expect(page.get_by_role("link", name=words.sheet)).to_be_hidden()
    expect(page.get_by_text("@alice")).to_be_visible()
    page.emulate_media(media="screen")

    page.get_by_role("button", name=words.leave).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(words.title)
