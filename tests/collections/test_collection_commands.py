"""The operator's commands for collections."""

from __future__ import annotations

import json

import pytest
from collection_cast import Scene, open_scene
from typer.testing import CliRunner

from smoney_bot.book.engine import Book
from smoney_bot.cli import app
from smoney_bot.workers.timers import Timers


@pytest.fixture
def scene(sqlite_book: Book, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Scene:
    monkeypatch.setenv("SMONEY_DATABASE_URL", sqlite_url)
    return open_scene(sqlite_book)


def run(words: str, *, code: int = 0, typed: str = "") -> str:
    result = CliRunner().invoke(app, ["collection", *words.split()], input=typed)
    assert result.exit_code == code, result.output
    return result.output if code else result.stdout


def shown(tag: str = "jardin") -> dict[str, object]:
    told: dict[str, object] = json.loads(run(f"show {tag} --json"))
    return told


def test_a_collection_is_opened_watched_and_closed(scene: Scene) -> None:
    run("open #Jardin --for @entraide --goal 100,50 --until 2099-12-31 --all-or-nothing")
    facts = shown()
    assert (facts["state"], facts["goal_cents"], facts["sum_cents"]) == ("open", 10050, 0)
    assert facts["ends_at"] == "2100-01-01T00:00:00+00:00"
    assert facts["owner"] == "entraide"
    scene.give(100_50)
    assert (shown()["state"], shown()["sum_cents"], shown()["gifts"]) == ("reached", 10050, 1)
    run("close jardin", typed="n\n", code=1)
    assert shown()["state"] == "reached"
    run("close jardin", typed="y\n")
    assert shown()["state"] == "closed"
    assert "has ended before" in run("close jardin --yes", code=1)
    Timers(scene.book).serve()
    assert (shown()["state"], shown()["sum_cents"]) == ("paid_out", 10050)
    assert [one["tag"] for one in json.loads(run("list --json"))] == ["jardin"]
    assert json.loads(run("list --state open --json")) == []


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("open jardin --for alice --goal 100", "no association"),
        ("open jardin --for nobody --goal 100", "Nobody of the handle"),
        ("open a1234 --for entraide --goal 100", "is not a tag"),
        ("open été --for entraide --goal 100", "letters a to z"),
        ("open jardin --for entraide --goal 0", "is not an amount"),
        ("open jardin --for entraide --goal 100 --until 2020-01-01", "is over"),
        ("open jardin --for entraide --goal 100 --all-or-nothing", "needs --until"),
        ("show nothing", "no collection"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(scene: Scene, words: str, why: str) -> None:
    assert scene.givers
    assert why in " ".join(run(words, code=1).split())


def test_a_tag_is_taken_for_ever(scene: Scene) -> None:
    scene.collect()
    assert "another tag" in run("open JARDIN --for entraide --goal 5", code=1)
