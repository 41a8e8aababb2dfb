"""The teller's rule book as tables: a desk, a message, the judgement on its codes; a decision."""

from __future__ import annotations

import copy
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from smoney_bot.bank import errors, policy, teller
from smoney_bot.bank.case import Rules
from smoney_bot.bank.codes import (
    KINDS,
    Checked,
    CheckedCode,
    CodeKind,
    CodeUse,
    PinInPublic,
    Verdict,
)
from smoney_bot.bank.collections import Collection, CollectionState
from smoney_bot.bank.customers import Customer, Kind, Language, State
from smoney_bot.bank.desk import Decision, Desk, Outcome, PaymentState, Renewal
from smoney_bot.bank.keys import Keyring
from smoney_bot.bank.messages import ClearMessage, Form, Mention, Message
from smoney_bot.bank.money import Cents, euros
from smoney_bot.bank.orders import Bot
from smoney_bot.bank.redaction import conceal

BOT = Bot("222222222", "Smoney")
RULES = Rules(BOT, policy.Limits())
KEYS = Keyring({"k": b"k" * 32})
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
REFERENCE = "7K3Q-48"
CODE, OTHER_CODE, PIN = "07482193", "08113355", "1234"

ALICE = Customer(1, 11, "111111111", "alice", language=Language.ENGLISH)
BOB = Customer(3, 13, "333333333", "bob", language=Language.ENGLISH)
CAROL = Customer(4, 14, "444444444", "carol", language=Language.ENGLISH)
ENTRAIDE = Customer(5, 15, "555555555", "entraide", kind=Kind.ASSOCIATION)
X_IDS = {one.handle: one.x_id for one in (ALICE, BOB, CAROL, ENTRAIDE)} | {
    "Smoney": BOT.x_id,
    "mallory": "999999999",
}

JARDIN = Collection(
    id=7,
    tag="jardin",
    owner_id=ENTRAIDE.id,
    account_id=17,
    title="Un jardin partagé",
    goal=euros(1000),
    ends_at=NOON + timedelta(days=3),
    all_or_nothing=True,
    state=CollectionState.OPEN,
    opened_at=NOON,
    reached_at=None,
    ended_at=None,
)

_MENTION = re.compile(r"@([A-Za-z0-9_]+)")


def post(text: str, minute: int = 0, **facts: Any) -> Message:  # noqa: ANN401 - fields of a message
    """A post of alice, written *minute* minutes after noon."""
    clear = ClearMessage(
        key=f"t:{minute}",
        form=Form.POST,
        edited=False,
        message_id=str(minute),
        author_id=ALICE.x_id,
        author_handle="alice",
        text=text,
        written_at=NOON + minute * MINUTE,
        body=(0, len(text)),
        mentions=tuple(
            Mention(found.start(), found.end(), found[1], X_IDS[found[1]])
            for found in _MENTION.finditer(text)
            if found[1] in X_IDS
        ),
    )
    return conceal(replace(clear, **facts), KEYS, BOT)


def direct(text: str, minute: int = 0, **facts: Any) -> Message:  # noqa: ANN401 - fields of a message
    """A direct message of alice."""
    return post(text, minute, key=f"d:{minute}", form=Form.DIRECT, **facts)


def right(message: Message, customer: Customer = ALICE, failures: int = 1) -> Checked:
    """Every code in *message* was right."""
    return Checked(
        tuple(
            CheckedCode(
                seen.start,
                Verdict.RIGHT,
                CodeUse(KINDS[seen.length], 100 + number, customer.id, seen.place),
            )
            for number, seen in enumerate(message.codes)
        ),
        failures=failures,
    )


def wrong(message: Message, failures: int = 1) -> Checked:
    """No code in *message* was right."""
    codes = tuple(CheckedCode(seen.start, Verdict.WRONG) for seen in message.codes)
    return Checked(codes, failures=failures)


def desk(*changed: Customer, alice: int = 300, bob: int = 0, sent: int = 0) -> Desk:
    """The desk with the cast on it, some of them *changed*, and their euros."""
    people = {one.x_id: one for one in (ALICE, BOB, CAROL, ENTRAIDE, *changed)}
    return Desk(
        now=NOON + 60 * MINUTE,
        customers=people,
        balances={11: euros(alice), 13: euros(bob), 14: Cents(0), 15: euros(2500)},
        sent={11: euros(sent)},
        codes_left={one.id: 20 for one in people.values()},
    )


def collecting(**facts: Any) -> Desk:  # noqa: ANN401 - fields of a collection
    """The desk with a collection of entraide on it, as *facts* say."""
    laid = desk()
    laid.collections = {"jardin": replace(JARDIN, **facts)}
    laid.balances[JARDIN.account_id] = Cents(0)
    return laid


def decide(
    message: Message,
    on: Desk | None = None,
    checked: Callable[[Message], Checked] = right,
    rules: Rules = RULES,
) -> Decision:
    """Ask the teller, and check what holds for every decision."""
    laid = on or desk()
    before = copy.deepcopy(laid)
    decision = teller.decide(rules, laid, message, reference=REFERENCE, checked=checked(message))
    assert laid == before, "the desk is changed by settling alone"
    assert decision.message_key == message.key
    _check_replies(message, laid, decision)
    _check_money(decision)
    return decision


def _check_replies(message: Message, laid: Desk, decision: Decision) -> None:
    author = laid.customers.get(message.author_id)
    mine = [one for one in decision.replies if one.kind in {"answer", "farewell"}]
    silent = author is not None and author.silent and decision.customer is None
    expected = 0 if silent or decision.outcome is Outcome.IGNORED else 1
    assert len(mine) == expected, "everybody is answered once"
    assert {one.to_x_id for one in mine} <= {message.author_id}
    assert all(one.in_reply_to in {None, message.message_id} for one in mine)
    assert {one.kind for one in decision.replies} <= {"answer", "farewell", "notice"}
    assert len({one.kind for one in decision.replies}) == len(decision.replies)
    for reply in decision.replies:
        assert message.public or not reply.public, "what was said in private stays private"
        assert "@" not in reply.text if reply.public else True
        assert not re.search(r"\d{4}", re.sub(r"\b\d{4}\b(?=-)", "", _plain(reply.text)))


def _plain(text: str) -> str:
    return re.sub(r"[\s\u00a0\u202f]", " ", text).replace(REFERENCE, "REF")


def _check_money(decision: Decision) -> None:
    if decision.outcome is not Outcome.APPLIED:
        assert decision.transfer is None
        assert decision.customer is None
    if decision.transfer is not None:
        paid = decision.payment or decision.settled
        assert paid is not None
        assert paid.state is PaymentState.BOOKED
        assert paid.amount == decision.transfer.amount > 0
        assert decision.transfer.key == paid.message_key


def said(decision: Decision) -> str:
    """Return the answer's words."""
    return next(_plain(one.text) for one in decision.replies if one.kind != "notice")


ORDER = f"@Smoney #20 @bob #{CODE}"
TWO_CODES = f"{ORDER} or {OTHER_CODE}"


# A payment ----------------------------------------------------------------------------


def test_a_payment_moves_the_amount_once_and_uses_up_its_code() -> None:
    decision = decide(post(ORDER + " for the tomatoes"))
    assert (decision.outcome, decision.reason) == (Outcome.APPLIED, "")
    assert decision.transfer is not None
    moved = decision.transfer
    assert (moved.source, moved.target, moved.amount) == (11, 13, euros(20))
    assert moved.key == "t:0"
    assert decision.payment is not None
    assert decision.payment.note == "for the tomatoes"
    assert decision.payment.reference == REFERENCE
    assert decision.payment.created_at == NOON, "the post's own time"
    assert decision.payment.booked_at == NOON + 60 * MINUTE, "the bank's time"
    assert [(use.kind, use.place) for use in decision.uses] == [(CodeKind.CARD, 7)]
    assert decision.clear_failures == ALICE.id
    assert "19 left" in said(decision)


def test_the_payee_is_the_numeric_id_and_not_who_bears_the_handle_here() -> None:
    renamed = replace(CAROL, handle="bob")
    decision = decide(post(ORDER), desk(renamed))
    assert decision.transfer is not None
    assert decision.transfer.target == BOB.account_id


def test_a_handle_that_x_did_not_mark_is_the_one_that_was_looked_up() -> None:
    laid = desk()
    laid.handles["bob"] = BOB.x_id
    decision = decide(post(ORDER, mentions=post(ORDER).mentions[:1]), laid)
    assert decision.transfer is not None
    assert decision.transfer.target == BOB.account_id
    assert decide(post(ORDER, mentions=post(ORDER).mentions[:1])).reason == "unknown_payee"


@pytest.mark.parametrize("form", [post, direct])
@pytest.mark.parametrize(
    ("amount", "payee", "goes"),
    [
        ("0,01", "bob", True),
        ("250", "bob", True),
        ("250,01", "bob", False),
        ("250,01", "entraide", True),
        ("500", "entraide", True),
        ("500,01", "entraide", False),
    ],
)
def test_a_payment_goes_up_to_the_limit_and_not_a_cent_further(
    form: Callable[[str], Message],
    amount: str,
    payee: str,
    goes: bool,  # noqa: FBT001 - a column of the table
) -> None:
    decision = decide(form(f"@Smoney #{amount} @{payee} #{CODE}"), desk(alice=1000))
    assert (decision.transfer is not None) is goes
    assert decision.reason == ("" if goes else "over_limit")


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"alice": 20}, ""),
        ({"alice": 19}, "not_enough_money"),
        ({"sent": 980}, ""),
        ({"sent": 981}, "over_day_limit"),
        ({"bob": 2480}, ""),
        ({"bob": 2481}, "payee_unavailable"),
    ],
)
def test_balance_day_and_room_count_to_the_cent(facts: dict[str, int], reason: str) -> None:
    assert decide(post(ORDER), desk(**facts)).reason == reason


def test_an_association_may_hold_any_amount() -> None:
    decision = decide(post(f"@Smoney #20 @entraide #{CODE}"), desk(alice=20))
    assert decision.outcome is Outcome.APPLIED


# Refusals -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """A message that is refused, and why."""

    message: Message
    reason: str
    on: Desk = field(default_factory=desk)
    checked: Callable[[Message], Checked] = right
    outcome: Outcome = Outcome.REFUSED


FROZEN, CLOSED = replace(ALICE, state=State.FROZEN), replace(ALICE, state=State.CLOSED)
PRIVATE = replace(ALICE, private=True, private_since=NOON - MINUTE)


HEARS = replace(BOB, wrote_first=True)


def asking(times: int) -> Desk:
    """The desk where alice has asked bob so many *times*, in vain."""
    on = desk(HEARS)
    on.asks.unpaid[ALICE.id] = Counter({BOB.id: times})
    return on


def locked(_: Message) -> Checked:
    """The author has failed too often: nothing was tried."""
    return Checked(locked=True, failures=5)


def waiting(on: Desk) -> Desk:
    """Let an order of alice to bob wait for its code, since a minute before noon."""
    order = post("@Smoney #20 @bob", -1)
    decision = teller.decide(RULES, on, order, reference="WAIT-00", checked=Checked())
    assert decision.payment is not None
    on.waiting[ALICE.id] = decision.payment
    return on


def unsure(on: Desk) -> Desk:
    """Let nobody have told whose the names in alice's post at noon are."""
    on.unsure = frozenset(["t:0"])
    return on


REFUSED = {
    "a stranger pays": Row(post(ORDER, author_id="999999999"), "no_account"),
    "a stranger asks": Row(direct("#balance", author_id="999999999"), "no_account"),
    "the account is frozen": Row(post(ORDER), "account_frozen", desk(FROZEN)),
    "the account is closed": Row(post(ORDER), "account_closed", desk(CLOSED)),
    "a closed account freezes": Row(post("@Smoney #freeze"), "account_closed", desk(CLOSED)),
    "words": Row(post("@Smoney #20 to @bob please"), "unclear"),
    "private words": Row(direct("hello"), "unclear"),
    "edited": Row(post(ORDER, edited=True), "already_edited"),
    "edited cancel": Row(post("@Smoney #cancel 0000-98", edited=True), "already_edited"),
    "a day old": Row(post(ORDER, -23 * 60 - 1), "too_late"),
    "from the future": Row(post(ORDER, 66), "too_late"),
    "off, a day old": Row(direct(f"#public #{CODE}", -24 * 60), "too_late"),
    "code alone, a day old": Row(direct(f"#{CODE}", -24 * 60), "too_late", waiting(desk())),
    "private mode": Row(post(ORDER), "private_only", desk(PRIVATE)),
    "private mode, question": Row(post("@Smoney #balance"), "private_only", desk(PRIVATE)),
    "private mode off": Row(post(f"@Smoney #public #{CODE}"), "private_only", desk(PRIVATE)),
    "payee has no account": Row(post(f"@Smoney #20 @mallory #{CODE}"), "unknown_payee"),
    "payee is nobody": Row(post(f"@Smoney #20 @nobody #{CODE}"), "unknown_payee"),
    "asked in public": Row(post("@Smoney #request 20 @bob"), "direct_only"),
    "asked of who never wrote": Row(direct("request 20 @bob"), "cannot_be_asked"),
    "asked of who said stop": Row(
        direct("request 20 @bob"), "cannot_be_asked", desk(replace(HEARS, silent=True))
    ),
    "asked of the asker": Row(direct("request 20 @alice"), "asked_is_asker"),
    "a fourth time": Row(direct("request 20 @bob"), "too_many_asks", asking(3)),
    "less than a cent each": Row(direct("split 0.01 @bob"), "too_little_to_share", desk(HEARS)),
    "paying what nobody asked": Row(direct(f"pay 7K3Q-48 #{CODE}"), "nothing_asked"),
    "payee is the payer": Row(post(f"@Smoney #20 @alice #{CODE}"), "payee_is_payer"),
    "payee is closed": Row(
        post(ORDER), "payee_unavailable", desk(replace(BOB, state=State.CLOSED))
    ),
    "payee is full": Row(post(ORDER), "payee_unavailable", desk(bob=2490)),
    "no such collection": Row(post(f"@Smoney #20 @entraide #roof #{CODE}"), "unknown_collection"),
    "collection of another": Row(
        post(f"@Smoney #20 @entraide #jardin #{CODE}"),
        "unknown_collection",
        collecting(owner_id=BOB.id),
    ),
    "collection is over": Row(
        post(f"@Smoney #20 @entraide #jardin #{CODE}"),
        "collection_ended",
        collecting(ends_at=NOON + 60 * MINUTE),
    ),
    "collection was closed": Row(
        post(f"@Smoney #20 @entraide #jardin #{CODE}"),
        "collection_ended",
        collecting(state=CollectionState.CLOSED),
    ),
    "too much to a collection": Row(
        post(f"@Smoney #500,01 @entraide #jardin #{CODE}"), "over_limit", collecting()
    ),
    "a name that X was not asked for": Row(post(ORDER), "not_named", unsure(desk())),
    "too much": Row(post(f"@Smoney #250,01 @bob #{CODE}"), "over_limit"),
    "too much today": Row(post(ORDER), "over_day_limit", desk(sent=990)),
    "no money": Row(post(ORDER), "not_enough_money", desk(alice=19)),
    "nothing to cancel": Row(direct("#cancel 0000-98"), "nothing_to_cancel"),
    "cancel another": Row(direct("#cancel 0000-98"), "nothing_to_cancel", waiting(desk())),
    "off without a code": Row(direct("#public"), "code_missing"),
    "two codes": Row(post(TWO_CODES), "several_codes"),
    "nothing waits": Row(direct(f"#{CODE}"), "nothing_waits"),
    "another waits": Row(post("@Smoney #20 @bob"), "another_waits", waiting(desk())),
    "wrong code": Row(post(ORDER), "code_refused", checked=wrong, outcome=Outcome.DECLINED),
    "no such code": Row(
        post(ORDER), "code_refused", checked=lambda _: Checked(), outcome=Outcome.DECLINED
    ),
    "locked": Row(post(ORDER), "code_refused", checked=locked, outcome=Outcome.DECLINED),
    "locked, two codes": Row(
        post(TWO_CODES), "code_refused", checked=locked, outcome=Outcome.DECLINED
    ),
    "wrong code, off": Row(
        direct(f"#public #{CODE}"), "code_refused", checked=wrong, outcome=Outcome.DECLINED
    ),
    "wrong code, confirming": Row(
        direct(f"#{CODE}"),
        "code_refused",
        waiting(desk()),
        checked=wrong,
        outcome=Outcome.DECLINED,
    ),
}


def test_a_gift_goes_to_the_collections_own_account() -> None:
    decision = decide(post(f"@Smoney #20 @entraide #Jardin #{CODE}"), collecting())
    assert decision.transfer is not None
    assert (decision.transfer.source, decision.transfer.target) == (11, JARDIN.account_id)
    assert decision.payment is not None
    assert decision.payment.kind is policy.PaymentKind.COLLECTION
    assert decision.payment.collection_id == JARDIN.id
    assert [one.kind for one in decision.replies] == ["answer"], "its owner hears of the end"


def test_a_gift_that_waited_is_refused_once_the_collection_has_ended() -> None:
    laid = collecting()
    waiting_gift = decide(post("@Smoney #20 @entraide #jardin"), collecting()).payment
    assert waiting_gift is not None
    laid.waiting = {ALICE.id: waiting_gift}
    confirmed = decide(direct(f"#{CODE}"), laid)
    assert confirmed.transfer is not None
    assert confirmed.transfer.target == JARDIN.account_id
    laid.collections["jardin"] = replace(JARDIN, state=CollectionState.CLOSED)
    assert decide(direct(f"#{CODE}"), laid).reason == "collection_ended"


@pytest.mark.parametrize(("words", "shown"), [("show my name", True), ("cacher mon nom", False)])
def test_a_name_is_shown_by_its_owners_word(words: str, shown: bool) -> None:  # noqa: FBT001 - the table's column
    decision = decide(direct(words), desk(replace(ALICE, show_name=not shown)))
    assert decision.customer is not None
    assert decision.customer.show_name is shown


@pytest.mark.parametrize("name", REFUSED)
def test_nothing_is_paid_when(name: str) -> None:
    row = REFUSED[name]
    decision = decide(row.message, row.on, row.checked)
    assert (decision.outcome, decision.reason) == (row.outcome, row.reason)
    assert decision.settled is None


def test_every_refusal_has_its_row() -> None:
    kinds = {kind for kind in errors.Refused.__subclasses__() if kind.__module__ == errors.__name__}
    reasons = {re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower() for kind in kinds}
    assert reasons == {row.reason for row in REFUSED.values()}


@pytest.mark.parametrize(
    "name", [name for name in REFUSED if "#20 @bob" in REFUSED[name].message.text]
)
def test_a_refused_payment_is_on_record_with_its_reason(name: str) -> None:
    row = REFUSED[name]
    payment = decide(row.message, row.on, row.checked).payment
    if row.reason in {"no_account", "unclear"}:
        assert payment is None
    else:
        assert payment is not None
        assert (payment.state, payment.reason) == (PaymentState.REFUSED, row.reason)
        assert payment.booked_at is None


# The order of the judgements ----------------------------------------------------------


@dataclass
class Scene:
    """An order with everything wrong with it, to be put right one thing after another."""

    state: State = State.CLOSED
    private: bool = True
    edited: bool = True
    minute: int = -24 * 60
    checked: Callable[[Message], Checked] = wrong
    payee: str = "mallory"
    payee_state: State = State.CLOSED
    tag: str = " #roof"
    amount: str = "250,01"
    sent: int = 999
    money: int = 0
    held: int = 2500

    def decide(self) -> Decision:
        """Ask the teller about the order as it stands."""
        alice = replace(
            ALICE, state=self.state, private=self.private, private_since=NOON - 2 * policy.DAY
        )
        bob = replace(BOB, state=self.payee_state)
        text = f"@Smoney #{self.amount} @{self.payee}{self.tag} #{CODE}"
        laid = desk(alice, bob, alice=self.money, bob=self.held, sent=self.sent)
        return decide(post(text, self.minute, edited=self.edited), laid, self.checked)


JUDGEMENTS: list[tuple[str, dict[str, object]]] = [
    ("account_closed", {"state": State.FROZEN}),
    ("private_only", {"private": False}),
    ("already_edited", {"edited": False}),
    ("too_late", {"minute": 0}),
    ("account_frozen", {"state": State.OPEN}),
    ("code_refused", {"checked": right}),
    ("unknown_payee", {"payee": "alice"}),
    ("payee_is_payer", {"payee": "bob"}),
    ("payee_unavailable", {"payee_state": State.OPEN}),
    ("unknown_collection", {"tag": ""}),
    ("over_limit", {"amount": "20"}),
    ("over_day_limit", {"sent": 0}),
    ("not_enough_money", {"money": 20}),
    ("payee_unavailable", {"held": 0}),
    ("", {}),
]


def test_the_judgements_come_in_their_order() -> None:
    scene = Scene()
    for reason, put_right in JUDGEMENTS:
        assert scene.decide().reason == reason
        scene = replace(scene, **put_right)  # type: ignore[arg-type] # the table's columns are the scene's


def test_without_the_code_nothing_is_learned_about_payee_or_money() -> None:
    """The answer to a wrong code is the same, byte for byte, whatever else is wrong."""
    after = [name for name, _ in JUDGEMENTS].index("code_refused")
    scene = Scene(state=State.OPEN, private=False, edited=False, minute=0)
    answers = {said(scene.decide())}
    for _, put_right in JUDGEMENTS[after + 1 :]:
        scene = replace(scene, **put_right)  # type: ignore[arg-type] # as above
        answers.add(said(scene.decide()))
    assert len(answers) == 1
    right_ones = {said(replace(scene, checked=right, money=money).decide()) for money in (0, 20)}
    assert len(right_ones) == 2, "the negative control: with the code one does learn it"


def test_all_causes_of_a_refused_code_read_the_same() -> None:
    causes: list[Callable[[Message], Checked]] = [wrong, lambda _: Checked(failures=1), locked]
    assert len({said(decide(post(ORDER), checked=cause)) for cause in causes}) == 1


@pytest.mark.parametrize("failures", range(1, 6))
def test_the_last_chance_is_told_by_the_count_alone(failures: int) -> None:
    warned = "One more failure" in said(decide(post(ORDER), checked=lambda m: wrong(m, failures)))
    assert warned is (failures == 4)


# Codes --------------------------------------------------------------------------------


def test_a_right_code_is_used_up_whatever_becomes_of_its_order() -> None:
    for name, row in REFUSED.items():
        if row.checked is right and row.message.codes and row.reason != "no_account":
            assert len(decide(row.message, row.on).uses) == len(row.message.codes), name


def test_a_code_in_a_message_that_asks_for_nothing_is_used_up_too() -> None:
    decision = decide(post(f"Look, my code for @Smoney was {CODE}"))
    assert decision.outcome is Outcome.IGNORED
    assert len(decision.uses) == 1
    assert decision.replies == ()


def test_a_wrong_code_uses_up_and_forgives_nothing() -> None:
    decision = decide(post(ORDER), checked=wrong)
    assert (decision.uses, decision.clear_failures) == ((), None)


def test_several_right_codes_are_all_void() -> None:
    decision = decide(post(TWO_CODES))
    assert decision.reason == "several_codes"
    assert [use.place for use in decision.uses] == [7, 8]


def test_a_right_and_a_wrong_code_pay_nothing_and_forgive_nothing() -> None:
    message = post(TWO_CODES)
    first = right(message).codes[0]
    half = Checked((first, CheckedCode(message.codes[1].start, Verdict.WRONG)), failures=2)
    decision = decide(message, checked=lambda _: half)
    assert decision.reason == "several_codes"
    assert decision.uses == (first.use,)
    assert decision.clear_failures is None


def test_the_same_code_twice_is_used_up_once() -> None:
    message = post(f"{ORDER} {CODE}")
    use = CodeUse(CodeKind.CARD, 100, ALICE.id, 7)
    twice = Checked(tuple(CheckedCode(one.start, Verdict.RIGHT, use) for one in message.codes))
    assert decide(message, checked=lambda _: twice).uses == (use,)


def test_a_code_for_one_place_does_not_serve_another() -> None:
    """A right code somewhere else in the message is not the order's code."""
    message = post(ORDER)
    elsewhere = replace(right(message).codes[0], at=0)
    decision = decide(message, checked=lambda _: Checked((elsewhere,)))
    assert decision.reason == "code_refused"
    assert len(decision.uses) == 1


@pytest.mark.parametrize(
    ("form", "rule", "pays", "void"),
    [
        (post, PinInPublic.BURN, True, True),
        (post, PinInPublic.REFUSE, False, True),
        (post, PinInPublic.ACCEPT, True, False),
        (direct, PinInPublic.BURN, True, False),
        (direct, PinInPublic.REFUSE, True, False),
        (direct, PinInPublic.ACCEPT, True, False),
    ],
)
def test_what_a_pin_may_do(
    form: Callable[[str], Message],
    rule: PinInPublic,
    pays: bool,  # noqa: FBT001 - a column of the table
    void: bool,  # noqa: FBT001 - likewise
) -> None:
    rules = replace(RULES, pin_in_public=rule)
    decision = decide(form(f"@Smoney #20 @bob #{PIN}"), rules=rules)
    assert (decision.transfer is not None) is pays
    assert decision.reason == ("" if pays else "code_refused")
    assert [use.kind for use in decision.uses] == ([CodeKind.PIN] if void else [])
    assert decision.clear_failures == ALICE.id


def test_a_pin_that_is_void_now_is_said_to_be() -> None:
    answers = {
        rule: said(
            decide(post(f"@Smoney #20 @bob #{PIN}"), rules=replace(RULES, pin_in_public=rule))
        )
        for rule in (PinInPublic.BURN, PinInPublic.ACCEPT)
    }
    assert "PIN" in answers[PinInPublic.BURN]
    assert "PIN" not in answers[PinInPublic.ACCEPT]


@pytest.mark.parametrize(
    ("language", "void", "used_up"),
    [
        (
            Language.ENGLISH,
            "If a code was in your post it is void.",
            "If a code of your card or app was in your message it is used up.",
        ),
        (
            Language.FRENCH,
            "Si votre message montrait un code, ce code ne vaut plus rien.",
            "Si votre message portait un code de carte ou d’application, ce code est utilisé.",
        ),
    ],
)
def test_a_pin_that_stays_good_in_public_is_not_called_void(
    language: Language, void: str, used_up: str
) -> None:
    alice = replace(ALICE, language=language)
    wrong, too_much = f"@Smoney #20 @bob #{PIN}", f"@Smoney #251 @bob #{PIN}"
    private = desk(replace(alice, private=True, wrote_first=True, private_since=NOON - MINUTE))
    for rule in PinInPublic:
        rules = replace(RULES, pin_in_public=rule)
        kept = rule is PinInPublic.ACCEPT
        for decision in (
            decide(post(wrong), desk(alice), rules=rules, checked=lambda _: Checked()),
            decide(post(too_much), desk(alice), rules=rules),
            decide(post(too_much), private, rules=rules),
        ):
            words = said(decision).replace("\xa0", " ")
            assert (used_up in words, void in words) == (kept, not kept), rule


# Orders that wait for their code ------------------------------------------------------


def test_an_order_without_a_code_moves_nothing_until_the_code_comes_by_direct_message() -> None:
    first = decide(post("@Smoney #20 @bob tomatoes"), desk(alice=0))
    assert (first.outcome, first.transfer) == (Outcome.APPLIED, None)
    assert first.payment is not None
    assert first.payment.state is PaymentState.WAITING
    assert first.payment.expires_at == NOON + 60 * MINUTE + policy.CODE_WAIT
    second = decide(direct(f"#{CODE}", 1), waiting(desk()))
    assert second.settled is not None
    assert second.settled.reference == "WAIT-00"
    assert second.transfer is not None
    assert second.transfer.key == "t:-1", "the order's key, so that it pays once"
    assert second.transfer.amount == euros(20)
    assert "WAIT-00" in said(second)


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"alice": 19}, "not_enough_money"),
        ({"sent": 990}, "over_day_limit"),
        ({"bob": 2490}, "payee_unavailable"),
    ],
)
def test_money_is_judged_when_the_code_comes(facts: dict[str, int], reason: str) -> None:
    decision = decide(direct(f"#{CODE}"), waiting(desk(**facts)))
    assert (decision.reason, decision.settled) == (reason, None)
    assert len(decision.uses) == 1


def test_a_code_from_before_the_order_that_waits_was_for_another() -> None:
    """It came late; what it was for has been cancelled, and what waits now was never meant."""
    decision = decide(direct(f"#{CODE}", -2), waiting(desk()))
    assert (decision.reason, decision.transfer) == ("nothing_waits", None)
    assert len(decision.uses) == 1


def test_whoever_freezes_meanwhile_pays_nothing() -> None:
    laid = waiting(desk())
    laid.customers[ALICE.x_id] = FROZEN
    assert decide(direct(f"#{CODE}"), laid).reason == "account_frozen"


# Private mode -------------------------------------------------------------------------

ON, OFF, FIRST, SECOND = "on", "off", "first order", "second order"


@dataclass(frozen=True)
class Said:
    """One of the four messages, and the minute it was written in."""

    what: str
    minute: int

    def message(self) -> Message:
        if self.what == ON:
            return post("@Smoney #private", self.minute)
        if self.what == OFF:
            return direct(f"#public #{CODE}", self.minute)
        return post(ORDER, self.minute)


Served = tuple[Said, bool, list[Said]]


def play(sayings: tuple[Said, ...], *, by_arrival: bool = False) -> tuple[Customer, list[Served]]:
    """Serve *sayings* in that order; return alice, and for each order whether it paid.

    Beside each order stand the switches that were served before it. *by_arrival*
    is a sabotage: each message then says that it was written when it arrived.
    """
    laid, known, orders = desk(), list[Said](), list[Served]()
    for at, one in enumerate(sayings):
        message = replace(one, minute=at).message() if by_arrival else one.message()
        decision = decide(message, laid)
        laid.settle(decision)
        if one.what in (ON, OFF):
            known.append(one)
        else:
            orders.append((one, decision.transfer is not None, list(known)))
    return laid.customers[ALICE.x_id], orders


def private_at(minute: int, switches: list[Said]) -> bool:
    """Whether *switches* say that private mode was on at *minute*."""
    before = [one for one in switches if one.minute < minute and one.what in (ON, OFF)]
    return bool(before) and max(before, key=lambda one: one.minute).what == ON


ALL_WRITTEN = [
    tuple(Said(what, minute) for minute, what in enumerate(written))
    for written in permutations((ON, OFF, FIRST, SECOND))
]


@pytest.mark.parametrize("written", ALL_WRITTEN)
def test_served_as_written_an_order_pays_exactly_when_the_mode_is_public(
    written: tuple[Said, ...],
) -> None:
    alice, paid = play(written)
    assert [pays for _, pays, _ in paid] == [
        not private_at(order.minute, known) for order, _, known in paid
    ]
    assert alice.private is private_at(99, list(written))


@pytest.mark.parametrize("written", ALL_WRITTEN)
def test_served_in_any_order_nothing_is_paid_in_public_while_private(
    written: tuple[Said, ...],
) -> None:
    """All 24 orders of arrival: X delivers late, and the posts' own times decide."""
    for served in permutations(written):
        alice, paid = play(served)
        assert alice.private is private_at(99, list(written)), "the latest switch counts"
        for order, pays, known in paid:
            # Of what came before the latest switch nothing is sure: then it was private.
            doubtful = any(one.minute > order.minute for one in known)
            private = private_at(order.minute, known)
            assert not (pays and private)
            assert pays or private or doubtful


def test_private_twice_is_private_in_between_whatever_arrives_last() -> None:
    switches = (Said(ON, 0), Said(ON, 2))
    for served in permutations((*switches, Said(FIRST, 1))):
        for _, pays, known in play(served)[1]:
            assert not (pays and known)


def test_judged_by_the_time_of_arrival_some_would_be_paid_in_public() -> None:
    """The negative control of the check above."""
    written = next(one for one in ALL_WRITTEN if [two.what for two in one[:3]] == [ON, FIRST, OFF])
    played = [play(served, by_arrival=True)[1] for served in permutations(written)]
    paid = [pays and private_at(one.minute, known) for two in played for one, pays, known in two]
    assert any(paid)


def test_in_private_mode_only_what_protects_is_heard_in_public() -> None:
    heard = {
        text: decide(post(f"@Smoney {text}"), desk(PRIVATE)).outcome is Outcome.APPLIED
        for text in ("#freeze", "#private", "#stop", "#help", "#balance", "#history", "#en")
    }
    assert [text for text, applied in heard.items() if applied] == ["#freeze", "#private", "#stop"]


# Who is answered, and where -----------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "change"),
    [
        ("#freeze", {"state": State.FROZEN}),
        ("#private", {"private": True, "private_since": NOON}),
        ("#stop", {"silent": True}),
        ("#fr", {"language": Language.FRENCH}),
        ("#help", {}),
    ],
)
def test_what_a_customer_may_change_by_a_word(text: str, change: dict[str, Any]) -> None:
    decision = decide(post(f"@Smoney {text}"))
    assert decision.outcome is Outcome.APPLIED
    assert decision.customer == (replace(ALICE, **change) if change else None)


def test_nobody_is_frozen_by_somebody_else() -> None:
    decision = decide(post("@Smoney #freeze @bob"))
    assert decision.customer is None


@pytest.mark.parametrize("text", ["#balance", "#history"])
def test_what_is_nobody_elses_business_is_never_said_in_public(text: str) -> None:
    unknown = decide(post(f"@Smoney {text}"))
    assert [one.public for one in unknown.replies] == [True]
    assert "300" not in said(unknown)
    known = decide(post(f"@Smoney {text}"), desk(replace(ALICE, wrote_first=True)))
    assert [one.public for one in known.replies] == [False]
    assert [one.public for one in decide(direct(text)).replies] == [False]


def test_the_balance_is_told_by_direct_message() -> None:
    assert "300.00" in said(decide(direct("#balance")))


@pytest.mark.parametrize("wrote_first", [True, False])
@pytest.mark.parametrize("silent", [True, False])
def test_a_payee_is_told_only_after_writing_first_and_never_after_stop(
    wrote_first: bool,  # noqa: FBT001 - a column of the table
    silent: bool,  # noqa: FBT001 - likewise
) -> None:
    bob = replace(BOB, wrote_first=wrote_first, silent=silent)
    decision = decide(post(ORDER + " tomatoes"), desk(bob))
    notices = [one for one in decision.replies if one.kind == "notice"]
    assert len(notices) == (1 if wrote_first and not silent else 0)
    assert all((one.to_x_id, one.public) == (BOB.x_id, False) for one in notices)
    assert decision.transfer is not None


def test_to_somebody_who_said_stop_nothing_is_said_and_all_is_done() -> None:
    silent = replace(ALICE, silent=True)
    decision = decide(post(ORDER), desk(silent))
    assert decision.transfer is not None
    assert decision.replies == ()
    assert decide(post("@Smoney #help"), desk(silent)).replies == ()
    assert decide(post(ORDER), desk(silent), wrong).replies == ()


def _desk_with_a_word(*changed: Customer) -> Desk:
    laid = desk(*changed)
    laid.words[ALICE.id] = "WDJB-MJHT"
    return laid


def test_a_renewal_opens_by_direct_message_and_its_word_is_told_there_alone() -> None:
    decision = decide(direct("renew"), _desk_with_a_word())
    assert decision.renewal == Renewal(ALICE.id, "WDJB-MJHT")
    assert [reply.public for reply in decision.replies] == [False]
    assert "WDJB-MJHT" in decision.replies[0].text


@pytest.mark.parametrize("wrote_first", [True, False])
def test_in_public_a_renewal_opens_nothing_and_is_answered_like_a_balance(
    wrote_first: bool,  # noqa: FBT001 - a table
) -> None:
    alice = replace(ALICE, wrote_first=wrote_first)
    decision = decide(post("@Smoney #renew"), _desk_with_a_word(alice))
    balance = decide(post("@Smoney #balance"), _desk_with_a_word(alice))
    assert decision.renewal is None
    assert [reply.public for reply in decision.replies] == [not wrote_first]
    assert [reply.public for reply in balance.replies] == [not wrote_first]
    assert "WDJB" not in decision.replies[0].text
    if not wrote_first:
        assert decision.replies[0].text == balance.replies[0].text


@pytest.mark.parametrize(
    ("state", "reason"), [(State.FROZEN, "account_frozen"), (State.CLOSED, "account_closed")]
)
def test_an_account_that_is_not_open_renews_nothing(state: State, reason: str) -> None:
    decision = decide(direct("renew"), _desk_with_a_word(replace(ALICE, state=state)))
    assert (decision.reason, decision.renewal) == (reason, None)


def test_a_renewal_that_comes_late_opens_nothing() -> None:
    late = direct("renew", written_at=NOON - timedelta(hours=24))
    assert decide(late, _desk_with_a_word()).renewal is None


def test_stop_is_confirmed_once_and_resume_ends_it() -> None:
    assert len(decide(post("@Smoney #stop")).replies) == 1
    resumed = decide(direct("#resume"), desk(replace(ALICE, silent=True)))
    assert resumed.customer == ALICE
    assert len(resumed.replies) == 1


def test_in_private_mode_a_refusal_goes_where_only_its_author_reads_it() -> None:
    wrote = decide(post(ORDER), desk(replace(PRIVATE, wrote_first=True)))
    assert [one.public for one in wrote.replies] == [False]
    never = decide(post(ORDER), desk(PRIVATE))
    assert [one.public for one in never.replies] == [True]
    assert said(never) == said(decide(post("@Smoney #balance")))


@pytest.mark.parametrize("text", ["#20 @bob", "#balance", "#help", f"#20 @bob #{CODE}"])
def test_a_post_that_was_taken_back_is_not_carried_out(text: str) -> None:
    laid = desk()
    laid.deleted = frozenset({"t:0"})
    decision = decide(post(f"@Smoney {text}"), laid)
    assert (decision.outcome, decision.reason) == (Outcome.IGNORED, "deleted")
    assert len(decision.uses) == text.count(CODE), "everybody has seen it"


def test_an_intruder_cannot_undo_a_freeze_by_deleting_it() -> None:
    laid = desk()
    laid.deleted = frozenset({"t:0"})
    decision = decide(post("@Smoney #freeze"), laid)
    assert decision.customer == FROZEN


def test_what_only_asks_is_answered_however_late() -> None:
    assert decide(post("@Smoney #help", -9999)).outcome is Outcome.APPLIED


def test_talk_about_the_bot_is_left_alone() -> None:
    decision = decide(post("I like @Smoney"))
    assert (decision.outcome, decision.replies) == (Outcome.IGNORED, ())
