"""X's weighted length: the figures of twitter-text's configuration v3, worked by hand."""

from __future__ import annotations

import time

import pytest

from smoney_bot.bank.weights import HEAVIEST, fits, weighted_length


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("", 0),
        ("Paid", 4),
        ("Pay\xe9\xa0:", 6),
        ("20,00\xa0\N{EURO SIGN}", 8),  # U+20AC is heavy
        ("\u2019\u201c\u201d", 3),  # curly quotes are light
        ("\u202f", 2),  # the narrow no-break space is not
        ("\u2026\u2212\u2192", 6),
        ("\u65e5\u672c", 4),
        ("\u10ff\u1100", 3),  # where the first light range ends
        ("e\u0301", 1),  # one sign after NFC
    ],
)
def test_each_sign_weighs_one_or_two(text: str, weight: int) -> None:
    assert weighted_length(text) == weight


@pytest.mark.parametrize(
    "emoji",
    [
        "\U0001f600",
        "\u2764\ufe0f",
        "\U0001f44d\U0001f3fd",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",
        "\U0001f469\U0001f3fd\u200d\U0001f4bb",
        "\U0001f3f3\ufe0f\u200d\U0001f308",
        "\U0001f1eb\U0001f1f7",
        "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "7\ufe0f\u20e3",
        "\xa9\ufe0f",
    ],
)
def test_an_emoji_weighs_two_however_it_is_made(emoji: str) -> None:
    assert weighted_length(emoji) == 2
    assert weighted_length(f"a{emoji}{emoji}b") == 6


def test_two_flags_are_two_emoji() -> None:
    assert weighted_length("\U0001f1eb\U0001f1f7\U0001f1e9\U0001f1ea") == 4


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("https://x.com", 23),
        ("see https://example.com/a/very/long/path?with=many&words=in-it now", 4 + 23 + 4),
        ("example.com", 23),
        ("https://example.com:8000/\u65e5\u672c", 23),
        ("a.b", 3),
        ("12.50", 5),
        ("bob@example.com", 15),  # X makes no link behind an @
    ],
)
def test_a_link_weighs_twenty_three(text: str, weight: int) -> None:
    assert weighted_length(text) == weight


def test_what_only_looks_like_a_long_domain_is_never_weighed_too_light() -> None:
    assert weighted_length("x" * 300 + ".nosuchending") == 313


def test_exactly_280_fits_and_281_does_not() -> None:
    assert fits("a" * HEAVIEST)
    assert not fits("a" * (HEAVIEST + 1))
    assert fits("\N{EURO SIGN}" * 140)
    assert not fits("\N{EURO SIGN}" * 140 + "a")


@pytest.mark.parametrize("piece", ["a", "a.", "-", "https://", "\U0001f600\u200d", "1\ufe0f"])
def test_long_hostile_texts_are_weighed_quickly(piece: str) -> None:
    started = time.perf_counter()
    weighted_length(piece * 20_000)
    assert time.perf_counter() - started < 2
