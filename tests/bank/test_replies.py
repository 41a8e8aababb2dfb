"""Every sentence of the bank, in every language, in public and by direct message."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import product
from typing import get_args

import pytest

from smoney_bot.bank import (
    answers,
    asks,
    branch,
    collections,
    errors,
    holds,
    orders,
    receipts,
    refunds,
    replies,
)
from smoney_bot.bank.answers import Answer
from smoney_bot.bank.customers import Language
from smoney_bot.bank.errors import CodeRefused, Refused
from smoney_bot.bank.messages import Form, Mention, Message
from smoney_bot.bank.money import Cents, euros
from smoney_bot.bank.weights import weighted_length

FRENCH, ENGLISH = Language.FRENCH, Language.ENGLISH
REFERENCE = "7K3Q-19"
LONGEST_REFERENCE = "ZZZZZZZZZZZZZ-97"
LONGEST_HANDLE = "W" * 15
MOST = euros(999_999, 99)
NOTE = "\U0001f468\u200d\U0001f469\u200d\U0001f467 merci pour tout" * 8
LATE = datetime(2026, 12, 31, 23, 59, tzinfo=UTC)

HELD: tuple[holds.Answer, ...] = (
    holds.SetAside(MOST, LONGEST_HANDLE, 90),
    holds.SetAside(MOST, LONGEST_HANDLE, 90, place=20, codes_left=19),
    holds.SetAside(MOST, LONGEST_HANDLE, 90, place=19, codes_left=1),
    holds.SetAside(MOST, LONGEST_HANDLE, 90, place=20, codes_left=0),
    holds.SetAside(MOST, LONGEST_HANDLE, 90, pin_void=True),
    holds.TakenBack(MOST, LONGEST_HANDLE),
    holds.CameBack(MOST, LONGEST_HANDLE),
    holds.Arrived(MOST, LONGEST_HANDLE),
)

ASKS: tuple[asks.Answer, ...] = (
    asks.Asked(LONGEST_HANDLE, MOST, 90),
    asks.Shared(MOST, (asks.Part(LONGEST_HANDLE, MOST),) * 9, MOST, 90),
    asks.AskedFor(LONGEST_HANDLE, MOST, 1),
    asks.AskedFor(LONGEST_HANDLE, MOST, 90, NOTE[:140]),
    asks.Declined(LONGEST_HANDLE),
    asks.WasDeclined(LONGEST_HANDLE, MOST, LONGEST_REFERENCE),
    asks.AsksTakenBack(LONGEST_REFERENCE, (asks.Part(LONGEST_HANDLE, MOST),) * 9),
    asks.AsksOver((asks.Part(LONGEST_HANDLE, MOST),) * 9),
    asks.BlockedNow(LONGEST_HANDLE),
    asks.UnblockedNow(LONGEST_HANDLE),
)

DESK: tuple[branch.Answer, ...] = (
    *(branch.RequestOpened(kind, LATE, code_seen=True) for kind in branch.RequestKind),
    *(
        branch.RequestWaits("0BBB-43", kind, LATE, late=late, words_added=not late)
        for kind, late in product(branch.RequestKind, (True, False))
    ),
    branch.WriteToDesk(),
    branch.DeskAnswered(branch.RequestKind.HELP, "Bonjour. " * 100),
    branch.RequestClosed(branch.RequestKind.LOAN),
)


def receipt(fate: receipts.Fate) -> receipts.Receipt:
    return receipts.Receipt(
        reference=LONGEST_REFERENCE,
        payer_id=1,
        payee_id=2,
        payer=LONGEST_HANDLE,
        payee=LONGEST_HANDLE,
        tag="w" * 30,
        amount=MOST,
        note=NOTE[:140],
        fate=fate,
        at=LATE,
    )


LONGEST: tuple[Answer | Refused, ...] = (
    answers.Paid(MOST, LONGEST_HANDLE),
    answers.Paid(MOST, LONGEST_HANDLE, place=20, codes_left=19),
    answers.Paid(MOST, LONGEST_HANDLE, place=17, codes_left=5),
    answers.Paid(MOST, LONGEST_HANDLE, place=19, codes_left=1),
    answers.Paid(MOST, LONGEST_HANDLE, place=20, codes_left=0),
    answers.Paid(MOST, LONGEST_HANDLE, pin_void=True),
    answers.Paid(MOST, LONGEST_HANDLE, pin_void=True, verified=True),
    answers.Paid(MOST, LONGEST_HANDLE, pin_void=True, tag="w" * 30, verified=True),
    answers.Paid(MOST, LONGEST_HANDLE, place=20, codes_left=0, tag="w" * 30, verified=True),
    answers.Received(MOST, LONGEST_HANDLE),
    answers.Received(MOST, LONGEST_HANDLE, NOTE[:140]),
    answers.BalanceIs(MOST),
    answers.BalanceIs(MOST, MOST),
    *(receipts.ReceiptIs(receipt(fate)) for fate in receipts.Fate),
    receipts.NoReceipt(LONGEST_REFERENCE),
    receipts.StatementOpen("WDJB-MJHT"),
    receipts.StatementDirectly(),
    answers.HistoryIs(()),
    answers.HistoryIs(
        (
            answers.HistoryLine(LATE, True, MOST, LONGEST_HANDLE, LONGEST_REFERENCE),  # noqa: FBT003 - a row
            answers.HistoryLine(LATE, False, MOST, LONGEST_HANDLE, LONGEST_REFERENCE),  # noqa: FBT003 - a row
        )
    ),
    answers.PrivateNow(),
    answers.PublicNow(),
    answers.FrozenNow(),
    answers.RenewalOpen("WDJB-MJHT"),
    answers.RenewDirectly(),
    answers.Help(),
    answers.Stopped(),
    answers.Resumed(),
    answers.Waiting(MOST, LONGEST_HANDLE),
    answers.Waiting(MOST, LONGEST_HANDLE, tag="w" * 30, verified=True),
    collections.NameShown(),
    collections.NameHidden(),
    collections.GiftReturned(MOST, "w" * 30),
    collections.PaidOut(MOST),
    collections.NotReached(),
    answers.Cancelled(MOST, LONGEST_HANDLE),
    *HELD,
    *ASKS,
    *DESK,
    refunds.Refunded(MOST, LONGEST_HANDLE),
    refunds.TakenForRefund(MOST, LONGEST_HANDLE),
    answers.SeeMessages(),
    answers.Unreachable(),
    answers.WriteFirst(),
    errors.NoAccount(),
    errors.AccountFrozen(),
    errors.AccountClosed(),
    errors.Unclear(""),
    errors.Unclear(f"@{LONGEST_HANDLE} #99999,99 @{LONGEST_HANDLE} #code"),
    errors.AlreadyEdited(),
    errors.TooLate(168),
    errors.PrivateOnly(),
    errors.UnknownPayee(LONGEST_HANDLE),
    errors.PayeeIsPayer(),
    errors.PayeeUnavailable(LONGEST_HANDLE),
    errors.UnknownCollection(LONGEST_HANDLE, "w" * 30),
    errors.CollectionEnded(LONGEST_HANDLE, "w" * 30),
    errors.OverLimit(MOST),
    errors.OverDayLimit(MOST, left=MOST),
    errors.NotEnoughMoney(),
    errors.NotNamed(),
    errors.DirectOnly(),
    errors.CannotBeAsked(LONGEST_HANDLE),
    errors.AskedIsAsker(),
    errors.TooManyAsks(10),
    errors.TooManyAsks(3, LONGEST_HANDLE),
    errors.TooLittleToShare(),
    errors.NothingAsked(LONGEST_REFERENCE),
    errors.NothingToCancel(LONGEST_REFERENCE),
    errors.AnotherWaits(LONGEST_REFERENCE),
    errors.NothingWaits(),
    errors.CodeMissing(),
    errors.SeveralCodes(),
    CodeRefused(),
    CodeRefused(last_chance=True),
)
#: Said in the language that it names, whatever the customer's was.
SWITCHES = tuple(answers.Speaking(language) for language in Language)


def _name(said: object) -> str:
    return type(said).__name__


each = pytest.mark.parametrize("said", LONGEST + SWITCHES, ids=_name)
each_language = pytest.mark.parametrize("language", Language)


def in_public(said: Answer | Refused, language: Language) -> str:
    return replies.render(said, language, public=True, reference=LONGEST_REFERENCE)


def directly(said: Answer | Refused, language: Language) -> str:
    return replies.render(said, language, public=False, reference=LONGEST_REFERENCE)


def both(said: Answer | Refused, language: Language) -> tuple[str, str]:
    return in_public(said, language), directly(said, language)


def test_the_samples_hold_every_answer_and_every_refusal() -> None:
    refusals = {one for one in Refused.__subclasses__() if one.__module__ == errors.__name__}
    assert {type(said) for said in LONGEST + SWITCHES} == {*get_args(Answer), *refusals}


# What everybody may read


@each
@each_language
def test_a_public_reply_fits_in_one_post(said: Answer | Refused, language: Language) -> None:
    assert weighted_length(in_public(said, language)) <= 280


@each
@each_language
def test_a_public_reply_mentions_nobody(said: Answer | Refused, language: Language) -> None:
    assert not re.search("[@\uff20]", in_public(said, language))


#: What X may turn into a link: a scheme, or letters glued to a dot and letters.
LINK = re.compile(r"://|[^\W\d]\.[^\W\d]|\w/\w", re.IGNORECASE)


@each
@each_language
def test_a_public_reply_holds_nothing_like_a_link(
    said: Answer | Refused, language: Language
) -> None:
    assert not LINK.search(in_public(said, language))


@pytest.mark.parametrize("text", ["https://a", "voir example.com", "Nothing.Paid", "see x/y"])
def test_the_look_for_links_finds_one(text: str) -> None:
    assert LINK.search(text)


@each
@each_language
def test_a_reply_carries_its_reference_once(said: Answer | Refused, language: Language) -> None:
    for public in (True, False):
        text = replies.render(said, language, public=public, reference="0AAA-42")
        assert text.count("0AAA-42") == 1


@each_language
def test_what_is_confidential_is_not_said_in_public(language: Language) -> None:
    pointer = in_public(answers.SeeMessages(), language)
    line = answers.HistoryLine(LATE, incoming=True, amount=MOST, other="alice", reference="0AAA-42")
    for said in (
        answers.BalanceIs(MOST),
        answers.HistoryIs((line,)),
        answers.Received(MOST, "alice", "for the cake"),
        answers.RenewalOpen("WDJB-MJHT"),
        answers.RenewDirectly(),
    ):
        assert in_public(said, language) == pointer


@each_language
def test_a_public_refusal_tells_nothing_of_the_payers_money(language: Language) -> None:
    said = errors.OverDayLimit(euros(1000), left=euros(12, 34))
    assert replies.amount(euros(12, 34), language) not in in_public(said, language)
    assert replies.amount(euros(12, 34), language) in directly(said, language)
    too_low = directly(errors.NotEnoughMoney(), language)
    assert in_public(errors.NotEnoughMoney(), language) not in too_low


# Refusals

NOTHING_PAID = {
    FRENCH: re.compile("Rien n\u2019a \xe9t\xe9 pay\xe9|n\u2019a rien pay\xe9"),
    ENGLISH: re.compile("[Nn]othing was paid|paid nothing"),
}


@pytest.mark.parametrize("said", [said for said in LONGEST if isinstance(said, Refused)], ids=_name)
@each_language
def test_a_refusal_says_that_nothing_was_paid(said: Refused, language: Language) -> None:
    for text in both(said, language):
        assert NOTHING_PAID[language].search(text)


@each_language
def test_a_refused_code_gets_the_same_words_whatever_the_cause(language: Language) -> None:
    wrong, locked = CodeRefused(), CodeRefused()
    locked.__cause__, locked.__notes__ = LookupError("locked"), ["used before"]
    assert both(wrong, language) == both(locked, language)


def test_the_warning_before_the_lock_only_adds_a_sentence() -> None:
    plain, warned = in_public(CodeRefused(), ENGLISH), in_public(CodeRefused(True), ENGLISH)  # noqa: FBT003 - its one field
    assert warned == plain + " One more failure pauses payments for 15 minutes."


def test_a_refusal_without_words_is_a_bug_and_not_a_guess() -> None:
    class Unheard(Refused):
        pass

    with pytest.raises(TypeError, match="unheard"):
        in_public(Unheard(), FRENCH)


# Nobody is asked for a code: what the bank never asks, a phisher cannot imitate

ASKING = re.compile(
    r"\b(give|send|tell|share|enter|type|write|reply|repeat|confirm|provide|need|require|please"
    r"|donnez|envoyez|dites|partagez|entrez|tapez|saisissez|\xe9crivez|r\xe9pondez|confirmez"
    r"|indiquez|communiquez|fournissez|faut|merci de|veuillez)\b",
    re.IGNORECASE,
)
SECRET = re.compile(r"(?<!#)\b(codes?|PIN)\b", re.IGNORECASE)


def asks_for_a_code(text: str) -> bool:
    """Return whether a sentence of *text* asks and names a secret; `#code` shows its place."""
    sentences = re.split(r"[.!?\n]\s*|: ", text)
    return any(ASKING.search(one) and SECRET.search(one) for one in sentences)


@each
@each_language
def test_no_reply_asks_for_a_code(said: Answer | Refused, language: Language) -> None:
    assert not any(asks_for_a_code(text) for text in both(said, language))


@pytest.mark.parametrize(
    "text",
    [
        "Nothing was paid. Please send me your code.",
        "Confirm with a card code by direct message.",
        "Rien n'a \xe9t\xe9 pay\xe9. Envoyez-moi votre PIN par message priv\xe9.",
        "Pour confirmer, merci de rappeler votre code.",
    ],
)
def test_the_look_for_such_a_question_finds_one(text: str) -> None:
    assert asks_for_a_code(text)


# The words, as people read them


@pytest.mark.parametrize(
    ("said", "french", "english"),
    [
        (
            answers.Paid(euros(20), "bob", place=7, codes_left=14),
            (
                "Pay\xe9\xa0: 20,00\xa0\u20ac \xe0 bob (r\xe9f. 7K3Q-19)."
                " Code 07 utilis\xe9, il en reste 14."
            ),
            "Paid \u20ac20.00 to bob (ref. 7K3Q-19). Code 07 is used up, 14 left.",
        ),
        (
            answers.Paid(euros(20), "bob", place=19, codes_left=1),
            (
                "Pay\xe9\xa0: 20,00\xa0\u20ac \xe0 bob (r\xe9f. 7K3Q-19)."
                " Code 19 utilis\xe9, il en reste un."
                " Pour une nouvelle carte\xa0: #renouveler, par message priv\xe9."
            ),
            (
                "Paid \u20ac20.00 to bob (ref. 7K3Q-19)."
                " Code 19 is used up, one left. For a new card: #renew, by direct message."
            ),
        ),
        (
            answers.Paid(euros(20), "bob", place=20, codes_left=0),
            (
                "Pay\xe9\xa0: 20,00\xa0\u20ac \xe0 bob (r\xe9f. 7K3Q-19)."
                " Le code 20 \xe9tait le dernier de votre carte."
                " Pour une nouvelle carte\xa0: #renouveler, par message priv\xe9."
            ),
            (
                "Paid \u20ac20.00 to bob (ref. 7K3Q-19)."
                " Code 20 was the last one on your card. For a new card: #renew, by direct message."
            ),
        ),
        (
            CodeRefused(),
            (
                "Refus\xe9 (r\xe9f. 7K3Q-19). Rien n\u2019a \xe9t\xe9 pay\xe9."
                " Si votre message montrait un code, ce code ne vaut plus rien."
            ),
            "Not accepted (ref. 7K3Q-19). Nothing was paid. If a code was in your post it is void.",
        ),
    ],
)
def test_the_most_frequent_replies_read_like_this(
    said: Answer | Refused, french: str, english: str
) -> None:
    assert replies.render(said, FRENCH, public=True, reference=REFERENCE) == french
    assert replies.render(said, ENGLISH, public=True, reference=REFERENCE) == english


@pytest.mark.parametrize(
    ("cents", "french", "english"),
    [
        (0, "0,00\xa0\u20ac", "\u20ac0.00"),
        (1, "0,01\xa0\u20ac", "\u20ac0.01"),
        (123450, "1\u202f234,50\xa0\u20ac", "\u20ac1,234.50"),
        (-5, "-0,05\xa0\u20ac", "-\u20ac0.05"),
        (9007199254740993, "90\u202f071\u202f992\u202f547\u202f409,93\xa0\u20ac", None),
    ],
)
def test_amounts_are_exact_to_the_cent(cents: int, french: str, english: str | None) -> None:
    assert replies.amount(Cents(cents), FRENCH) == french
    if english is not None:
        assert replies.amount(Cents(cents), ENGLISH) == english


@pytest.mark.parametrize("left", [0, 1, 5])
def test_a_card_that_runs_out_is_told_in_time(left: int) -> None:
    said = answers.Paid(euros(1), "bob", place=3, codes_left=left)
    assert "new card" in in_public(said, ENGLISH)


def test_a_card_with_codes_enough_is_not_spoken_of() -> None:
    said = answers.Paid(euros(1), "bob", place=3, codes_left=6)
    assert "new card" not in in_public(said, ENGLISH)


def test_the_history_tells_each_payment_on_a_line_of_its_own() -> None:
    lines = (
        answers.HistoryLine(
            LATE, incoming=True, amount=euros(5), other="alice", reference="0AAA-42"
        ),
        answers.HistoryLine(
            LATE, incoming=False, amount=euros(1250), other="entraide", reference="0BBB-17"
        ),
    )
    text = replies.render(answers.HistoryIs(lines), ENGLISH, public=False, reference=REFERENCE)
    assert text.splitlines() == [
        "Your last payments (ref. 7K3Q-19):",
        "31 Dec 2026  +\u20ac5.00  alice  0AAA-42",
        "31 Dec 2026  \u2212\u20ac1,250.00  entraide  0BBB-17",
    ]


def test_the_history_marks_what_was_given_back_since() -> None:
    undone = answers.HistoryLine(
        LATE, incoming=False, amount=euros(5), other="bob", reference="0AAA-42", undone=True
    )
    for language, words in (
        (ENGLISH, "** given back to the payer since"),
        (FRENCH, "** rendu depuis au payeur"),
    ):
        said = answers.HistoryIs((undone,))
        text = replies.render(said, language, public=False, reference=REFERENCE)
        assert text.splitlines()[1].endswith("0AAA-42 **")
        assert text.splitlines()[2] == words


def test_a_note_may_hold_any_sign_and_stands_in_quotes_under_its_authors_name() -> None:
    text = directly(answers.Received(euros(5), "alice", "100 % \u2013 %(payer)s {0}"), ENGLISH)
    assert text.splitlines()[1] == "alice wrote: \u201c100 % \u2013 %(payer)s {0}\u201d"


def test_a_note_cannot_speak_in_the_voice_of_the_bank() -> None:
    said = answers.Received(euros(5), "alice", "thanks\n\nYour account is locked.")
    assert directly(said, ENGLISH).splitlines()[1:] == [
        "alice wrote: \u201cthanks Your account is locked.\u201d"
    ]


def test_a_post_refused_by_direct_message_still_says_that_everybody_saw_the_code() -> None:
    for said in (errors.PrivateOnly(), errors.AlreadyEdited()):
        assert in_public(said, ENGLISH) == directly(said, ENGLISH)
        assert "If a code was in your post it is void." in directly(said, ENGLISH)


def test_the_corrected_line_stands_alone_so_that_it_can_be_copied() -> None:
    said = errors.Unclear("@Smoney #12,50 @bob #code")
    for language in Language:
        assert directly(said, language).splitlines()[-1] == said.paste
        assert "Smoney #12,50 bob #code" in in_public(said, language)


@pytest.mark.parametrize("language", Language)
def test_help_shows_only_orders_that_the_bank_reads(language: Language) -> None:
    shown = [
        line.split(" \u2192 ")[0]
        for line in directly(answers.Help(), language).splitlines()
        if " \u2192 " in line
    ]
    read = [_read(line.replace("#code", "#********")) for line in shown]
    assert len(read) == 16
    assert not [order for order in read if isinstance(order, orders.NotUnderstood)]


def test_the_look_for_unread_orders_finds_one() -> None:
    assert isinstance(_read("#transfer @bob 20"), orders.NotUnderstood)


def _read(text: str) -> orders.Order:
    at = text.find("@bob")
    bob = (Mention(at, at + 4, "bob", "2"),) if at >= 0 else ()
    message = Message(
        key="d:1",
        form=Form.DIRECT,
        edited=False,
        message_id="1",
        author_id="3",
        author_handle="alice",
        text=text,
        written_at=LATE,
        body=(0, len(text)),
        mentions=bob,
    )
    return orders.read(message, orders.Bot("1", "Smoney"))


# French typography

LONE_SIGN = re.compile("[^\xa0][:;!?\xbb\u20ac](?!\\w)|\xab[^\xa0]|'")


@each
def test_french_has_its_no_break_spaces_and_apostrophes(said: Answer | Refused) -> None:
    for text in both(said, FRENCH):
        if said != answers.Speaking(ENGLISH):
            assert not LONE_SIGN.search(text)


@pytest.mark.parametrize("text", ["Pay\xe9 : bob", "Pay\xe9: bob", "Bravo !", "n'est", "20 \u20ac"])
def test_the_look_for_loose_signs_finds_one(text: str) -> None:
    assert LONE_SIGN.search(text)


@pytest.mark.parametrize("said", LONGEST, ids=_name)
def test_the_languages_differ(said: Answer | Refused) -> None:
    assert in_public(said, FRENCH) != in_public(said, ENGLISH)
    assert directly(said, FRENCH) != directly(said, ENGLISH)


def test_a_language_is_announced_in_itself() -> None:
    for language in Language:
        assert "English" in in_public(answers.Speaking(ENGLISH), language)
        assert "fran\xe7ais" in in_public(answers.Speaking(FRENCH), language)
