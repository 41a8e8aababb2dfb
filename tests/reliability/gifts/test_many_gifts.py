"""A burst of gifts to one collection: its page is never wrong, and all of them can go back.

The gifts come in whole batches from several threads while the page is asked over HTTP
all the time. `SMONEY_RELIABILITY=full`: ten thousand gifts, on each engine.
"""

from __future__ import annotations

import re
import threading
import time
from decimal import Decimal
from urllib.request import urlopen

import pytest
from collection_cast import Scene, open_scene, page_of, together
from reliability_figures import FULL, record
from sqlalchemy import make_url

from smoney_bot.bank.collections import CollectionState
from smoney_bot.book.engine import Book
from smoney_bot.workers.collecting import Collecting

GIFTS = 10_000 if FULL else 160
BATCH = 8  # gifts that are booked in one transaction, and seen together or not at all
CENTS = 77
WRITERS = 5
GIVERS = BATCH  # one gift each in a batch; each has 1000 euros

assert GIFTS % (BATCH * WRITERS) == 0

_SHOWN = re.compile(r"<b>€([0-9,.]+)</b>.*?<span>([0-9,]+) gifts?</span>", re.DOTALL)


def wrong(shown: tuple[int, int], before: int, after: int) -> str | None:
    """Return what is wrong with a page that has (cents, gifts); None if nothing is.

    *before* and *after* are what the book had just before and just after, in cents.
    """
    cents, gifts = shown
    if cents != gifts * CENTS:
        return f"{gifts} gifts do not come to {cents} cents"
    if gifts % BATCH:
        return f"{gifts} gifts: half a transaction was seen"
    if not before <= cents <= after:
        return f"{cents} cents, where the book had {before} to {after}"
    return None


def on_page(url: str) -> tuple[int, int]:
    """Return the cents and the gifts that the page shows."""
    with urlopen(f"{url}/c/jardin?lang=en", timeout=30) as answer:  # noqa: S310 - our own address
        text = answer.read().decode()
    found = _SHOWN.search(text)
    if found is None:
        return 0, 0  # "no gift yet"
    return int(Decimal(found[1].replace(",", "")) * 100), int(found[2].replace(",", ""))


def test_the_page_of_a_burst_equals_the_book_at_every_moment_and_every_cent_goes_back(
    book: Book, book_url: str
) -> None:
    began = time.monotonic()
    scene = open_scene(book, *(f"alice{number}" for number in range(GIVERS)))
    scene.collect(goal=1_000_000, all_or_nothing=True)
    looks, faults = burst(scene)
    assert faults == []
    assert looks > 1
    assert scene.balance(scene.collection()) == GIFTS * CENTS
    assert scene.problems() == []

    scene.end()
    while Collecting(book).serve():
        pass
    assert scene.collection().state is CollectionState.RETURNED
    assert scene.balance(scene.collection()) == 0
    assert {scene.balance(one) for one in scene.givers} == {1000_00}
    with book.reading() as connection:
        kinds = connection.exec_driver_sql(
            "SELECT count(*), count(DISTINCT key) FROM transfers WHERE kind = 'gift_return'"
        ).one()
    assert tuple(kinds) == (GIFTS, GIFTS)
    assert scene.problems() == []
    record(
        "gifts in a burst",
        counted=f"{GIFTS:,} gifts, {looks:,} looks at the page",
        violations=len(faults),
        seconds=time.monotonic() - began,
        seed="none",
        engine=make_url(book_url).get_backend_name(),
        note="the page equals the book; all or nothing failed, and gave back every cent",
    )


def burst(scene: Scene) -> tuple[int, list[str]]:
    """Bring all gifts, and look at the page meanwhile; return how often, and what was wrong."""
    over = threading.Event()
    looks, faults = 0, list[str]()

    def look(url: str) -> None:
        nonlocal looks
        last = False
        while not last:
            last = over.is_set()  # and once more when all have come
            before = scene.balance(scene.collection())
            shown = on_page(url)
            fault = wrong(shown, before, scene.balance(scene.collection()))
            looks, faults[:] = looks + 1, [*faults, *([fault] if fault else [])]

    def give(_: int) -> None:
        for _batch in range(GIFTS // BATCH // WRITERS):
            scene.give_many(BATCH, CENTS)

    with page_of(scene.book, requests_max=10**9) as url:
        looking = threading.Thread(target=look, args=[url])
        looking.start()
        failed = [one for one in together(give, WRITERS) if one is not None]
        over.set()
        looking.join()
    return looks, [*faults, *map(repr, failed)]


@pytest.mark.parametrize(
    ("shown", "word"),
    [
        ((BATCH * CENTS + 1, BATCH), "do not come to"),
        (((BATCH - 1) * CENTS, BATCH - 1), "half a transaction"),
        ((BATCH * CENTS, BATCH), "where the book had"),
        ((4 * BATCH * CENTS, 4 * BATCH), "where the book had"),
    ],
)
def test_a_page_that_is_wrong_is_noticed(shown: tuple[int, int], word: str) -> None:
    said = wrong(shown, 2 * BATCH * CENTS, 3 * BATCH * CENTS)
    assert said is not None
    assert word in said
    assert wrong((2 * BATCH * CENTS, 2 * BATCH), 2 * BATCH * CENTS, 3 * BATCH * CENTS) is None
