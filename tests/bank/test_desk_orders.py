"""Orders that want people: read in both languages, sums readable, codes never."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from test_order_fuzz import BOT, KEYS, post

from smoney_bot.bank.branch import RequestKind
from smoney_bot.bank.messages import Form
from smoney_bot.bank.orders import AskBalance, Consult, NotUnderstood, Order, Pay, PayAsk, read
from smoney_bot.bank.reception import NotSayable, check_words
from smoney_bot.bank.redaction import conceal

HELP, CARD = RequestKind.HELP, RequestKind.CARD
LOAN, IDEA = RequestKind.LOAN, RequestKind.IDEA

ORDERS: dict[str, Order] = {
    "conseiller Où est mon argent ?": Consult(HELP, "Où est mon argent ?"),
    "advisor Where is my money?": Consult(HELP, "Where is my money?"),
    "#ADVISOR two\nlines": Consult(HELP, "two\nlines"),
    "@Smoney conseiller bonjour &amp; merci": Consult(HELP, "bonjour & merci"),
    "advisor #20 @bob, was that right?": Consult(HELP, "#20 @bob, was that right?"),
    "carte": Consult(CARD),
    "card lost": Consult(CARD, "lost"),
    "crédit": Consult(LOAN),
    "CRÉDIT 300 €": Consult(LOAN, "300 €"),
    "credit": Consult(LOAN),
    "loan for a boat": Consult(LOAN, "for a boat"),
    "idée plus de couleurs": Consult(IDEA, "plus de couleurs"),
    "idea more colours \U0001f468\u200d\U0001f469": Consult(
        IDEA, "more colours \U0001f468\u200d\U0001f469"
    ),
}

MISSES = {
    "conseiller": "conseiller ma question",
    "Advisor": "Advisor my question",
    "idee": "idee ce que je propose",
    "idea ": "idea what I have in mind",
    "advisor \u202eturned": "advisor my question",
    "advisors hello": "",
    "cartes": "",
}


def write(text: str) -> Order:
    return read(post(text, Form.DIRECT), BOT)


def hidden(text: str) -> str:
    return conceal(post(text, Form.DIRECT), KEYS, BOT).text


@pytest.mark.parametrize("text", ORDERS)
def test_what_people_write_is_the_order_they_mean(text: str) -> None:
    assert write(text) == ORDERS[text]


@pytest.mark.parametrize("text", MISSES)
def test_a_near_miss_opens_nothing(text: str) -> None:
    assert write(text) == NotUnderstood(MISSES[text])


def test_in_public_only_the_sign_makes_it_one() -> None:
    assert isinstance(read(post("@Smoney #conseiller bonjour"), BOT), Consult)
    assert not isinstance(read(post("@Smoney conseiller bonjour"), BOT), Consult)


def test_the_other_orders_stay_what_they_were() -> None:
    assert isinstance(write("solde"), AskBalance)
    assert isinstance(write("20 @bob #07482193 carte"), Pay)
    assert isinstance(write("payer 7K3Q-48 #1234"), PayAsk)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("loan 15000 € please", "loan 15000 € please"),
        ("credit 15 000 euros", "credit 15 000 euros"),
        ("credit 1.200€ ou 350 €", "credit 1.200€ ou 350 €"),
        ("loan 250000 EUR over 24 months", "loan 250000 EUR over 24 months"),
        # Whatever could be a code, in whichever disguise.
        ("advisor my code is 07482193", "advisor my code is ********"),
        ("advisor 0748 2193 €", "advisor **** **** €"),
        ("advisor #1234 €", "advisor #**** €"),
        ("advisor 07482193€", "advisor ********€"),
        ("advisor 12345678 €", "advisor ******** €"),
        ("advisor 0123 €", "advisor **** €"),
        ("advisor a1234 €", "advisor a**** €"),
        ("advisor 1234 dollars", "advisor **** dollars"),
        ("advisor 1234 europeans", "advisor **** europeans"),
        ("advisor call 06 12 34 56 78", "advisor call ** ** ** ** **"),
        ("20 @bob 1234 €", "20 @bob **** €"),
    ],
)
def test_sums_stay_readable_and_codes_never(text: str, kept: str) -> None:
    assert hidden(text) == kept


_PARTS = st.sampled_from(
    (
        *ORDERS,
        *("mon", "code", "07482193", "#07482193", "0748 2193", "€", "euros", "15000", "1.200"),
        *("15", "000", "#1234", "@bob", "@b1234", "#", "\u200b", "\uff11\uff12\uff13\uff14", "\n"),
    )
)


@given(st.lists(_PARTS, max_size=8).map(" ".join))
@example("#1234 @bob #1234")
def test_hiding_changes_no_order_and_leaves_no_code(text: str) -> None:
    before, after = write(text), read(conceal(post(text, Form.DIRECT), KEYS, BOT), BOT)
    assert type(before) is type(after)
    if isinstance(before, Consult) and isinstance(after, Consult):
        assert before.kind == after.kind
    kept = hidden(text)
    assert "07482193" not in kept
    if isinstance(before, Pay) and before.code_at is not None:
        begin, end = before.amount_at  # beside a code, `#1234` is an amount that is too much
        kept = kept[:begin] + kept[end:]
    assert not re.search(r"[0-9]{7,}|#[0-9]{4}", kept.replace("0748 2193", ""))


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (" \n", "empty"),
        ("x" * 1001, "too_long"),
        ("Voyez example.com", "link"),
        ("See https://x", "link"),
        ("Please send me your code", "asks_for_code"),
        ("Envoyez-moi votre PIN.", "asks_for_code"),
        ("Quel est votre code ?", "asks_for_code"),
        ("Votre mot de passe ?", "asks_for_code"),
        ("Pouvez-vous me donner les chiffres de la carte", "asks_for_code"),
    ],
)
def test_what_the_desk_may_not_say_is_refused(words: str, why: str) -> None:
    with pytest.raises(NotSayable) as refused:
        check_words(words)
    assert refused.value.why == why


@pytest.mark.parametrize(
    "words", ["Bonjour.", "A new card is on its way.", "Your limit is 250 €.", "Le code postal."]
)
def test_ordinary_answers_pass(words: str) -> None:
    check_words(words)
