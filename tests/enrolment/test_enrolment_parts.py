"""The parts of the enrolment page: rules, words, colours, and who may ask how often."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from enrolment_cast import ALICE, KEYS, PIN
from starlette.datastructures import Headers

from smoney_bot.bank.customers import Customer, Kind, Language
from smoney_bot.book.renewals import new_word
from smoney_bot.web import enrolment
from smoney_bot.web.enrolment import staging, stops
from smoney_bot.web.enrolment.choices import (
    Mistake,
    fault_of_pins,
    read_any_code,
    read_code,
    read_word,
)
from smoney_bot.web.enrolment.pages import qr
from smoney_bot.web.enrolment.shield import is_own, neighbourhood
from smoney_bot.web.enrolment.words import WORDS

FOLDER = Path(enrolment.__file__).parent
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
ALICE_HERSELF = Customer(1, 1, ALICE, "alice", Kind.PERSON)


def test_both_pins_are_the_same() -> None:
    assert fault_of_pins(PIN, PIN) is None
    assert fault_of_pins(PIN, "7392") is Mistake.PINS_DIFFER
    assert fault_of_pins("1234", "4321") is Mistake.PIN_RUNS


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("07482193", "07482193"),
        ("#07482193", "07482193"),
        (" 07 482193 ", "07482193"),
        ("07 482 193", "07482193"),
        ("482193", "482193"),
        ("482 193", "482193"),
        (PIN, Mistake.CODE_IS_PIN),
        ("", Mistake.CODE_SHAPE),
        ("0748219", Mistake.CODE_SHAPE),
        ("074821933", Mistake.CODE_SHAPE),
        ("07482193 #20", Mistake.CODE_SHAPE),
        ("\uff10\uff17\uff14\uff18\uff12\uff11\uff19\uff13", Mistake.CODE_SHAPE),
    ],
)
def test_a_first_code_is_read_as_people_write_it(typed: str, read: str | Mistake) -> None:
    assert read_code(typed) == read


def test_a_renewal_takes_a_pin_too() -> None:
    assert read_any_code(PIN) == PIN
    assert read_any_code("#07 482193") == "07482193"
    assert read_any_code("48219") is Mistake.ANY_CODE_SHAPE


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("WDJB-MJHT", "WDJB-MJHT"),
        (" wdjb mjht ", "WDJB-MJHT"),
        ("wdjbMJHT", "WDJB-MJHT"),
        ("WDJB \u2013 MJHT", "WDJB-MJHT"),
        ("", Mistake.WORD_SHAPE),
        ("WDJB-MJH", Mistake.WORD_SHAPE),
        ("WDJB-MJHTX", Mistake.WORD_SHAPE),
        ("ADJB-MJHT", Mistake.WORD_SHAPE),
        ("WD\u017fB-MJHT", Mistake.WORD_SHAPE),
    ],
)
def test_a_word_is_read_as_people_write_it(typed: str, read: str | Mistake) -> None:
    assert read_word(typed) == read


def test_words_are_of_the_kind_that_the_page_reads_and_unlike_each_other() -> None:
    words = [new_word() for _ in range(200)]
    assert len(set(words)) == len(words)
    assert all(read_word(word) == word for word in words)


def test_what_is_staged_survives_being_kept_and_shows_no_secret() -> None:
    staged, drawn = staging.draw(KEYS, ALICE_HERSELF, PIN)
    kept = staged.to_json()
    assert staging.Staged.from_json(kept) == staged
    for secret in (*drawn.codes, drawn.typed, drawn.typed.replace(" ", "")):
        assert secret not in kept
        assert secret not in repr(drawn)
    seen = staging.see(KEYS, ALICE_HERSELF, drawn.codes[4])
    judged = staging.judge(staged, seen, keyring=KEYS, customer=ALICE_HERSELF, now=NOON)
    assert judged
    assert judged.place == 5
    mallory = dataclasses.replace(ALICE_HERSELF, x_id="999999999")
    foreign = staging.see(KEYS, mallory, drawn.codes[4])
    assert not staging.judge(staged, foreign, keyring=KEYS, customer=mallory, now=NOON)


@pytest.mark.parametrize(
    ("headers", "own"),
    [
        ({"sec-fetch-site": "same-origin", "origin": "null"}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"sec-fetch-site": "cross-site", "origin": "null"}, False),
        ({"sec-fetch-site": "same-site", "origin": "https://bank.example"}, False),
        ({"origin": "https://bank.example"}, True),
        ({"origin": "https://evil.example"}, False),
        ({"origin": "null"}, True),
        ({}, True),
    ],
)
def test_a_form_comes_from_the_page_or_from_no_browser(headers: dict[str, str], own: bool) -> None:  # noqa: FBT001 - a table
    assert is_own(Headers({"host": "bank.example"} | headers)) is own


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", ""),
        ("testclient", "testclient"),
    ],
)
def test_a_whole_network_of_ipv6_counts_as_one_visitor(address: str, counted: str) -> None:
    assert neighbourhood(address) == counted


def test_the_qr_is_an_image_that_needs_no_style_and_no_script() -> None:
    drawn = str(qr("otpauth://totp/smoney-bot:alice?secret=ABCDEFGH&issuer=smoney-bot"))
    assert drawn.startswith("<svg ")
    assert "style=" not in drawn
    assert "<script" not in drawn
    assert "ABCDEFGH" not in drawn


def _sentences(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _sentences(one)
    elif isinstance(value, tuple):
        for one in value:
            yield from _sentences(one)


def test_every_sentence_is_there_in_both_languages_with_the_same_slots() -> None:
    french, english = WORDS[Language.FRENCH], WORDS[Language.ENGLISH]
    assert set(french.mistake) == set(english.mistake) == set(Mistake)
    for field in dataclasses.fields(french):
        pair = [list(_sentences(getattr(words, field.name))) for words in (french, english)]
        assert len(pair[0]) == len(pair[1]), field.name
        for one, other in zip(*pair, strict=True):
            assert one.strip()
            assert other.strip()
            slots = [sorted(re.findall(r"\{\w+\}", text)) for text in (one, other)]
            assert slots[0] == slots[1], field.name
    for status in (403, 404, 413, 429, 503):
        assert set(stops.stops_at(status)) == set(Language)


def test_french_has_its_spaces_and_no_straight_apostrophe() -> None:
    for text in _sentences(dataclasses.astuple(WORDS[Language.FRENCH])):
        assert not re.search(r"[^\N{NO-BREAK SPACE}][:;!?»€]", text), text
        assert "'" not in text


# --- colours ---------------------------------------------------------------------------


def schemes() -> dict[str, dict[str, str]]:
    """The palette by colour scheme, as the style sheet has it."""
    sheet = (FOLDER / "static" / "enrolment.css").read_text()
    light, dark = re.findall(r":root \{([^}]*)\}", sheet)[:2]
    named = [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", part)) for part in (light, dark)]
    return {"light": named[0], "dark": named[0] | named[1]}


def contrast(one: str, other: str) -> float:
    """The contrast of two colours (WCAG 2.2)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_what_is_behind_it(scheme: str) -> None:
    colours = schemes()[scheme]
    for text, behind in (
        *((text, behind) for text in ("ink", "muted", "pine") for behind in ("paper", "surface")),
        ("ink", "mint"),
        ("brick", "brick-wash"),
        ("on-pine", "pine"),
        ("who", "paper"),
        ("tag", "paper"),
        ("tag", "surface"),
        ("code", "code-wash"),
        *((text, behind) for text in ("on-card", "gold") for behind in ("card", "card-end")),
    ):
        assert contrast(colours[text], colours[behind]) >= 4.5, (text, behind)
    for edge, behind in (("edge", "paper"), ("edge", "surface"), ("who", "surface")):
        assert contrast(colours[edge], colours[behind]) >= 3, (edge, behind)


def test_the_measure_of_contrast_knows_good_from_bad() -> None:
    assert round(contrast("#000000", "#ffffff"), 1) == 21
    assert contrast("#767676", "#ffffff") >= 4.5
    assert contrast("#777777", "#ffffff") < 4.5
