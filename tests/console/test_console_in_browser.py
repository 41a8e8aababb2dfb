"""Two operators at work in a real browser, and every page as people use it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from browser_fixtures import DESK, PHONE, REFUSED, Opens, Watch, opening
from console_cast import PASSWORD, House, ask_desk, house, open_account, pay
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from smoney_bot.bank.desk import PaymentState
from smoney_bot.bank.operators import Role
from smoney_bot.book.engine import Book
from smoney_bot.web.console.views import PAGES
from smoney_bot.web.console.words import FRENCH

_HARD_TO_USE = Path(__file__).with_name("hard_to_use_here.js").read_text()
_TOPS = "links => links.map(one => one.offsetTop)"


@pytest.fixture
def here(sqlite_book: Book) -> Iterator[House]:
    """The console, and a few payments."""
    with house(sqlite_book) as served:
        carol = open_account(sqlite_book, "carol", 50)
        at = served.paid.created_at
        pay(sqlite_book, 2, carol, served.bob, 30000, at, PaymentState.REFUSED)
        pay(sqlite_book, 3, carol, "newcomer_of_a_name", 900, at, PaymentState.HELD)
        yield served


@pytest.fixture
def opens(browser: Browser, here: House, watches: list[Watch]) -> Iterator[Opens]:
    """Open pages of *here*, which are closed before it stops."""
    assert here.url
    with opening(browser, watches) as open_page:
        yield open_page


def sign_in(page: Page, name: str, code: str = "") -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Six digits").fill(code)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Today")


def forgive_refusals(watches: list[Watch]) -> None:
    """A page that says what was wrong has a status that a browser complains of."""
    for watch in watches:
        watch.forgive(REFUSED)


@pytest.mark.parametrize(
    ("viewport", "scripts"),
    [pytest.param(PHONE, False, id="phone-no-scripts"), pytest.param(DESK, True, id="desk")],
)
def test_one_asks_for_a_refund_and_another_gives_it(
    here: House,
    opens: Opens,
    watches: list[Watch],
    viewport: ViewportSize,
    scripts: bool,  # noqa: FBT001 - a table
) -> None:
    here.operator(Role.TELLER)
    app = here.give_authenticator(here.operator(Role.SUPERVISOR))
    address = f"{here.url}/console?lang=en"
    window = opens(
        address.replace("console", "console/sign-in"), viewport=viewport, scripts=scripts
    )
    sign_in(window, "window")
    window.get_by_role("link", name="Payments").click()
    window.get_by_label("Reference or handle").fill(here.paid.reference.lower())
    window.get_by_role("button", name="Search").click()
    expect(window.get_by_role("heading", level=1)).to_contain_text(here.paid.reference)
    window.get_by_label("Reason").fill("paid twice")
    window.get_by_role("button", name="Ask for the refund").click()
    expect(window.get_by_role("status")).to_have_text("The refund waits for a second person.")
    expect(window.get_by_role("button", name="Approve")).to_have_count(0)

    office = opens(f"{here.url}/console/sign-in?lang=en", viewport=viewport, scripts=scripts)
    sign_in(office, "office", app.generate().token)
    office.goto(f"{here.url}/console/refunds")
    office.get_by_role("button", name="Approve: €20.00 go back").click()
    expect(office.get_by_role("status")).to_have_text("The money is back. Both are told.")
    assert here.balances() == (10000, 3000)
    office.reload()  # loading it again does it no second time
    assert here.balances() == (10000, 3000)

    office.get_by_role("button", name="Sign out").click()
    office.goto(f"{here.url}/console/refunds")
    expect(office.get_by_role("heading", level=1)).to_have_text("Sign in")
    window.get_by_role("button", name="Français").click()
    expect(window.get_by_role("heading", level=1)).to_have_text(FRENCH["Today"])
    forgive_refusals(watches)


@pytest.mark.parametrize(
    ("viewport", "scheme", "language"),
    [
        pytest.param(PHONE, "dark", "fr", id="phone-dark-french"),
        pytest.param(DESK, "light", "en", id="desk-light-english"),
    ],
)
def test_every_page_is_easy_to_use(
    here: House,
    browser: Browser,
    viewport: ViewportSize,
    scheme: Literal["dark", "light"],
    language: str,
) -> None:
    app = here.give_authenticator(here.operator(Role.SUPERVISOR))
    context: BrowserContext = browser.new_context(viewport=viewport, color_scheme=scheme)
    page = context.new_page()
    page.goto(f"{here.url}/console/sign-in?lang={language}")
    assert page.evaluate(_HARD_TO_USE) == []
    page.locator("#name").fill("office")
    page.locator("#password").fill("not the password")
    page.locator("main button").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator("#password")).to_have_value("")
    page.wait_for_load_state()  # with its style sheet
    assert page.evaluate(_HARD_TO_USE) == []
    page.locator("#name").fill("office")
    page.locator("#password").fill(PASSWORD)
    page.locator("#code").fill(app.generate().token)
    page.locator("main button").click()
    here.as_(Role.TELLER).send(f"/console/payments/{here.paid.reference}/refund", reason="twice")
    ask_desk(here.book, here.alice, here.paid.reference, "W" * 300)
    for shown in PAGES:
        path = shown.path.replace("{reference}", here.paid.reference)
        page.goto(here.url + path.replace("{number:int}", str(here.alice.id)))
        assert page.evaluate(_HARD_TO_USE) == [], path
    page.goto(f"{here.url}/console/nowhere")
    assert page.evaluate(_HARD_TO_USE) == []
    if language == "en":
        page.goto(f"{here.url}/console")
        page.get_by_role("button", name="Français").click()  # whose words are longer
        expect(page.get_by_role("heading", level=1)).to_have_text(FRENCH["Today"])
        assert len(set(page.locator(".menu a").evaluate_all(_TOPS))) == 1, "the menu is one line"
    context.close()


def test_the_measure_of_what_is_hard_to_use_sees_it(here: House, opens: Opens) -> None:
    page = opens(f"{here.url}/console/sign-in")
    page.evaluate(
        """() => {
          document.querySelector("label").remove();
          document.querySelector("h1").remove();
          document.querySelector("main button").style.minHeight = "1rem";
          document.querySelector(".hint").style.color = "#ccc";
          document.documentElement.lang = "";
          document.body.insertAdjacentHTML("beforeend", "<svg></svg><form method=post></form>");
        }"""
    )
    found = page.evaluate(_HARD_TO_USE)
    for fault in (
        "no label: name",
        "headings",
        "small for a thumb",
        "faint",
        "no language",
        "drawing without a name",
        "form without its token",
    ):
        assert any(fault in one for one in found), fault


def test_a_page_of_another_site_can_neither_send_a_form_nor_frame_one(
    here: House, opens: Opens, watches: list[Watch]
) -> None:
    here.operator(Role.TELLER)
    page = opens(f"{here.url}/console/sign-in?lang=en")
    sign_in(page, "window")
    page.goto(f"{here.url}/console/seals")
    csrf = page.locator("input[name=csrf]").first.get_attribute("value")
    # Mallory has even learnt the token: the cookie is not sent, the form is stopped.
    page.goto("about:blank")
    page.set_content(
        f'<form method="post" action="{here.url}/console/customers/{here.alice.id}/freeze">'
        f'<input name="csrf" value="{csrf}"><button>Win</button></form>'
    )
    page.get_by_role("button").click()
    expect(page.get_by_role("alert")).to_contain_text("vient d’un autre site")
    assert [deed for _, deed, _ in here.deeds()] == ["signed_in"]
    page.goto("about:blank")
    page.set_content(f'<iframe src="{here.url}/console"></iframe>')
    page.wait_for_timeout(300)
    assert page.frames[1].evaluate("() => document.body?.innerText ?? ''").count("Today") == 0
    for watch in watches:
        watch.forgive(REFUSED)
