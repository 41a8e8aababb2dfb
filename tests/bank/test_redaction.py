"""Concealing codes: nothing that could be one survives, nothing else is lost."""

import re
import sys
from dataclasses import asdict, replace
from datetime import UTC, datetime

import pytest

from smoney_bot.bank import codes
from smoney_bot.bank.keys import Keyring
from smoney_bot.bank.messages import ClearMessage, Form, Mention, Message
from smoney_bot.bank.orders import Bot, Cancel, GiveCode, NotUnderstood, Pay, read
from smoney_bot.bank.orders.digits import hide
from smoney_bot.bank.redaction import conceal
from smoney_bot.bank.references import read_reference, reference

BOT = Bot("222222222", "Smoney")
X_IDS = {"Smoney": "222222222", "bob": "333333333", "bob1999": "666666666", "carol": "444444444"}
KEYS = Keyring({"new": b"n" * 32, "old": b"o" * 32})

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


def direct(text: str) -> ClearMessage:
    return replace(post(text, Form.DIRECT), mentions=())


def kept(message: ClearMessage) -> Message:
    return conceal(message, KEYS, BOT)


def seen(message: ClearMessage) -> list[str]:
    return [message.text[one.start : one.start + one.length] for one in kept(message).codes]


#: What stands behind the bot's name, as kept, and the codes that will be judged.
PUBLIC = {
    "#20 @bob #07482193": ("#20 @bob #********", ["07482193"]),
    "#20@bob#07482193": ("#20@bob#********", ["07482193"]),
    "#1500,00 @bob #1234": ("#1500,00 @bob #****", ["1234"]),
    "#1500 @bob #123456": ("#1500 @bob #******", ["123456"]),
    "#20 @bob1999 #07482193": ("#20 @bob1999 #********", ["07482193"]),
    "#50 @bob #noel2026 #07482193": ("#50 @bob #noel2026 #********", ["07482193"]),
    "#20 @bob #07482193 2 pizzas": ("#20 @bob #******** 2 pizzas", ["07482193"]),
    "#20 @bob #07482193 le 14/07": ("#20 @bob #******** le **/**", ["07482193"]),
    "#20 @bob merci #07482193": ("#20 @bob merci #********", ["07482193"]),
    "#20 @bob #07482193 @bob1999": ("#20 @bob #******** @bob1999", ["07482193"]),
    "#20 @bob #07482193 @tom1999": ("#20 @bob #******** @tom****", ["07482193"]),  # nobody on X
    "#solde #1234": ("#solde #****", ["1234"]),
    # Near misses of an order.
    "#07482193 @bob #20": ("#******** @bob #20", ["07482193"]),
    "#07482193 #20 @bob": ("#******** #20 @bob", ["07482193"]),
    "#20 @bob 07482193": ("#20 @bob ********", ["07482193"]),
    "#20 @bob @07482193": ("#20 @bob @********", ["07482193"]),
    "#20 @bob07482193": ("#20 @bob07482193", []),  # reads as a handle: somebody may be called so
    "#20€ @bob07482193 !#": ("#20€ @bob07482193 !#", []),
    "#12,5 @bob07482193": ("#12,5 @bob********", []),
    "#20 @bob #0748219": ("#20 @bob #*******", []),
    "#20 @bob #074821934": ("#20 @bob #*********", []),
    "#20 @bob #0748 2193": ("#20 @bob #**** ****", ["0748"]),
    "#20 @bob #074821 93": ("#20 @bob #****** **", ["074821"]),
    "#20 @bob #07-48-21-93": ("#20 @bob #**-**-**-**", []),
    "#20 @bob #07 - 48 - 21 - 93": ("#20 @bob #** - ** - ** - **", []),
    "#20 @bob #07.48_21/93": ("#20 @bob #**.**_**/**", []),
    "#20 @bob #0748\u00a02193": ("#20 @bob #****\u00a0****", ["0748"]),
    "#20 @bob #0748\u20092193": ("#20 @bob #****\u2009****", ["0748"]),
    "#20 @bob #07\u200b48\u200d21\u206693": ("#20 @bob #**\u200b**\u200d**\u2066**", []),
    "#20 @bob code07482193": ("#20 @bob code********", []),
    "#20 @bob #code07482193": ("#20 @bob #code********", []),
    "#20 @bob #07482193merci": ("#20 @bob #********merci", []),
    "#1500 @bob ## #07482193": ("#**** @bob ## #********", ["1500", "07482193"]),
    "#1,000 @bob": ("#*,*** @bob", []),
    "#annuler 07482193": ("#annuler ********", ["07482193"]),
    "rien qu'un 07482193 perdu": ("rien qu'un ******** perdu", ["07482193"]),
    "1 2 3": ("1 2 3", []),
    "le 20 ou 21": ("le 20 ou 21", []),
    "#1111 #2222 #3333 #4444": ("#**** #**** #**** #****", ["1111", "2222", "3333"]),
}


@pytest.mark.parametrize(("rest", "stays"), PUBLIC.items())
def test_what_is_kept_of_a_post(rest: str, stays: tuple[str, list[str]]) -> None:
    message = post(f"@Smoney {rest}")
    assert kept(message).text == f"@Smoney {stays[0]}"
    assert seen(message) == stays[1]


@pytest.mark.parametrize(
    ("text", "stays"),
    {
        "20 @bob 07482193": ("20 @bob ********", ["07482193"]),
        "20 @bob 1234 merci": ("20 @bob **** merci", ["1234"]),
        "1500 @bob 123456": ("1500 @bob ******", ["123456"]),
        "1234": ("****", ["1234"]),
        "#123456": ("#******", ["123456"]),
        "@Smoney 07482193": ("@Smoney ********", ["07482193"]),
        "public 1234": ("public ****", ["1234"]),
        "solde 1234": ("solde ****", ["1234"]),
        "20 @1234 123456": ("20 @1234 ******", ["123456"]),
        "rappel 1234 bob": ("rappel **** bob", []),
        "12345": ("*****", []),
    }.items(),
)
def test_what_is_kept_of_a_direct_message(text: str, stays: tuple[str, list[str]]) -> None:
    message = direct(text)
    assert kept(message).text == stays[0]
    assert seen(message) == stays[1]


@pytest.mark.parametrize("written", ["#20 @bob #07482193", "#20 @bob #12,34 #1234", "#solde", "#x"])
def test_what_is_kept_reads_as_the_same_order(written: str) -> None:
    message = post(f"@Smoney {written}")
    assert read(kept(message), BOT) == read(message, BOT)


@pytest.mark.parametrize("form", [Form.POST, Form.DIRECT])
def test_a_code_where_the_amount_should_be_is_hidden_and_used_up(form: Form) -> None:
    message = post("@Smoney #1234 @bob merci", form)
    assert kept(message).text == "@Smoney #**** @bob merci"
    assert seen(message) == ["1234"]
    assert read(kept(message), BOT) == read(message, BOT) == NotUnderstood("@Smoney #20 @bob #code")


@pytest.mark.parametrize("amount", ["1234,00", "1234€", "€1234", "999", "1234"])
def test_an_amount_that_cannot_be_a_code_stays(amount: str) -> None:
    code = " #07482193" if amount == "1234" else ""
    message = post(f"@Smoney #{amount} @bob{code}")
    assert kept(message).text.startswith(f"@Smoney #{amount} @bob")
    assert isinstance(read(message, BOT), Pay)


def test_a_name_cut_short_by_stars_is_not_the_bots_name() -> None:
    message = direct("@Smoney07482193")
    assert kept(message).text == "@Smoney********"
    assert read(kept(message), BOT) == read(message, BOT) == NotUnderstood()


def test_the_code_of_the_order_is_among_the_codes_seen() -> None:
    message = post("@Smoney #20 @bob #07482193")
    order = read(kept(message), BOT)
    assert isinstance(order, Pay)
    (code,) = kept(message).codes
    assert (code.start, code.length, code.place) == (order.code_at, 8, 7)
    assert code.tags == codes.tags(KEYS, "111111111", "07482193")
    assert set(code.tags) == {"new", "old"}


def test_only_a_card_code_has_a_place() -> None:
    (authenticator, pin) = kept(post("@Smoney #solde #123456 #1234")).codes
    assert (authenticator.place, pin.place) == (None, None)


def test_the_reference_of_a_payment_to_cancel_stays() -> None:
    numbers = range(1, 20_000)
    ref = next(ref for ref in map(reference, numbers) if ref.replace("-", "").isdigit())
    message = post(f"@Smoney #annuler {ref} #07482193")
    assert kept(message).text == f"@Smoney #annuler {ref} #********"
    assert read(kept(message), BOT) == Cancel(ref)
    # Without its dash it could be a code, and a code can pass for it.
    bare = ref.replace("-", "")
    assert read_reference(bare) == ref
    assert bare not in kept(post(f"@Smoney #annuler {bare}")).text


def test_stars_that_somebody_typed_are_no_code() -> None:
    assert kept(post("@Smoney #20 @bob #********")).codes == ()
    assert kept(post("@Smoney #20 @bob #1234****")).codes == ()


def test_digits_of_every_script_are_hidden() -> None:
    every = [sign for sign in map(chr, range(sys.maxunicode + 1)) if sign.isdigit()]
    assert len(every) > 750
    left = [sign for sign in every if any(map(str.isdigit, hide(sign * 4)))]
    assert left == []


def test_hidden_digits_of_other_scripts_do_not_turn_into_a_code() -> None:
    wide = "".join(chr(0xFF10 + int(digit)) for digit in "07482193")
    message = post(f"@Smoney #20 @bob #{wide}")
    assert isinstance(read(message, BOT), NotUnderstood)
    assert isinstance(read(kept(message), BOT), NotUnderstood)
    assert not any(map(str.isdigit, kept(message).text[12:]))
    # Hidden by the plain star they would be one.
    plain = replace(kept(message), text=f"@Smoney #20 @bob #{'*' * 8}")
    assert isinstance(read(plain, BOT), Pay)


def test_hiding_what_is_hidden_changes_nothing() -> None:
    for rest in PUBLIC:
        once = hide(rest)
        assert hide(once) == once
        assert len(once) == len(rest)


def test_nothing_of_a_code_is_left_in_what_is_kept() -> None:
    message = post("@Smoney #20 @bob #0748219 07482193 #07482193")
    whole = kept(message)
    for shown in (repr(whole), str(asdict(whole)), whole.to_json(), repr(message)):
        assert "0748219" not in shown
        assert "482193" not in shown


def test_the_name_of_a_bot_may_hold_digits() -> None:
    bot, message = Bot("1", "smoney_2014"), direct("@smoney_2014 07482193")
    whole = conceal(message, KEYS, bot)
    assert whole.text == "@smoney_2014 ********"
    assert read(whole, bot) == read(message, bot) == GiveCode(13)


def test_all_else_is_kept_as_it_came() -> None:
    message = post("@Smoney #20 @bob #07482193", Form.QUOTE)
    before = {name: value for name, value in asdict(message).items() if name != "text"}
    after = asdict(kept(message))
    assert {name: after[name] for name in before} == before
    assert Message.from_json(kept(message).to_json()) == kept(message)
