"""The page of a collection in a real browser: phone and desk, without scripts, in the dark."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from browser_fixtures import DESK, PHONE, Opens, Watch, opening
from collection_cast import Scene, open_scene, page_of
from playwright.sync_api import Browser, ViewportSize, expect

from smoney_bot.book.engine import Book


@pytest.fixture
def scene(sqlite_book: Book) -> Scene:
    """A collection, half full, with a named gift and one without a name."""
    made = open_scene(sqlite_book, "alice", "a_very_long_nam")
    made.collect(goal=1500, title="Un jardin partagé derrière la gare")
    made.change(made.givers[1], show_name=True)
    made.give(250_00)
    made.give(500_00, giver=1)
    return made


@pytest.fixture
def url(scene: Scene) -> Iterator[str]:
    with page_of(scene.book) as served:
        yield f"{served}/c/jardin"


@pytest.fixture
def opens(browser: Browser, url: str, watches: list[Watch]) -> Iterator[Opens]:
    assert url
    with opening(browser, watches) as open_page:
        yield open_page


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_the_page_fits_and_shows_bar_count_and_line(
    opens: Opens, url: str, viewport: ViewportSize
) -> None:
    page = opens(f"{url}?lang=en", viewport=viewport, scripts=False)
    assert page.title() == "Un jardin partagé derrière la gare · entraide"
    bar = page.get_by_role("progressbar")
    expect(bar).to_have_attribute("value", "50")
    expect(page.get_by_text("€750.00", exact=True)).to_be_visible()
    expect(page.get_by_text("2 gifts")).to_be_visible()
    expect(page.locator(".line")).to_have_text("@Smoney #20 @entraide #jardin #code")
    expect(page.get_by_text("@a_very_long_nam")).to_be_visible()
    expect(page.get_by_text("Somebody")).to_be_visible()
    inside = page.locator("html").bounding_box()
    assert inside is not None
    assert inside["width"] <= viewport["width"]


def test_the_other_language_is_one_touch_away(opens: Opens, url: str) -> None:
    page = opens(f"{url}?lang=fr", viewport=PHONE, scripts=False)
    expect(page.get_by_role("heading", name="Donner")).to_be_visible()
    page.get_by_role("link", name="EN").click()
    expect(page.get_by_role("heading", name="Give", exact=True)).to_be_visible()


def test_the_bar_is_seen_in_the_light_and_in_the_dark(opens: Opens, url: str) -> None:
    page = opens(url, viewport=PHONE)
    paper = "body => getComputedStyle(body).backgroundColor"
    page.emulate_media(color_scheme="light")
    light = page.locator("body").evaluate(paper)
    page.emulate_media(color_scheme="dark")
    assert page.locator("body").evaluate(paper) != light
