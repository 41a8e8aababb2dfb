"""`smoney-bot init`: a folder from which the service runs, asked once and never overwritten."""

from __future__ import annotations

import os
import pty
import select
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from smoney_bot.cli import app
from smoney_bot.cli.questions import QUESTIONS, Question
from smoney_bot.settings import Settings, load

KEYS = {
    "X_CONSUMER_KEY": "an-invented-consumer-key",
    "X_CONSUMER_SECRET": "an-invented-consumer-secret",
    "X_ACCESS_TOKEN": "222222222-an-invented-token",
    "X_ACCESS_TOKEN_SECRET": "an-invented-token-secret",
}
FACTS = {
    "PUBLIC_URL": "https://pay.example.org",
    "X_BOT_HANDLE": "Smoney",
    "X_BOT_ID": "222222222",
    "X_BUDGET_DAY": "5.00",
}
LATER = {"X_BEARER_TOKEN": "", "X_CLIENT_SECRET": ""}
ANSWERS = FACTS | KEYS | LATER


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("SMONEY_")]:
        monkeypatch.delenv(name)


def say(folder: Path, *answers: str, words: tuple[str, ...] = ()) -> tuple[int, str]:
    """Run init, answer its questions, and return its exit code and all that it said."""
    given = "".join(f"{answer}\n" for answer in answers)
    done = CliRunner().invoke(app, ["init", str(folder), *words], input=given)
    return done.exit_code, " ".join(done.output.split())


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_every_question_is_about_a_setting() -> None:
    assert {one.setting.lower() for one in QUESTIONS} <= set(Settings.model_fields)
    assert [one.setting for one in QUESTIONS] == list(ANSWERS)


def test_what_it_makes_is_what_the_service_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, said = say(tmp_path, *ANSWERS.values())
    assert code == 0, said
    assert "docker compose up --detach" in said
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SMONEY_SECRETS_DIR", "secrets")
    settings = load()
    assert settings.bot().x_id == "222222222"
    assert settings.public_url == "https://pay.example.org"
    assert settings.signing_secret() == KEYS["X_CONSUMER_SECRET"]
    assert settings.x_keys().access_token == KEYS["X_ACCESS_TOKEN"]
    assert len(settings.keyring().ids) == 1
    password = (tmp_path / "secrets/POSTGRES_PASSWORD").read_text().strip()
    assert settings.database_url == f"postgresql+psycopg://smoney:{password}@db/smoney"
    assert len(password) >= 40


def test_an_empty_secret_file_counts_as_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(tmp_path, *ANSWERS.values())
    monkeypatch.setenv("SMONEY_SECRETS_DIR", str(tmp_path / "secrets"))
    assert (tmp_path / "secrets/SMONEY_X_BEARER_TOKEN").read_text().strip() == ""
    assert load().x_bearer_token is None
    assert load().x_client_secret is None


def test_nobody_else_on_the_machine_reads_it(tmp_path: Path) -> None:
    say(tmp_path, *ANSWERS.values())
    assert mode(tmp_path / ".env") == 0o600
    assert mode(tmp_path / "secrets") == 0o700
    modes = {mode(path) for path in (tmp_path / "secrets").iterdir()}
    assert modes == {0o444}, "another user reads them in the container"
    shown = (tmp_path / ".env").read_text()
    assert [secret for secret in KEYS.values() if secret in shown] == []


def test_no_secret_is_shown(tmp_path: Path) -> None:
    """On a terminal, where what is typed would be seen."""
    ours, theirs = pty.openpty()
    asking = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "smoney_bot", "init", str(tmp_path)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        seen = b""
        for question in QUESTIONS:
            seen += read_until(ours, question.prompt[:20].encode())
            os.write(ours, ANSWERS[question.setting].encode() + b"\n")
        seen += read_until(ours, b"x register")
        assert asking.wait(timeout=20) == 0
    finally:
        asking.kill()
        asking.wait()
        os.close(ours)
    made = [*KEYS.values(), *contents(tmp_path / "secrets").values()]
    assert [one for one in made if one.strip() and one.strip() in seen.decode()] == []
    assert FACTS["PUBLIC_URL"].encode() in seen, "the control: what is no secret is shown"


def read_until(terminal: int, wanted: bytes) -> bytes:
    """Return what the terminal shows up to *wanted* and, behind a question, its end.

    The last space comes when what is typed is not shown any more.
    """
    seen = b""
    while wanted not in seen or not seen.endswith((b": ", b"\n")):
        assert select.select([terminal], [], [], 20)[0], seen
        seen += os.read(terminal, 4096)
    return seen


@pytest.mark.parametrize(
    ("setting", "wrong", "why"),
    [
        ("PUBLIC_URL", "http://pay.example.org", "https:// only"),
        ("PUBLIC_URL", "https://pay.example.org:8443", "a port"),
        ("PUBLIC_URL", "https://pay.example.org/bot", "nothing behind it"),
        ("PUBLIC_URL", "pay example", "without spaces"),
        ("X_BOT_HANDLE", "@Smoney", "should match"),
        ("X_BOT_ID", "Smoney", "should match"),
        ("X_BUDGET_DAY", "five", "write euros"),
        ("X_CONSUMER_KEY", "an-invented-half", "shorter than 20"),
        ("X_CONSUMER_SECRET", KEYS["X_CONSUMER_KEY"], "what you gave as X_CONSUMER_KEY"),
        ("X_ACCESS_TOKEN", "111111111-an-invented-token", "the id 111111111, not to the bot"),
        ("X_ACCESS_TOKEN_SECRET", "an-invented-token-with-\u00e9", "accents"),
        ("X_BEARER_TOKEN", "a$invented-bearer-token", "quotes"),
    ],
)
def test_a_wrong_answer_is_told_at_once_and_asked_again(
    tmp_path: Path, setting: str, wrong: str, why: str
) -> None:
    answers = []
    for name, answer in ANSWERS.items():
        answers += [wrong, answer] if name == setting else [answer]
    code, said = say(tmp_path, *answers)
    assert code == 0, said
    assert f"{setting} cannot be used" in said
    assert why in said
    if setting in KEYS:
        assert wrong not in said


def test_what_is_there_is_neither_asked_nor_overwritten(tmp_path: Path) -> None:
    say(tmp_path, *ANSWERS.values())
    before = contents(tmp_path)
    code, said = say(tmp_path, "", "")  # only what was left for later
    assert code == 0, said
    assert "numeric id" not in said
    assert contents(tmp_path) == before


def test_what_is_missing_is_filled_in(tmp_path: Path) -> None:
    say(tmp_path, *ANSWERS.values())
    before = contents(tmp_path)
    (tmp_path / "secrets/SMONEY_X_ACCESS_TOKEN").unlink()
    bearer = "an-invented-bearer-token"
    code, said = say(tmp_path, KEYS["X_ACCESS_TOKEN"], bearer, "")
    assert code == 0, said
    assert contents(tmp_path) == before | {"SMONEY_X_BEARER_TOKEN": f"{bearer}\n"}


def test_what_is_there_and_wrong_is_said_and_asked(tmp_path: Path) -> None:
    say(tmp_path, *ANSWERS.values())
    env = tmp_path / ".env"
    env.write_text(env.read_text().replace("=222222222", "=Smoney") + "SMONEY_PORT=8000\n")
    code, said = say(tmp_path, "222222222", "", "")
    assert code == 0, said
    assert "X_BOT_ID cannot be used" in said
    lines = env.read_text().splitlines()
    assert "SMONEY_X_BOT_ID=222222222" in lines
    assert "SMONEY_PORT=8000" in lines, "an operator's own lines stay"


def test_a_script_answers_by_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (FACTS | KEYS).items():
        monkeypatch.setenv(f"SMONEY_{name}", value)
    code, said = say(tmp_path, words=("--defaults",))
    assert code == 0, said
    made = contents(tmp_path)
    assert made["SMONEY_X_CONSUMER_SECRET"].strip() == KEYS["X_CONSUMER_SECRET"]
    assert KEYS["X_CONSUMER_SECRET"] not in said


def test_a_script_is_told_what_is_missing(tmp_path: Path) -> None:
    code, said = say(tmp_path, words=("--defaults",))
    assert code == 1
    assert "Still missing: PUBLIC_URL, X_BOT_ID, X_CONSUMER_KEY" in said
    assert "SMONEY_SECRET_KEYS" in contents(tmp_path), "what it could make, it made"


def test_another_database_needs_no_container(tmp_path: Path) -> None:
    words = ("--database-url", "sqlite:////var/lib/smoney/smoney.db")
    code, said = say(tmp_path, *ANSWERS.values(), words=words)
    assert code == 0, said
    assert f"cd {tmp_path} export SMONEY_SECRETS_DIR={tmp_path}/secrets smoney-bot serve" in said
    assert "docker" not in said
    made = contents(tmp_path)
    assert made["SMONEY_DATABASE_URL"] == words[1] + "\n"
    assert "POSTGRES_PASSWORD" not in made
    code, again = say(tmp_path, "", "")
    assert "docker" not in again, "it knows that when it is run again, too"


def test_a_postgresql_of_ones_own_is_to_be_brought_up_to_date(tmp_path: Path) -> None:
    words = ("--database-url", "postgresql+psycopg://smoney:invented-word@localhost/smoney")
    _, said = say(tmp_path, *ANSWERS.values(), words=words)
    assert said.index("smoney-bot db upgrade") < said.index("smoney-bot serve")
    assert "invented-word" not in said


def test_beside_a_local_x_the_address_may_be_on_loopback(tmp_path: Path) -> None:
    answers = ANSWERS | {"PUBLIC_URL": "http://127.0.0.1:8000"}
    (tmp_path / ".env").write_text("SMONEY_X_API_URL=http://127.0.0.1:8001\n")
    code, said = say(tmp_path, *answers.values())
    assert code == 0, said
    elsewhere = tmp_path / "real"
    code, said = say(elsewhere, answers["PUBLIC_URL"], *ANSWERS.values())
    assert "PUBLIC_URL cannot be used" in said, "the real X calls no such address"


def test_a_question_never_shows_its_answer_in_a_complaint() -> None:
    for question in QUESTIONS:
        for answer in ("\u00e9-canary", "canary with spaces", "canary"):
            assert "canary" not in (question.fault(answer, {}) or "")
    assert Question("X_BOT_ID", "?").fault("", {}) == "it is needed"
