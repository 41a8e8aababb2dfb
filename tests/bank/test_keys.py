"""The bank's secret keys: read strictly, several at once, one purpose each."""

from __future__ import annotations

import base64

import pytest

from smoney_bot.bank.keys import BadKeys, Keyring, mac


def written(secret: bytes) -> str:
    return base64.b64encode(secret).decode()


OLD, NEW = b"o" * 32, b"n" * 32


def test_keys_are_read_newest_first() -> None:
    keyring = Keyring.parse(f" 2026b:{written(NEW)} , 2026a:{written(OLD)} ")
    assert keyring.ids == ("2026b", "2026a")
    assert keyring.newest == "2026b"


def test_what_the_older_key_made_is_known_after_a_rotation() -> None:
    before = Keyring.parse(f"a:{written(OLD)}")
    after = Keyring.parse(f"b:{written(NEW)},a:{written(OLD)}")
    assert after.tags("code-tag", "111", "1234")["a"] == before.tags("code-tag", "111", "1234")["a"]
    assert after.tags("code-tag", "111", "1234").keys() == {"a", "b"}
    assert after.derive("a", "code-tag") == before.derive("a", "code-tag")


def test_a_key_that_is_gone_is_gone() -> None:
    with pytest.raises(KeyError):
        Keyring.parse(f"b:{written(NEW)}").derive("a", "code-tag")


def test_each_purpose_and_each_key_gives_another_key() -> None:
    keyring = Keyring({"b": NEW, "a": OLD})
    derived = {keyring.derive(one, purpose) for one in "ab" for purpose in ("code-tag", "seal", "")}
    assert len(derived) == 6
    assert {len(key) for key in derived} == {32}
    assert not derived & {NEW, OLD}, "the secret itself is never used"


def test_derived_keys_are_those_of_rfc_5869() -> None:
    """Changing how keys are derived would make every code on file worthless."""
    derived = Keyring({"a": b"k" * 32}).derive("a", "code-tag")
    assert derived.hex() == hkdf(b"k" * 32, b"smoney-bot/code-tag").hex()


def hkdf(secret: bytes, info: bytes) -> bytes:
    """HKDF-SHA256 for one block, by the text of RFC 5869: extract, then expand."""
    import hashlib  # noqa: PLC0415 - the second opinion stands alone
    import hmac  # noqa: PLC0415 - likewise

    extracted = hmac.new(bytes(32), secret, hashlib.sha256).digest()
    return hmac.new(extracted, info + b"\x01", hashlib.sha256).digest()


def test_parts_of_a_tag_cannot_be_moved_about() -> None:
    tags = {mac(NEW, *parts) for parts in (("1", "11"), ("11", "1"), ("111",), ("1", "1", "1"))}
    assert len(tags) == 4


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "written id:base64"),
        (written(NEW), "written id:base64"),
        (f":{written(NEW)}", "written id:base64"),
        (f"a b:{written(NEW)}", "written id:base64"),
        (f"-a:{written(NEW)}", "written id:base64"),
        (f"\u00e9:{written(NEW)}", "written id:base64"),
        (f"a:{written(NEW)},", "written id:base64"),
        (f"a:{written(NEW)};b:{written(OLD)}", "secret key a is not the base64 of 32 bytes"),
        (f"a:{written(NEW[:31])}", "secret key a is not the base64 of 32 bytes"),
        (f"a:{written(NEW + b'n')}", "secret key a is not the base64 of 32 bytes"),
        (f"a:{written(NEW)[:-1]}", "secret key a is not the base64 of 32 bytes"),
        (f"a:{written(NEW)}!", "secret key a is not the base64 of 32 bytes"),
        ("a:", "secret key a is not the base64 of 32 bytes"),
        (f"a:{written(NEW)},a:{written(OLD)}", "two secret keys have the id a"),
    ],
)
def test_bad_keys_are_named_and_never_shown(text: str, says: str) -> None:
    with pytest.raises(BadKeys, match=says) as caught:
        Keyring.parse(text)
    shown = (
        repr(caught.value)
        + str(caught.value.__cause__)
        + str(caught.value.__notes__ if hasattr(caught.value, "__notes__") else "")
    )
    assert written(NEW)[:8] not in shown
    assert written(OLD)[:8] not in shown


def test_a_keyring_shows_its_ids_alone() -> None:
    assert repr(Keyring({"b": NEW, "a": OLD})) == "Keyring(b, a)"
