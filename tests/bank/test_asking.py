"""The fixed rule by which a bill is shared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smoney_bot.bank.asking import shares
from smoney_bot.bank.errors import TooLittleToShare
from smoney_bot.bank.money import Cents, euros


@pytest.mark.parametrize(
    ("total", "people", "expected"),
    [
        (60_00, 3, [20_00, 20_00, 20_00]),
        (20_00, 3, [6_67, 6_67, 6_66]),
        (10_00, 6, [1_67, 1_67, 1_67, 1_67, 1_66, 1_66]),
        (3, 3, [1, 1, 1]),
        (1_00, 2, [50, 50]),
        (1_01, 2, [51, 50]),
    ],
)
def test_the_cents_that_are_left_go_to_the_first(
    total: int, people: int, expected: list[int]
) -> None:
    assert shares(Cents(total), people) == expected


@given(st.integers(1, euros(99_999, 99)), st.integers(2, 10))
def test_shares_add_up_and_differ_by_a_cent_at_most(total: int, people: int) -> None:
    if total < people:
        with pytest.raises(TooLittleToShare):
            shares(Cents(total), people)
        return
    found = shares(Cents(total), people)
    assert (sum(found), len(found)) == (total, people)
    assert sorted(found, reverse=True) == found
    assert found[0] - found[-1] <= 1
    assert found[-1] > 0
