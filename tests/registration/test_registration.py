"""Registering at a local X, over HTTP: made, adopted, mended, taken back; and X's refusals."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from x_side import ALICE, APP, BOT, XSide, x_side

from smoney_bot.bank.errors import TryLater
from smoney_bot.channels.sandbox.faults import Fault
from smoney_bot.channels.sandbox.subscriptions import Shape, Subscription
from smoney_bot.channels.x import registration
from smoney_bot.channels.x.looking import Standing, look
from smoney_bot.channels.x.refusals import Reason, XRefuses, advice
from smoney_bot.channels.x.registration import Act, put_right, take_back

HOOKS, SUBSCRIPTIONS = "/2/webhooks", "/2/activity/subscriptions"
KINDS = ["dm.received", "oauth.revoke", "post.mention.create", "profile.update.handle"]
NOTHING = Fault(status=200, body={"meta": {"result_count": 0}})

#: Each secret that an error must not show.
SECRETS = [
    APP.consumer_secret,
    APP.access_token,
    APP.access_token_secret,
    APP.bearer_token,
    str(APP.user_token),
]


@pytest.fixture
def x() -> Iterator[XSide]:
    with x_side() as running:
        yield running


def acts(x: XSide) -> dict[str, Act]:
    """Put everything right, and return what became of what."""
    found = put_right(x.admin(), x.webhook_url)
    return {step.thing.removeprefix("subscription "): step.act for step in found.steps}


def subscribe(x: XSide, kind: str, tag: str, webhook_id: str | None) -> str:
    return x.deliveries.subscribe(kind, webhook_id=webhook_id, tag=tag).id


# Made and adopted ---------------------------------------------------------------------


@pytest.mark.parametrize("shape", Shape)
def test_everything_is_made_once_in_whatever_shape_x_answers(shape: Shape) -> None:
    with x_side(shape=shape) as x:
        assert set(acts(x).values()) == {Act.CREATED}
        (hook,) = x.deliveries.webhooks.all()
        made = x.deliveries.subscriptions.all()
        assert (hook.url, hook.valid) == (x.webhook_url, True)
        assert sorted(one.kind for one in made) == KINDS
        assert {(one.webhook_id, one.tag) for one in made} == {(hook.id, "smoney-bot")}
        assert {one.kind: one.user_id for one in made}["oauth.revoke"] is None

        assert set(acts(x).values()) == {Act.KEPT}
        assert x.deliveries.subscriptions.all() == made
        assert look(x.admin(), x.webhook_url).sound


def test_once_registered_what_customers_write_is_brought(x: XSide) -> None:
    acts(x)
    x.world.post(ALICE, "@Smoney #aide")
    x.world.send_direct(ALICE, BOT, "#solde")
    assert x.deliveries.settle(5)
    kinds = [body["data"]["event_type"] for body in x.door.bodies]
    assert kinds == ["post.mention.create", "dm.received"]


def test_what_is_there_already_is_adopted_as_it_is(x: XSide) -> None:
    hook = x.deliveries.register(x.webhook_url)
    subscribe(x, "dm.received", "by hand", hook.id)
    assert acts(x)["webhook"] is Act.KEPT
    told = x.deliveries.subscriptions.find("dm.received", BOT)
    assert told is not None
    assert told.tag == "by hand"
    assert x.kinds == KINDS


def test_two_who_register_at_once_adopt_what_the_other_made(x: XSide) -> None:
    """Each list is empty at first, and what it lacks is there when it is made."""
    hook = x.deliveries.register(x.webhook_url)
    subscribe(x, "dm.received", "smoney-bot", hook.id)
    x.faults.script("GET", HOOKS, NOTHING)
    x.faults.script("GET", SUBSCRIPTIONS, NOTHING)
    assert acts(x)["dm.received"] is Act.KEPT
    assert len(x.deliveries.webhooks.all()) == 1
    assert x.kinds == KINDS


def test_a_long_list_is_read_to_its_end(x: XSide) -> None:
    now = datetime.now(UTC)
    for number in range(230):
        x.deliveries.subscriptions.put(
            Subscription(
                id=str(number + 1),
                kind="profile.update.handle",
                user_id=str(900 + number),
                created_at=now,
                updated_at=now,
            )
        )
    acts(x)
    assert len(x.admin().subscriptions()) == 234
    assert set(acts(x).values()) == {Act.KEPT}


# Mended -------------------------------------------------------------------------------


def test_a_webhook_that_was_switched_off_is_challenged_anew(x: XSide) -> None:
    acts(x)
    (hook,) = x.deliveries.webhooks.all()
    x.door.secret = "another"
    x.deliveries.webhooks.check(hook.id)
    found = put_right(x.admin(), x.webhook_url)
    assert (found.sound, found.steps[0].act) == (False, Act.REFUSED)
    assert "SMONEY_X_CRC" in found.steps[0].detail

    x.door.secret = APP.consumer_secret
    found = put_right(x.admin(), x.webhook_url)
    assert (found.sound, found.steps[0].act) == (True, Act.REPAIRED)
    assert x.deliveries.webhooks.get(hook.id).valid


def test_the_list_decides_whether_a_webhook_is_valid_again(x: XSide) -> None:
    """X's answer to PUT only says that it has asked."""
    acts(x)
    (hook,) = x.deliveries.webhooks.all()
    x.door.secret = "another"
    x.deliveries.webhooks.check(hook.id)
    x.faults.script("PUT", HOOKS, Fault(status=200, body={"data": {"valid": True}}))
    assert not put_right(x.admin(), x.webhook_url).sound


def test_subscriptions_follow_a_webhook_that_was_made_anew(x: XSide) -> None:
    acts(x)
    (old,) = x.deliveries.webhooks.all()
    x.deliveries.webhooks.remove(old.id)
    assert acts(x) == {"webhook": Act.CREATED} | dict.fromkeys(KINDS, Act.REPAIRED)
    (new,) = x.deliveries.webhooks.all()
    assert {one.webhook_id for one in x.deliveries.subscriptions.all()} == {new.id}


def test_a_subscription_that_was_lost_is_made_again(x: XSide) -> None:
    acts(x)
    lost = x.deliveries.subscriptions.find("dm.received", BOT)
    assert lost is not None
    x.deliveries.subscriptions.remove(lost.id)
    seen = look(x.admin(), x.webhook_url)
    assert [(one.kind, one.state) for one in seen.lacking] == [("dm.received", Standing.MISSING)]
    assert not seen.sound
    assert acts(x)["dm.received"] is Act.CREATED


def test_our_own_strays_go_and_others_stay(x: XSide) -> None:
    stray = subscribe(x, "post.quote.create", "smoney-bot", None)
    foreign = subscribe(x, "post.reply.create", "somebody else's", None)
    put_right(x.admin(), x.webhook_url)
    left = {one.id for one in x.deliveries.subscriptions.all()}
    assert stray not in left
    assert foreign in left
    states = {one.id: one.state for one in look(x.admin(), x.webhook_url).subscriptions}
    assert states[foreign] is Standing.FOREIGN


def test_a_tag_that_is_not_ours_alone_would_cost_others_theirs(
    x: XSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control of the test before."""
    foreign = subscribe(x, "post.reply.create", "somebody else's", None)
    monkeypatch.setattr(registration, "TAG", "somebody else's")
    put_right(x.admin(), x.webhook_url)
    assert foreign not in {one.id for one in x.deliveries.subscriptions.all()}


# Taken back ---------------------------------------------------------------------------


def test_taking_back_leaves_nothing_of_ours(x: XSide) -> None:
    foreign = subscribe(x, "post.reply.create", "somebody else's", None)
    acts(x)
    (hook,) = x.admin().webhooks()
    take_back(x.admin(), hook)
    assert x.deliveries.webhooks.all() == []
    assert [one.id for one in x.deliveries.subscriptions.all()] == [foreign]
    assert take_back(x.admin(), None) == []


def test_what_is_gone_already_is_taken_back_too(x: XSide) -> None:
    acts(x)
    (hook,) = x.admin().webhooks()
    x.faults.script("DELETE", SUBSCRIPTIONS, *[Fault(status=404)] * 2)
    x.deliveries.webhooks.remove(hook.id)
    assert len(take_back(x.admin(), hook)) == 5


# Refused ------------------------------------------------------------------------------


def refusal(x: XSide, url: str | None = None) -> XRefuses:
    with pytest.raises(XRefuses) as refused:
        put_right(x.admin(), url or x.webhook_url)
    return refused.value


def test_a_door_that_signs_with_another_secret_is_told_what_to_try(x: XSide) -> None:
    x.door.secret = "another"
    why = refusal(x)
    assert why.reason is Reason.CRC_FAILED
    assert "PUBLIC_URL" in advice(why)
    assert "SMONEY_X_CRC" in advice(why)


def test_the_webhook_that_is_in_the_way_is_named(x: XSide) -> None:
    old = x.deliveries.register(x.webhook_url + "?old=1")
    why = refusal(x)
    assert why.reason is Reason.TOO_MANY_WEBHOOKS
    assert f"{old.id} ({old.url})" in advice(why)
    assert "unregister --webhook" in advice(why)


def test_an_address_that_x_does_not_call_is_named(x: XSide) -> None:
    why = refusal(x, "https://pay.example:8443/webhooks/x")
    assert why.reason is Reason.BAD_URL
    assert "SMONEY_PUBLIC_URL" in advice(why)


@pytest.mark.parametrize(
    "body",
    [
        {"title": "CrcValidationFailed"},
        {"detail": "CrcValidationFailed: no."},
        {"errors": [{"message": "CrcValidationFailed"}]},
        {"errors": [{"reason": "CrcValidationFailed", "message": "no"}]},
        {"type": "https://api.x.com/2/problems/crcvalidationfailed"},
    ],
)
def test_a_reason_is_found_wherever_x_writes_it(x: XSide, body: dict[str, Any]) -> None:
    x.faults.script("POST", HOOKS, Fault(status=400, body=body))
    assert refusal(x).reason is Reason.CRC_FAILED


def test_an_answer_of_errors_alone_is_no_success(x: XSide) -> None:
    nothing = Fault(status=200, body={"errors": [{"message": "not for you"}]})
    x.faults.script("POST", SUBSCRIPTIONS, nothing)
    found = put_right(x.admin(), x.webhook_url)
    (refused,) = [step for step in found.steps if step.act is Act.REFUSED]
    assert refused.thing == "subscription post.mention.create"
    assert "not for you" in refused.detail
    assert (refused.hurts, found.sound) == (True, False)


def test_what_can_be_done_without_is_refused_without_harm(x: XSide) -> None:
    made = put_right(x.admin(), x.webhook_url)
    for kind in ("profile.update.handle", "oauth.revoke"):
        (one,) = [one for one in x.deliveries.subscriptions.all() if one.kind == kind]
        x.deliveries.subscriptions.remove(one.id)
    x.faults.script("POST", SUBSCRIPTIONS, *[Fault(status=400, body={"detail": "unknown"})] * 2)
    found = put_right(x.admin(), x.webhook_url)
    assert [step.act for step in found.steps].count(Act.REFUSED) == 2
    assert made.sound
    assert found.sound


# Whose token --------------------------------------------------------------------------

OAUTH_2_ONLY = Fault(status=403, body={"title": "Unsupported Authentication", "detail": "no"})


def test_where_x_takes_no_oauth_1_the_oauth_2_token_is_tried(x: XSide) -> None:
    x.faults.script("POST", SUBSCRIPTIONS, OAUTH_2_ONLY)
    admin = x.admin(user_token=APP.user_token)
    assert put_right(admin, x.webhook_url).sound
    assert x.kinds == KINDS


def test_without_one_the_operator_is_told_to_set_it(x: XSide) -> None:
    x.faults.script("POST", SUBSCRIPTIONS, *[OAUTH_2_ONLY] * 2)
    found = put_right(x.admin(), x.webhook_url)
    assert not found.sound
    assert sum("SMONEY_X_USER_TOKEN" in step.detail for step in found.steps) == 2


def test_what_is_private_is_never_asked_with_the_apps_token(x: XSide) -> None:
    """The local X refuses that, as X does."""
    admin = x.admin()
    with pytest.raises(XRefuses, match="403"):
        admin.subscribe("dm.received", about=BOT, private=False, webhook_id="1", tag="t")


# Away ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=503, body="<html>over capacity</html>"),
        Fault(status=429),
        Fault(status=408),
        Fault(status=302),
        Fault(status=200, body="<html>hello</html>"),
        Fault(cut=True),
    ],
)
def test_an_x_that_does_not_answer_is_asked_later(x: XSide, fault: Fault) -> None:
    x.faults.script("GET", HOOKS, fault)
    with pytest.raises(TryLater):
        put_right(x.admin(), x.webhook_url)
    assert set(acts(x).values()) == {Act.CREATED}


@pytest.mark.parametrize("status", [401, 402, 403])
def test_no_error_shows_a_token(x: XSide, status: int) -> None:
    x.faults.script("GET", HOOKS, Fault(status=status, body={"detail": "no"}))
    why = refusal(x)
    told = f"{why!r} {advice(why)} {why.__context__!r} {why.__cause__!r}"
    assert [secret for secret in SECRETS if secret in told] == []


# The account --------------------------------------------------------------------------


def test_x_tells_whom_our_tokens_speak_for(x: XSide) -> None:
    account = x.admin().account()
    assert (account.x_id, account.handle, account.label) == (BOT, "Smoney", "Automated")
    assert account.access == "read-write-directmessages"
    assert account.answered_at is not None
    assert abs(datetime.now(UTC) - account.answered_at) < timedelta(seconds=5)
