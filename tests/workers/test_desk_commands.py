"""The operator's commands for the desk."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner
from workers_cast import Saying, execute, keep, open_account, rows, serve_all

from smoney_bot.book.engine import Book
from smoney_bot.cli import app
from smoney_bot.cli.desk import _WHY
from smoney_bot.settings import BadSettings, load


@pytest.fixture
def reference(sqlite_book: Book, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The number of a request of alice's."""
    monkeypatch.setenv("SMONEY_DATABASE_URL", sqlite_url)
    open_account(sqlite_book, "alice", 0)
    keep(sqlite_book, [Saying(1, "alice", "advisor [bold] please", public=False)])
    serve_all(sqlite_book)
    return str(rows(sqlite_book, "SELECT reference FROM requests")[0][0])


def run(*words: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["desk", *words])
    assert result.exit_code == code, result.output
    return result.output if code else result.stdout


def test_a_request_is_listed_taken_answered_and_closed(reference: str, sqlite_book: Book) -> None:
    (one,) = json.loads(run("list", "--json"))
    assert (one["reference"], one["kind"], one["customer"]) == (reference, "help", "alice")
    assert (one["state"], one["colour"]) == ("open", "green")
    execute(sqlite_book, "UPDATE requests SET soon_at = opened_at, due_at = opened_at")
    assert json.loads(run("list", "--json"))[0]["colour"] == "red"
    assert "red" in run("list")
    run("take", reference.lower(), "--by", "window")
    run("answer", reference, "Hello.")
    assert json.loads(run("list", "--json")) == []
    shown = json.loads(run("show", reference, "--json"))
    assert (shown["state"], shown["colour"], shown["taken_by"]) == ("answered", None, "window")
    assert [line["words"] for line in shown["lines"]] == ["[bold] please", "Hello."]
    assert "[bold] please" in run("show", reference)
    run("close", reference)
    assert [line["state"] for line in json.loads(run("list", "--ended", "--json"))] == ["closed"]


def test_who_takes_it_from_another_hears_so(reference: str) -> None:
    run("take", reference, "--by", "anna")
    for by, said in (
        (" anna ", f"anna sees to {reference}."),
        ("zed", f"zed sees to {reference} in place of anna."),
    ):
        result = CliRunner().invoke(app, ["desk", "take", reference, "--by", by])
        assert result.exit_code == 0
        assert said in " ".join(result.stderr.split())
    for nobody in ("", " ", "a\nb", "x" * 33):
        assert "--by is a name" in run("take", reference, "--by", nobody, code=1)
        assert "--by is a name" in run("close", reference, "--by", nobody, code=1)
    assert json.loads(run("show", reference, "--json"))["taken_by"] == "zed"


def test_what_cannot_be_done_is_refused_with_the_reason(reference: str) -> None:
    assert "sign in it is wrong" in run("show", "7K3Q-49", code=1)
    assert "no request" in run("show", "7K3Q-48", code=1)
    assert "waits for this" in run("take", "7K3Q-48", "--by", "window", code=1)
    for words, why in (
        ("Send me your code.", "asks_for_code"),
        ("Look at example.com", "link"),
        (" ", "empty"),
        ("x" * 1001, "too_long"),
    ):
        answer = " ".join(run("answer", reference, words, code=1).split())
        assert _WHY[why] in answer
    assert json.loads(run("show", reference, "--json"))["state"] == "open"


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("HOURS", "always"),
        ("CLOSED", "christmas"),
        ("TIMEZONE", "Europe/Nowhere"),
        ("TIMEZONE", "../../etc/passwd"),
        ("HELP_MINUTES", "0"),
        ("DAYS", "0"),
    ],
)
def test_hours_that_mean_nothing_stop_the_start(
    monkeypatch: pytest.MonkeyPatch, setting: str, value: str
) -> None:
    monkeypatch.setenv(f"SMONEY_DESK_{setting}", value)
    with pytest.raises(BadSettings, match=f"SMONEY_DESK_{setting}"):
        load()


def test_the_settings_reach_the_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMONEY_DESK_HOURS", "sun 10:00-11:00")
    monkeypatch.setenv("SMONEY_DESK_HELP_MINUTES", "10")
    hours = load(x_bot_id="1").rules().desk
    assert hours.week[6] == ((600, 660),)
    assert hours.week[0] == ()
    assert hours.help_time.total_seconds() == 600
