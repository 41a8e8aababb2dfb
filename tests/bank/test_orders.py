"""The order table: each row, its near misses, and where in a message orders stand."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from smoney_bot.bank.customers import Language
from smoney_bot.bank.messages import ClearMessage, Form, Mention
from smoney_bot.bank.money import Cents, euros
from smoney_bot.bank.orders import (
    AskBalance,
    AskHelp,
    AskHistory,
    AskReceipt,
    AskStatement,
    Bot,
    Cancel,
    Freeze,
    GiveCode,
    GoPrivate,
    GoPublic,
    NotAnOrder,
    NotUnderstood,
    Order,
    Pay,
    Payee,
    Renew,
    Resume,
    ShowName,
    Speak,
    Stop,
    read,
)
from smoney_bot.bank.references import reference

BOT = Bot("222222222", "Smoney")
X_IDS = {
    "Smoney": "222222222",
    "bob": "333333333",
    "carol": "444444444",
    "entraide": "555555555",
}
REF = reference(7)

# X marks no mention behind one of these signs.
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
    return replace(post(text, Form.DIRECT), key="d:2123717988971446282", mentions=())


def public_order(text: str) -> Order:
    return read(post(text), BOT)


def private_order(text: str) -> Order:
    return read(direct(text), BOT)


def pay(
    amount: int,
    handle: str = "bob",
    *,
    x_id: str | None = None,
    tag: str | None = None,
    code_at: int | None = None,
    note: str = "",
) -> Pay:
    return Pay(Cents(amount), Payee(handle, x_id), tag, code_at, note)


BOB, ENTRAIDE = X_IDS["bob"], X_IDS["entraide"]

PUBLIC_PAYMENTS = {
    "@Smoney #20 @bob #07482193": pay(2000, x_id=BOB, code_at=18),
    "@smoney #20 @bob #07482193": NotAnOrder(),  # X marked no such mention in this test
    "@Smoney #20@bob#07482193": pay(2000, code_at=16),
    "@Smoney#20@bob#07482193": pay(2000, code_at=15),
    "@Smoney#20@bob#07482193 merci @bob": pay(2000, code_at=15, note="merci @bob"),
    "@Smoney #20 @bob #123456": pay(2000, x_id=BOB, code_at=18),
    "@Smoney #20 @bob #1234": pay(2000, x_id=BOB, code_at=18),
    "@Smoney #20 @bob #********": pay(2000, x_id=BOB, code_at=18),
    "@Smoney #20 @bob": pay(2000, x_id=BOB),
    "@Smoney #20 @bob merci": pay(2000, x_id=BOB, note="merci"),
    "@Smoney\n#20\n@bob\n#07482193\npour la pizza": pay(
        2000, x_id=BOB, code_at=18, note="pour la pizza"
    ),
    "@Smoney \t #20   @bob  #07482193  ": pay(2000, x_id=BOB, code_at=23),
    "@Smoney #20 @bob #07482193 2 pizzas": pay(2000, x_id=BOB, code_at=18, note="2 pizzas"),
    "@Smoney #20 @bob #07482193 2026": pay(2000, x_id=BOB, code_at=18, note="2026"),
    "@Smoney #20 @bob #123456 2 pizzas": pay(2000, x_id=BOB, code_at=18, note="2 pizzas"),
    "@Smoney #50 @entraide #noel #07482193": pay(
        5000, "entraide", x_id=ENTRAIDE, tag="noel", code_at=29
    ),
    "@Smoney#50@entraide#noel2026#07482193": pay(5000, "entraide", tag="noel2026", code_at=29),
    "@Smoney #50 @entraide #noel bonne fête": pay(
        5000, "entraide", x_id=ENTRAIDE, tag="noel", note="bonne fête"
    ),
    "@Smoney #envoyer 20€ @bob": pay(2000, x_id=BOB),
    "@Smoney #Envoyer #20 @bob #07482193": pay(2000, x_id=BOB, code_at=27),
    "@Smoney #payer 20 @bob": pay(2000, x_id=BOB),
    "@Smoney #donner 20 @entraide": pay(2000, "entraide", x_id=ENTRAIDE),
    "@Smoney #send#20 @bob": pay(2000, x_id=BOB),
    "@Smoney #pay 20,50 EUR @bob": pay(2050, x_id=BOB),
    "@Smoney #GIVE eur20.50 @entraide": pay(2050, "entraide", x_id=ENTRAIDE),
    "Salut ! 💸 @Smoney #20 @bob": pay(2000, x_id=BOB),
    "Pour l'été\n@Smoney #20 @bob": pay(2000, x_id=BOB),
}

AMOUNTS = {
    "1": 100,
    "20": 2000,
    "99999": 9_999_900,
    "0,50": 50,
    "0.01": 1,
    "20,00": 2000,
    "20.05": 2005,
    "20€": 2000,
    "20 €": 2000,
    "€20": 2000,
    "€ 20": 2000,
    "20EUR": 2000,
    "20 eur": 2000,
    "Eur20,50": 2050,
}

#: An amount that is none, and the amount of the line to paste.
NO_AMOUNTS = {
    "0": "20",
    "0,00": "20",
    "012": "20",
    "00,50": "20",
    "1,000": "20",
    "1.000,00": "20",
    "1 000": "20",
    "12,5": "12,50",
    "12.5": "12,50",
    "0,5": "0,50",
    "12,555": "20",
    "12,": "20",
    ",50": "20",
    "1e2": "20",
    "1_0": "20",
    "-5": "20",
    "+5": "20",
    "NaN": "",
    "inf": "",
    "0x10": "20",
    "100000": "20",
    "9" * 5000: "",
    "20€€": "20",
    "€20€": "20",
    "€20EUR": "20",
    "20  €": "20",
    "$20": "20",
    "20$": "20",
    "20.00.00": "20",
    "5,00€ €": "5",
}

KEYWORDS = {
    "solde": AskBalance(),
    "balance": AskBalance(),
    "SOLDE": AskBalance(),
    "historique": AskHistory(),
    "history": AskHistory(),
    "prive": GoPrivate(),
    "privé": GoPrivate(),
    "PRIVÉ": GoPrivate(),
    "private": GoPrivate(),
    "public": GoPublic(),
    f"annuler {REF}": Cancel(REF),
    f"cancel {REF.lower()}": Cancel(REF),
    f"Cancel {REF.replace('-', '')}": Cancel(REF),
    "gel": Freeze(),
    "geler": Freeze(),
    "freeze": Freeze(),
    "aide": AskHelp(),
    "help": AskHelp(),
    "stop": Stop(),
    "arret": Stop(),
    "arrêt": Stop(),
    "reprendre": Resume(),
    "resume": Resume(),
    "releve": AskStatement(),
    "relevé": AskStatement(),
    "statement": AskStatement(),
    f"recu {REF}": AskReceipt(REF),
    f"Reçu {REF.lower()}": AskReceipt(REF),
    f"receipt {REF.replace('-', '')}": AskReceipt(REF),
    "renouveler": Renew(),
    "renew": Renew(),
    "fr": Speak(Language.FRENCH),
    "francais": Speak(Language.FRENCH),
    "Français": Speak(Language.FRENCH),
    "en": Speak(Language.ENGLISH),
    "anglais": Speak(Language.ENGLISH),
    "english": Speak(Language.ENGLISH),
    "montrer mon nom": ShowName(on=True),
    "Show my name": ShowName(on=True),
    "cacher mon nom": ShowName(on=False),
    "hide my  name": ShowName(on=False),
}


@pytest.mark.parametrize(("text", "order"), PUBLIC_PAYMENTS.items())
def test_a_public_payment_reads_as_it_is_written(text: str, order: Order) -> None:
    assert public_order(text) == order


@pytest.mark.parametrize(
    ("text", "order"),
    {
        "@Smoney #20 @bob #07482193": pay(2000, code_at=18),
        "#20 @bob #07482193": pay(2000, code_at=10),
        "#20@bob#07482193": pay(2000, code_at=8),
        "20 @bob 07482193": pay(2000, code_at=8),
        "20 @bob 07482193 merci": pay(2000, code_at=8, note="merci"),
        "20 @bob 1234 2 pizzas": pay(2000, code_at=8, note="2 pizzas"),
        "20 @bob 2 pizzas": pay(2000, note="2 pizzas"),
        "20€ @bob": pay(2000),
        "envoyer 20 @bob": pay(2000),
        "Pay #20 @bob 123456": pay(2000, code_at=13),
        "50 @entraide #noel 07482193": pay(5000, "entraide", tag="noel", code_at=19),
        "Bonjour @smoney 20 @bob 1234": pay(2000, code_at=24),
        "20 @bob 07482193 vu avec @Smoney": pay(2000, code_at=8, note="vu avec @Smoney"),
        "20 @Smoney": pay(2000, "Smoney"),
    }.items(),
)
def test_in_private_the_name_and_every_hash_may_be_left_out(text: str, order: Order) -> None:
    assert private_order(text) == order


@pytest.mark.parametrize(("written", "cents"), AMOUNTS.items())
def test_an_amount_has_one_form(written: str, cents: int) -> None:
    assert public_order(f"@Smoney #{written} @bob") == pay(cents, x_id=BOB)
    glued = f"@Smoney#{written}@bob#1234"
    marked = BOB if written.endswith("€") else None  # X marks a mention behind a euro sign
    assert public_order(f"{glued} ok") == pay(
        cents, x_id=marked, code_at=glued.index("1234"), note="ok"
    )
    assert private_order(f"{written} @bob") == pay(cents)


@pytest.mark.parametrize(("written", "mended"), NO_AMOUNTS.items())
def test_another_amount_is_refused_and_mended_only_beyond_doubt(written: str, mended: str) -> None:
    paste = f"@Smoney #{mended} @bob #code" if mended else ""
    assert public_order(f"@Smoney #{written} @bob") == NotUnderstood(paste)
    assert isinstance(private_order(f"{written} @bob"), NotUnderstood)


@pytest.mark.parametrize("text", ["@Smoney #20 @bob #07482193", "@Smoney #20,5 @bob #07482193"])
def test_the_amount_stands_where_it_says(text: str) -> None:
    order = public_order(text)
    if isinstance(order, Pay):
        assert text[slice(*order.amount_at)] == "20"
        assert order.code_at == text.index("07482193")
    else:
        assert order == NotUnderstood("@Smoney #20,50 @bob #code")


@pytest.mark.parametrize(
    "rest",
    [
        "#07482193",  # the order is missing
        "#07482193 @bob #20",  # swapped
        "#07482193 #20 @bob",
        "#20 #07482193 @bob",
        "@bob #20 #07482193",
        "#20 @bob 07482193",  # a sign is missing
        "20 @bob #07482193",
        "#20 bob #07482193",
        "#20 @bob #0748219",  # seven digits
        "#20 @bob #074821934",  # nine
        "#20 @bob #12345",
        "#20 @bob #0748 2193",  # torn
        "#20 @bob #074821 93",
        "#20 @bob #07-48-21-93",
        "#20 @bob #07482193merci",
        "#20 @bob #07482193.",
        "#20 @bob #07482193 #1234",
        "#20 @bob #1234 #merci",
        "#20 @bob @07482193",
        "#20 @bob #code07482193",
        "#20 @bob #n #07482193",
        "#20 @bobbobbobbobbobb #07482193",
        "#20 @ bob #07482193",
        "#20 @bob@carol #07482193",
        "# 20 @bob #07482193",
        "##20 @bob #07482193",
        "#pay20 @bob #07482193",
        "#verser 20 @bob",
        "@Smoney #20 @bob #07482193",
        ": #20 @bob #07482193",
        "#solde s'il te plaît",
        "#solde#07482193#1234",
        "#soldes",
        "#annuler",
        "#annuler 7K3Q-00",
        "#annuler 07482193",
        "#merci",
        "\uff0320 @bob",
        "#20 @bob \uff0307482193",
        "#20 \uff20bob #07482193",
        "#20 @bob #07482193 a\u202eb",
        "#20 @bob #07482193 a\x07b",
        "#20 @bob #07482193 a\ue000b",
        "#20 @bob #07482193 \u200dok",
        "#20 @bob #07482193 \u00a0ok",
    ],
)
def test_a_near_miss_in_public_moves_no_money(rest: str) -> None:
    order = public_order(f"@Smoney {rest}")
    assert isinstance(order, NotUnderstood)
    assert "0748" not in order.paste


@pytest.mark.parametrize(
    "text",
    [
        "bonjour",
        "20",
        "20 bob 07482193",
        "20 @bob 0748219",
        "20 @bob 0748 2193",
        "20 @bob07482193 1234567",
        "07482193 @bob 20",
        "12345",
        "#07482193 #1234",
        "07482193 merci",
        "solde merci",
        "",
        " ",
        "@Smoney",
    ],
)
def test_a_near_miss_in_private_moves_no_money(text: str) -> None:
    order = private_order(text)
    assert isinstance(order, NotUnderstood)
    assert "0748" not in order.paste


@pytest.mark.parametrize("word", ["annuler", "cancel", "recu", "reçu", "REÇU", "receipt"])
@pytest.mark.parametrize("rest", ["", " ", " 7K3Q-49", " 20 @bob #07482193", ", merci"])
def test_an_order_about_a_payment_without_its_reference_is_shown_with_one(
    word: str, rest: str
) -> None:
    shown = NotUnderstood(f"@Smoney #{word} 7K3Q-48")
    assert public_order(f"@Smoney #{word}{rest}") == shown
    assert private_order(word + rest) == shown
    assert private_order(f"{word}s{rest}") != shown


@pytest.mark.parametrize(("words", "order"), KEYWORDS.items())
def test_each_other_order_reads_in_public_and_in_private(words: str, order: Order) -> None:
    assert public_order(f"@Smoney #{words}") == order
    assert public_order(f"@Smoney#{words} ") == order
    assert private_order(words) == order
    assert private_order(f"#{words}") == order
    assert private_order(f"@Smoney {words}") == order


@pytest.mark.parametrize(("words", "order"), KEYWORDS.items())
def test_a_code_behind_another_order_changes_nothing(words: str, order: Order) -> None:
    said = f"@Smoney #{words} #07482193"
    whole = GoPublic(said.index("07482193")) if order == GoPublic() else order
    assert public_order(said) == whole
    assert private_order(said) == whole
    assert isinstance(private_order(f"{words} 07482193"), type(order))


@pytest.mark.parametrize("words", KEYWORDS)
def test_another_order_without_its_hash_is_talk_in_public(words: str) -> None:
    assert public_order(f"@Smoney {words}") == NotAnOrder()


@pytest.mark.parametrize(
    ("text", "code_at"),
    [("07482193", 0), ("#123456", 1), (" 1234 ", 1), ("@Smoney #1234", 9), ("@smoney 1234", 8)],
)
def test_a_code_alone_in_private_is_given(text: str, code_at: int) -> None:
    assert private_order(text) == GiveCode(code_at)


def test_a_code_alone_in_public_is_no_order() -> None:
    assert public_order("@Smoney #1234") == NotUnderstood()


@pytest.mark.parametrize(
    "text",
    [
        "@Smoney tu es super",
        "@Smoney 20 @bob",
        "20 @bob",
        "#20 @bob #07482193",
        "j'ai vu @carol chez @Smoney hier à 10 h",
        "@Smoney_ #20 @bob",
        "@Sm0ney #20 @bob",
        "@\u017fmoney #20 @bob",
        "\uff20Smoney #20 @bob",
        "",
    ],
)
def test_talk_in_public_is_no_order(text: str) -> None:
    assert public_order(text) == NotAnOrder()


@pytest.mark.parametrize(
    "lead", ["5 fois", "@carol", "#fete", "\uff03x", "\uff20x", "a\u202e", "\u0663", "²", "x" * 101]
)
def test_words_before_the_name_may_not_look_like_an_order(lead: str) -> None:
    order = public_order(f"{lead} @Smoney #20 @bob #07482193")
    assert order == NotUnderstood("@Smoney #20 @bob #code")
    assert public_order(f"{'x' * 99} @Smoney #20 @bob #1234") == pay(2000, x_id=BOB, code_at=118)


def test_a_mention_that_a_reply_inherits_is_no_order() -> None:
    text = "@carol @Smoney #20 @bob #1234"
    typed = replace(post(text), body=(7, 29))
    assert read(typed, BOT) == pay(2000, x_id=BOB, code_at=25)
    assert read(replace(typed, body=(15, 29)), BOT) == NotAnOrder()


def test_the_name_needs_the_id_and_the_id_needs_the_name() -> None:
    message = post("@Smoney #20 @bob")
    stranger = replace(message.mentions[0], x_id="999999999")
    renamed = replace(message.mentions[1], x_id=BOT.x_id)
    assert read(replace(message, mentions=(stranger, renamed)), BOT) == NotAnOrder()


def test_offsets_that_are_off_are_looked_up_by_name_in_order() -> None:
    message = post("Léa &amp; moi @Smoney #20 @bob #1234")
    unescaped = tuple(
        replace(one, start=one.start - 4, end=one.end - 4) for one in message.mentions
    )
    assert read(replace(message, mentions=unescaped), BOT) == read(message, BOT)
    assert read(message, BOT) == pay(2000, x_id=BOB, code_at=32)


def test_a_display_range_that_cuts_a_handle_does_not_pay_another() -> None:
    message = post("@Smoney #20 @bobette")
    assert read(replace(message, body=(0, 16)), BOT) == pay(2000, "bobette")


def test_what_x_shows_behind_the_body_is_not_read() -> None:
    message = post("@Smoney #20 @bob #1234 https://t.co/abcdefghij")
    assert read(replace(message, body=(0, 22)), BOT) == pay(2000, x_id=BOB, code_at=18)


def test_a_mention_elsewhere_does_not_tell_who_is_paid() -> None:
    message = post("@Smoney#20@bob#1234 pour @bob")
    assert [one.handle for one in message.mentions] == ["Smoney", "bob"]
    assert read(message, BOT) == pay(2000, code_at=15, note="pour @bob")


def test_a_quote_is_never_an_order() -> None:
    assert read(post("@Smoney #20 @bob #07482193", Form.QUOTE), BOT) == NotAnOrder()


def test_a_code_may_stand_behind_the_words() -> None:
    merci = public_order("@Smoney #20 @bob merci pour tout #07482193")
    assert merci == pay(2000, x_id=BOB, note="merci pour tout", code_at=34)
    assert private_order("20 @bob merci #1234") == pay(2000, note="merci", code_at=15)
    # A number without its sign is words in public, and in private too: it is no code.
    assert public_order("@Smoney #20 @bob merci 1234") == pay(2000, x_id=BOB, note="merci 1234")
    for torn in ("@Smoney #20 @bob 0748 #2193", "@Smoney #20 @bob 0748 2193 #1234"):
        assert isinstance(public_order(torn), NotUnderstood)


def test_the_samples_read_as_they_should() -> None:
    assert public_order("@Smoney #20 @bob #1234") == pay(2000, x_id=BOB, code_at=18)
    assert public_order("@Smoney #200 @bob #1234") == pay(20_000, x_id=BOB, code_at=19)
    assert private_order("@Smoney #20 @bob #1234") == pay(2000, code_at=18)
    emoji = public_order("💸 @Smoney #20 @bob &lt;3 #1234")
    assert emoji == pay(2000, x_id=BOB, note="<3", code_at=26)


@pytest.mark.parametrize(
    ("written", "note"),
    {
        "Tom &amp; Léa &lt;3 &gt; tout": "Tom & Léa <3 > tout",
        "&amp;lt;": "&lt;",
        "&#8238;": "&#8238;",
        "famille 👨\u200d👩\u200d👧 ❤\ufe0f ": "famille 👨\u200d👩\u200d👧 ❤\ufe0f",
        "bravo\u00a0! \U0001fae8": "bravo\u00a0! \U0001fae8",
        "avec @carol #pizza": "avec @carol #pizza",
        "x" * 200: "x" * 140,
        "&amp;" * 200: "&" * 140,
        "x" * 139 + " y": "x" * 139,
    }.items(),
)
def test_the_note_is_shown_as_its_author_wrote_it(written: str, note: str) -> None:
    order = public_order(f"@Smoney #20 @bob #07482193 {written}")
    assert order == pay(2000, x_id=BOB, code_at=18, note=note)


@pytest.mark.parametrize(
    ("text", "paste"),
    {
        "@Smoney #12,5 @bob #07482193": "@Smoney #12,50 @bob #code",
        "@Smoney #20 @bob #0748219": "@Smoney #20 @bob #code",
        "@Smoney #30 @bob #07482193!": "@Smoney #30 @bob #code",
        "@Smoney #20 @bob07482193 #1": "",  # may be bob and a code
        "@Smoney #envoyer 20€€ @bob": "@Smoney #20 @bob #code",
        "@Smoney #50 @entraide #noel #0748219": "@Smoney #50 @entraide #noel #code",
        "@Smoney #1500 @bob #0748219": "@Smoney #20 @bob #code",  # may be a PIN
        "@Smoney #120,50 @bob #0748219": "@Smoney #20 @bob #code",  # too many digits to show
        "@Smoney #solde @bob": "",
        "@Smoney #bonjour": "",
    }.items(),
)
def test_the_line_to_paste_keeps_what_is_sure(text: str, paste: str) -> None:
    assert public_order(text) == NotUnderstood(paste)
    assert private_order(text) == NotUnderstood(paste)


@pytest.mark.parametrize("text", ["@Smoney #12,5 @bob", "@Smoney 7 @entraide #noel #0748219"])
def test_the_line_to_paste_is_an_order_once_the_code_is_in(text: str) -> None:
    missed = public_order(text)
    assert isinstance(missed, NotUnderstood)
    mended = missed.paste.replace("#code", "#07482193")
    assert isinstance(public_order(mended), Pay)
    assert isinstance(private_order(mended), Pay)


def test_a_text_too_long_to_be_an_order_is_not_read() -> None:
    long = "@Smoney #20 @bob #07482193 " + "x" * 4000
    assert public_order(long) == NotUnderstood()
    assert private_order(long) == NotUnderstood()
    assert public_order(long.replace("#", "")) == NotAnOrder()
    assert isinstance(public_order(long[:4000]), Pay)


def test_the_largest_amount_is_whole_cents() -> None:
    order = public_order("@Smoney #99999,99 @bob")
    assert isinstance(order, Pay)
    assert order.amount == euros(99_999, 99)
    assert type(order.amount) is Cents
