"""The client against a real server on loopback, through the real tweepy."""

from __future__ import annotations

import base64
import hmac
import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from time import perf_counter
from urllib.parse import quote, unquote

import pytest
import requests
from scripted_server import Answer, Asked, ScriptedServer, running
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import MaxRetryError, NameResolutionError
from x_recordings import load

from smoney_bot.bank.errors import TryLater
from smoney_bot.channels import Channel, Delivery, Halt, Parked, Rejected, Sent, Unknown, Wait
from smoney_bot.channels.x.client import XClient
from smoney_bot.channels.x.outcomes import judge_fault
from smoney_bot.channels.x.session import Session

BOT, ALICE, COMMAND = "222222222", "111111111", "2123717988971446273"
KEYS = {
    "consumer_key": "consumer-key",
    "consumer_secret": "consumer+secret",
    "access_token": "222222222-token",
    "access_token_secret": "token&secret",
    "bearer_token": "bearer%token",
}


@pytest.fixture
def x() -> Iterator[ScriptedServer]:
    with running() as server:
        yield server


@pytest.fixture
def client(x: ScriptedServer) -> XClient:
    return _client(x.url)


def _client(url: str) -> XClient:
    return XClient(
        url,
        consumer_key=KEYS["consumer_key"],
        consumer_secret=KEYS["consumer_secret"],
        access_token=KEYS["access_token"],
        access_token_secret=KEYS["access_token_secret"],
        bearer_token=KEYS["bearer_token"],
        bot_id=BOT,
        read_seconds=0.3,
    )


# Who we are, and to whom we speak -----------------------------------------------------


def _oauth(asked: Asked) -> dict[str, str]:
    scheme, _, rest = asked.headers["authorization"].partition(" ")
    assert scheme == "OAuth"
    pairs = (part.strip().split("=", 1) for part in rest.split(","))
    return {name: unquote(value.strip('"')) for name, value in pairs}


def _signature(asked: Asked, url: str) -> str:
    """OAuth 1.0a's HMAC-SHA1 over the request as made to *url* (RFC 5849, section 3.4)."""
    signed = [(name, value) for name, value in _oauth(asked).items() if name != "oauth_signature"]
    signed += [(name, value) for name, values in asked.query.items() for value in values]
    parameters = "&".join(
        f"{quote(name, '~')}={quote(value, '~')}" for name, value in sorted(signed)
    )
    base = "&".join(quote(part, "~") for part in (asked.method, url + asked.path, parameters))
    key = "&".join(quote(KEYS[name], "~") for name in ("consumer_secret", "access_token_secret"))
    return base64.b64encode(hmac.digest(key.encode(), base.encode(), "sha1")).decode()


def test_every_call_is_signed_for_the_host_that_is_really_called(
    x: ScriptedServer, client: XClient
) -> None:
    x.answer(200, {"data": {"id": "1", "username": "Smoney"}})
    client.post("C'est fait. 7K3Q-19", in_reply_to=COMMAND)
    client.direct("Solde 20 €. 7K3Q-19", to_x_id=ALICE)
    client.find_post("C'est fait.", in_reply_to=COMMAND)
    client.find_direct("Solde", to_x_id=ALICE)
    client.resolve(["bob"])
    client.whoami()
    assert len(x.asked) == 6
    for asked in x.asked:
        assert _oauth(asked)["oauth_signature"] == _signature(asked, x.url)
        assert _oauth(asked)["oauth_signature"] != _signature(asked, "https://api.twitter.com")


def test_the_client_is_a_channel(client: XClient) -> None:
    channel: Channel = client
    assert channel is client


def test_a_reply_is_what_x_documents(x: ScriptedServer, client: XClient) -> None:
    x.answer(201, load("api/post_tweets_201"))
    assert client.post("C'est fait : 20 €.", in_reply_to=COMMAND) == Sent("1445880548472328192")
    (asked,) = x.asked
    assert (asked.method, asked.path) == ("POST", "/2/tweets")
    assert json.loads(asked.body) == {
        "text": "C'est fait : 20 €.",
        "reply": {"in_reply_to_tweet_id": COMMAND},
    }


def test_the_live_answer_of_a_post_is_read(x: ScriptedServer, client: XClient) -> None:
    x.answer(201, load("xaa_live/create_post"))
    assert client.post("text", in_reply_to=COMMAND) == Sent("1900000000000000002")


def test_a_direct_message_is_what_x_documents(x: ScriptedServer, client: XClient) -> None:
    x.answer(201, load("api/dm_send_201"))
    assert client.direct("Solde : 20 €.", to_x_id=ALICE) == Sent("1122334455667788990")
    (asked,) = x.asked
    assert asked.path == f"/2/dm_conversations/with/{ALICE}/messages"
    assert json.loads(asked.body) == {"text": "Solde : 20 €."}


def test_the_account_behind_the_tokens_is_told(x: ScriptedServer, client: XClient) -> None:
    x.answer(200, {"data": {"id": BOT, "name": "Smoney", "username": "Smoney"}})
    assert client.whoami() == (BOT, "Smoney")
    assert x.asked[0].path == "/2/users/me"


def test_an_account_that_is_not_named_is_asked_for_later(
    x: ScriptedServer, client: XClient
) -> None:
    x.answer(200, {"errors": [_problem("resource-not-found")]})
    with pytest.raises(TryLater):
        client.whoami()


def test_a_session_speaks_to_no_other_host(x: ScriptedServer) -> None:
    with Session(x.url) as session:
        for url in ("https://api.twitter.com.example/2/tweets", "http://169.254.169.254/", x.url):
            with pytest.raises(ValueError, match="alone"):
                session.get(url)
    assert x.asked == []


# What became of it ---------------------------------------------------------------------


def _problem(kind: str, detail: str = "Something.", status: int = 403) -> dict[str, object]:
    kind = kind if kind == "about:blank" else f"https://api.x.com/2/problems/{kind}"
    return {"title": "T", "detail": detail, "type": kind, "status": status}


RESET = {"x-rate-limit-remaining": "0", "x-rate-limit-reset": "1795168900"}
AT_RESET = datetime.fromtimestamp(1795168900, UTC)

ROWS: list[tuple[int, object, dict[str, str], Delivery]] = [
    # 2xx, but nothing that says it is out
    (200, b"<html>all is well</html>", {}, Unknown("no id in the answer")),
    (201, b"", {}, Unknown("no id in the answer")),
    (201, b"[]", {}, Unknown("no id in the answer")),
    (201, {"data": {"id": 5}}, {}, Unknown("no id in the answer")),
    # credits and keys: nothing goes until somebody acts
    (401, _problem("about:blank", "Unauthorized"), {}, Halt("401: Unauthorized")),
    (401, b"", {}, Halt("401")),
    (402, _problem("about:blank", "Credits depleted"), {}, Halt("402: Credits depleted")),
    (403, _problem("client-forbidden"), {}, Halt("403: Something.")),
    (403, _problem("oauth1-permissions"), {}, Halt("403: Something.")),
    (429, _problem("usage-capped"), RESET, Halt("429: Something.")),
    (
        403,
        _problem("about:blank", "Your account is suspended."),
        {},
        Halt("403: Your account is suspended."),
    ),
    # too fast
    (429, load("api/error_429_code88"), RESET, Wait(AT_RESET, "rate limit")),
    (429, _problem("about:blank"), RESET, Wait(AT_RESET, "rate limit")),
    (429, b"<html>", {}, Wait(None, "rate limit")),
    (429, b"[1]", {"x-rate-limit-reset": "soon"}, Wait(None, "rate limit")),
    (429, {"errors": [7, "x"]}, {"x-rate-limit-reset": "9" * 40}, Wait(None, "rate limit")),
    (
        429,
        {},
        RESET
        | {"x-user-limit-24hour-remaining": "0", "x-user-limit-24hour-reset": "1795200000"}
        | {"x-app-limit-24hour-remaining": "9", "x-app-limit-24hour-reset": "1795250000"},
        Wait(datetime.fromtimestamp(1795200000, UTC), "rate limit"),
    ),
    (
        403,
        {"errors": [{"code": 185, "message": "User is over daily status update limit."}]},
        {},
        Wait(None, "daily limit"),
    ),
    # 403 in X's own words
    (403, load("api/error_403_duplicate"), {}, Unknown("duplicate content")),
    (
        403,
        {"errors": [{"code": 187, "message": "Status is a duplicate."}]},
        {},
        Unknown("duplicate content"),
    ),
    (403, load("api/error_403_reply_not_mentioned_feb2026"), {}, Rejected("reply not allowed")),
    (403, load("api/error_403_reply_not_mentioned_mid2026"), {}, Rejected("reply not allowed")),
    (
        403,
        _problem(
            "about:blank",
            "You attempted to reply to a Tweet that is deleted or not visible to you.",
        ),
        {},
        Rejected("the post is gone"),
    ),
    (
        403,
        _problem("about:blank", "You cannot send messages to this user."),
        {},
        Rejected("direct message not allowed"),
    ),
    (
        403,
        _problem("about:blank", "You do not have permission to DM one or more participants."),
        {},
        Rejected("direct message not allowed"),
    ),
    (
        403,
        _problem("about:blank", "You are not permitted to perform this action."),
        {},
        Parked("403: You are not permitted to perform this action."),
    ),
    (
        403,
        {"errors": [{"code": 226, "message": "This request looks like it might be automated."}]},
        {},
        Parked("403: This request looks like it might be automated."),
    ),
    (403, b"<html>no</html>", {}, Parked("403")),
    # gone, wrong
    (400, _problem("invalid-request", "Bad"), {}, Rejected("400: Bad")),
    (404, _problem("resource-not-found", "Gone"), {}, Rejected("404: Gone")),
    (409, _problem("conflict", "Twice"), {}, Rejected("409: Twice")),
    # perhaps out
    (408, b"", {}, Unknown("408")),
    (500, _problem("internal-error", "Oops"), {}, Unknown("500: Oops")),
    (502, b"<html>Bad gateway</html>", {}, Unknown("502")),
    (503, _problem("about:blank", "Over capacity"), RESET, Unknown("503: Over capacity")),
    (504, b"null", {}, Unknown("504")),
]


@pytest.mark.parametrize(
    ("status", "body", "headers", "expected"), ROWS, ids=[f"{r[0]}-{r[3]}"[:60] for r in ROWS]
)
def test_each_answer_of_x_has_its_meaning(
    x: ScriptedServer,
    client: XClient,
    status: int,
    body: object,
    headers: dict[str, str],
    expected: Delivery,
) -> None:
    x.answer(status, body, headers)
    assert client.post("C'est fait.", in_reply_to=COMMAND) == expected
    assert client.direct("C'est fait.", to_x_id=ALICE) == expected
    assert len(x.asked) == 2  # each sent once, never again by itself


def test_what_x_says_is_kept_short_and_plain(x: ScriptedServer, client: XClient) -> None:
    x.answer(400, _problem("invalid-request", "é\n\x1b[31m" + "x" * 900))
    outcome = client.post("C'est fait.", in_reply_to=COMMAND)
    assert isinstance(outcome, Rejected)
    assert outcome.why.isascii()
    assert outcome.why.isprintable()
    assert len(outcome.why) < 220


def test_the_rest_of_the_body_is_never_repeated(x: ScriptedServer, client: XClient) -> None:
    problem = _problem("invalid-request", "One or more parameters is invalid.", 400)
    problem["errors"] = [{"message": "text [#07482193] too long", "parameters": {"text": ["#1"]}}]
    x.answer(400, problem)
    expected = Rejected("400: One or more parameters is invalid.")
    assert client.post("#07482193", in_reply_to=COMMAND) == expected


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(x: ScriptedServer, client: XClient, status: int) -> None:
    with running() as elsewhere:
        elsewhere.answer(201, load("api/post_tweets_201"))
        x.answer(status, {}, {"Location": f"{elsewhere.url}/2/tweets"})
        assert client.post("C'est fait.", in_reply_to=COMMAND) == Unknown(str(status))
        with pytest.raises(TryLater):
            client.resolve(["bob"])
        assert elsewhere.asked == []


# The network ------------------------------------------------------------------------------


def test_a_silent_server_does_not_hold_us_for_ever(x: ScriptedServer, client: XClient) -> None:
    x.script.append(Answer(silent=True))
    started = perf_counter()
    assert client.post("C'est fait.", in_reply_to=COMMAND) == Unknown("ReadTimeout")
    assert perf_counter() - started < 3
    assert len(x.asked) == 1


def test_a_connection_that_breaks_may_have_carried_the_line(
    x: ScriptedServer, client: XClient
) -> None:
    x.script.append(Answer(drop=True))
    assert client.post("C'est fait.", in_reply_to=COMMAND) == Unknown("ConnectionError")
    assert len(x.asked) == 1


def test_an_answer_cut_short_may_have_carried_the_line(x: ScriptedServer, client: XClient) -> None:
    x.answer(201, load("api/post_tweets_201"), {"Content-Length": "500"})
    assert client.post("C'est fait.", in_reply_to=COMMAND) == Unknown("ChunkedEncodingError")


def _closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def test_a_refused_connection_carried_nothing() -> None:
    outcome = _client(f"http://127.0.0.1:{_closed_port()}").post("Fait.", in_reply_to=COMMAND)
    assert outcome == Wait(None, "not sent: ConnectionError")


def test_an_unknown_address_and_a_late_connection_carried_nothing() -> None:
    pool = HTTPConnectionPool("x.invalid")
    cause = NameResolutionError("x.invalid", pool, socket.gaierror(-2, "unknown"))  # type: ignore[arg-type]
    no_address = requests.ConnectionError(MaxRetryError(pool, "/", cause))
    for fault in (no_address, requests.ConnectTimeout()):
        assert isinstance(judge_fault(fault), Wait)


@pytest.mark.parametrize(
    "fault",
    [
        requests.exceptions.SSLError("bad certificate"),
        requests.exceptions.ProxyError("no proxy"),
        requests.exceptions.ConnectionError(),
        requests.exceptions.RequestException(),
    ],
)
def test_what_is_not_sure_to_have_stayed_here_is_unknown(fault: requests.RequestException) -> None:
    assert judge_fault(fault) == Unknown(type(fault).__name__)


@pytest.mark.parametrize(
    "answer", [Answer(401), Answer(429), Answer(503), Answer(200, b"<html>"), Answer(drop=True)]
)
def test_a_question_that_x_cannot_answer_is_asked_later(
    x: ScriptedServer, client: XClient, answer: Answer
) -> None:
    x.script.append(answer)
    questions = [
        lambda: client.find_post("Fait.", in_reply_to=COMMAND),
        lambda: client.find_direct("Fait.", to_x_id=ALICE),
        lambda: client.resolve(["bob"]),
        client.whoami,
    ]
    for ask in questions:
        with pytest.raises(TryLater) as later:
            ask()
        assert later.value.__context__ is None  # requests' errors carry our tokens
        assert not any(secret in repr(later.value) for secret in KEYS.values())


# Looking before sending again ---------------------------------------------------------------


def _row(post_id: str, text: str, answers: str | None = COMMAND) -> dict[str, object]:
    references = [{"type": "replied_to", "id": answers}] if answers else []
    return {"id": post_id, "text": text, "referenced_tweets": references}


def _page(*rows: dict[str, object], token: str | None = None) -> dict[str, object]:
    meta = {"result_count": len(rows)} | ({"next_token": token} if token else {})
    return ({"data": list(rows)} if rows else {}) | {"meta": meta}


def test_our_reply_is_found_as_x_shows_it(x: ScriptedServer, client: XClient) -> None:
    shown = "@alice @bob_2 Fait : 20 € pour bob, &lt;3 &amp; merci. 7K3Q-19"
    x.answer(200, _page(_row("31", "@alice autre chose"), _row("30", shown)))
    assert client.find_post("Fait : 20 € pour bob, <3 & merci. 7K3Q-19", in_reply_to=COMMAND) == (
        "30"
    )
    (asked,) = x.asked
    assert asked.path == f"/2/users/{BOT}/tweets"
    assert asked.query["since_id"] == [COMMAND]


def test_our_reply_is_found_whichever_version_of_an_edited_post_x_names(
    x: ScriptedServer, client: XClient
) -> None:
    x.answer(200, _page(_row("30", "@alice Fait. 7K3Q-19", answers="99")))
    assert client.find_post("Fait. 7K3Q-19", in_reply_to=COMMAND) == "30"


@pytest.mark.parametrize(
    "row",
    [
        _row("30", "@alice Fait. 7K3Q-20"),
        _row("30", "@alice C'est Fait. 7K3Q-19"),
        _row("30", "Fait. 7K3Q-19 @alice"),
    ],
)
def test_another_post_is_not_taken_for_our_reply(
    x: ScriptedServer, client: XClient, row: dict[str, object]
) -> None:
    x.answer(200, _page(row))
    assert client.find_post("Fait. 7K3Q-19", in_reply_to=COMMAND) is None


def test_nothing_at_all_means_not_out(x: ScriptedServer, client: XClient) -> None:
    x.answer(200, _page())
    assert client.find_post("Fait. 7K3Q-19", in_reply_to=COMMAND) is None
    assert client.find_direct("Fait. 7K3Q-19", to_x_id=ALICE) is None


def test_a_list_that_only_holds_errors_says_nothing(x: ScriptedServer, client: XClient) -> None:
    x.answer(200, {"errors": [_problem("not-authorized-for-resource")]})
    with pytest.raises(TryLater):
        client.find_post("Fait.", in_reply_to=COMMAND)


def test_the_look_goes_on_over_the_pages(x: ScriptedServer, client: XClient) -> None:
    x.answer(200, _page(_row("32", "b"), _row("31", "c"), token="more"))
    x.answer(200, _page(_row("30", "@alice Fait.")))
    assert client.find_post("Fait.", in_reply_to=COMMAND) == "30"
    assert [asked.query.get("pagination_token") for asked in x.asked] == [None, ["more"]]


def test_a_page_that_comes_again_and_again_ends_the_look(
    x: ScriptedServer, client: XClient
) -> None:
    x.answer(200, _page(_row("32", "b"), token="same"))
    assert client.find_post("Fait.", in_reply_to=COMMAND) is None
    assert len(x.asked) == 2


def test_our_direct_message_is_found_and_not_the_customers(
    x: ScriptedServer, client: XClient
) -> None:
    theirs: dict[str, object] = {"id": "41", "sender_id": ALICE, "text": "Solde : 20 €."}
    ours: dict[str, object] = {"id": "40", "sender_id": BOT, "text": "Solde : 20 €."}
    x.answer(200, _page(theirs, ours))
    assert client.find_direct("Solde : 20 €.", to_x_id=ALICE) == "40"
    assert x.asked[0].path == f"/2/dm_conversations/with/{ALICE}/dm_events"
    assert x.asked[0].query["event_types"] == ["MessageCreate"]


@pytest.mark.parametrize("left_out", ["sender_id", "text"])
def test_a_look_that_could_not_know_our_own_is_no_look(
    x: ScriptedServer, client: XClient, left_out: str
) -> None:
    """X leaves out a field it does not know any more, without a word."""
    ours = {"id": "40", "sender_id": BOT, "text": "Solde : 20 €."}
    x.answer(200, _page({name: one for name, one in ours.items() if name != left_out}))
    with pytest.raises(TryLater, match=left_out):
        client.find_direct("Solde : 20 €.", to_x_id=ALICE)


# Who holds a handle now -----------------------------------------------------------------------


def test_handles_are_resolved_as_given(x: ScriptedServer, client: XClient) -> None:
    missing = _problem("resource-not-found") | {"value": "carol", "parameter": "usernames"}
    x.answer(200, {"data": [{"id": "333", "username": "Bob"}], "errors": [missing]})
    assert client.resolve(["BOB", "carol", "bob"]) == {"BOB": "333", "bob": "333"}
    assert x.asked[0].query["usernames"] == ["bob,carol"]


def test_what_cannot_be_a_handle_is_never_asked(x: ScriptedServer, client: XClient) -> None:
    x.answer(200, {"data": [{"id": "333", "username": "bob"}]})
    odd = ["", "bob,carol", "bob&x=1", "b" * 16, "\u017fmoney", "bob\n", "@bob"]
    assert client.resolve(odd) == {}
    assert x.asked == []
    assert client.resolve([*odd, "bob"]) == {"bob": "333"}


def test_a_hundred_handles_go_in_one_call(x: ScriptedServer, client: XClient) -> None:
    x.answer(200, {"data": []})
    assert client.resolve(f"name{n}" for n in range(250)) == {}
    sizes = [len(asked.query["usernames"][0].split(",")) for asked in x.asked]
    assert sizes == [100, 100, 50]
