"""The daemon's search for garbage leaves out what the start has made."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from smoney_bot.cli.garbage import spare_what_stays


class Knot:
    """Refers to itself: only a search finds that nobody else does."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Begin with nothing spared; leave what the run had spared."""
    thresholds, spared = gc.get_threshold(), gc.get_freeze_count()
    gc.unfreeze()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)
    if spared:
        gc.freeze()


def test_what_the_start_has_made_is_not_searched_again() -> None:
    living = len(gc.get_objects())
    spare_what_stays()
    assert gc.get_freeze_count() > living / 2
    assert len(gc.get_objects()) < living / 10


def test_garbage_that_serving_makes_is_still_found() -> None:
    spare_what_stays()
    gone = weakref.ref(Knot())
    assert gone() is not None
    gc.collect()
    assert gone() is None
