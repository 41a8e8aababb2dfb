"""`smoney-bot x`: what X knows of us, making it so, and replays."""

# ruff: noqa: PLC0415 - tweepy costs half a second to import, which other commands need not pay

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from smoney_bot.book import registrations, windows
from smoney_bot.book.registrations import Registration
from smoney_bot.book.windows import Window
from smoney_bot.cli import budget, replays
from smoney_bot.cli.at_x import asking
from smoney_bot.cli.opening import load_settings, opened
from smoney_bot.cli.show import AsJson, confirm, out, refuse, show_json, show_rows

if TYPE_CHECKING:
    from smoney_bot.channels.x.looking import Seen
    from smoney_bot.channels.x.registration import Step

app = typer.Typer(name="x", help="What X knows of us, and replays.", no_args_is_help=True)

_HOOK_COLUMNS = ["id", "url", "valid", "created_at"]
_LINE_COLUMNS = ["kind", "about", "id", "state"]
_STEP_COLUMNS = ["what", "became", "detail"]
_WINDOW_COLUMNS = ["endpoint", "span", "remaining", "limit", "resets_at"]


@app.command()
def register(*, as_json: AsJson = False) -> None:
    """Have X bring us mentions and direct messages: create or adopt what it takes.

    May be done over at any time. The daemon has to answer at SMONEY_PUBLIC_URL.
    """
    from smoney_bot.channels.x import registration

    settings = load_settings()
    url = settings.webhook_url()
    with opened(settings) as book, asking(settings) as x:
        found = registration.put_right(x, url)
        book.run(lambda c: registrations.note(c, found.webhook_id, book.now(c), sound=found.sound))
    if as_json:
        show_json({"url": url, "sound": found.sound, "steps": _rows(found.steps)})
    else:
        show_rows("At X", _STEP_COLUMNS, _rows(found.steps))
    if not found.sound:
        refuse("X does not bring everything yet: see above.")
    confirm(f"X brings everything to {url}, and the daemon keeps it so.")


@app.command()
def status(*, as_json: AsJson = False) -> None:
    """Show the webhooks and subscriptions that X has, and how many calls it still answers.

    Exit code 1 if X does not bring everything.
    """
    from smoney_bot.channels.x.looking import look

    settings = load_settings()
    url = settings.webhook_url()
    with opened(settings) as book, asking(settings) as x:
        seen = look(x, url)
        with book.reading() as connection:
            known, left = registrations.find(connection), windows.listing(connection)
    if as_json:
        show_json(_facts(url, seen, known, left))
    else:
        show_rows("Webhooks", _HOOK_COLUMNS, map(asdict, seen.webhooks))
        show_rows("Subscriptions", _LINE_COLUMNS, map(asdict, seen.subscriptions))
        if left:
            show_rows("Calls left", _WINDOW_COLUMNS, map(asdict, left))
        checked = f"{known.seen_at:%Y-%m-%d %H:%M:%S} UTC" if known else "never"
        out.print(f"[dim]Last checked: {checked}[/]")
    if not seen.sound:
        refuse("X does not bring everything. Run: smoney-bot x register")
    confirm("X brings everything.")


@app.command()
def unregister(
    webhook: Annotated[
        str | None,
        typer.Option("--webhook", help="Another webhook of this app, by its id.", metavar="ID"),
    ] = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Have X bring us nothing any more; what it lists is still read by polling."""
    from smoney_bot.channels.x import registration

    settings = load_settings()
    url = settings.webhook_url() if webhook is None else None
    with opened(settings) as book, asking(settings) as x:
        found = next((one for one in x.webhooks() if webhook == one.id or url == one.url), None)
        if found is None and webhook is not None:
            refuse(f"X has no webhook {webhook}: smoney-bot x status lists them.")
        if not yes:
            typer.confirm(f"Remove {found.url if found else 'our subscriptions'}?", abort=True)
        if webhook is None:
            book.run(registrations.forget)  # first: else the daemon might put it back
        steps = registration.take_back(x, found)
    if as_json:
        show_json({"steps": _rows(steps)})
    else:
        show_rows("At X", _STEP_COLUMNS, _rows(steps))
    confirm("Removed." if steps else "There was nothing to remove.")


app.command()(replays.replay)
app.command(name="budget")(budget.show_budget)


def _facts(
    url: str, seen: Seen, known: Registration | None, left: Iterable[Window]
) -> dict[str, object]:
    return {
        "url": url,
        "sound": seen.sound,
        "last_checked": known.seen_at if known else None,
        "webhooks": [asdict(one) for one in seen.webhooks],
        "subscriptions": [asdict(one) for one in seen.subscriptions],
        "windows": [asdict(one) for one in left],
    }


def _rows(steps: Iterable[Step]) -> list[dict[str, str]]:
    return [{"what": one.thing, "became": one.act, "detail": one.detail} for one in steps]
