"""Payment references: each message has its own, and a misread one is noticed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest

from smoney_bot.bank.references import read_reference, reference

SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

#: The numbers at which references grow by a sign, and the last that a BIGINT holds.
BORDERS = (2**20, 2**25, 2**30, 2**35, 2**40)
LAST = 2**63 - 1

_DICE = random.Random(7)
SAMPLE = [*range(1, 40), *(_DICE.randrange(1, 2**40) for _ in range(160)), LAST]


def test_a_hundred_thousand_messages_have_as_many_references() -> None:
    made = {reference(number) for number in range(1, 100_001)}
    assert len(made) == 100_000
    assert {len(one) for one in made} == {len("7K3Q-19")}


@pytest.mark.parametrize("border", BORDERS)
def test_references_stay_apart_where_they_grow_longer(border: int) -> None:
    numbers = range(border - 5000, border + 5000)
    made = [reference(number) for number in numbers]
    assert len(set(made)) == len(made)
    assert len(made[-1]) == len(made[0]) + 1
    assert all(read_reference(one) == one for one in made)


def test_the_last_number_of_the_inbox_has_a_reference() -> None:
    last = reference(LAST)
    assert read_reference(last) == last
    assert len(last) == len("0123456789ABC-00")


def test_neighbours_look_unlike() -> None:
    pairs = [(reference(number)[:4], reference(number + 1)[:4]) for number in range(1, 10_000)]
    alike = sum(sum(a == b for a, b in zip(*pair, strict=True)) for pair in pairs)
    assert alike / len(pairs) < 1, "of four signs fewer than one is the same, on average"


def wrong_signs(good: str) -> Iterator[str]:
    """Yield *good*, without its dash, with each sign replaced by each other one."""
    for at, sign in enumerate(good):
        for other in SIGNS:
            if other != sign:
                yield good[:at] + other + good[at + 1 :]


def swapped_signs(good: str) -> Iterator[str]:
    """Yield *good*, without its dash, with each two different neighbours swapped."""
    for at in range(len(good) - 1):
        if good[at] != good[at + 1]:
            yield good[:at] + good[at + 1] + good[at] + good[at + 2 :]


def missed(
    change: Callable[[str], Iterator[str]], read: Callable[[str], object] = read_reference
) -> tuple[int, int]:
    """Return how many changed references are read as good, and how many there were."""
    changed = [one for number in SAMPLE for one in change(reference(number).replace("-", ""))]
    return sum(read(one) is not None for one in changed), len(changed)


def test_every_single_wrong_sign_is_noticed() -> None:
    unnoticed, tried = missed(wrong_signs)
    assert tried > 40_000
    assert unnoticed == 0


def test_every_swap_of_two_neighbours_is_noticed() -> None:
    unnoticed, tried = missed(swapped_signs)
    assert tried > 1_500
    assert unnoticed == 0


def test_the_sums_of_iso_7064_would_miss_some() -> None:
    """The negative control: with ISO's own way to write letters, the same counts are not zero."""

    def read(text: str) -> str | None:
        digits = "".join(str(int(sign, 36)) for sign in text[:-2])
        right = f"{98 - int(digits + '00') % 97:02}"
        return text if text[-2:] == right else None

    assert read("B1") is None
    swapped = [f"{sign}{digit}" for sign, digit in (("B", 1), ("M", 2), ("X", 3))]
    for pair in swapped:
        body = f"00{pair}"
        check = next(f"{n:02}" for n in range(100) if read(f"{body}{n:02}"))
        assert read(f"00{pair[::-1]}{check}"), "the swap is not noticed"
    assert all(
        read_reference(f"00{pair[::-1]}{_check_of(f'00{pair}')}") is None for pair in swapped
    )


def _check_of(body: str) -> str:
    return next(f"{n:02}" for n in range(100) if read_reference(f"{body}{n:02}"))


def test_of_all_check_digits_one_is_right() -> None:
    for body in ("0000", "7K3Q", "ZZZZZ"):
        right = [n for n in range(100) if read_reference(f"{body}-{n:02}")]
        assert len(right) == 1


@pytest.mark.parametrize("number", [1, 31, 1000, 10**6, LAST])
def test_a_reference_may_be_read_aloud(number: int) -> None:
    good = reference(number)
    assert read_reference(good.lower()) == good
    assert read_reference(good.replace("-", "")) == good
    assert read_reference(f" {good}\n") == good
    assert read_reference(good.replace("0", "O").replace("1", "l")) == good
    assert read_reference(good.replace("0", "o").replace("1", "I")) == good


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "-",
        "7K3Q",
        "7K3Q-",
        "7K3Q-1",
        "7K3Q-123",
        "7K3-19",
        "7K3Q--19",
        "7K3U-19",
        "7K 3Q-19",
        "\uff17K3Q-19",
        "\u0667K3Q-19",
        "0123456789ABCD-19",
        "7K3Q-\u0661\u0669",
    ],
)
def test_what_has_another_form_is_none(wrong: str) -> None:
    assert read_reference(wrong) is None


@pytest.mark.parametrize("number", [0, -1])
def test_messages_are_counted_from_one(number: int) -> None:
    with pytest.raises(AssertionError):
        reference(number)
