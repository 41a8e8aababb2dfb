"""The page in a real browser, over the real local X and a stand-in for the bank."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

import pytest
from bank_stand_in import ALICE, BOB, StandInBank, running
from browser_fixtures import DESK, PHONE, REFUSED, Watch, opening
from playwright.sync_api import Browser, Page, ViewportSize, expect

from smoney_bot.channels.sandbox.world import World

Open = Callable[..., Page]


@pytest.fixture
def local_x() -> Iterator[tuple[str, World, StandInBank]]:
    with running() as parts:
        yield parts


@pytest.fixture
def world(local_x: tuple[str, World, StandInBank]) -> World:
    return local_x[1]


@pytest.fixture
def bank(local_x: tuple[str, World, StandInBank]) -> StandInBank:
    return local_x[2]


@pytest.fixture
def open_as(
    browser: Browser, local_x: tuple[str, World, StandInBank], watches: list[Watch]
) -> Iterator[Open]:
    """Open the page as somebody; in the end nothing may have been complained about."""
    with opening(browser, watches) as open_page:

        def open_somebody(
            handle: str, *, lang: str = "fr", viewport: ViewportSize = DESK, scripts: bool = True
        ) -> Page:
            address = f"{local_x[0]}/as/{handle}?lang={lang}"
            return open_page(address, viewport=viewport, scripts=scripts)

        yield open_somebody


def publish(page: Page, text: str | None = None) -> None:
    if text is not None:
        page.locator("#post-text").fill(text)
    page.get_by_role("button", name="Publier").click()


def reload_until(page: Page, place: str, text: str) -> None:
    """Load *page* again, as somebody without scripts does, until *place* says *text*."""
    deadline = time.monotonic() + 15
    while text not in " ".join(page.locator(place).all_inner_texts()):
        assert time.monotonic() < deadline, f"never said: {text}"
        page.reload()


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_alice_pays_bob_with_one_tap_and_sees_all_that_follows(
    open_as: Open, bank: StandInBank, viewport: ViewportSize
) -> None:
    code = bank.person(ALICE).card[0].digits
    page = open_as("alice", viewport=viewport)
    expect(page.get_by_role("heading", level=1)).to_have_text("Vous êtes Alice.")
    expect(page.locator("#post-text")).to_have_value(f"@Smoney #20 @bob #{code}")

    publish(page)

    thread = page.locator(".thread").first
    expect(thread.locator(".replies")).to_contain_text("Payé : 20 € à bob")
    expect(thread.locator(".way .label")).to_have_text(
        ["Reçu", "Code vérifié", "Inscrit", "Répondu"]
    )
    expect(thread.locator(".way .done")).to_have_count(4)
    expect(page.locator("#balance-alice")).to_contain_text("100,00\N{NO-BREAK SPACE}€")
    expect(page.locator("#balance-alice")).to_have_attribute("data-moved", "down")
    expect(page.locator("#balance-bob")).to_contain_text("65,50\N{NO-BREAK SPACE}€")
    expect(page.locator("#code-1 s")).to_have_text(code)
    expect(page.locator("#codes-left")).to_have_text("19\N{NO-BREAK SPACE}codes restants")
    expect(page.locator("#news")).to_contain_text("Smoney a répondu")
    # The next code is offered at once.
    next_code = bank.person(ALICE).card[1].digits
    expect(page.locator("#post-text")).to_have_value(f"@Smoney #20 @bob #{next_code}")
    assert page.evaluate("document.documentElement.scrollWidth") == viewport["width"]


def test_the_order_is_seen_on_its_way(open_as: Open, bank: StandInBank) -> None:
    bank.pause = 0.5
    page = open_as("alice")
    publish(page)
    way = page.locator(".thread .way").first
    expect(way.locator("li").last).to_have_class("waiting")
    expect(way.locator("li").last).to_contain_text("en attente")
    expect(way.locator("li").last).to_have_class("done")


def test_a_refusal_is_told_in_words_and_form_not_by_colour_alone(
    open_as: Open, bank: StandInBank
) -> None:
    page = open_as("alice")
    page.get_by_role("link", name="Un code faux").click()
    assert bank.person(ALICE).unused[0].digits not in page.locator("#post-text").input_value()
    publish(page)
    way = page.locator(".thread .way").first
    expect(way.locator(".refused .label")).to_have_text(["Code refusé", "Rien d’inscrit"])
    expect(way.locator(".outcome")).to_contain_text("Refusé, rien n’a été payé")
    expect(page.locator("#balance-alice")).to_contain_text("120,00")


def test_an_example_fills_the_box_and_posts_nothing(open_as: Open, world: World) -> None:
    page = open_as("alice")
    for name in ("Donner 50 € à entraide", "Trop : 250,01 €", "Payer 20 € à bob"):
        page.get_by_role("link", name=re.compile(name.replace(" ", r"\s"))).click()
    page.get_by_role("link", name="Demander mon solde").click()
    expect(page.locator("#direct-text")).to_have_value("#solde")
    expect(page.locator("#direct-text")).to_be_focused()
    assert world.timeline(10) == []


def test_a_tapped_code_takes_the_place_of_the_one_in_the_box(
    open_as: Open, bank: StandInBank
) -> None:
    page = open_as("alice")
    seventh = bank.person(ALICE).card[6].digits
    page.locator("#take-7").click()
    expect(page.locator("#post-text")).to_have_value(f"@Smoney #20 @bob #{seventh}")
    page.locator("#post-text").fill("@Smoney #5 @bob")
    page.locator("#take-7").click()
    expect(page.locator("#post-text")).to_have_value(f"@Smoney #5 @bob #{seventh}")


def test_what_is_being_typed_survives_the_news(open_as: Open, world: World) -> None:
    page = open_as("alice")
    page.locator("#post-text").fill("")
    page.locator("#post-text").press_sequentially("@Smoney #7 @b")
    world.post(BOB, "Bonjour !")
    expect(page.locator("#timeline")).to_contain_text("Bonjour !")
    expect(page.locator("#post-text")).to_be_focused()
    page.locator("#post-text").press_sequentially("ob")
    expect(page.locator("#post-text")).to_have_value("@Smoney #7 @bob")


def test_news_do_not_move_what_one_is_reading(open_as: Open, world: World) -> None:
    for number in range(12):
        world.post(BOB, f"Bonjour {number}")
    page = open_as("alice")
    old = page.get_by_text("Bonjour 3", exact=True)
    old.scroll_into_view_if_needed()
    before = old.bounding_box()
    world.post(BOB, "Du nouveau")
    expect(page.locator("#timeline")).to_contain_text("Du nouveau")
    after = old.bounding_box()
    assert before is not None
    assert after is not None
    assert abs(before["y"] - after["y"]) <= 1


def test_the_balance_is_asked_and_answered_in_private(open_as: Open) -> None:
    page, other = open_as("alice"), open_as("bob")
    page.get_by_role("link", name="Demander mon solde").click()
    page.get_by_role("button", name="Envoyer").click()
    expect(page.get_by_role("log")).to_contain_text("Solde : 120.00 €")
    expect(page.locator("#direct-text")).to_have_value("")
    expect(other.get_by_role("log")).not_to_contain_text("Solde")


def test_somebody_else_sees_the_payment_arrive(open_as: Open) -> None:
    alice, bob = open_as("alice"), open_as("bob", lang="en")
    publish(alice)
    expect(bob.locator("#balance-bob")).to_contain_text("€65.50")
    expect(bob.locator("#balance-bob")).to_have_attribute("data-moved", "up")


def test_the_mark_of_a_moved_balance_outlives_other_news(open_as: Open, world: World) -> None:
    page = open_as("alice")
    publish(page)
    expect(page.locator(".thread .way .done")).to_have_count(4)
    page.locator("#balance-alice").evaluate("balance => { balance.untouched = true }")
    world.post(BOB, "Bonjour !")
    expect(page.locator("#timeline")).to_contain_text("Bonjour !")
    assert page.locator("#balance-alice").evaluate("balance => balance.untouched")
    expect(page.locator("#balance-alice")).to_have_attribute("data-moved", "down")


def test_the_cast_is_a_choice_of_who_one_is(open_as: Open) -> None:
    page = open_as("alice", lang="en")
    page.get_by_role("navigation", name="Who are you?").get_by_role("link", name="Entraide").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are Entraide.")
    expect(page).to_have_url(re.compile(r"/as/entraide\?lang=en$"))
    expect(page.locator("#be-entraide")).to_have_attribute("aria-current", "page")


def test_all_works_without_scripts_by_forms_and_reloading(open_as: Open, world: World) -> None:
    page = open_as("alice", scripts=False)
    publish(page)
    expect(page).to_have_url(re.compile(r"/as/alice\?lang=fr$"))
    reload_until(page, ".replies", "Payé : 20 € à bob")
    expect(page.locator("#balance-alice")).to_contain_text("100,00")
    expect(page.locator("#code-1 s")).to_be_visible()
    page.get_by_role("link", name="Demander mon solde").click()
    page.get_by_role("button", name="Envoyer").click()
    reload_until(page, "[role=log]", "Solde : 100.00 €")
    assert len(world.timeline(10)) == 2  # reloading posted nothing again


def test_no_code_ever_stands_in_an_address(
    open_as: Open, bank: StandInBank, watches: list[Watch]
) -> None:
    for scripts, place in ((True, 7), (False, 8)):
        page = open_as("alice", scripts=scripts)
        page.locator(f"#take-{place}").click()
        publish(page)
    seen = "".join(watches[0].addresses + watches[1].addresses)
    assert "/posts" in seen
    assert [code.digits for code in bank.person(ALICE).card if code.digits in seen] == []


@pytest.mark.parametrize("scripts", [True, False])
def test_a_text_that_x_refuses_is_kept_with_the_reason(
    open_as: Open, watches: list[Watch], *, scripts: bool
) -> None:
    page = open_as("alice", scripts=scripts)
    publish(page, "x" * 281)
    expect(page.get_by_role("alert").first).to_contain_text("Trop long pour X")
    expect(page.locator("#post-text")).to_have_value("x" * 281)
    watches[0].forgive(REFUSED)


def test_a_typed_text_is_kept_while_the_server_is_away(open_as: Open, watches: list[Watch]) -> None:
    page = open_as("alice")
    watches[0].forgive("ERR_INTERNET_DISCONNECTED")
    page.context.set_offline(True)
    publish(page, "Bonjour")
    expect(page.locator("#lost")).to_contain_text("Votre texte est gardé")
    expect(page.locator("#post-text")).to_have_value("Bonjour")


def test_markup_in_a_post_is_only_text(open_as: Open, world: World) -> None:
    page = open_as("alice")
    nasty = "<img src=x onerror=document.title=1> &amp; <b>&lt;</b>"
    world.post(BOB, nasty)
    expect(page.locator("#timeline .said")).to_have_text(nasty)
    assert page.title() != "1"


def test_the_policy_stops_a_script_that_got_in(open_as: Open, watches: list[Watch]) -> None:
    page = open_as("alice")
    stopped = "Content Security Policy"
    watches[0].forgive(stopped)
    with page.expect_console_message(lambda message: stopped in message.text):
        page.evaluate(
            "document.body.append(Object.assign(document.createElement('script'),"
            " { textContent: 'document.title = 1' }))"
        )
    assert page.title() != "1"


def test_the_watch_itself_sees_strangers_and_complaints(
    open_as: Open, watches: list[Watch], local_x: tuple[str, World, StandInBank]
) -> None:
    page = open_as("alice")
    page.goto(local_x[0].replace("127.0.0.1", "localhost"))
    page.evaluate("console.error('sabotage')")
    assert watches[0].strangers
    assert watches[0].complaints == ["sabotage"]
    watches.clear()


def test_a_reader_with_a_keyboard_gets_everywhere(open_as: Open) -> None:
    page = open_as("alice")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#post-text")).to_be_focused()
    page.keyboard.press("Control+Enter")
    expect(page.locator(".replies").first).to_contain_text("Payé")
