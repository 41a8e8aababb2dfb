"""The page's parts without a browser: addresses, headers, words, signs of an order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from datetime import timedelta
from string import Formatter

import httpx2
import pytest
from bank_stand_in import ALICE, running

from smoney_bot.bank.customers import Kind, Language
from smoney_bot.bank.money import Cents
from smoney_bot.channels.sandbox.page import CardCode, PersonView, formats
from smoney_bot.channels.sandbox.page.examples import Name, examples
from smoney_bot.channels.sandbox.page.routes import preferred
from smoney_bot.channels.sandbox.page.tokens import Sign, tokens, unescape
from smoney_bot.channels.sandbox.page.words import WORDS, Words
from smoney_bot.channels.sandbox.world import World

FRENCH, ENGLISH = Language.FRENCH, Language.ENGLISH


@pytest.fixture(scope="module")
def site() -> Iterator[tuple[httpx2.Client, World]]:
    with running() as (url, world, _), httpx2.Client(base_url=url) as client:
        yield client, world


@pytest.fixture
def client(site: tuple[httpx2.Client, World]) -> httpx2.Client:
    return site[0]


def test_the_first_page_is_alices_in_the_readers_language(client: httpx2.Client) -> None:
    answer = client.get("/", headers={"Accept-Language": "en-GB,en;q=0.9"})
    assert answer.headers["location"] == "/as/alice?lang=en"
    assert client.get("/").headers["location"] == "/as/alice?lang=fr"


def test_every_answer_carries_the_shield(client: httpx2.Client) -> None:
    for path in ("/", "/as/alice", "/as/nobody", "/static/page.js", "/static/page.css"):
        headers = client.get(path).headers
        assert "default-src 'self'" in headers["content-security-policy"], path
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"


def test_the_page_holds_no_inline_script_or_style(client: httpx2.Client) -> None:
    page = client.get("/as/alice").text
    assert "style=" not in page
    assert "<style" not in page
    assert page.count("<script") == page.count('<script type="module" src=') == 1
    assert "onclick" not in page


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:1"},
    ],
)
def test_a_form_from_another_site_posts_nothing(
    site: tuple[httpx2.Client, World], headers: dict[str, str]
) -> None:
    client, world = site
    before = world.changes()
    for box in ("posts", "directs"):
        answer = client.post(f"/as/alice/{box}", data={"text": "hello"}, headers=headers)
        assert answer.status_code == 403
    assert world.changes() == before


def test_a_form_from_the_page_itself_posts_and_leads_back(
    site: tuple[httpx2.Client, World],
) -> None:
    client, world = site
    own = {"Origin": str(client.base_url).rstrip("/"), "Sec-Fetch-Site": "same-origin"}
    answer = client.post("/as/alice/posts?lang=en", data={"text": "a\r\nb"}, headers=own)
    assert (answer.status_code, answer.headers["location"]) == (303, "/as/alice?lang=en")
    newest = world.timeline(1)[0]
    assert (newest.author_id, newest.text) == (ALICE, "a\nb")


def test_nobody_can_be_the_bot_or_a_stranger(client: httpx2.Client) -> None:
    for handle in ("Smoney", "nobody"):
        assert client.get(f"/as/{handle}").status_code == 404
        assert client.post(f"/as/{handle}/posts", data={"text": "x"}).status_code == 404


def test_an_overlong_body_is_refused_before_it_is_read(client: httpx2.Client) -> None:
    assert client.post("/as/alice/posts", content=b"x" * 100_000).status_code == 413


def test_a_reply_stands_below_what_it_answers() -> None:
    with running() as (url, world, _):
        first = world.post(ALICE, "one")
        world.post(ALICE, "two")
        edited = world.edit(first.id, "one again")
        world.post(ALICE, "below", in_reply_to=edited.id)
        page = httpx2.get(f"{url}/as/alice?lang=en").text
    assert page.index(">two<") < page.index("one again") < page.index("below")
    assert page.count('class="panel thread"') == 2
    assert "edited" in page


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", FRENCH),
        ("de, es;q=0.5", FRENCH),
        ("en", ENGLISH),
        ("en-US,en;q=0.9,fr;q=0.8", ENGLISH),
        ("fr;q=0.3, en;q=0.7", ENGLISH),
        ("fr-CA,en;q=0.9", FRENCH),
        ("en;q=0", FRENCH),
        ("en;q=banana,;;,", FRENCH),
    ],
)
def test_the_language_is_the_readers_or_else_french(header: str, language: Language) -> None:
    assert preferred(header, list(Language)) is language


def test_the_signs_of_an_order_are_told_apart() -> None:
    found = [(one.sign, one.text) for one in tokens("@Smoney #20€ @bob#07482193 #solde", ())]
    assert [one for one in found if one[0] is not Sign.PLAIN] == [
        (Sign.WHO, "@Smoney"),
        (Sign.TAG, "#20€"),
        (Sign.WHO, "@bob"),
        (Sign.CODE, "#07482193"),
        (Sign.TAG, "#solde"),
    ]
    assert "".join(text for _, text in found) == "@Smoney #20€ @bob#07482193 #solde"


def test_a_used_code_is_shown_as_spent() -> None:
    assert [one.sign for one in tokens("#07482193", {"07482193"})] == [Sign.SPENT]


def test_escapes_are_undone_once() -> None:
    assert unescape("&amp;lt; &lt;b&gt; &quot;") == "&lt; <b> &quot;"


def test_amounts_and_delays_are_written_as_people_do() -> None:
    assert formats.round_amount(Cents(2000), FRENCH) == "20\N{NO-BREAK SPACE}€"
    assert formats.round_amount(Cents(2000), ENGLISH) == "€20"
    assert formats.round_amount(Cents(25001), ENGLISH) == "€250.01"
    assert formats.later(timedelta(milliseconds=12), FRENCH) == "+12\N{NO-BREAK SPACE}ms"
    assert formats.later(timedelta(milliseconds=1260), FRENCH) == "+1,3\N{NO-BREAK SPACE}s"
    assert formats.later(timedelta(seconds=-1), ENGLISH) == "+0\N{NO-BREAK SPACE}ms"


def _somebody(handle: str, kind: Kind = Kind.PERSON, card: tuple[CardCode, ...] = ()) -> PersonView:
    return PersonView(handle=handle, name=handle, kind=kind, balance_cents=Cents(0), card=card)


def _lines(me: PersonView, place: int | None = None) -> dict[Name, str]:
    others = [_somebody("bob"), _somebody("entraide", Kind.ASSOCIATION)]
    lines = examples(me, others, bot="Smoney", language=FRENCH, place=place)
    return {line.name: line.text for line in lines}


def test_examples_carry_the_next_unused_code_or_the_chosen_one() -> None:
    card = (CardCode("01111111", used=True), CardCode("02222229"), CardCode("03333333"))
    me = _somebody("alice", card=card)
    assert _lines(me)[Name.PAY] == "@Smoney #20 @bob #02222229"
    assert _lines(me)[Name.GIVE] == "@Smoney #50 @entraide #02222229"
    assert Name.COLLECT not in _lines(me)
    assert _lines(me)[Name.TOO_MUCH] == "@Smoney #250,01 @bob #02222229"
    assert _lines(me)[Name.WRONG_CODE] == "@Smoney #20 @bob #02222220"
    assert _lines(me, place=3)[Name.PAY] == "@Smoney #20 @bob #03333333"
    assert _lines(me, place=1)[Name.PAY] == "@Smoney #20 @bob #02222229"


def test_who_gathers_for_something_is_given_to_by_its_tag() -> None:
    me = _somebody("alice", card=(CardCode("02222229"),))
    gathers = replace(_somebody("entraide", Kind.ASSOCIATION), tag="jardin")
    lines = examples(me, [gathers], bot="Smoney", language=FRENCH, place=None)
    assert "@Smoney #30 @entraide #jardin #02222229" in [one.text for one in lines]


def test_examples_end_without_a_code_when_the_card_is_used_up() -> None:
    assert _lines(_somebody("alice"))[Name.PAY] == "@Smoney #20 @bob"


def _slots(value: str | Mapping[object, str]) -> list[set[str | None]]:
    texts = [value] if isinstance(value, str) else list(value.values())
    return [{slot for _, slot, _, _ in Formatter().parse(text) if slot} for text in texts]


def test_both_languages_have_every_sentence_with_the_same_slots() -> None:
    for one in fields(Words):
        french, english = getattr(WORDS[FRENCH], one.name), getattr(WORDS[ENGLISH], one.name)
        assert _slots(french) == _slots(english), one.name
        if not isinstance(french, str):
            assert french.keys() == english.keys()


def test_the_comparison_of_slots_sees_a_missing_one() -> None:
    assert _slots("You are {name}.") != _slots("Vous êtes {nom}.")


def test_no_code_shows_in_a_printed_object() -> None:
    me = _somebody("alice", card=(CardCode("02222229"),))
    lines = list(examples(me, [_somebody("bob")], bot="Smoney", language=FRENCH, place=None))
    assert "222222" not in repr(me) + repr(lines)
