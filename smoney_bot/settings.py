"""Settings: the environment, read once and checked at start.

Every setting is `SMONEY_` and its name, from the environment, from `.env`, or
from a file of that name in the folder `SMONEY_SECRETS_DIR`. A missing secret
stops the start; its message says what to set and how.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from smoney_bot.bank import opening_hours
from smoney_bot.bank.case import Rules
from smoney_bot.bank.codes import PinInPublic
from smoney_bot.bank.keys import BadKeys, Keyring
from smoney_bot.bank.money import Cents, euros
from smoney_bot.bank.orders import Bot
from smoney_bot.bank.policy import CEILING_DONATION, CEILING_PEER, Limits
from smoney_bot.channels.x import address
from smoney_bot.channels.x.budget import Budget

_EUROS = re.compile(r"(0|[1-9][0-9]{0,8})(?:\.([0-9]{2}))?", re.ASCII)


class BadSettings(Exception):
    """The settings cannot be used; the message says which, why, and what to do."""


class Signature(StrEnum):
    """Which header and key sign what X posts: pinned, never "whichever comes"."""

    CONSUMER = "consumer"
    CLIENT = "client"


class CrcTokens(StrEnum):
    """Which challenges of X are answered: see `channels.x.signature`."""

    UUID = "uuid"
    RELAXED = "relaxed"


@dataclass(frozen=True, slots=True)
class XKeys:
    """What it takes to speak as the bot on X; never printed."""

    consumer_key: str = field(repr=False)
    consumer_secret: str = field(repr=False)
    access_token: str = field(repr=False)
    access_token_secret: str = field(repr=False)
    bearer_token: str | None = field(repr=False)


class LogFormat(StrEnum):
    """How a log line is written."""

    AUTO = "auto"
    JSON = "json"
    TEXT = "text"


def _cents(value: object) -> object:
    if isinstance(value, Cents):
        return value
    found = _EUROS.fullmatch(str(value))
    if found is None:
        raise ValueError("write euros as 250 or 250.00")
    return euros(int(found[1]), int(found[2] or 0))


Euros = Annotated[Cents, BeforeValidator(_cents)]
XId = Annotated[str, Field(pattern=r"^[0-9]{1,20}$")]


class Settings(BaseSettings):
    """All settings, by the names of the environment without `SMONEY_`."""

    model_config = SettingsConfigDict(
        env_prefix="SMONEY_",
        env_file=".env",
        extra="ignore",
        hide_input_in_errors=True,  # a bad secret must not stand in the error
        arbitrary_types_allowed=True,
        env_ignore_empty=True,
    )

    database_url: str = "sqlite:///smoney.db"
    secret_keys: SecretStr | None = None

    x_api_url: Annotated[str, Field(pattern=r"^https?://[^\s/]+$")] = "https://api.x.com"
    x_bot_id: XId | None = None
    x_bot_handle: Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{1,15}$")] = "Smoney"
    x_consumer_key: SecretStr | None = None
    x_consumer_secret: SecretStr | None = None
    x_access_token: SecretStr | None = None
    x_access_token_secret: SecretStr | None = None
    x_bearer_token: SecretStr | None = None
    x_client_secret: SecretStr | None = None
    x_signature: Signature = Signature.CONSUMER
    x_crc: Signature | None = None  # as x_signature
    x_crc_tokens: CrcTokens = CrcTokens.UUID
    x_user_token: SecretStr | None = None
    x_budget_day: Euros = Budget.day
    x_euro_per_dollar: Annotated[Decimal, Field(gt=0, le=100)] = Budget.euro_per_dollar

    public_url: str | None = None

    pin_in_public: PinInPublic = PinInPublic.BURN
    limit_peer: Euros = CEILING_PEER
    limit_donation: Euros = CEILING_DONATION
    limit_day: Euros = Limits.day
    limit_balance: Euros = Limits.balance
    order_life_hours: Annotated[int, Field(ge=1, le=168)] = 24
    hold_newcomers: bool = True  # else a payment to somebody without an account is refused
    hold_days: Annotated[int, Field(ge=1, le=90)] = 7
    ask_days: Annotated[int, Field(ge=1, le=90)] = 7

    desk_hours: str = opening_hours.USUAL_WEEK
    desk_closed: str = opening_hours.USUAL_CLOSED  # days on which nobody is there
    desk_timezone: str = opening_hours.USUAL_ZONE
    desk_help_minutes: Annotated[int, Field(ge=1, le=600)] = 30
    desk_days: Annotated[int, Field(ge=1, le=30)] = 2

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    workers: Annotated[int, Field(ge=1, le=256)] = os.cpu_count() or 1
    console: bool = True  # whether this process has the operators' pages

    log_format: LogFormat = LogFormat.AUTO
    log_level: Annotated[str, Field(pattern=r"^(debug|info|warning|error)$")] = "info"

    metrics_port: Annotated[int, Field(ge=1, le=65535)] | None = None  # of `work` alone
    sentry_dsn: SecretStr | None = None

    @model_validator(mode="before")
    @classmethod
    def _empty_is_unset(cls, given: dict[str, object]) -> dict[str, object]:
        """Take an empty secret file for none; pydantic would take it for a secret."""
        return {name: value for name, value in given.items() if value != ""}

    @model_validator(mode="after")
    def _ceilings(self) -> Self:
        for name, limit, ceiling in (
            ("LIMIT_PEER", self.limit_peer, CEILING_PEER),
            ("LIMIT_DONATION", self.limit_donation, CEILING_DONATION),
        ):
            if not 0 < limit <= ceiling:
                raise ValueError(f"SMONEY_{name} is more than 0 and at most {ceiling // 100} euros")
        return self

    @model_validator(mode="after")
    def _desk_opens(self) -> Self:
        self.desk()
        return self

    def desk(self) -> opening_hours.Hours:
        """Return when people are there to answer; raise `ValueError` for what is no hour."""
        for name, read, text in (
            ("HOURS", opening_hours.read_week, self.desk_hours),
            ("CLOSED", opening_hours.read_dates, self.desk_closed),
            ("TIMEZONE", ZoneInfo, self.desk_timezone),
        ):
            try:
                read(text)
            except (ValueError, ZoneInfoNotFoundError) as bad:
                raise ValueError(f"SMONEY_DESK_{name}: {bad}") from None
        return opening_hours.Hours(
            opening_hours.read_week(self.desk_hours),
            opening_hours.read_dates(self.desk_closed),
            ZoneInfo(self.desk_timezone),
            timedelta(minutes=self.desk_help_minutes),
            self.desk_days,
        )

    @property
    def limits(self) -> Limits:
        """The limits in force."""
        return Limits(
            peer=self.limit_peer,
            donation=self.limit_donation,
            day=self.limit_day,
            balance=self.limit_balance,
            order_life=timedelta(hours=self.order_life_hours),
        )

    def rules(self) -> Rules:
        """Return the rules in force; raise `BadSettings` without the bot's id."""
        return Rules(
            self.bot(),
            self.limits,
            self.pin_in_public,
            hold=timedelta(days=self.hold_days) if self.hold_newcomers else None,
            ask_life=timedelta(days=self.ask_days),
            desk=self.desk(),
        )

    @property
    def budget(self) -> Budget:
        """What X may cost in a UTC day."""
        return Budget(self.x_budget_day, self.x_euro_per_dollar)

    def keyring(self) -> Keyring:
        """Return the bank's secret keys; raise `BadSettings` without them."""
        try:
            return Keyring.parse(self._needed("secret_keys", "make them: smoney-bot keys new"))
        except BadKeys as bad:
            raise BadSettings(f"SMONEY_SECRET_KEYS: {bad}") from None

    def bot(self) -> Bot:
        """Return the bot's own account; raise `BadSettings` without its id."""
        if self.x_bot_id is None:
            raise BadSettings(_missing("x_bot_id", "the bot account's numeric id on X"))
        return Bot(self.x_bot_id, self.x_bot_handle)

    def signing_secret(self) -> str:
        """Return the secret that signs X's webhooks; raise `BadSettings` without it."""
        return self._signer(self.x_signature)

    def crc_secret(self) -> str:
        """Return the secret that answers X's challenge; raise `BadSettings` without it."""
        return self._signer(self.x_crc or self.x_signature)

    def _signer(self, which: Signature) -> str:
        where = "X's developer console shows it"
        if which is Signature.CLIENT:
            return self._needed("x_client_secret", f"{where} as the OAuth 2.0 client secret")
        return self._needed("x_consumer_secret", f"{where} as the API key secret")

    def x_keys(self) -> XKeys:
        """Return what it takes to speak as the bot; raise `BadSettings` without it."""
        where = "X's developer console, Keys and tokens"
        return XKeys(
            consumer_key=self._needed("x_consumer_key", where),
            consumer_secret=self._needed("x_consumer_secret", where),
            access_token=self._needed("x_access_token", where),
            access_token_secret=self._needed("x_access_token_secret", where),
            bearer_token=self.x_bearer_token.get_secret_value() if self.x_bearer_token else None,
        )

    def app_token(self) -> str:
        """Return the token that speaks for our app; raise `BadSettings` without it."""
        return self._needed("x_bearer_token", "X's developer console, Keys and tokens")

    def user_token(self) -> str | None:
        """Return the bot's OAuth 2.0 token, if one was set."""
        token = self.x_user_token
        return token.get_secret_value() if token else None

    def webhook_url(self) -> str:
        """Return where X brings what happened; raise `BadSettings` if X would not call it.

        X wants https and no port; beside a local X, plain loopback will do.
        """
        if self.public_url is None:
            raise BadSettings(_missing("public_url", "the https address that X reaches"))
        url = self.public_url.rstrip("/") + "/webhooks/x"
        if wrong := address.fault(url, local=self.x_is_local):
            raise BadSettings(f"SMONEY_PUBLIC_URL: {wrong}")
        return url

    @property
    def x_is_local(self) -> bool:
        """Whether X is a stand-in on this machine."""
        return address.is_loopback(self.x_api_url)

    def _needed(self, name: str, how: str) -> str:
        secret: SecretStr | None = getattr(self, name)
        if secret is None or not secret.get_secret_value().strip():
            raise BadSettings(_missing(name, how))
        return secret.get_secret_value().strip()


def load(**given: object) -> Settings:
    """Read the settings; raise `BadSettings` naming each one that cannot be used.

    *given* settings win over the environment (the demo and tests use it).
    """
    folder = os.environ.get("SMONEY_SECRETS_DIR")
    if folder and not Path(folder).is_dir():
        raise BadSettings(f"SMONEY_SECRETS_DIR: there is no folder {folder}")
    build: Callable[..., Settings] = Settings
    try:
        return build(_secrets_dir=folder or None, **given)
    except ValidationError as bad:
        raise BadSettings("\n".join(_lines(bad))) from None
    except (SettingsError, OSError, UnicodeDecodeError) as bad:
        raise BadSettings(_unreadable(bad.__cause__ or bad, folder or ".env")) from None


def _lines(bad: ValidationError) -> Iterator[str]:
    for error in bad.errors(include_url=False, include_input=False):
        name = "_".join(str(part) for part in error["loc"]).upper()
        said = error["msg"].removeprefix("Value error, ")
        yield f"SMONEY_{name}: {said}" if name else said


def _unreadable(bad: BaseException, place: str) -> str:
    """Say which file cannot be read and why, without what stands in it: it may be a secret."""
    if isinstance(bad, OSError):
        return f"{bad.filename or place} cannot be read: {bad.strerror}"
    why = "it is not text in UTF-8" if isinstance(bad, UnicodeDecodeError) else type(bad).__name__
    return f"{place} cannot be read: {why}"


def _missing(name: str, how: str) -> str:
    return f"SMONEY_{name.upper()} is not set ({how}). Set it in the environment or in .env."
