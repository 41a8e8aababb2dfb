"""An authenticator's code counts at the moment it was written, and its step once."""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from passlib.totp import TOTP

from smoney_bot.bank import authenticators, codes
from smoney_bot.bank.authenticators import STEP, AuthenticatorOnFile
from smoney_bot.bank.codes import CheckedCode, CodeKind, CodeUse, Verdict
from smoney_bot.bank.keys import Keyring
from smoney_bot.bank.messages import SeenCode

ALICE, MALLORY, ALICE_ID = "111111111", "999999999", 7
OLD, NEW = b"o" * 32, b"n" * 32
KEYS = Keyring({"new": NEW, "old": OLD})

#: RFC 6238, appendix B, SHA-1: seconds since 1970 and the last six of its eight digits.
RFC_KEY = b"12345678901234567890"
RFC_CODES = {
    59: "287082",
    1_111_111_109: "081804",
    1_111_111_111: "050471",
    1_234_567_890: "005924",
    2_000_000_000: "279037",
    20_000_000_000: "353130",
}
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
NOON_STEP = 1_795_521_600 // 30


def encrypted(key: bytes = RFC_KEY, keys: Keyring = KEYS) -> str:
    """The secret as the bank keeps it, made by passlib's own hand."""
    wallet = {one: keys.derive(one, "authenticator") for one in keys.ids}
    app = TOTP.using(secrets=wallet, default_tag=keys.newest, encrypt_cost=0)
    return str(app(base64.b32encode(key).decode()).to_json())


SECRET = encrypted()


def shown(moment: datetime) -> str:
    """What the customer's app shows: passlib alone, without the bank."""
    return str(TOTP(base64.b32encode(RFC_KEY).decode()).generate(moment).token)


def seen(digits: str, author: str = ALICE, keys: Keyring = KEYS) -> SeenCode:
    return SeenCode(10, len(digits), None, codes.tags(keys, author, digits))


def check(
    code: SeenCode,
    written_at: datetime = NOON,
    *,
    secret: str = SECRET,
    last_step: int = 0,
    keys: Keyring = KEYS,
) -> CheckedCode:
    on_file = AuthenticatorOnFile(ALICE_ID, secret, last_step)
    return codes.check(code, on_file, keyring=keys, author_id=ALICE, written_at=written_at)


@pytest.mark.parametrize(("seconds", "digits"), RFC_CODES.items())
def test_the_digits_are_those_of_rfc_6238(seconds: int, digits: str) -> None:
    moment = datetime.fromtimestamp(seconds, UTC)
    now, before = authenticators.candidates(SECRET, KEYS, moment)
    assert now == (seconds // 30, digits)
    assert before == (seconds // 30 - 1, shown(moment - STEP))


def test_a_step_ends_when_thirty_seconds_are_over() -> None:
    end = NOON + STEP
    moments = (NOON, end - timedelta(microseconds=1), end)
    steps = [authenticators.candidates(SECRET, KEYS, moment)[0][0] for moment in moments]
    assert steps == [NOON_STEP, NOON_STEP, NOON_STEP + 1]


def test_no_clock_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def read() -> float:
        raise AssertionError("passlib looked at the clock")

    monkeypatch.setattr(TOTP, "now", staticmethod(read))
    new = authenticators.new_secret(KEYS, "alice")
    assert len(authenticators.candidates(new.secret, KEYS, NOON)) == 2
    assert check(seen(shown(NOON))).verdict is Verdict.RIGHT
    with pytest.raises(AssertionError, match="clock"):
        TOTP(base64.b32encode(RFC_KEY).decode()).generate()


@pytest.mark.parametrize(
    ("steps_away", "verdict"),
    [
        (-2, Verdict.WRONG),
        (-1, Verdict.RIGHT),
        (0, Verdict.RIGHT),
        (1, Verdict.WRONG),
        (2, Verdict.WRONG),
    ],
)
def test_only_the_step_of_the_message_and_the_one_before_count(
    steps_away: int, verdict: Verdict
) -> None:
    checked = check(seen(shown(NOON + steps_away * STEP)))
    assert (checked.verdict, checked.at, checked.missed) == (verdict, 10, None)
    if verdict is Verdict.RIGHT:
        assert checked.use == CodeUse(
            CodeKind.AUTHENTICATOR, ALICE_ID, ALICE_ID, None, NOON_STEP + steps_away, SECRET
        )


def test_accepting_any_step_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def generous(secret: str, keyring: Keyring, written_at: datetime) -> list[tuple[int, str]]:
        around = range(-10, 11)
        near = [authenticators.candidates(secret, keyring, written_at + n * STEP) for n in around]
        return [one for steps in near for one in steps]

    too_old = seen(shown(NOON - 2 * STEP))
    assert check(too_old).verdict is Verdict.WRONG
    monkeypatch.setattr(codes, "candidates", generous)
    assert check(too_old).verdict is Verdict.RIGHT


def test_a_step_is_accepted_only_after_the_last_one() -> None:
    code = seen(shown(NOON))
    assert check(code, last_step=NOON_STEP - 1).verdict is Verdict.RIGHT
    assert check(code, last_step=NOON_STEP).verdict is Verdict.WRONG
    assert check(code, last_step=NOON_STEP + 1).verdict is Verdict.WRONG
    before = seen(shown(NOON - STEP))
    assert check(before, last_step=NOON_STEP - 1).verdict is Verdict.WRONG


def test_a_code_said_by_somebody_else_is_wrong() -> None:
    assert check(seen(shown(NOON), author=MALLORY)).verdict is Verdict.WRONG


def test_six_digits_without_an_authenticator_look_the_same_as_wrong_ones() -> None:
    for on_file in (None, AuthenticatorOnFile(ALICE_ID, SECRET, 0)):
        checked = codes.check(
            seen("000000"), on_file, keyring=KEYS, author_id=ALICE, written_at=NOON
        )
        assert checked == CheckedCode(10, Verdict.WRONG)


def test_a_new_secret_is_shown_as_apps_read_it_and_kept_encrypted() -> None:
    new = authenticators.new_secret(KEYS, "alice")
    assert re.fullmatch(
        r"otpauth://totp/smoney-bot:alice\?secret=[A-Z2-7]{32}&issuer=smoney-bot", new.uri
    )
    key = new.uri.split("secret=")[1].split("&")[0]
    assert new.typed.replace(" ", "") == key
    assert max(map(len, new.typed.split())) <= 4
    for clear in (key, base64.b32decode(key).hex(), new.uri, new.typed):
        assert clear not in new.secret
        assert clear not in repr(new)
    phone = TOTP.from_uri(new.uri)
    assert (phone.digits, phone.period, phone.alg) == (6, 30, "sha1")
    digits = phone.generate(NOON).token
    assert authenticators.candidates(new.secret, KEYS, NOON)[0] == (NOON_STEP, digits)
    assert check(seen(digits), secret=new.secret).verdict is Verdict.RIGHT


def test_every_new_secret_is_another() -> None:
    made = [authenticators.new_secret(KEYS, "alice") for _ in range(50)]
    assert len({one.typed for one in made}) == 50


def test_a_secret_is_encrypted_under_the_newest_key_whatever_the_names() -> None:
    # passlib alone would take the last in alphabetical order.
    for names in (("a", "b"), ("b", "a"), ("2", "1"), ("1", "2")):
        keys = Keyring(dict(zip(names, (NEW, OLD), strict=True)))
        assert authenticators.key_id(authenticators.new_secret(keys, "alice").secret) == names[0]


def test_a_secret_outlives_a_new_key_and_moves_to_it() -> None:
    before = Keyring({"old": OLD})
    kept = encrypted(keys=before)
    code = seen(shown(NOON))
    assert check(code, secret=kept).verdict is Verdict.RIGHT
    moved = authenticators.rewrap(kept, KEYS)
    assert (authenticators.key_id(kept), authenticators.key_id(moved)) == ("old", "new")
    alone = Keyring({"new": NEW})
    assert check(seen(shown(NOON), keys=alone), secret=moved, keys=alone).verdict is Verdict.RIGHT
    assert authenticators.rewrap(moved, KEYS) == moved


def test_a_code_seen_before_the_new_key_came_is_still_right() -> None:
    seen_before = seen(shown(NOON), keys=Keyring({"old": OLD}))
    assert check(seen_before).verdict is Verdict.RIGHT
    assert check(seen_before, keys=Keyring({"new": NEW})).verdict is Verdict.WRONG


def test_without_its_key_a_secret_gives_no_code_and_no_error() -> None:
    alone = Keyring({"new": NEW})
    kept = encrypted(keys=Keyring({"old": OLD}))
    assert authenticators.candidates(kept, alone, NOON) == []
    assert check(seen(shown(NOON), keys=alone), secret=kept, keys=alone).verdict is Verdict.WRONG
    with pytest.raises(KeyError):
        authenticators.rewrap(kept, alone)


def test_another_key_of_the_same_name_gives_other_codes() -> None:
    other = Keyring({"new": OLD, "old": NEW})
    assert authenticators.candidates(SECRET, other, NOON) != authenticators.candidates(
        SECRET, KEYS, NOON
    )
    assert check(seen(shown(NOON), keys=other), keys=other).verdict is Verdict.WRONG


def test_a_kept_secret_tells_only_what_is_encrypted() -> None:
    assert json.loads(SECRET).keys() == {"enckey", "type", "v"}
