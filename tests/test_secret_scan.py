"""The scan for secrets at the end of a run notices them, wherever they stand, and shows none."""

from __future__ import annotations

import pytest
from secret_scan import kinds_in

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
LET_PASS = """
import pytest

@pytest.mark.plants_secrets("on purpose")
def test_planted(tmp_path):
    (tmp_path / "work.log").write_text("#07482193")
    print("#07482193")

def test_harmless():
    print("7K3Q-19 #12,50 #aide @bob 20.00 #1a2b3c4d 1234 #********")
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


@pytest.mark.plants_secrets("to see them let pass")
def test_a_run_without_secrets_passes_and_so_does_one_that_plants_them_on_purpose(
    pytester: pytest.Pytester,
) -> None:
    assert _run(pytester, LET_PASS).ret == pytest.ExitCode.OK
