"""Money is a whole number of cents, and stays one."""

from __future__ import annotations

import copy
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smoney_bot.bank.money import Cents, euros

#: From far below any overdraft to far above all the money there is.
AMOUNTS = st.integers(-(10**15), 10**15)


@given(AMOUNTS, AMOUNTS)
def test_sums_are_exact_and_stay_cents(one: int, other: int) -> None:
    assert Cents(one) + Cents(other) == one + other
    assert Cents(one) - Cents(other) == one - other
    results = (
        Cents(one) + other,
        one + Cents(other),
        Cents(one) - other,
        one - Cents(other),
        -Cents(one),
        sum([Cents(one), Cents(other)], Cents(0)),
        max(Cents(one), Cents(other)),
    )
    assert {type(result) for result in results} == {Cents}


@pytest.mark.parametrize(
    "wrong", [1.0, Decimal(1), Fraction(1), "1", b"1", None, True, float("nan"), 1 + 0j]
)
def test_nothing_but_a_whole_number_becomes_money(wrong: object) -> None:
    with pytest.raises(TypeError, match="whole number of cents"):
        Cents(wrong)


@pytest.mark.parametrize("wrong", [0.5, Decimal("0.5"), Fraction(1, 2), "1"])
def test_nothing_but_a_whole_number_is_added_to_money(wrong: object) -> None:
    amount: object = Cents(100)
    with pytest.raises(TypeError):
        amount + wrong  # type: ignore[operator]
    with pytest.raises(TypeError):
        amount - wrong  # type: ignore[operator]


def test_money_is_never_divided() -> None:
    with pytest.raises(TypeError, match="not divided"):
        Cents(100) / 3


def test_euros_are_a_hundred_cents() -> None:
    assert euros(250) == Cents(25000)
    assert euros(0, 5) == Cents(5)
    assert type(euros(1, 99)) is Cents


def test_money_shows_itself_as_cents_and_compares_as_a_number() -> None:
    assert repr(Cents(1999)) == "Cents(1999)"
    assert Cents(5) == 5
    assert Cents(5) < Cents(6)
    assert {Cents(5): "five"}[Cents(5)] == "five"


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_copy_of_money_is_money(copied: Callable[[Cents], Cents]) -> None:
    assert copied(Cents(5)) == 5
    assert type(copied(Cents(5))) is Cents
