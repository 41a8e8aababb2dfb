"""The demonstration end to end: the real bot, the local X, and its page in a real browser.

SMONEY_PICTURES names a folder in which pictures of the pages are kept.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from browser_fixtures import DESK, PHONE, Opens, Watch, opening
from demo_book import balances, codes_left, problems
from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect

from smoney_bot.bank.customers import Language
from smoney_bot.channels.sandbox.page.examples import Name
from smoney_bot.channels.sandbox.page.view import StepName, StepState
from smoney_bot.channels.sandbox.page.words import WORDS, Words
from smoney_bot.cli.demo import CAST, Demo

FRENCH, ENGLISH = Language.FRENCH, Language.ENGLISH

_SAID_PAID = {FRENCH: "Payé : 20,00 € à bob", ENGLISH: "Paid €20.00 to bob"}
_SAID_DECLINED = {FRENCH: "Rien n'a été payé", ENGLISH: "Nothing was paid"}
_SAID_BALANCE = {FRENCH: "Votre solde est de 300,00 €", ENGLISH: "Your balance is €300.00"}

_ANSWERS_WITHIN_MS = 15_000


@pytest.fixture(params=list(Language))
def language(request: pytest.FixtureRequest) -> Language:
    """The language of the page, and of what Smoney says to alice."""
    return Language(request.param)


@pytest.fixture
def words(language: Language) -> Words:
    return WORDS[language]


@pytest.fixture
def demo(sqlite_url: str, language: Language) -> Iterator[Demo]:
    """The demonstration with short cards, which are quicker to make."""
    cast = [replace(role, language=language) for role in CAST]
    with Demo(sqlite_url, cast=cast, places=4) as running:
        yield running


@pytest.fixture
def opens(browser: Browser, demo: Demo, watches: list[Watch]) -> Iterator[Opens]:
    """Open pages of *demo*, which are closed before it stops."""
    assert demo.x.url
    with opening(browser, watches) as open_page:
        yield open_page


@pytest.fixture
def keep_picture(request: pytest.FixtureRequest) -> Callable[[Page], None]:
    """Keep a picture of the page, if a folder for them is named."""
    name = re.sub(r"\W+", "-", request.node.name).strip("-")

    def keep(page: Page) -> None:
        if folder := os.environ.get("SMONEY_PICTURES"):
            path = Path(folder) / f"{name}.png"
            page.screenshot(path=path, full_page=True, animations="disabled")

    return keep


def address(demo: Demo, handle: str, language: Language) -> str:
    return f"{demo.x.url}/as/{handle}?lang={language}"


def expect_shown(page: Page, cents: dict[str, int]) -> None:
    """Wait until the page shows exactly these balances."""
    expect(page.locator("[data-cents]")).to_have_count(len(cents))
    for handle, amount in cents.items():
        expect(page.locator(f"#balance-{handle}")).to_have_attribute("data-cents", str(amount))


def expect_said(place: Locator, sentence: str) -> None:
    """Wait until Smoney has said *sentence* there, whatever kind of spaces it has."""
    pattern = (
        re.escape(sentence).replace(r"\ ", r"\s").replace("'", "['\N{RIGHT SINGLE QUOTATION MARK}]")
    )
    expect(place).to_contain_text(re.compile(pattern), timeout=_ANSWERS_WITHIN_MS)


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_alice_posts_the_offered_order_and_bob_has_the_money(
    demo: Demo,
    opens: Opens,
    language: Language,
    words: Words,
    viewport: ViewportSize,
    keep_picture: Callable[[Page], None],
) -> None:
    code = demo.cards[demo.users["alice"].x_id][0]
    page = opens(address(demo, "alice", language), viewport=viewport)
    expect(page.locator("#post-text")).to_have_value(f"@Smoney #20 @bob #{code}")
    before = balances(demo)
    expect_shown(page, before)

    page.get_by_role("button", name=words.publish, exact=True).click()

    thread = page.locator(".thread").first
    expect_said(thread.locator(".replies .said"), _SAID_PAID[language])
    expect(thread.locator(".way .done .label")).to_have_text(
        [words.step[name, StepState.DONE] for name in StepName]
    )
    expect(thread.locator(".way li")).to_have_count(4)
    expect(page.locator("#code-1 s")).to_have_text(code)
    expect(thread.locator("s.spent")).to_have_text(f"#{code}")
    paid = before | {"alice": before["alice"] - 20_00, "bob": before["bob"] + 20_00}
    expect_shown(page, paid)
    assert balances(demo) == paid
    assert codes_left(demo, "alice") == 3
    assert problems(demo) == []
    assert page.evaluate("document.documentElement.scrollWidth") == viewport["width"]
    keep_picture(page)


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_a_wrong_code_is_refused_for_all_to_see_and_moves_nothing(
    demo: Demo,
    opens: Opens,
    language: Language,
    words: Words,
    viewport: ViewportSize,
    keep_picture: Callable[[Page], None],
) -> None:
    page = opens(address(demo, "alice", language), viewport=viewport)
    before = balances(demo)
    page.get_by_role("link", name=words.example[Name.WRONG_CODE]).click()
    page.get_by_role("button", name=words.publish, exact=True).click()

    thread = page.locator(".thread").first
    expect_said(thread.locator(".replies .said"), _SAID_DECLINED[language])
    expect(thread.locator(".way .refused .label")).to_have_text(
        words.step[StepName.CHECKED, StepState.REFUSED]
    )
    expect(thread.locator(".way .outcome")).to_contain_text("Refus")
    expect_shown(page, before)
    assert balances(demo) == before
    assert codes_left(demo, "alice") == 4
    keep_picture(page)


def test_the_balance_is_asked_and_answered_by_direct_message_alone(
    demo: Demo,
    opens: Opens,
    language: Language,
    words: Words,
    keep_picture: Callable[[Page], None],
) -> None:
    alice = opens(address(demo, "alice", language), viewport=PHONE)
    bob = opens(address(demo, "bob", language))
    alice.locator("#direct-text").fill("#solde")
    alice.get_by_role("button", name=words.send, exact=True).click()

    expect_said(alice.get_by_role("log"), _SAID_BALANCE[language])
    expect(alice.locator("#direct-text")).to_have_value("")
    expect(alice.locator("#timeline article")).to_have_count(0)
    bob.reload()
    expect(bob.locator("article")).to_have_count(0)
    keep_picture(alice)
