"""The scan for secrets at the end of a run notices them, wherever they stand, and shows none."""

from __future__ import annotations

import pytest
from secret_scan import NAMES, SHOWN, kinds_in, kinds_on_page

pytest_plugins = ["pytester"]

PLANTED = """
import logging, sys
import pytest

def test_printed():
    print("order #07482193")

def test_on_stderr():
    print("#074821 merci", file=sys.stderr)

def test_logged():
    logging.getLogger("x").warning("said %s", "#1234")

def test_daemon(tmp_path):
    (tmp_path / "work.log").write_text('{"text": "#07482193"}')

def test_key():
    print("an-invented-consumer-secret")

def test_token():
    print("222222222-invented-token")
"""
PAGES = """
import http.client
import logging
import structlog
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from smoney_bot.channels.sandbox.server import serve

TOKEN = "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789_-A"
CARD = "<li><b>07</b>482193</li>"

async def in_two():
    yield "<p>074"
    yield "82193</p>"

APP = Starlette(routes=[
    Route("/c/{tag}", lambda _: HTMLResponse("<p>#07482193</p>")),
    Route("/console", lambda _: HTMLResponse("<p>07482193</p>")),
    Route("/console/hash", lambda _: JSONResponse({"hash": "$argon2id$v=19$m=8"})),
    Route("/console/link", lambda _: RedirectResponse(f"/enrolment/{TOKEN}", 303)),
    Route("/statement/card", lambda _: HTMLResponse(CARD)),
    Route("/statement/secret", lambda _: HTMLResponse("ABCD EFGH IJKL MNOP 2345 6723 ABCD EFGH")),
    Route("/statement/2026-11.csv", lambda _: StreamingResponse(in_two(), media_type="text/csv")),
    Route("/enrolment/{token}", lambda _: HTMLResponse(CARD + "$argon2id$")),
])

def ask(path):
    with TestClient(APP) as client:
        client.get(path, follow_redirects=False)

def test_a_code(): ask("/c/jardin")
def test_a_code_without_its_sign(): ask("/console")
def test_a_hash(): ask("/console/hash")
def test_a_link(): ask("/console/link")
def test_a_card(): ask("/statement/card")
def test_an_app(): ask("/statement/secret")
def test_a_code_in_two_pieces(): ask("/statement/2026-11.csv")
def test_another_secret_where_a_card_may_be(): ask(f"/enrolment/{TOKEN}")

def test_a_client(monkeypatch):
    '''As of a server in another process.'''
    from page_watch import UNWATCHED
    server = serve(lambda *given: UNWATCHED(APP, *given))
    client = http.client.HTTPConnection(server.url.removeprefix("http://"))
    client.request("GET", "/c/jardin")
    client.getresponse().read()
    client.close()
    server.stop()

def test_captured(capsys):
    print("#07482193")
    capsys.readouterr()

def test_logs():
    with capture_logs():
        structlog.get_logger().info("said", words="#07482193")
"""
LET_PASS = """
import pytest
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route
from starlette.testclient import TestClient

@pytest.mark.plants_secrets("on purpose")
def test_planted(tmp_path):
    (tmp_path / "work.log").write_text("#07482193")
    print("#07482193")

def test_harmless():
    print("7K3Q-19 #12,50 #aide @bob 20.00 #1a2b3c4d 1234 #********")

def shown(_):
    return HTMLResponse("<li><b>07</b>482193</li> GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ")

def test_shown_on_purpose():
    with TestClient(Starlette(routes=[Route("/enrolment/{token}", shown)])) as client:
        client.get("/enrolment/AbCdEfGhIjKlMnOpQrStUvWxYz0123456789_-A")
"""


def _run(pytester: pytest.Pytester, source: str) -> pytest.RunResult:
    """Run *source* with the scan and nothing else beside pytest."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        pytester.makepyfile(source)
        return pytester.runpytest_inprocess("-p", "secret_scan")


@pytest.mark.plants_secrets("to see them noticed")
def test_each_secret_is_noticed_with_its_test_and_is_not_shown(pytester: pytest.Pytester) -> None:
    result = _run(pytester, PLANTED)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(passed=6)
    told = [line.partition("::")[2] for line in result.outlines if "::" in line]
    assert told == [
        "test_daemon: a code",
        "test_key: a key of X",
        "test_logged: a code",
        "test_on_stderr: a code",
        "test_printed: a code",
        "test_token: a token of X",
    ]
    assert not kinds_in("\n".join(result.outlines))


@pytest.mark.plants_secrets("to see them noticed")
def test_a_secret_on_a_page_is_noticed_wherever_it_comes_from(pytester: pytest.Pytester) -> None:
    result = _run(pytester, PAGES)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(passed=11)
    told = [line.partition("::")[2] for line in result.outlines if "::" in line]
    assert told == [
        "test_a_card: a card (on a page below /statement)",
        "test_a_client: a code (on a page below /c)",
        "test_a_code: a code (on a page below /c)",
        "test_a_code_in_two_pieces: a whole code (on a page below /statement)",
        "test_a_code_without_its_sign: a whole code (on a page below /console)",
        "test_a_hash: a hash (on a page below /console)",
        "test_a_link: a customer's link (on a page below /console)",
        "test_an_app: an authenticator's secret (on a page below /statement)",
        "test_another_secret_where_a_card_may_be: a hash (on a page below /enrolment)",
        "test_captured: a code (captured)",
        "test_logs: a code (captured)",
    ]
    assert not kinds_on_page("/console", "\n".join(result.outlines))


def test_every_page_that_may_show_a_secret_has_its_reason() -> None:
    for page, (kinds, why) in SHOWN.items():
        assert kinds
        assert kinds <= set(NAMES), page
        assert why


@pytest.mark.plants_secrets("to see them let pass")
def test_a_run_without_secrets_passes_and_so_does_one_that_plants_them_on_purpose(
    pytester: pytest.Pytester,
) -> None:
    assert _run(pytester, LET_PASS).ret == pytest.ExitCode.OK
