"""PINs that a customer may choose."""

from __future__ import annotations

import pytest

from smoney_bot.bank.pins import PinFault, fault_of_pin


@pytest.mark.parametrize(
    ("pin", "fault"),
    [
        ("7391", None),
        ("1223", None),
        ("1357", None),
        ("0000", PinFault.REPEATS),
        ("9999", PinFault.REPEATS),
        ("1212", PinFault.REPEATS),
        ("1234", PinFault.RUNS),
        ("7890", PinFault.RUNS),
        ("4321", PinFault.RUNS),
        ("", PinFault.SHAPE),
        ("123", PinFault.SHAPE),
        ("73915", PinFault.SHAPE),
        (" 7391", PinFault.SHAPE),
        ("7391\n", PinFault.SHAPE),
        ("\u0667\u0663\u0669\u0661", PinFault.SHAPE),
    ],
)
def test_a_pin_is_four_digits_that_are_not_guessed_at_once(
    pin: str, fault: PinFault | None
) -> None:
    assert fault_of_pin(pin) is fault


def test_few_pins_are_refused_so_that_many_are_left() -> None:
    refused = [pin for pin in map("{:04}".format, range(10_000)) if fault_of_pin(pin)]
    assert len(refused) == 120  # 100 that repeat, 10 that run up, 10 that run down
