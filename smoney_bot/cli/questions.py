"""What `smoney-bot init` asks, in which order, and what makes an answer a good one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from pydantic import ConfigDict, TypeAdapter, ValidationError

from smoney_bot.channels.x import address
from smoney_bot.settings import Settings

Answers = Mapping[str, str]  # by setting, as in the environment without SMONEY_
Fault = str | None  # why an answer will not do

#: X's own are 25 to 110 signs; a shorter one was cut off on the way.
_SECRET_MIN = 20

_CONFIG = ConfigDict(arbitrary_types_allowed=True)  # as the settings have it


@dataclass(frozen=True, slots=True)
class Question:
    """One setting that init asks for; `fault_of` may look at the answers before."""

    setting: str
    prompt: str
    secret: bool = False
    default: str | None = None  # "": may be left out
    fault_of: Callable[[str, Answers], Fault] = lambda _answer, _before: None

    @property
    def optional(self) -> bool:
        """Whether it may be left out."""
        return self.default == ""

    def fault(self, answer: str, before: Answers) -> Fault:
        """Return why *answer* will not do; None if it will. Never shows the answer."""
        if answer == "":
            return None if self.optional else "it is needed"
        if not answer.isascii() or not answer.isprintable() or " " in answer or "$" in answer:
            return "write it without spaces, quotes or accents, as it was shown to you"
        return _fault_of_setting(self.setting, answer) or self.fault_of(answer, before)


def _fault_of_setting(setting: str, answer: str) -> Fault:
    """Return what the setting itself has against *answer*."""
    annotation = Settings.model_fields[setting.lower()].rebuild_annotation()
    try:
        TypeAdapter(annotation, config=_CONFIG).validate_python(answer)
    except ValidationError as bad:
        message = str(bad.errors(include_url=False, include_input=False)[0]["msg"])
        return message.removeprefix("Value error, ")
    return None


def _fault_of_url(answer: str, before: Answers) -> Fault:
    """Beside a local X, named in X_API_URL before, loopback will do: as in the settings."""
    if urlsplit(answer).path:
        return "write a host and nothing behind it, like https://pay.example.org"
    return address.fault(answer, local=address.is_loopback(before.get("X_API_URL", "")))


def _fault_of_secret(answer: str, before: Answers) -> Fault:
    if len(answer) < _SECRET_MIN:
        return f"it is shorter than {_SECRET_MIN} signs: a part of it is missing"
    same = [name for name, other in before.items() if other == answer]
    return f"that is what you gave as {same[0]}" if same else None


def _fault_of_access_token(answer: str, before: Answers) -> Fault:
    """X begins an account's access token with the account's id and a dash."""
    owner, dash, _ = answer.partition("-")
    if dash and owner.isdecimal() and owner != before.get("X_BOT_ID"):
        return (
            f"it belongs to the account with the id {owner}, not to the bot:"
            " make the token while you are signed in as the bot"
        )
    return _fault_of_secret(answer, before)


QUESTIONS = (
    Question(
        "PUBLIC_URL",
        "The address that X and customers reach, like https://pay.example.org",
        fault_of=_fault_of_url,
    ),
    Question("X_BOT_HANDLE", "The bot's @name on X, without the @", default="Smoney"),
    Question("X_BOT_ID", "The bot's numeric id on X"),
    Question("X_BUDGET_DAY", "Euros a day that X may cost at most", default="20.00"),
    Question(
        "X_CONSUMER_KEY",
        "API key, or consumer key (X's console: your app, Keys and tokens)",
        secret=True,
        fault_of=_fault_of_secret,
    ),
    Question(
        "X_CONSUMER_SECRET",
        "API key secret, or consumer secret",
        secret=True,
        fault_of=_fault_of_secret,
    ),
    Question(
        "X_ACCESS_TOKEN",
        "Access token of the bot's account",
        secret=True,
        fault_of=_fault_of_access_token,
    ),
    Question(
        "X_ACCESS_TOKEN_SECRET",
        "Access token secret of the bot's account",
        secret=True,
        fault_of=_fault_of_secret,
    ),
    Question(
        "X_BEARER_TOKEN",
        "Bearer token, for the webhook (Enter: later)",
        secret=True,
        default="",
        fault_of=_fault_of_secret,
    ),
    Question(
        "X_CLIENT_SECRET",
        "OAuth 2.0 client secret, if your app has one (Enter: none)",
        secret=True,
        default="",
        fault_of=_fault_of_secret,
    ),
)
