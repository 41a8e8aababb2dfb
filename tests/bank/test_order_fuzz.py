"""Strangers' text: amounts against an oracle, Unicode, laws for any text, and time.

Each corpus has a negative control: a weaker grammar that it catches.
"""

import random
import re
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from orders_by_hand import cents_by_hand
from strange_signs import UNSEEN, look_alikes, other_digits

from smoney_bot.bank.keys import Keyring
from smoney_bot.bank.messages import ClearMessage, Form, Mention
from smoney_bot.bank.orders import Bot, Consult, NotUnderstood, Order, Pay, grammar, read
from smoney_bot.bank.redaction import conceal

BOT = Bot("222222222", "Smoney")
X_IDS = {"Smoney": "222222222", "bob": "333333333"}
KEYS = Keyring({"k": b"k" * 32})

_MENTION = re.compile(r"(?<![A-Za-z0-9_!#$%&*@])@([A-Za-z0-9_]{1,20})")


def post(text: str, form: Form = Form.POST) -> ClearMessage:
    return ClearMessage(
        key="t:2123717988971446273",
        form=form,
        edited=False,
        message_id="2123717988971446273",
        author_id="111111111",
        author_handle="alice",
        text=text,
        written_at=datetime(2026, 11, 20, 10, tzinfo=UTC),
        body=(0, len(text)),
        mentions=tuple(
            Mention(found.start(), found.end(), found[1], X_IDS[found[1]])
            for found in _MENTION.finditer(text)
            if found[1] in X_IDS
        ),
    )


# Amounts ------------------------------------------------------------------------------


def amounts(count: int, rng: random.Random) -> list[str]:
    """Half of them nearly right, half of them any mixture."""
    made: list[str] = []
    while len(made) < count:
        number = str(rng.choice([rng.randrange(120), rng.randrange(200_000)]))
        cents = rng.choice(["", "", ",50", ".05", ",5", ".000", ",00"])
        before = rng.choice(["", "", "", "€", "EUR ", "eur", "€ "])
        after = rng.choice(["", "", "", "€", " €", " EUR", "  €", "$"])
        near = before + number + cents + after
        if rng.random() < 0.3:
            at = rng.randrange(len(near))
            near = near[:at] + rng.choice("0123456789,.€ -+_eE'") + near[at + rng.randrange(2) :]
        made += near, "".join(rng.choices("00123459,. €EUReur-+_", k=rng.randrange(1, 9)))
    return made


def test_thirty_thousand_amounts_agree_with_an_independent_reading() -> None:
    differing, good = [], 0
    for written in amounts(30_000, random.Random(14_10_2014)):
        order = read(post(f"@Smoney #{written} @bob #07482193"), BOT)
        read_as = int(order.amount) if isinstance(order, Pay) else None
        good += read_as is not None
        if read_as != cents_by_hand(written):
            differing.append((written, read_as))
    assert differing == []
    assert 4_000 < good < 20_000


@pytest.mark.parametrize("written", ["20\u0663", "\uff12\uff10", "1\u0660,50"])
def test_a_digit_of_another_script_is_what_the_oracle_refuses(written: str) -> None:
    assert cents_by_hand(written) is None
    assert re.fullmatch(r"\d{1,5}(?:,\d{2})?", written)  # the pattern one writes first
    assert int(re.sub(r"\D", "", written)) > 0  # and int() takes it


# Unicode ------------------------------------------------------------------------------

ORDERS = ["@Smoney #20 @bob #07482193", "@Smoney#20,50€@bob#1234", "@Smoney #pay 20 @bob #noel"]
PRIVATE_ORDERS = ["20 @bob 07482193", "pay 20,50EUR @bob 1234"]


def forms_of(text: str) -> list[ClearMessage]:
    return [post(text), replace(post(text, Form.DIRECT), mentions=())]


def payments(texts: list[str]) -> list[str]:
    return [
        text
        for text in texts
        if any(isinstance(read(message, BOT), Pay) for message in forms_of(text))
    ]


def swapped(text: str, at: int, sign: str) -> str:
    return text[:at] + sign + text[at + 1 :]


def behind_the_name(text: str) -> range:
    return range(len("@Smoney") if text.startswith("@") else 0, len(text))


def test_digits_of_other_scripts_never_pay() -> None:
    digits = other_digits()
    assert len(digits) >= 640
    for text in ORDERS[:1] + PRIVATE_ORDERS[:1]:
        assert payments([text]) == [text]
        for at in behind_the_name(text):
            # One of each script everywhere, all of them where a digit belongs.
            signs = digits if text[at].isdigit() else digits[3::10]
            assert payments([swapped(text, at, sign) for sign in signs]) == []


def test_signs_that_look_alike_never_pay() -> None:
    alike = look_alikes()
    assert "\u017f" in alike["s"]
    assert "\uff20" in alike["@"]
    assert sum(map(len, alike.values())) > 1_000
    for text in ORDERS + PRIVATE_ORDERS:
        for at in behind_the_name(text):
            signs = alike.get(text[at].lower(), [])[:60]
            assert payments([swapped(text, at, sign) for sign in signs]) == []


def test_signs_that_nobody_sees_never_pay() -> None:
    for text in ORDERS + PRIVATE_ORDERS:
        for at in [*behind_the_name(text), len(text)]:
            assert payments([text[:at] + sign + text[at:] for sign in UNSEEN]) == []
    # Three digits are left of a PIN so swapped in private: words, and the order waits.
    for text in ORDERS + PRIVATE_ORDERS[:1]:
        for at in behind_the_name(text):
            assert payments([swapped(text, at, sign) for sign in UNSEEN]) == []


def test_look_alikes_of_the_bot_are_not_the_bot() -> None:
    alike, text = look_alikes(), "@Smoney #20 @bob #07482193"
    for at in range(len("@Smoney")):
        for sign in alike[text[at].lower()]:
            order = read(replace(post(text), text=swapped(text, at, sign)), BOT)
            assert not isinstance(order, Pay)


PATTERN = grammar.PUBLIC.pay.pattern
LOOSE = re.IGNORECASE | re.DOTALL


@pytest.mark.parametrize(
    ("weak", "bad"),
    [
        (re.compile(PATTERN, LOOSE).fullmatch, " #\u017fend 20 @bob"),
        (re.compile(PATTERN, LOOSE).fullmatch, " #20 @\u212aate"),
        (re.compile(PATTERN.replace("[0-9]", r"\d"), LOOSE).fullmatch, " #2\u0660 @bob"),
        (re.compile(PATTERN, LOOSE | re.ASCII).match, " #20 @bob #074821934"),
        (re.compile(PATTERN, LOOSE | re.ASCII).search, " 5 #20 @bob"),
        (re.compile(grammar.NUMBER + "$").match, "20\n"),
    ],
    ids=["no ASCII: long s", "no ASCII: kelvin", r"\d", "match", "search", "$"],
)
def test_a_weaker_pattern_would_take_what_the_grammar_refuses(
    weak: Callable[[str], re.Match[str] | None], bad: str
) -> None:
    assert weak(bad) is not None
    assert re.compile(grammar.NUMBER, re.ASCII).fullmatch(bad) is None
    assert grammar.PUBLIC.pay.fullmatch(bad) is None


# Laws ---------------------------------------------------------------------------------

LAW = settings(max_examples=400, deadline=None)

PIECES = [
    "@Smoney", "@smoney", "@bob", "@carol2026", "#", "\uff03", " ", "\n", "\u00a0", "\u200b",
    "20", "12,5", "1,000", "0", "€", "EUR", "*", "****", "07482193", "123456", "1234", "0748",
    "-", ".", "_", "2193", "\uff10\uff17\uff14\uff18", "#noel2026", "#noel", "solde", "public",
    "annuler 7K3Q-19", "demander", "split", "payer 7K3Q-48", "bloquer",
    "relevé", "reçu 7K3Q-48", "renew", "partager", "conseiller", "loan", "idée", "montrer mon nom",
    "074821-93", "envoyer", "pay", "merci", "💸", "&lt;", "\u202e", "#07482193",
]  # fmt: skip
TEXTS = st.one_of(
    st.text(max_size=40),
    st.lists(st.sampled_from(PIECES), max_size=12).map("".join),
    st.lists(st.sampled_from(PIECES), max_size=10).map(" ".join),
    st.lists(st.sampled_from(PIECES), max_size=8).map("@Smoney #20 @bob ".__add__("").join),
    st.lists(st.sampled_from(PIECES), max_size=6).map(
        lambda some: "@Smoney #20 @bob" + "".join(some)
    ),
)
MESSAGES = st.builds(
    lambda text, form, cut: replace(post(text, form), body=(cut[0], len(text) - cut[1])),
    TEXTS,
    st.sampled_from(Form),
    st.tuples(st.sampled_from([0, 0, 0, 3]), st.sampled_from([0, 0, 0, 2])),
)


@LAW
@given(MESSAGES)
def test_any_text_reads_as_an_order_the_same_in_clear_and_concealed(message: ClearMessage) -> None:
    order = read(message, BOT)
    assert isinstance(order, Order)
    kept = conceal(message, KEYS, BOT)
    assert len(kept.text) == len(message.text)
    read_again = read(kept, BOT)
    if isinstance(order, Pay) and isinstance(read_again, Pay):
        assert replace(read_again, note=order.note) == order
        assert read_again.amount_at == order.amount_at
    elif isinstance(order, Consult) and isinstance(read_again, Consult):
        assert read_again.kind == order.kind  # what could be a code in its words is hidden
        assert len(read_again.words) == len(order.words)
    else:
        assert read_again == order


@LAW
@given(MESSAGES)
def test_no_code_is_left_in_any_text(message: ClearMessage) -> None:
    order, kept = read(message, BOT), conceal(message, KEYS, BOT)
    left = kept.text
    if isinstance(order, Pay):
        start, end = order.amount_at
        left = left[:start] + "x" + left[end:]
        left = left.replace(f"@{order.payee.handle}", "@")
    for one in kept.mentions:
        left = left.replace(f"@{one.handle}", "@")
    left = re.sub(r"#[A-Za-z]+20[0-9]{2}|[A-Z0-9]{4}-[0-9]{2}|074821-93", "", left)
    assert re.search(r"[0-9]{4}", left) is None


@LAW
@given(MESSAGES)
def test_a_line_to_paste_has_no_digit_of_a_code(message: ClearMessage) -> None:
    order = read(message, BOT)
    if isinstance(order, NotUnderstood):
        assert "0748" not in order.paste
        assert "2193" not in order.paste
        assert "123" not in order.paste


# Time ---------------------------------------------------------------------------------


def slowest_but_one_percent(message: ClearMessage) -> int:
    """Nanoseconds of this thread's own work: the 99th percentile of 100 readings."""
    spent = []
    for _ in range(100):
        start = time.thread_time_ns()
        read(message, BOT)
        spent.append(time.thread_time_ns() - start)
    return sorted(spent)[98]


HOSTILE = [
    "1" * 10_000,
    "@Smoney " + "1 " * 1_990,
    "@Smoney #20 @bob " + "#07482193 " * 390,
    "@Smoney" + " " * 3_900 + "#",
    "@Smoney #" + "€ " * 1_990,
    "@Smoney #20 @bob #07482193 " + "".join(map(chr, range(0x4E00, 0x4E00 + 3_900))),
    "@Smoney #20 @bob #07482193 \n" + "".join(map(chr, range(0x4E00, 0x4E00 + 3_900))),
    "@Smoney #20 @bob #07482193 " + "&amp;" * 790,
    "@Smoney " + "@bob " * 790 + "#",
    "@a" * 2_000,
    "@a" * 5_000,
    "@Smoney " + "#20 @bob " * 1_100,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("form", [Form.POST, Form.DIRECT])
def test_a_hostile_text_takes_less_than_a_millisecond(text: str, form: Form) -> None:
    message = post(text, form)
    # One good round of ten will do: the machine may have had something else to do.
    assert any(slowest_but_one_percent(message) < 1_000_000 for _ in range(10))
