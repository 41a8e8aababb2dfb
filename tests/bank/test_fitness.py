"""No line leaves the bank that X would refuse, or bill as a link."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smoney_bot.bank import answers, errors, fitness, replies
from smoney_bot.bank.answers import Answer
from smoney_bot.bank.customers import Language
from smoney_bot.bank.errors import Refused
from smoney_bot.bank.links import has_link, unlinked
from smoney_bot.bank.money import Cents, euros
from smoney_bot.bank.weights import HEAVIEST

REFERENCE = "7K3Q-19"
LONG_REFERENCE = "ZZZZZZZZZZZZZ-97"

LINKS = [
    "example.com",
    "see https://example.com/x",
    "http://1.2.3.4",
    "HTTP://X",
    "voilà.Merci",
    "a.co",
    "münchen.de",
    "例え。jp",
    "example\uff0ecom",
    "one@example.com",
    "bob-s.shop",
    "x.y",
]
NO_LINKS = [
    "€20.00",
    "20.50 €",
    "ref. X",
    "1.234.567",
    "Merci. À toi",
    "...",
    "(ref. 7K3Q-19).",
    "",
]


@pytest.mark.parametrize("text", LINKS)
def test_what_x_may_link_is_found_and_taken_apart(text: str) -> None:
    assert has_link(text)
    assert not has_link(unlinked(text))
    assert unlinked(text).replace(" ", "") == text.replace(" ", ""), "no letter is lost"


@pytest.mark.parametrize("text", NO_LINKS)
def test_what_is_no_link_stays_as_it_is(text: str) -> None:
    assert not has_link(text)
    assert unlinked(text) == text


@given(st.text(st.sampled_from("ab.1:/ @-_\u3002é"), max_size=40))
def test_a_text_that_was_taken_apart_holds_no_link(text: str) -> None:
    assert not has_link(unlinked(text))


@pytest.mark.parametrize(
    ("text", "public", "why"),
    [
        ("Paid (ref. X).", True, None),
        ("Paid to @bob.", True, "mention"),
        ("Paid to \uff20bob.", True, "mention"),
        ("#20 @bob #code", False, None),
        ("see example.com", True, "link"),
        ("see example.com", False, "link"),
        ("x" * HEAVIEST, True, None),
        ("x" * (HEAVIEST + 1), True, "too long"),
        ("x" * (HEAVIEST + 1), False, None),
        ("x" * (fitness.DIRECT_MAX + 1), False, "too long"),
        (" \n", True, "empty"),
    ],
)
def test_each_objection_has_its_word(text: str, *, public: bool, why: str | None) -> None:
    assert fitness.objection(text, public=public) == why


@pytest.mark.parametrize("reference", [REFERENCE, LONG_REFERENCE])
def test_the_plainest_words_may_always_leave(reference: str) -> None:
    plain = fitness.plainest(reference)
    assert reference in plain
    assert fitness.objection(plain, public=True) is None
    assert fitness.objection(plain, public=False) is None


_handles = st.from_regex(r"[A-Za-z0-9_]{1,15}", fullmatch=True)
_notes = st.text(max_size=140)
_cents = st.integers(1, 99_999_999).map(Cents)
_tags = st.from_regex(r"[a-z0-9_]{1,30}", fullmatch=True)
_said: st.SearchStrategy[Answer | Refused] = st.one_of(
    st.builds(
        answers.Paid, _cents, _handles, st.integers(1, 20), st.integers(0, 19), st.booleans()
    ),
    st.builds(answers.Received, _cents, _handles, _notes.map(unlinked)),
    st.builds(answers.Waiting, _cents, _handles),
    st.builds(answers.Cancelled, _cents, _handles),
    st.builds(answers.BalanceIs, _cents),
    st.builds(answers.RenewalOpen, st.from_regex(r"[A-Za-z0-9]{8}", fullmatch=True)),
    st.builds(errors.UnknownPayee, _handles),
    st.builds(errors.PayeeUnavailable, _handles),
    st.builds(errors.UnknownCollection, _handles, _tags),
    st.builds(errors.OverLimit, _cents),
    st.builds(errors.OverDayLimit, _cents, left=_cents),
    st.builds(errors.Unclear, _handles.map(lambda handle: f"@Smoney #20 @{handle} #code")),
    st.sampled_from(
        (
            answers.PrivateNow(),
            answers.PublicNow(),
            answers.FrozenNow(),
            answers.RenewDirectly(),
            answers.Help(),
            answers.Stopped(),
            answers.Resumed(),
            answers.SeeMessages(),
            answers.Unreachable(),
            answers.WriteFirst(),
            *(answers.Speaking(language) for language in Language),
            errors.NoAccount(),
            errors.AccountFrozen(),
            errors.AccountClosed(),
            errors.PrivateOnly(),
            errors.AlreadyEdited(),
            errors.TooLate(168),
            errors.NotNamed(),
            errors.PayeeIsPayer(),
            errors.NotEnoughMoney(),
            errors.NothingToCancel(LONG_REFERENCE),
            errors.AnotherWaits(LONG_REFERENCE),
            errors.NothingWaits(),
            errors.CodeMissing(),
            errors.SeveralCodes(),
            errors.CodeRefused(last_chance=True),
        )
    ),
)


@given(_said, st.sampled_from(Language), st.booleans(), st.booleans())
def test_every_template_may_leave_whatever_fills_it(
    said: Answer | Refused,
    language: Language,
    public: bool,  # noqa: FBT001 - drawn
    code_seen: bool,  # noqa: FBT001 - likewise
) -> None:
    text = replies.render(
        said, language, public=public, reference=LONG_REFERENCE, code_seen=code_seen
    )
    assert fitness.objection(text, public=public) is None


def test_a_note_that_was_not_taken_apart_would_be_stopped() -> None:
    """The negative control."""
    said = answers.Received(euros(20), "mallory", "prize at bank-prize.example")
    text = replies.render(said, Language.ENGLISH, public=False, reference=REFERENCE)
    assert fitness.objection(text, public=False) == "link"
