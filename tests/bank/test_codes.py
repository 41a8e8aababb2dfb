"""Codes: a hash tells right from wrong, keys may rotate, failures lock."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from statistics import median
from time import thread_time

import pytest

from smoney_bot.bank import codes
from smoney_bot.bank.codes import CheckedCode, CodeKind, CodeOnFile, Verdict
from smoney_bot.bank.keys import Keyring
from smoney_bot.bank.messages import SeenCode

ALICE, MALLORY = "111111111", "999999999"
OLD, NEW = b"o" * 32, b"n" * 32
KEYS = Keyring({"new": NEW})
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def seen(digits: str, author: str = ALICE, keys: Keyring = KEYS) -> SeenCode:
    place = int(digits[:2]) if len(digits) == codes.CARD_LENGTH else None
    return SeenCode(10, len(digits), place, codes.tags(keys, author, digits))


def on_file(
    digits: str, author: str = ALICE, keys: Keyring = KEYS, *, spent: bool = False
) -> CodeOnFile:
    hash_, key_id = codes.hash_code(keys, author, digits)
    return CodeOnFile(
        kind=codes.KINDS[len(digits)],
        row_id=7,
        customer_id=1,
        place=seen(digits).place,
        hash=hash_,
        key_id=key_id,
        spent=spent,
    )


def check(seen_code: SeenCode, filed: CodeOnFile | None, keys: Keyring = KEYS) -> CheckedCode:
    return codes.check(seen_code, filed, keyring=keys, author_id=ALICE, written_at=NOON)


CARD = on_file("07482193")


@pytest.mark.parametrize(
    ("digits", "kind", "place"), [("07482193", CodeKind.CARD, 7), ("1234", CodeKind.PIN, None)]
)
def test_the_right_digits_of_the_right_author_are_right(
    digits: str, kind: CodeKind, place: int | None
) -> None:
    checked = check(seen(digits), on_file(digits))
    assert (checked.verdict, checked.at, checked.missed) == (Verdict.RIGHT, 10, None)
    assert checked.use is not None
    assert (checked.use.kind, checked.use.row_id, checked.use.place) == (kind, 7, place)


def test_a_wrong_digit_is_wrong_and_tells_what_was_tried() -> None:
    checked = check(seen("07482194"), CARD)
    assert (checked.verdict, checked.use) == (Verdict.WRONG, None)
    assert checked.missed is CARD


def test_the_code_of_somebody_else_is_wrong() -> None:
    checked = check(seen("07482193", author=MALLORY), CARD)
    assert (checked.verdict, checked.use) == (Verdict.WRONG, None)


def test_a_code_that_is_not_on_file_is_wrong() -> None:
    checked = check(seen("07482193"), None)
    assert (checked.verdict, checked.use, checked.missed) == (Verdict.WRONG, None, None)


def test_a_spent_code_is_wrong_and_not_a_guess() -> None:
    checked = check(seen("07482193"), on_file("07482193", spent=True))
    assert (checked.verdict, checked.use, checked.missed) == (Verdict.WRONG, None, None)


def test_a_code_hashed_under_an_older_key_is_still_right() -> None:
    before = on_file("07482193", keys=Keyring({"old": OLD}))
    both = Keyring({"new": NEW, "old": OLD})
    assert check(seen("07482193", keys=both), before, both).verdict is Verdict.RIGHT
    assert check(seen("07482194", keys=both), before, both).verdict is Verdict.WRONG
    assert on_file("07482193", keys=both).key_id == "new"


def test_a_right_pin_moves_to_the_newest_key() -> None:
    before = on_file("1234", keys=Keyring({"old": OLD}))
    both = Keyring({"new": NEW, "old": OLD})
    moved = check(seen("1234", keys=both), before, both).rehash
    assert moved is not None
    assert (moved.key_id, moved.old) == ("new", before.hash)
    after = replace(before, hash=moved.hash, key_id=moved.key_id)
    assert check(seen("1234"), after).verdict is Verdict.RIGHT, "the older key may go now"
    assert check(seen("1234"), after).rehash is None
    assert check(seen("1235", keys=both), before, both).rehash is None


def test_a_code_hashed_under_a_key_that_is_gone_is_wrong() -> None:
    before = on_file("07482193", keys=Keyring({"old": OLD}))
    assert check(seen("07482193"), before).verdict is Verdict.WRONG


def test_another_secret_under_the_same_id_opens_nothing() -> None:
    other = Keyring({"new": OLD})
    assert check(seen("07482193", keys=other), CARD, other).verdict is Verdict.WRONG


@pytest.mark.usefixtures("owasp_cost")
def test_the_hash_is_argon2id_at_owasps_cost_and_salted() -> None:
    first, second = (codes.hash_code(KEYS, ALICE, "07482193")[0] for _ in range(2))
    assert first != second
    assert re.match(r"\$argon2id\$v=19\$m=19456,t=2,p=1\$", first)


def test_neither_tag_nor_hash_holds_the_digits() -> None:
    digits = "07482193"
    shown = "".join(codes.tags(KEYS, ALICE, digits).values()) + CARD.hash
    assert digits not in shown
    assert digits[2:] not in repr(seen(digits))


@pytest.mark.usefixtures("owasp_cost")
def test_every_way_to_be_wrong_costs_the_same_time() -> None:
    """Time tells nothing: nobody on file, a wrong digit, a spent code, a key that is gone."""
    gone = on_file("07482193", keys=Keyring({"old": OLD}))
    spent = on_file("07482193", spent=True)
    tried: list[Callable[[], object]] = [
        lambda: check(seen("07482193"), CARD),
        lambda: check(seen("07482194"), CARD),
        lambda: check(seen("07482193"), None),
        lambda: check(seen("07482193"), spent),
        lambda: check(seen("07482193"), gone),
    ]
    costs = [median(_cost(one) for _ in range(5)) for one in tried]
    assert max(costs) < 2 * min(costs), costs


@pytest.mark.usefixtures("owasp_cost")
def test_a_check_that_hashed_only_what_is_on_file_would_show_in_the_time() -> None:
    """The negative control of the measure above."""
    shortcut = median(_cost(lambda: seen("07482193")) for _ in range(5))
    full = median(_cost(lambda: check(seen("07482193"), CARD)) for _ in range(5))
    assert full > 2 * shortcut


def _cost(work: Callable[[], object]) -> float:
    started = thread_time()
    work()
    return thread_time() - started


def test_a_new_card_has_its_places_in_order_and_codes_nobody_can_foresee() -> None:
    printed = list(codes.new_card_codes())
    assert [int(code[:2]) for code in printed] == list(range(1, codes.CARD_PLACES + 1))
    assert all(re.fullmatch(r"[0-9]{8}", code, re.ASCII) for code in printed)
    secrets = {code[2:] for _ in range(50) for code in codes.new_card_codes()}
    assert len(secrets) > 990, "of 1,000 drawn from a million hardly any twice"


def test_locks_double_from_a_quarter_of_an_hour_to_a_day() -> None:
    lengths = [codes.lock_until(NOON, before) - NOON for before in range(12)]
    minutes = [15, 30, 60, 120, 240, 480, 960]
    assert lengths == [timedelta(minutes=one) for one in minutes] + [timedelta(days=1)] * 5
    assert codes.lock_until(NOON, 10**9) - NOON == timedelta(days=1)


def test_the_kinds_are_told_apart_by_their_length() -> None:
    assert codes.KINDS == {8: CodeKind.CARD, 6: CodeKind.AUTHENTICATOR, 4: CodeKind.PIN}
    assert codes.FAILURES_MAX == 5
