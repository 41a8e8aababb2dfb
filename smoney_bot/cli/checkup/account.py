"""The account: whom our tokens speak for at X, and whether X brings us everything."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from smoney_bot.bank.errors import TryLater
from smoney_bot.bank.orders import Bot
from smoney_bot.channels.x.admin import XAdmin
from smoney_bot.channels.x.admin_answers import Account
from smoney_bot.channels.x.looking import look as look_at
from smoney_bot.channels.x.refusals import XRefuses, advice
from smoney_bot.cli.checkup.findings import Finding, clock, green, red, yellow

#: What the app must be allowed, in X's word for it.
_ACCESS = "read-write-directmessages"

_REGISTER = "Run: smoney-bot x register"


def look(x: XAdmin, bot: Bot, url: str | None) -> Iterator[Finding]:
    """Look at the account of *bot*, and at the webhook at *url* if there is one."""
    try:
        account = x.account()
        yield from _who(account, bot)
        if url is not None:
            yield from _registration(x, url)
    except XRefuses as refusal:
        yield red("X", f"refuses: {refusal}", advice(refusal))
    except TryLater as away:
        yield red("X", str(away), "See that this machine reaches SMONEY_X_API_URL; try again.")


def _who(account: Account, bot: Bot) -> Iterator[Finding]:
    if account.x_id != bot.x_id:
        said = f"the tokens speak for @{account.handle} ({account.x_id}), not for {bot.x_id}"
        yield red("account", said, "Make the access tokens anew, signed in as the bot.")
    elif account.handle.lower() != bot.handle.lower():
        set_it = f"Set SMONEY_X_BOT_HANDLE={account.handle}"
        yield red("account", f"is @{account.handle} now, not @{bot.handle}", set_it)
    else:
        yield green("account", f"@{account.handle} ({account.x_id})")
    yield _permissions(account.access)
    if account.answered_at is not None:
        yield clock("X's clock", account.answered_at, datetime.now(UTC))
    yield _profile(account)


def _permissions(access: str | None) -> Finding:
    if access is None:
        where = "Look in X's developer console: read, write and direct messages."
        return yellow("permissions", "X does not tell what the app may do", where)
    if access != _ACCESS:
        permit = "Permit direct messages in X's console, then make the access tokens anew."
        return red("permissions", f"the app may only {access}", permit)
    return green("permissions", "read, write and direct messages")


def _profile(account: Account) -> Finding:
    """X wants bots to be labelled, to say so in their bio, and to name who runs them."""
    if (account.label or "").lower().startswith("automated"):
        return green("profile", "labelled as automated")
    where = "Look yourself: X's settings, Your account, Automation; and say it in the bio."
    return yellow("profile", "no Automated label to be seen from here", where)


def _registration(x: XAdmin, url: str) -> Iterator[Finding]:
    seen = look_at(x, url)
    if seen.ours is None:
        others = ", ".join(hook.url for hook in seen.webhooks) or "none at all"
        yield red("webhook", f"X does not know it; it has: {others}", _REGISTER)
    elif not seen.ours.valid:
        yield red("webhook", "switched off: it failed X's challenge", _REGISTER)
    else:
        yield green("webhook", f"valid ({seen.ours.id})")
    if seen.lacking:
        lacking = ", ".join(f"{one.kind} ({one.state})" for one in seen.lacking)
        yield red("subscriptions", lacking, _REGISTER)
    else:
        yield green("subscriptions", "mentions and direct messages are brought")
