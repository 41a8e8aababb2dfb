"""Each deed and each role, each form and each wrong token, tried over HTTP."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from console_cast import Desk, House, ask_desk, give_up_reply, house, set_message_aside
from sqlalchemy.exc import DBAPIError

from smoney_bot.bank.customers import State
from smoney_bot.bank.operators import LOWEST, Deed, Role, may
from smoney_bot.book import customers, refunds
from smoney_bot.book.engine import Book
from smoney_bot.web.console.deeds import FORMS
from smoney_bot.web.console.gate import Form, Page
from smoney_bot.web.console.views import PAGES


@dataclass(frozen=True)
class Tried:
    """A house in which every deed could be done, and the fields each form wants."""

    house: House
    numbers: dict[Deed, int]
    fields: dict[Deed, dict[str, str]]

    def path(self, one: Form | Page) -> str:
        """The address of a page or a form, its slots filled."""
        number = self.numbers.get(one.deed or Deed.VERIFY, self.house.alice.id)
        path = one.path.replace("{reference}", self.house.paid.reference)
        return re.sub(r"\{number:int\}", str(number), path)

    def send(self, desk: Desk, form: Form) -> int:
        """Send *form* as its page would; return the status."""
        return desk.send(self.path(form), **self.fields.get(form.deed, {})).status


@pytest.fixture
def tried(sqlite_book: Book) -> Iterator[Tried]:
    with house(sqlite_book) as here:
        reply, key = (
            give_up_reply(here.book, here.paid),
            set_message_aside(here.book, here.alice, 99),
        )
        asker = here.operator(Role.TELLER, "another")
        refund = here.book.run(
            lambda c: refunds.ask(c, here.paid.reference, "twice", asker, here.book.now(c))
        )
        ask_desk(here.book, here.alice, here.paid.reference)
        numbers = {
            Deed.RESEND: reply,
            Deed.APPROVE_REFUND: refund.id,
            Deed.DECLINE_REFUND: refund.id,
        }
        fields = {Deed.RETRY: {"key": key}, Deed.ASK_REFUND: {"reason": "paid twice"}}
        fields[Deed.ANSWER_REQUEST] = {"words": "By the door."}
        yield Tried(here, numbers, fields)


#: Allowed, and in the way all the same: asked for before, by another; decided by the one above.
_IN_THE_WAY = {Deed.ASK_REFUND, Deed.DECLINE_REFUND}


@pytest.mark.parametrize("role", list(Role))
def test_each_deed_wants_its_role(tried: Tried, role: Role) -> None:
    desk, name = tried.house.as_(role), tried.house.operator(role).name
    for form in FORMS:
        status = tried.send(desk, form)
        if may(role, form.deed):
            assert status == (409 if form.deed in _IN_THE_WAY else 303), form.deed
        else:
            assert status == 403, form.deed
            assert tried.house.deeds()[-1] == (name, Deed.TRY, form.deed.value)
    done = {deed for who, deed, _ in tried.house.deeds() if who == name and deed != Deed.TRY}
    assert done == {
        form.deed for form in FORMS if may(role, form.deed) and form.deed not in _IN_THE_WAY
    }


@pytest.mark.parametrize("role", list(Role))
def test_each_page_wants_its_role(tried: Tried, role: Role) -> None:
    desk = tried.house.as_(role)
    for shown in PAGES:
        allowed = shown.deed is None or may(role, shown.deed)
        assert desk.get(tried.path(shown)).status == (200 if allowed else 403), shown.path
        assert tried.house.stranger.get(tried.path(shown)).to == "/console/sign-in"


def test_roles_are_what_the_documentation_says() -> None:
    """Of each deed, the lowest role that may; a change here is a change of docs/console.md."""
    told = {role: {deed for deed in LOWEST if may(role, deed)} for role in Role}
    looks = {Deed.LOOK_AT_PAYMENT, Deed.LOOK_AT_CUSTOMER}
    window = {Deed.FREEZE, Deed.UNFREEZE, Deed.RESEND, Deed.RETRY, Deed.ASK_REFUND, Deed.VERIFY}
    window |= {Deed.TAKE_REQUEST, Deed.ANSWER_REQUEST, Deed.CLOSE_REQUEST, Deed.LOOK_AT_REQUEST}
    office = {Deed.APPROVE_REFUND, Deed.DECLINE_REFUND, Deed.LOOK_AT_ACTIONS}
    assert told == {
        Role.VIEWER: looks,
        Role.TELLER: looks | window,
        Role.SUPERVISOR: looks | window | office,
    }
    assert {form.deed for form in FORMS} <= set(LOWEST)


def test_a_form_without_the_token_of_its_session_does_nothing(tried: Tried) -> None:
    office, other = tried.house.as_(Role.SUPERVISOR), tried.house.as_(Role.SUPERVISOR, "second")
    before, foreign = tried.house.deeds(), other.csrf
    for form in FORMS:
        for csrf in ({}, {"csrf": ""}, {"csrf": "0" * 64}, {"csrf": foreign}):
            fields = {**tried.fields.get(form.deed, {}), **csrf}
            assert office.post(tried.path(form), **fields).status == 403, form.deed
    for path in ("/console/sign-out", "/console/language"):
        assert office.post(path, csrf=foreign, language="fr").status == 403
    assert tried.house.deeds() == before
    assert office.get("/console").status == 200


def test_a_form_of_another_site_does_nothing(tried: Tried) -> None:
    desk = tried.house.as_(Role.SUPERVISOR)
    path, csrf = f"/console/customers/{tried.house.alice.id}/freeze", desk.csrf
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://mallory.example"},
    ):
        assert desk.post(path, headers, csrf=csrf).status == 403
        assert desk.post("/console/sign-in", headers, name="office").status == 403
    assert not is_frozen(tried.house)
    assert desk.post(path, {"Sec-Fetch-Site": "same-origin"}, csrf=csrf).status == 303
    assert is_frozen(tried.house)


def is_frozen(house_: House) -> bool:
    with house_.book.reading() as connection:
        return customers.by_ids(connection, [1])[1].state is State.FROZEN


def test_no_page_may_be_framed_kept_or_run_scripts(tried: Tried) -> None:
    desk = tried.house.as_(Role.SUPERVISOR)
    for path in ("/console", "/console/sign-in", "/console/static/console.css", "/console/nowhere"):
        headers = desk.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"


def test_what_is_not_there_is_not_there(tried: Tried) -> None:
    desk = tried.house.as_(Role.SUPERVISOR)
    for path in (
        "/console/payments/7777-11",
        "/console/customers/999",
        "/console/nowhere",
    ):
        assert desk.get(path).status == 404
    assert desk.send("/console/customers/999/freeze").status == 404
    assert desk.get("/console/customers/1/freeze").status == 405
    assert desk.send("/console/replies/999/resend").status == 409
    assert desk.send("/console/messages/retry", key="t:1").status == 409


def test_each_deed_is_done_and_recorded(tried: Tried) -> None:
    window, house_ = tried.house.as_(Role.TELLER), tried.house
    alice = house_.alice.id
    assert window.send(f"/console/customers/{alice}/freeze").to.endswith("?said=froze_account")
    assert is_frozen(house_)
    assert (
        "The account is frozen."
        in window.get(f"/console/customers/{alice}?said=froze_account").text
    )
    assert window.send(f"/console/customers/{alice}/unfreeze").status == 303
    assert not is_frozen(house_)
    assert window.send(f"/console/replies/{tried.numbers[Deed.RESEND]}/resend").status == 303
    assert window.send("/console/messages/retry", key="t:99").status == 303
    assert window.send("/console/seals/verify").status == 303
    assert "Every sum and every seal holds." in window.get("/console/seals").text
    assert house_.deeds() == [
        ("window", "froze_account", f"customer {alice}"),
        ("window", "looked_at_customer", f"customer {alice}"),
        ("window", "unfroze_account", f"customer {alice}"),
        ("window", "resent_reply", f"reply {tried.numbers[Deed.RESEND]}"),
        ("window", "retried_message", "message t:99"),
        ("window", "verified_book", "book"),
    ]


def test_what_is_said_after_a_deed_cannot_be_made_up(tried: Tried) -> None:
    page = tried.house.as_(Role.VIEWER).get("/console?said=send+your+password+to+mallory").text
    assert "mallory" not in page
    assert 'role="status"' not in page


@pytest.mark.parametrize(
    "statement", ["UPDATE actions SET operator = 'nobody'", "DELETE FROM actions"]
)
def test_what_was_done_is_never_changed(book: Book, statement: str) -> None:
    with house(book) as here:
        here.as_(Role.TELLER).send("/console/seals/verify")
        with pytest.raises(DBAPIError, match="only ever added"), here.book.writing() as c:
            c.exec_driver_sql(statement)
        assert [deed for _, deed, _ in here.deeds()] == ["verified_book"]
