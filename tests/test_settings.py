"""The settings: read once, complete or refused, and never shown."""

from __future__ import annotations

import base64
import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from smoney_bot import settings as environment
from smoney_bot.bank.money import euros
from smoney_bot.bank.orders import Bot
from smoney_bot.bank.policy import Limits
from smoney_bot.settings import BadSettings, Settings, load

KEY = "a:" + base64.b64encode(b"k" * 32).decode()

#: What can stand in no sentence by chance.
CANARY = "zq8vcanary"

#: Design, section 11: operators script against these.
DEFAULTS: dict[str, object] = {
    "DATABASE_URL": "sqlite:///smoney.db",
    "SECRET_KEYS": None,
    "X_API_URL": "https://api.x.com",
    "X_BOT_ID": None,
    "X_BOT_HANDLE": "Smoney",
    "X_CONSUMER_KEY": None,
    "X_CONSUMER_SECRET": None,
    "X_ACCESS_TOKEN": None,
    "X_ACCESS_TOKEN_SECRET": None,
    "X_BEARER_TOKEN": None,
    "X_CLIENT_SECRET": None,
    "X_SIGNATURE": "consumer",
    "X_CRC": None,
    "X_CRC_TOKENS": "uuid",
    "X_USER_TOKEN": None,
    "PUBLIC_URL": None,
    "PIN_IN_PUBLIC": "burn",
    "LIMIT_PEER": euros(250),
    "LIMIT_DONATION": euros(500),
    "LIMIT_DAY": euros(1000),
    "LIMIT_BALANCE": euros(2500),
    "HOST": "127.0.0.1",
    "PORT": 8000,
    "WORKERS": os.cpu_count(),
    "LOG_FORMAT": "auto",
    "LOG_LEVEL": "info",
}


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An environment without settings, in a folder without `.env`."""
    for name in [name for name in os.environ if name.startswith("SMONEY_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def put(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    for name, value in values.items():
        monkeypatch.setenv(f"SMONEY_{name}", value)


def shown(error: BaseException) -> str:
    """Return all that a terminal or a log could show of *error*."""
    chain: list[str] = []
    one: BaseException | None = error
    while one is not None:
        chain.append(f"{one!r} {one}")
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
    return "\n".join(chain)


# Where settings come from -------------------------------------------------------------


def test_the_defaults_are_those_of_the_design() -> None:
    found = load()
    assert {name: getattr(found, name.lower()) for name in DEFAULTS} == DEFAULTS


@pytest.mark.parametrize("name", DEFAULTS)
def test_each_setting_of_the_design_exists(name: str) -> None:
    assert name.lower() in Settings.model_fields


def test_the_limits_are_euros_in_cents(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, LIMIT_PEER="99.50", LIMIT_DAY="0", LIMIT_BALANCE="100000")
    limits = load().limits
    assert (limits.peer, limits.donation) == (euros(99, 50), euros(500))
    assert (limits.day, limits.balance) == (euros(0), euros(100_000))
    assert limits.order_life == Limits().order_life == timedelta(hours=24)


def test_dotenv_is_read_and_the_environment_wins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text(
        "SMONEY_PORT=8123\nSMONEY_HOST=0.0.0.0\nSMONEY_SECRET_KEYS=\nOTHER=1\n# words\n"
    )
    put(monkeypatch, PORT="8124")
    found = load()
    assert (found.port, found.host, found.secret_keys) == (8124, "0.0.0.0", None)  # noqa: S104 - an example


def test_a_secret_may_be_a_file_of_its_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "SMONEY_SECRET_KEYS").write_text(KEY + "\n")
    (folder / "SMONEY_X_CONSUMER_SECRET").write_text(f"{CANARY}\n")
    monkeypatch.setenv("SMONEY_SECRETS_DIR", str(folder))
    found = load()
    assert found.keyring().ids == ("a",)
    assert found.signing_secret() == CANARY


def test_a_folder_of_secrets_that_is_not_there_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SMONEY_SECRETS_DIR", str(tmp_path / "nowhere"))
    with pytest.raises(BadSettings, match="SMONEY_SECRETS_DIR: there is no folder"):
        load()


def test_what_is_given_wins_over_all(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, PORT="8124")
    assert load(port=1).port == 1


# Bad values ---------------------------------------------------------------------------

BAD = {
    "X_API_URL": ["ftp://{}", "{}", "https://{} .com", "https://{}/2", ""],
    "X_BOT_ID": ["{}", "12{}", "-1", "1" * 21, "\u0661\u0662"],
    "X_BOT_HANDLE": ["@{}", "{} x", "{}{}", "\u00e9\u00e8\u00ea"],
    "X_SIGNATURE": ["{}", "CONSUMER", "consumer,client"],
    "PIN_IN_PUBLIC": ["{}", "yes"],
    "LIMIT_PEER": ["{}", "250.01", "0", "0.00", "-1", "1,00", "1e2", "012", "100.5", "9" * 30],
    "LIMIT_DONATION": ["{}", "500.01", "0"],
    "LIMIT_DAY": ["{}", "-1", "1_000", "\u0661", " 5", "NaN"],
    "LIMIT_BALANCE": ["{}", "2500,00", "+5", "0x10"],
    "PORT": ["{}", "-1", "65536", "80.5"],
    "WORKERS": ["{}", "0", "257", "1.5"],
    "LOG_FORMAT": ["{}", "xml"],
    "LOG_LEVEL": ["{}", "trace", "INFO"],
}
ROWS = [(name, value.format(CANARY, CANARY)) for name in BAD for value in BAD[name] if value]


@pytest.mark.parametrize(("name", "value"), ROWS)
def test_a_bad_value_is_named_and_never_shown(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    put(monkeypatch, **{name: value})
    with pytest.raises(BadSettings) as caught:
        load()
    sentence = str(caught.value)
    assert f"SMONEY_{name}" in sentence
    assert CANARY not in shown(caught.value)
    assert len(value) < 4 or value not in sentence


def test_an_error_that_quotes_the_value_would_be_noticed() -> None:
    """The negative control: pydantic's own error shows what it was given."""

    class Open(BaseModel):
        port: int

    with pytest.raises(ValidationError) as caught:
        Open.model_validate({"port": CANARY})
    assert CANARY in shown(caught.value)


def test_all_bad_values_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, PORT="x", WORKERS="0", LIMIT_DAY="much")
    with pytest.raises(BadSettings) as caught:
        load()
    assert len(str(caught.value).splitlines()) == 3


def test_an_empty_value_is_none_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, **dict.fromkeys(DEFAULTS, ""))
    found = load()
    assert {name: getattr(found, name.lower()) for name in DEFAULTS} == DEFAULTS


# What a part of the service needs -----------------------------------------------------

NEEDS = {
    "SECRET_KEYS": lambda found: found.keyring(),
    "X_BOT_ID": lambda found: found.bot(),
    "X_CONSUMER_SECRET": lambda found: found.signing_secret(),
    "X_CONSUMER_KEY": lambda found: found.x_keys(),
    "X_ACCESS_TOKEN": lambda found: found.x_keys(),
    "X_ACCESS_TOKEN_SECRET": lambda found: found.x_keys(),
}
COMPLETE = {
    "SECRET_KEYS": KEY,
    "X_BOT_ID": "222222222",
    "X_CONSUMER_KEY": "k",
    "X_CONSUMER_SECRET": "s",
    "X_ACCESS_TOKEN": "t",
    "X_ACCESS_TOKEN_SECRET": "u",
}


MISSING = [(name, value) for name in NEEDS for value in ("", "  ")]
MISSING.remove(("X_BOT_ID", "  "))  # blanks are no number: a bad value


@pytest.mark.parametrize(("name", "value"), MISSING)
def test_a_missing_secret_says_what_to_set_and_where(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    put(monkeypatch, **COMPLETE | {name: value})
    found = load()
    with pytest.raises(BadSettings, match=rf"^SMONEY_{name} is not set \(.+\)\. Set it in"):
        NEEDS[name](found)


def test_what_is_complete_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, **COMPLETE)
    found = load()
    assert found.bot() == Bot("222222222", "Smoney")
    assert found.keyring().newest == "a"
    assert (found.x_keys().consumer_key, found.x_keys().bearer_token) == ("k", None)


def test_the_pinned_signature_chooses_its_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, X_SIGNATURE="client", X_CONSUMER_SECRET="s")
    with pytest.raises(BadSettings, match="SMONEY_X_CLIENT_SECRET is not set"):
        load().signing_secret()
    put(monkeypatch, X_CLIENT_SECRET="c")
    assert load().signing_secret() == "c"


@pytest.mark.parametrize("bad", [CANARY, f"a:{CANARY}", f"a:{KEY[2:-4]}", f"{KEY},{KEY}"])
def test_bad_keys_are_refused_without_showing_them(
    monkeypatch: pytest.MonkeyPatch, bad: str
) -> None:
    put(monkeypatch, SECRET_KEYS=bad)
    with pytest.raises(BadSettings, match=r"^SMONEY_SECRET_KEYS: ") as caught:
        load().keyring()
    assert CANARY not in shown(caught.value)
    assert KEY[2:12] not in shown(caught.value)


def test_settings_show_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = [name for name, field in Settings.model_fields.items() if "Secret" in repr(field)]
    assert len(secret) == 9
    put(
        monkeypatch,
        **COMPLETE,
        **{name.upper(): CANARY for name in secret if name.upper() not in COMPLETE},
    )
    put(monkeypatch, X_CONSUMER_KEY=CANARY, X_ACCESS_TOKEN=CANARY)
    found = load()
    dumped: Any = found.model_dump()
    for text in (
        repr(found),
        str(found),
        repr(dumped),
        found.model_dump_json(),
        repr(found.x_keys()),
    ):
        assert CANARY not in text
        assert KEY[2:12] not in text


def test_every_setting_is_named_as_in_the_example_file() -> None:
    example = Path(environment.__file__).parent.parent / ".env.example"
    named = set(re.findall(r"^#? ?SMONEY_([A-Z_]+)=", example.read_text(), re.MULTILINE))
    assert {name.upper() for name in Settings.model_fields} >= named
