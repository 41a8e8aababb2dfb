"""`smoney-bot operator`, as whoever runs the service types it."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from console_cast import PASSWORD
from passlib.totp import TOTP

from smoney_bot.bank.customers import Language
from smoney_bot.bank.keys import Keyring
from smoney_bot.book import actions, key_use, operators, sessions
from smoney_bot.book.engine import Book
from smoney_bot.cli import main
from smoney_bot.cli.keys import make_key
from smoney_bot.web.console.porter import NotAdmitted, Porter


@pytest.fixture
def keys(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The settings of an operator's machine; the log is as before at the end."""
    monkeypatch.chdir(tmp_path)  # away from any .env
    made = make_key()
    monkeypatch.setenv("SMONEY_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("SMONEY_SECRET_KEYS", made)
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield made
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Standard input with the password on it."""
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    return monkeypatch


def call(*words: str) -> int:
    """Run one command; return its exit code."""
    with pytest.raises(SystemExit) as ended:
        main(["operator", *words])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def opens(keys: str, book: Book, name: str, code: str = "") -> bool:
    """Whether the console lets *name* in."""
    try:
        Porter(book, Keyring.parse(keys)).sign_in(name, PASSWORD, code, Language.FRENCH)
    except NotAdmitted:
        return False
    return True


@pytest.mark.usefixtures("typed")
def test_a_teller_is_added_by_a_password_on_standard_input(
    keys: str, sqlite_book: Book, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("add", "window", "--role", "teller") == 0
    said = capsys.readouterr()
    assert PASSWORD not in said.out + said.err
    assert opens(keys, sqlite_book, "window")
    assert call("list", "--json") == 0
    (shown,) = json.loads(capsys.readouterr().out)
    assert (shown["name"], shown["role"], shown["state"]) == ("window", "teller", "active")
    assert "argon2" not in json.dumps(shown)


@pytest.mark.usefixtures("typed")
def test_a_supervisor_is_shown_a_secret_once_and_signs_in_with_it(
    keys: str, sqlite_book: Book, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("add", "office", "--role", "supervisor") == 0
    secret = re.search(r"^[A-Z2-7 ]{20,}$", capsys.readouterr().out, re.MULTILINE)
    assert secret
    app = TOTP(key=secret[0].replace(" ", ""), format="base32")
    assert not opens(keys, sqlite_book, "office")
    assert opens(keys, sqlite_book, "office", app.generate().token)
    assert call("authenticator", "office") == 0
    assert not opens(keys, sqlite_book, "office", app.generate().token)


@pytest.mark.usefixtures("typed")
def test_a_disabled_operator_is_out_until_enabled(keys: str, sqlite_book: Book) -> None:
    assert call("add", "window", "--role", "viewer") == 0
    with sqlite_book.reading() as connection:
        operator = operators.find(connection, "window")
        now = sqlite_book.now(connection)
    assert operator
    token = sqlite_book.run(lambda c: sessions.open_session(c, operator, Language.FRENCH, now))
    assert call("disable", "window") == 0
    with sqlite_book.reading() as connection:
        assert sessions.find(connection, token, now) is None
    assert not opens(keys, sqlite_book, "window")
    assert call("enable", "window") == 0
    assert opens(keys, sqlite_book, "window")


def test_a_new_password_lifts_a_lock(
    keys: str, typed: pytest.MonkeyPatch, sqlite_book: Book
) -> None:
    assert call("add", "window", "--role", "teller") == 0
    for _ in range(5):
        sqlite_book.run(lambda c: operators.reserve(c, "window", sqlite_book.now(c)))
    assert not opens(keys, sqlite_book, "window")
    typed.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    assert call("password", "window") == 0
    assert opens(keys, sqlite_book, "window")


@pytest.mark.parametrize(
    ("name", "password", "why"),
    [
        ("Window", PASSWORD, "small letters"),
        ("w", PASSWORD, "small letters"),
        ("window", "short", "12 to 200 signs"),
        ("window", "my window is open", "the name"),
    ],
)
def test_a_bad_name_or_password_changes_nothing(
    keys: str,
    sqlite_book: Book,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    password: str,
    why: str,
) -> None:
    assert keys
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
    assert call("add", name, "--role", "teller") == 1
    said = capsys.readouterr().err
    assert why in " ".join(said.split())
    assert password not in said
    with sqlite_book.reading() as connection:
        assert operators.listing(connection) == []


def test_nobody_is_added_twice_and_each_command_is_recorded(
    keys: str, typed: pytest.MonkeyPatch, sqlite_book: Book
) -> None:
    assert keys
    assert call("add", "window", "--role", "teller") == 0
    typed.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    assert call("add", "window", "--role", "supervisor") == 1
    assert call("disable", "nobody") == 1
    assert call("disable", "window") == 0
    with sqlite_book.reading() as connection:
        recorded = [(one.deed, one.subject) for one in actions.listing(connection)]
    assert recorded == [
        ("disabled_operator", "operator window"),
        ("added_operator", "operator window"),
    ]


def test_an_operators_secret_moves_to_the_newest_key(
    keys: str,
    typed: pytest.MonkeyPatch,
    sqlite_book: Book,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert call("add", "office", "--role", "supervisor") == 0
    newer = make_key().replace(":", "x:", 1)  # two of one day may have one id
    typed.setenv("SMONEY_SECRET_KEYS", f"{newer},{keys}")
    with sqlite_book.reading() as connection:
        office = operators.find(connection, "office")
        old = key_use.authenticators_by_key(connection)
    assert office
    assert dict(old) == {keys.partition(":")[0]: 1}
    with pytest.raises(SystemExit) as ended:
        main(["keys", "rewrap"])
    assert ended.value.code == 0
    assert "1 authenticator moved" in capsys.readouterr().err
    with sqlite_book.reading() as connection:
        assert dict(key_use.authenticators_by_key(connection)) == {newer.partition(":")[0]: 1}
