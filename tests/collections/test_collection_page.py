"""The page of a collection over real HTTP: what it shows, to whom, and what it keeps to itself."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from collection_cast import PUBLIC_URL, Scene, open_scene, page_of

from smoney_bot.bank.collections import CollectionState
from smoney_bot.bank.customers import Language
from smoney_bot.book.engine import Book
from smoney_bot.web.collections.pages import Pages
from smoney_bot.web.collections.view import look
from smoney_bot.web.collections.words import WORDS
from smoney_bot.workers.collecting import Collecting

FRENCH, ENGLISH = Language.FRENCH, Language.ENGLISH
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    status: int
    headers: http.client.HTTPMessage
    text: str


def ask(url: str, method: str = "GET", **headers: str) -> Answer:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=20)
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        connection.request(method, f"{parts.path}?{parts.query}", headers=given)
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read().decode())
    finally:
        connection.close()


@pytest.fixture
def scene(sqlite_book: Book) -> Scene:
    return open_scene(sqlite_book)


@pytest.fixture
def url(scene: Scene) -> Iterator[str]:
    with page_of(scene.book) as served:
        yield f"{served}/c/jardin"


def test_the_page_tells_what_the_book_holds(scene: Scene, url: str) -> None:
    scene.collect(goal=100)
    for cents in (10_00, 5_55, 30_00):
        scene.give(cents)
        total = f"{int(scene.balance(scene.collection())) / 100:.2f}"
        assert f"€{total}" in ask(f"{url}?lang=en").text
    assert "45%" in ask(f"{url}?lang=en").text
    assert "3 gifts" in ask(f"{url}?lang=en").text


def test_the_page_speaks_the_language_asked_for_or_the_browsers(scene: Scene, url: str) -> None:
    scene.collect()
    french, english = WORDS[FRENCH].give_hint, WORDS[ENGLISH].give_hint
    assert french in ask(url).text
    assert english in ask(url, Accept_Language="en-GB,fr;q=0.5").text
    assert french in ask(f"{url}?lang=fr", Accept_Language="en").text
    assert ask(url).headers["Vary"] == "Accept-Language"


def test_a_name_stands_there_only_by_consent_and_goes_with_it(scene: Scene, url: str) -> None:
    scene.collect()
    scene.give(10_00)
    assert "@alice" not in ask(url).text
    scene.change(scene.givers[0], show_name=True)
    assert "@alice" in ask(url).text
    scene.change(scene.givers[0], show_name=False)
    assert "@alice" not in ask(url).text


def test_the_tag_is_read_in_any_case_and_an_unknown_one_says_so(scene: Scene, url: str) -> None:
    scene.collect()
    assert ask(url.replace("jardin", "Jardin")).status == 200
    for odd in ("nothing", "%3Cscript%3E", "jardin/more", "'", "jar%00din", "%00", "x" * 5000):
        unknown = ask(url.replace("jardin", odd))
        assert unknown.status == 404
        assert "n’existe pas" in unknown.text
        assert "no-store" in unknown.headers["Cache-Control"]


def test_no_address_is_more_than_a_database_takes(book: Book) -> None:
    scene = open_scene(book)
    scene.collect()
    for odd in ("\0", "jar\0din", "\ud800", "jardin\n", "j" * 100_000, ""):
        assert look(book, odd) is None
    assert look(book, "JARDIN") is not None


def test_a_title_cannot_become_a_part_of_the_page(scene: Scene, url: str) -> None:
    scene.collect(title='<script>alert(1)</script>"')
    text = ask(url).text
    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_the_page_is_kept_ten_seconds_and_stands_alone(scene: Scene, url: str) -> None:
    scene.collect()
    answer = ask(url)
    assert answer.headers["Cache-Control"] == "public, max-age=10"
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in policy
    assert "<script" not in answer.text
    assert "style=" not in answer.text


def test_the_page_can_be_shared(scene: Scene, url: str) -> None:
    scene.collect(goal=100)
    scene.give(10_00)
    text = ask(f"{url}?lang=en").text
    assert '<meta property="og:title" content="Un jardin partagé">' in text
    assert '<meta property="og:description" content="€10.00 of €100.00 for entraide.">' in text
    assert f'<meta property="og:url" content="{PUBLIC_URL}/c/jardin">' in text


def test_who_asks_too_often_waits(scene: Scene) -> None:
    scene.collect()
    with page_of(scene.book, requests_max=2) as served:
        answers = [ask(f"{served}/c/jardin") for _ in range(3)]
    assert [one.status for one in answers] == [200, 200, 429]
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_nothing_but_reading_is_allowed(scene: Scene, url: str) -> None:
    scene.collect()
    assert ask(url, "POST").status in {403, 405}
    assert ask(url, "DELETE").status == 405
    assert ask(url, "HEAD").text == ""


def state_of(scene: Scene, language: Language = ENGLISH) -> str:
    """Return what the page says of a collection's state."""
    view = look(scene.book, "jardin")
    assert view is not None
    return bytes(Pages("Smoney").collection(view, language).body).decode()


@pytest.mark.parametrize("language", Language)
def test_each_state_has_its_words(scene: Scene, language: Language) -> None:
    words = WORDS[language]
    scene.collect(goal=100, all_or_nothing=True)
    assert words.give_hint in state_of(scene, language)
    assert words.all_or_nothing in state_of(scene, language)
    scene.end()
    assert words.returning in state_of(scene, language)
    assert words.give_hint not in state_of(scene, language)
    Collecting(scene.book).serve()
    assert words.returned in state_of(scene, language)
    scene.tamper("UPDATE collections SET state = 'open', ended_at = NULL")
    scene.give(100_00)
    assert words.reached in state_of(scene, language)
    scene.end()
    assert words.closed in state_of(scene, language)
    Collecting(scene.book).serve()
    assert scene.collection().state is CollectionState.PAID_OUT
    assert words.paid_out.partition("{total}")[2] in state_of(scene, language)


@pytest.mark.parametrize(
    ("left", "told"),
    [
        (timedelta(seconds=1), "One hour left, until 24 Nov 2026"),
        (timedelta(hours=3, seconds=1), "4 hours left, until 24 Nov 2026"),
        (timedelta(hours=24), "24 hours left, until 25 Nov 2026"),
        (timedelta(hours=25), "2 days left, until 25 Nov 2026"),
        (timedelta(days=12), "12 days left, until 6 Dec 2026"),
        (None, "No last day"),
    ],
)
def test_the_time_left_is_told_in_full_hours_or_days(
    scene: Scene, left: timedelta | None, told: str
) -> None:
    scene.collect()
    view = look(scene.book, "jardin")
    assert view is not None
    ending = replace(view.collection, ends_at=NOON + left if left else None)
    one = replace(view, collection=ending, now=NOON)
    assert told in bytes(Pages("Smoney").collection(one, ENGLISH).body).decode()
