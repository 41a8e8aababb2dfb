"""From the invitation to the first payment: the real service, and the page in a real browser."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from browser_fixtures import DESK, PHONE, REFUSED, Opens, Watch, opening
from enrolment_cast import PIN, ask, invite
from passlib.totp import TOTP
from playwright.sync_api import Browser, Page, ViewportSize, expect

from smoney_bot.bank.customers import Language
from smoney_bot.bank.money import euros
from smoney_bot.book import customers, inbox, ledger, outbox
from smoney_bot.book.renewals import LETTERS
from smoney_bot.channels.sandbox.world import Direct, Post
from smoney_bot.cli.demo import Demo
from smoney_bot.web.enrolment.pages import qr
from smoney_bot.web.enrolment.words import WORDS, Words

FRENCH, ENGLISH = Language.FRENCH, Language.ENGLISH
HOST = "paiements.entraide.example.org"
_SETTLE_SECONDS = 15.0
_WORD = re.compile(rf"[{LETTERS}]{{4}}-[{LETTERS}]{{4}}")

_HARD_TO_USE = Path(__file__).with_name("hard_to_use.js").read_text()
_OUTLINE = "() => getComputedStyle(document.activeElement).outline"


@pytest.fixture
def demo(sqlite_url: str) -> Iterator[Demo]:
    """The service, where alice has money, and a card that she does not hold."""
    with Demo(sqlite_url, places=1, public_url=f"https://{HOST}") as running:
        yield running


@pytest.fixture
def opens(browser: Browser, demo: Demo, watches: list[Watch]) -> Iterator[Opens]:
    """Open pages of *demo*, which are closed before it stops."""
    assert demo.server.url
    with opening(browser, watches) as open_page:
        yield open_page


def link_for_alice(demo: Demo) -> str:
    return f"{demo.server.url}/enrolment/{invite(demo.book, 'alice')}"


def choose_pin(page: Page, words: Words, pin: str = PIN, again: str | None = None) -> None:
    page.get_by_label(words.pin).fill(pin)
    page.get_by_label(words.again).fill(pin if again is None else again)
    page.get_by_role("button", name=words.go_on).click()
    page.wait_for_load_state()  # the next page, with its style sheet


def confirm(page: Page, words: Words, code: str) -> None:
    page.get_by_label(words.code).fill(code)
    page.get_by_role("button", name=words.finish).click()


def codes_on(page: Page) -> list[str]:
    return page.locator(".card li").all_inner_texts()


def expect_easy_to_use(page: Page) -> None:
    page.wait_for_load_state()  # with its style sheet
    assert page.evaluate(_HARD_TO_USE) == []


def forgive_refusals(watches: list[Watch]) -> None:
    """A page that says what was wrong has a status that a browser complains of."""
    for watch in watches:
        watch.forgive(REFUSED)


def heard_after(demo: Demo, author: str, text: str, *, direct: bool = False) -> str:
    """Let *author* say *text*; return what Smoney answers in the end."""
    heard: list[str] = []

    def hear(said: Post | Direct) -> None:
        by = said.author_id if isinstance(said, Post) else said.sender_id
        if by == demo.bot.x_id:
            heard.append(said.text)

    demo.world.listen(hear)
    user = demo.users[author]
    if direct:
        demo.world.send_direct(user.x_id, demo.bot.x_id, text)
    else:
        demo.world.post(user.x_id, text)
    assert demo.deliveries.settle(_SETTLE_SECONDS)
    deadline = time.monotonic() + _SETTLE_SECONDS
    while not (heard and _is_quiet(demo)):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return heard[-1]


def _is_quiet(demo: Demo) -> bool:
    with demo.book.reading() as connection:
        return inbox.waiting(connection)[0] == 0 and outbox.waiting(connection)[0] == 0


def balance(demo: Demo, handle: str) -> int:
    with demo.book.reading() as connection:
        x_id = demo.users[handle].x_id
        return ledger.balance(connection, customers.by_x_ids(connection, [x_id])[x_id].account_id)


@pytest.mark.parametrize(
    ("viewport", "language", "scripts"),
    [
        pytest.param(PHONE, FRENCH, False, id="phone-french-no-scripts"),
        pytest.param(PHONE, ENGLISH, True, id="phone-english-scripts"),
        pytest.param(DESK, FRENCH, True, id="desk-french-scripts"),
        pytest.param(DESK, ENGLISH, False, id="desk-english-no-scripts"),
    ],
)
def test_alice_goes_from_her_link_to_her_first_payment(
    demo: Demo,
    opens: Opens,
    watches: list[Watch],
    viewport: ViewportSize,
    language: Language,
    scripts: bool,  # noqa: FBT001 - a table
) -> None:
    words = WORDS[language]
    link = link_for_alice(demo)
    page = opens(link, viewport=viewport, scripts=scripts)
    page.get_by_role("link", name=language.value, exact=False).first.click()
    expect(page.locator("html")).to_have_attribute("lang", language.value)
    expect(page.get_by_role("heading", level=1)).to_contain_text("@alice")
    expect_easy_to_use(page)

    choose_pin(page, words, "1234")
    expect(page.get_by_role("alert")).to_contain_text("1234, 8765")
    expect(page.get_by_label(words.pin)).to_be_focused()
    expect(page.get_by_label(words.pin)).to_have_value("")
    expect_easy_to_use(page)

    choose_pin(page, words)
    expect(page.get_by_role("heading", level=1)).to_have_text(words.card)
    written_down = codes_on(page)
    assert len(written_down) == 20
    assert all(re.fullmatch(r"\d{8}", code) for code in written_down)
    expect(page.get_by_role("img", name=words.qr)).to_be_visible()
    expect_easy_to_use(page)

    confirm(page, words, f"{written_down[6][:-1]}{(int(written_down[6][-1]) + 1) % 10}")
    expect(page.get_by_role("alert")).to_contain_text("4")
    assert codes_on(page) == []
    expect_easy_to_use(page)

    confirm(page, words, written_down[6])
    expect(page.get_by_role("heading", level=1)).to_have_text(words.done)
    expect(page.locator(".line")).to_have_text("@Smoney #20 @bob #code")
    expect_easy_to_use(page)
    assert link not in page.url
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text(words.done)
    forgive_refusals(watches)

    order = page.locator(".line").inner_text().replace("#code", f"#{written_down[7]}")
    assert "bob" in heard_after(demo, "alice", order)
    assert (balance(demo, "alice"), balance(demo, "bob")) == (euros(280), euros(140))

    page.goto(link)
    expect(page.get_by_role("heading", level=1)).to_have_text("Ce lien ne marche pas")
    expect_easy_to_use(page)
    forgive_refusals(watches)


@pytest.mark.parametrize("language", [FRENCH, ENGLISH])
def test_alice_renews_her_card_by_a_code_of_it_and_pays_with_the_new_one(
    demo: Demo, opens: Opens, watches: list[Watch], language: Language
) -> None:
    words, older = WORDS[language], demo.cards[demo.users["alice"].x_id][0]
    heard_after(demo, "alice", language.value, direct=True)
    page = opens(f"{demo.server.url}/enrolment?lang={language}", viewport=PHONE, scripts=False)
    expect(page.get_by_role("heading", level=1)).to_have_text(words.renew)
    expect_easy_to_use(page)
    found = _WORD.search(heard_after(demo, "alice", words.ask_order.lstrip("#"), direct=True))
    assert found

    ask_in(page, words, "BCDF-GHJK", older)
    expect(page.get_by_role("alert")).to_have_text(words.not_admitted)
    expect_easy_to_use(page)
    ask_in(page, words, found[0].lower(), older)
    expect(page.get_by_role("heading", level=1)).to_contain_text("@alice")
    expect(page.locator("html")).to_have_attribute("lang", language.value)
    choose_pin(page, words)
    expect(page.get_by_role("heading", level=1)).to_have_text(words.card)
    written_down = codes_on(page)
    confirm(page, words, written_down[0])
    expect(page.get_by_role("heading", level=1)).to_have_text(words.done)
    forgive_refusals(watches)

    heard_after(demo, "alice", f"@Smoney #5 @bob #{older}")
    assert balance(demo, "bob") == euros(120)
    heard_after(demo, "alice", f"@Smoney #20 @bob #{written_down[1]}")
    assert balance(demo, "bob") == euros(140)


def ask_in(page: Page, words: Words, word: str, code: str) -> None:
    page.get_by_label(words.word).fill(word)
    page.get_by_label(words.any_code).fill(code)
    page.get_by_role("button", name=words.renew_on).click()


def test_the_pin_the_app_and_the_card_all_pay_and_what_was_used_does_not(demo: Demo) -> None:
    link = link_for_alice(demo)
    drawn = ask(link, {"pin": PIN, "again": PIN})
    older = demo.cards[demo.users["alice"].x_id][0]
    assert ask(f"{link}/code", {"code": drawn.codes[0]}).status == 303

    heard_after(demo, "alice", f"@Smoney #5 @bob #{drawn.codes[0]}")  # used up by the page
    heard_after(demo, "alice", f"@Smoney #5 @bob #{older}")  # of the card before
    assert balance(demo, "bob") == euros(120)

    heard_after(demo, "alice", f"#5 @bob #{PIN}", direct=True)
    assert balance(demo, "bob") == euros(125)
    app = TOTP(key=drawn.secret, format="base32").generate().token
    heard_after(demo, "alice", f"@Smoney #6 @bob #{app}")
    assert balance(demo, "bob") == euros(131)
    heard_after(demo, "alice", f"@Smoney #7 @bob #{drawn.codes[19]}")
    assert balance(demo, "bob") == euros(138)


def test_the_qr_and_the_key_to_type_are_the_same_secret(demo: Demo, opens: Opens) -> None:
    page = opens(link_for_alice(demo), viewport=PHONE)
    choose_pin(page, WORDS[FRENCH])
    offered = page.get_by_role("link", name=WORDS[FRENCH].app_open).get_attribute("href")
    assert offered
    assert offered.startswith("otpauth://totp/smoney-bot:alice?secret=")
    typed = page.locator(".key").inner_text().replace(" ", "")
    assert f"secret={typed}&" in offered
    # Two drawings of one secret: what the phone scans is what the link holds.
    path = re.search(r'qrline" stroke="[^"]*" d="([^"]*)"', qr(offered))
    assert path
    assert page.locator(".qr .qrline").get_attribute("d") == path[1]


def test_no_card_tells_its_holder_to_pay_themselves(demo: Demo) -> None:
    for handle, payee in (("alice", "bob"), ("bob", "alice")):
        link = f"{demo.server.url}/enrolment/{invite(demo.book, handle)}"
        assert f"@Smoney #20 @{payee} #code" in ask(link, {"pin": PIN, "again": PIN}).text


def test_the_card_of_a_long_name_fits_a_small_phone(demo: Demo, opens: Opens) -> None:
    page = opens(link_for_alice(demo), viewport={"width": 320, "height": 640})
    choose_pin(page, WORDS[FRENCH])
    expect(page.get_by_role("heading", level=1)).to_have_text(WORDS[FRENCH].card)
    page.wait_for_load_state()  # with its style sheet
    page.locator(".holder").evaluate("holder => { holder.textContent = '@' + 'M'.repeat(15) }")
    ends = "one => one.getBoundingClientRect().right"
    assert page.locator(".lost").evaluate(ends) < page.locator(".card").evaluate(ends)


def test_only_the_card_is_printed_at_the_size_of_a_bank_card(demo: Demo, opens: Opens) -> None:
    page = opens(link_for_alice(demo))
    choose_pin(page, WORDS[FRENCH])
    expect(page.get_by_role("heading", level=1)).to_have_text(WORDS[FRENCH].card)
    page.emulate_media(media="print")
    shown = page.locator("h1, h2, form, .qr, .key, .note, .top, .steps")
    assert not any(one.is_visible() for one in shown.all())
    assert len([one for one in page.locator(".card li").all() if one.is_visible()]) == 20
    expect(page.locator(".card .ends")).to_contain_text(f"#renouveler puis {HOST}/enrolment")
    millimetre = 96 / 25.4
    for name in ("front", "back"):
        box = page.locator(f".card .{name}").bounding_box()
        assert box
        assert abs(box["width"] / millimetre - 85.6) < 1
        assert abs(box["height"] / millimetre - 54) < 1
    too_much = (
        "() => [...document.querySelectorAll('.face')].map((f) => f.scrollHeight - f.clientHeight)"
    )
    assert page.evaluate(too_much) == [0, 0]


def test_whoever_uses_the_keyboard_sees_where_they_are(demo: Demo, opens: Opens) -> None:
    page = opens(link_for_alice(demo))
    reached = []
    for _ in range(5):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("() => document.activeElement.tagName"))
        outline = page.evaluate(_OUTLINE)
        assert "solid" in outline
        assert "3px" in outline
    assert reached == ["A", "A", "INPUT", "INPUT", "BUTTON"]


def test_the_whole_way_can_be_gone_with_the_keyboard_alone(demo: Demo, opens: Opens) -> None:
    page = opens(link_for_alice(demo))
    page.get_by_label(WORDS[FRENCH].pin).press_sequentially(PIN)
    page.keyboard.press("Tab")
    page.keyboard.type(PIN)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(WORDS[FRENCH].card)
    code = codes_on(page)[0]
    page.get_by_label(WORDS[FRENCH].code).press_sequentially(code)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(WORDS[FRENCH].done)


def test_a_page_of_another_site_cannot_send_the_form(demo: Demo, browser: Browser) -> None:
    link = link_for_alice(demo)
    page = browser.new_page()
    page.set_content(
        f'<form method="post" action="{link}"><input name="pin" value="{PIN}">'
        f'<input name="again" value="{PIN}"><button>Win</button></form>'
    )
    page.get_by_role("button").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ce formulaire vient d’ailleurs")
    page.context.close()
    assert ask(f"{link}/code").status == 303  # nothing was staged


def test_the_measure_of_what_is_hard_to_use_sees_it(demo: Demo, opens: Opens) -> None:
    page = opens(link_for_alice(demo))
    expect_easy_to_use(page)
    page.evaluate(
        """() => {
          document.querySelector("label").remove();
          document.querySelector("h1").remove();
          document.querySelector("button").style.minHeight = "1rem";
          document.querySelector("#pin").autocomplete = "on";
          document.documentElement.lang = "";
        }"""
    )
    found = page.evaluate(_HARD_TO_USE)
    for fault in (
        "no label: pin",
        "headings",
        "small for a thumb",
        "remembered: pin",
        "no language",
    ):
        assert any(fault in one for one in found), fault


def test_a_link_of_yesterday_is_answered_kindly(
    demo: Demo, opens: Opens, watches: list[Watch]
) -> None:
    token = invite(demo.book, "alice", life=timedelta(seconds=-1))
    page = opens(f"{demo.server.url}/enrolment/{token}", viewport=PHONE)
    expect(page.get_by_text("demandez un nouveau lien")).to_be_visible()
    expect(page.get_by_text("ask for a new link")).to_be_visible()
    expect_easy_to_use(page)
    forgive_refusals(watches)
