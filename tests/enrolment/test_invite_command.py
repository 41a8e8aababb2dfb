"""`smoney-bot customer invite`, as an operator types it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from enrolment_cast import log_put_back
from sqlalchemy import select

from smoney_bot.book import invitations
from smoney_bot.book.engine import Book
from smoney_bot.book.tables import invitations as table
from smoney_bot.cli import main
from smoney_bot.cli.keys import make_key

_LINK = re.compile(r"https://pay\.example/enrolment/([\w-]{43})")


@pytest.fixture
def url(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The database of an operator whose settings are in place."""
    monkeypatch.chdir(tmp_path)  # away from any .env
    for name, value in (
        ("DATABASE_URL", sqlite_url),
        ("SECRET_KEYS", make_key()),
        ("PUBLIC_URL", "https://pay.example/"),
    ):
        monkeypatch.setenv(f"SMONEY_{name}", value)
    with log_put_back():
        call("customer", "open", "alice", "--x-id", "111111111")
        yield sqlite_url


def call(*words: str) -> int:
    """Run one command; return its exit code."""
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_the_link_is_printed_once_and_only_its_hash_is_kept(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert call("customer", "invite", "@Alice") == 0
    said = capsys.readouterr()
    found = _LINK.fullmatch(said.out.strip())
    assert found
    assert "it works once, until" in " ".join(said.err.split())
    assert found[1] not in said.err
    book = Book(url)
    with book.reading() as connection:
        kept = connection.execute(select(table)).all()
        living = invitations.find(connection, invitations.hash_token(found[1]), datetime.now(UTC))
    book.close()
    assert found[1] not in str(kept)
    assert living


@pytest.mark.usefixtures("url")
def test_as_json_it_tells_the_handle_the_link_and_until_when(
    capsys: pytest.CaptureFixture[str],
) -> None:
    capsys.readouterr()
    assert call("customer", "invite", "alice", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert list(facts) == ["handle", "url", "expires_at"]
    assert facts["handle"] == "alice"
    assert _LINK.fullmatch(facts["url"])
    left = datetime.fromisoformat(facts["expires_at"]) - datetime.now(UTC)
    assert timedelta(hours=47, minutes=59) < left <= timedelta(hours=48)


@pytest.mark.usefixtures("url")
@pytest.mark.parametrize("public_url", ["http://127.0.0.1:8000", "https://pay.example:8443"])
def test_a_browser_takes_what_x_would_not_call(
    public_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SMONEY_PUBLIC_URL", public_url)
    capsys.readouterr()
    assert call("customer", "invite", "alice") == 0
    assert capsys.readouterr().out.startswith(f"{public_url}/enrolment/")


@pytest.mark.usefixtures("url")
@pytest.mark.parametrize(
    ("handle", "public_url", "why"),
    [
        ("alice", "", "SMONEY_PUBLIC_URL is not set"),
        ("alice", "pay.example", "like https://pay.example.org"),
        ("alice", "http://pay.example", "https:// only"),
        ("alice", "https://pay.example:port", "no address"),
        ("nobody", "https://pay.example", "Nobody of the handle"),
        ("not a handle", "https://pay.example", "not a handle"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_reason(
    handle: str,
    public_url: str,
    why: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("SMONEY_PUBLIC_URL", public_url)
    capsys.readouterr()
    assert call("customer", "invite", handle) == 1
    said = capsys.readouterr()
    assert why in " ".join(said.err.split())
    assert said.out == ""
