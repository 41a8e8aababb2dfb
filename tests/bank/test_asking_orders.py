"""Orders about asks, as people write them: read or refused, in clear and with codes hidden."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_order_fuzz import BOT, KEYS, post

from smoney_bot.bank.messages import Form
from smoney_bot.bank.money import euros
from smoney_bot.bank.orders import (
    Ask,
    Block,
    DeclineAsk,
    NotUnderstood,
    Order,
    Pay,
    PayAsk,
    Payee,
    Share,
    Unblock,
    named_in,
    read,
)
from smoney_bot.bank.redaction import conceal

REFERENCE = "7K3Q-48"
BOB, CAROL = Payee("bob", "333333333"), Payee("carol", None)

#: What is written by direct message, and the order that it is.
ORDERS: dict[str, Order] = {
    "demander 12 @bob": Ask(euros(12), BOB),
    "request 12 @bob": Ask(euros(12), BOB),
    "#request 12,50 € @bob pizza": Ask(euros(12, 50), BOB, "pizza"),
    "REQUEST #12 @bob": Ask(euros(12), BOB),
    "@Smoney demander €12 @bob": Ask(euros(12), BOB),
    "partager 60 @bob @carol": Share(euros(60), (BOB, CAROL)),
    "split 60.00EUR @bob @carol le dîner": Share(euros(60), (BOB, CAROL), "le dîner"),
    f"payer {REFERENCE} #07482193": PayAsk(REFERENCE, 15),
    f"pay {REFERENCE} 07482193": PayAsk(REFERENCE, 12),
    f"pay {REFERENCE} #1234": PayAsk(REFERENCE, 13),
    "pay 7k3q48": PayAsk(REFERENCE),
    f"refuser {REFERENCE}": DeclineAsk(REFERENCE),
    f"#decline {REFERENCE}": DeclineAsk(REFERENCE),
    "bloquer @bob": Block(BOB),
    "block @bob": Block(BOB),
    "debloquer @bob": Unblock(BOB),
    "débloquer @bob": Unblock(BOB),
    "DÉBLOQUER @bob": Unblock(BOB),
    "#unblock @bob": Unblock(BOB),
}

#: Near misses: nobody is asked, nothing is paid, and the form is shown.
MISSES = {
    "demander 12,5 @bob": "demander 12 @bob",
    "demander 1,000 @bob": "demander 12 @bob",
    "request 0 @bob": "request 12 @bob",
    "request 12 bob": "request 12 @bob",
    "request 12 @bob @carol": "request 12 @bob",
    "request 12 @bob and @carol": "request 12 @bob",
    "request 12 @bob and \uff20carol": "request 12 @bob",
    "request 12 @bob #07482193": "request 12 @bob",
    "request 12 @bob 07482193": "request 12 @bob",
    "request 12 @bob pizza #07482193": "request 12 @bob",
    "request 12 @bob \u202epizza": "request 12 @bob",
    "split 60 @bob and @carol": "split 60 @bob @carol",
    "split 60 @bob, @carol": "split 60 @bob @carol",
    "split 60 @bob @BOB": "split 60 @bob @carol",
    f"split 60 {' '.join(f'@n{number}' for number in range(10))}": "split 60 @bob @carol",
    "decline 7K3Q-49": "decline 7K3Q-48",
    "block bob": "block @bob",
    "block @bob @carol": "block @bob",
    "pay 7K3Q-49 #07482193": "",
    f"pay {REFERENCE} #07482193 now": "",
}


def write(text: str) -> Order:
    return read(post(text, Form.DIRECT), BOT)


@pytest.mark.parametrize("text", ORDERS)
def test_what_people_write_is_the_order_they_mean(text: str) -> None:
    assert write(text) == ORDERS[text]


@pytest.mark.parametrize("text", MISSES)
def test_a_near_miss_asks_nobody(text: str) -> None:
    assert write(text) == NotUnderstood(MISSES[text])


@pytest.mark.parametrize("text", [*ORDERS, *MISSES])
def test_the_order_is_the_same_once_its_codes_are_hidden(text: str) -> None:
    kept = conceal(post(text, Form.DIRECT), KEYS, BOT)
    assert read(kept, BOT) == write(text)
    assert "07482193" not in kept.text


@pytest.mark.parametrize("text", ORDERS)
def test_in_public_only_the_sign_makes_it_one(text: str) -> None:
    words = text.removeprefix("@Smoney ").removeprefix("#").replace(" 0748", " #0748")
    words = f"@Smoney #{words}"
    assert type(read(post(words), BOT)) is type(ORDERS[text])


def test_nine_share_with_the_asker_and_no_more() -> None:
    order = write("split 60 " + " ".join(f"@guest{number}" for number in range(9)))
    assert [one.handle for one in named_in(order)] == [f"guest{number}" for number in range(9)]


def bare(order: Order) -> Order:
    """Return *order* without its note, in which digits may have become stars."""
    return replace(order, note="") if isinstance(order, Pay | Ask | Share) else order


_WORDS = st.sampled_from(
    "demander request partager split payer pay refuser decline bloquer unblock @bob @carol @b1234"
    f" {REFERENCE} 12 12,50 € #07482193 07482193 #1234 # and é \u200b \uff20x 1234,56 \n".split(" ")
)


@given(st.lists(_WORDS, max_size=7).map(" ".join))
def test_whatever_is_written_hiding_changes_nothing_and_nobody_is_left_out(text: str) -> None:
    order = write(text)
    kept = conceal(post(text, Form.DIRECT), KEYS, BOT)
    assert bare(read(kept, BOT)) == bare(order)
    assert "07482193" not in kept.text
    if isinstance(order, Ask | Share):
        assert len(re.findall("@", text)) == len(named_in(order))
