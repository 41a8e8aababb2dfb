"""What is X's and what is not; and that nobody can have a forgery signed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import random
import re
import uuid
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from x_recordings import BOT, FOLDER, dump, load, raw

from smoney_bot.channels.x import wire
from smoney_bot.channels.x.signature import (
    SIGNATURE_HEADERS,
    BadSignature,
    BadToken,
    check,
    crc_answer,
    sign,
)

SECRET, OTHER = "consumer-secret-of-a-test", "client-secret-of-a-test"
FORGED = dump(load("synthetic/xaa_mention_command"))


def _by_hand(secret: str, body: bytes) -> str:
    """HMAC as RFC 2104 writes it, without the library's."""
    key = secret.encode().ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key) + body).digest()
    outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in key) + inner).digest()
    return "sha256=" + base64.b64encode(outer).decode()


def test_the_signature_is_the_documented_one_over_every_recorded_body() -> None:
    bodies = [path.read_bytes() for path in FOLDER.rglob("*.json")]
    assert len(bodies) >= 40
    for body in bodies:
        assert sign(SECRET, body) == _by_hand(SECRET, body)
        check(SECRET, body, sign(SECRET, body))


def test_a_signature_of_something_else_is_refused() -> None:
    body = raw("synthetic/xaa_mention_command")
    good = sign(SECRET, body)
    headers = [
        None,
        "",
        "sha256=",
        sign(OTHER, body),
        sign(SECRET, body + b"\n"),
        sign(SECRET, body[:-1]),
        sign(SECRET, raw("synthetic/xaa_mention_command_edited")),
        good.removeprefix("sha256="),
        good.replace("sha256", "sha1"),
        good.upper(),
        good + " ",
        " " + good,
        good + "\n",
        good.rstrip("="),
        good + "=",
        f"{good}, {good}",
        good.replace("=", "＝", 1),  # noqa: RUF001  that is the point
        "sha256=\udcff",
        "sha256=" + hmac.new(SECRET.encode(), body, "sha256").hexdigest(),
    ]
    for header in headers:
        with pytest.raises(BadSignature):
            check(SECRET, body, header)


def test_one_changed_bit_anywhere_is_noticed() -> None:
    body = raw("synthetic/xaa_dm_command")
    good = sign(SECRET, body)
    for place in range(len(body)):
        changed = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
        with pytest.raises(BadSignature):
            check(SECRET, changed, good)


def test_an_empty_secret_signs_nothing() -> None:
    with pytest.raises(AssertionError):
        sign("", b"{}")


def test_each_secret_has_its_own_header() -> None:
    assert set(SIGNATURE_HEADERS) == {"consumer", "client"}
    assert len(set(SIGNATURE_HEADERS.values())) == 2
    assert all(name == name.lower() for name in SIGNATURE_HEADERS.values())


def test_the_challenge_of_the_real_service_is_answered() -> None:
    request = (FOLDER / "api" / "crc_request_real.txt").read_text().split()[1]
    tokens = parse_qs(urlsplit(request).query)["crc_token"]
    assert crc_answer(SECRET, tokens) == _by_hand(SECRET, tokens[0].encode())


def test_a_thousand_genuine_challenges_are_answered() -> None:
    for _ in range(500):
        bare = str(uuid.uuid4())
        for token in (bare, base64.b64encode(bare.encode()).decode()):
            assert crc_answer(SECRET, [token]) == sign(SECRET, token.encode())


def _hostile() -> list[str]:
    """Tokens that are not X's: some would be valid events, some nearly UUIDs."""
    draw = random.Random(20141014)
    bare = "3dd82dfc-b9db-46d8-940e-3bcc903d8244"
    encoded = base64.b64encode(bare.encode()).decode()
    tokens = [FORGED.decode(), "{}", '{"data":{}}', "[]", "null", "true", "1", "", " ", "\0"]
    tokens += [str(10**n) for n in range(60)]
    tokens += ["8" * n for n in range(1, 60)]
    for good in (bare, encoded):
        tokens += [good + end for end in ("\n", "\r\n", " ", "\0", "=", "==", "%0A", "\u2028")]
        tokens += [start + good for start in ("\n", " ", "\ufeff", "{", "+")]
        tokens += [good[:n] for n in range(len(good))]
        tokens += [good * 2, f"{good},{good}", f"{good}&nonce=1", f"urn:uuid:{good}", f"{{{good}}}"]
        tokens += [good[:n] + odd + good[n + 1 :] for n in range(len(good)) for odd in '{"+/é٣\n']
    tokens += [bare.replace("-", ""), bare.replace("-", "\u2010"), bare.replace("3", "３", 1)]  # noqa: RUF001
    tokens += [base64.b64encode(draw.randbytes(36)).decode() for _ in range(800)]
    tokens += [base64.b64encode(bare.upper().encode() + b"\n").decode()]
    tokens += [base64.b64encode(f'{{"a":"{n:028}"}}'.encode()).decode() for n in range(300)]
    tokens += ["".join(draw.choices('0123456789abcdef-{}":,', k=36)) for _ in range(600)]
    return tokens


def test_no_other_challenge_is_answered() -> None:
    tokens = _hostile()
    assert len(tokens) >= 2000
    for token in tokens:
        with pytest.raises(BadToken) as refused:
            crc_answer(SECRET, [token])
        assert len(token) < 4 or token not in str(refused.value)


def test_a_challenge_needs_exactly_one_token() -> None:
    token = str(uuid.uuid4())
    for tokens in ([], [token, token], [token, "{}"], ["{}", token]):
        with pytest.raises(BadToken):
            crc_answer(SECRET, tokens)


def _forge(answer: Callable[[str, list[str]], str], tokens: list[str]) -> int:
    """Have *tokens* signed as challenges, post them as events; count what passes."""
    passed = 0
    for token in tokens:
        try:
            body, header = token.encode(), answer(SECRET, [token])
            check(SECRET, body, header)
            wire.read(body, bot_id=BOT)
        except (BadToken, wire.BadBody, UnicodeEncodeError):
            continue
        passed += 1
    return passed


def test_no_answered_challenge_can_be_posted_as_an_event() -> None:
    genuine = [str(uuid.UUID(int=n * 7**40 % 2**128)) for n in range(5000)]
    genuine += [base64.b64encode(token.encode()).decode() for token in genuine]
    assert _forge(crc_answer, genuine + _hostile()) == 0


def test_control_signing_any_token_would_let_forgeries_pass() -> None:
    assert _forge(lambda secret, tokens: sign(secret, tokens[0].encode()), _hostile()) >= 3


def test_control_a_pattern_that_ends_with_a_dollar_would_take_a_newline() -> None:
    loose = re.compile(r"^[0-9a-f-]{36}$")
    assert loose.match("3dd82dfc-b9db-46d8-940e-3bcc903d8244\n")
