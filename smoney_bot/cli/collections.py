"""`smoney-bot collection`: what associations gather, opened, watched and ended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from sqlalchemy import Connection

from smoney_bot.bank.collections import Collection, CollectionState
from smoney_bot.bank.customers import Customer, Kind, State
from smoney_bot.bank.orders.grammar import read_tag
from smoney_bot.book import collections as records
from smoney_bot.book import customers, gifts
from smoney_bot.book.errors import TagTaken
from smoney_bot.cli.customers import held
from smoney_bot.cli.money import amount_of
from smoney_bot.cli.opening import load_settings, opened, opened_to_pay
from smoney_bot.cli.show import (
    AsJson,
    confirm,
    money_of,
    refuse,
    show_facts,
    show_json,
    show_rows,
)

app = typer.Typer(name="collection", help="Collections of associations.", no_args_is_help=True)

Tag = Annotated[str, typer.Argument(help="The collection's #tag.", metavar="TAG")]

_COLUMNS = ["tag", "owner", "state", "goal_cents", "sum_cents", "gifts", "ends_at"]
_YEARS_MAX = 100

#: A title is one line, and fits the page of a phone.
_TITLE_LONGEST = 80


@app.command(name="open")
def open_(
    tag: Tag,
    *,
    owner: Annotated[str, typer.Option("--for", help="The association.", metavar="HANDLE")],
    goal: Annotated[str, typer.Option(help="Euros, such as 5000.", metavar="AMOUNT")],
    title: Annotated[str, typer.Option(help="What it is for; its page shows it.")] = "",
    until: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Its last day (UTC).", metavar="DATE"),
    ] = None,
    all_or_nothing: Annotated[
        bool, typer.Option("--all-or-nothing", help="Below the goal every gift goes back.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Open a collection for an association: `#50 @entraide #garden #code` gives to it."""
    name, cents = plain_tag(tag), amount_of(goal)
    if all_or_nothing and until is None:
        refuse("--all-or-nothing needs --until: givers must know when their money comes back.")
    with opened(load_settings()) as book:

        def work(connection: Connection) -> None:
            now = book.now(connection)
            records.open_collection(
                connection,
                tag=name,
                owner=_association(connection, owner),
                title=_title(title) or name,
                goal=cents,
                ends_at=_end_of(until, now),
                all_or_nothing=all_or_nothing,
                now=now,
            )

        try:
            book.run(work)
        except TagTaken:
            refuse(f"There is, or was, a collection #{name} already: take another tag.")
        confirm(f"Collection #{name} is open. Its page: /c/{name}")
        with book.reading() as connection:
            _show(connection, name, as_json=as_json)


@app.command()
def show(tag: Tag, *, as_json: AsJson = False) -> None:
    """Show a collection: its goal, its sum, its state."""
    with opened(load_settings()) as book, book.reading() as connection:
        _show(connection, plain_tag(tag), as_json=as_json)


@app.command(name="list")
def list_(
    state: Annotated[CollectionState | None, typer.Option(help="Only those in this state.")] = None,
    most: Annotated[int, typer.Option("--most", min=1, max=10_000)] = 50,
    *,
    as_json: AsJson = False,
) -> None:
    """List collections, newest first."""
    with opened(load_settings()) as book, book.reading() as connection:
        facts = _facts(connection, records.listing(connection, state, most))
    if as_json:
        show_json(facts)
        return
    show_rows("Collections", _COLUMNS, facts)


@app.command()
def close(
    tag: Tag,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """End a collection before its day; the daemon then moves its money within seconds.

    The same rule holds as on its last day: it is paid out, unless it is all or
    nothing and has not reached its goal.
    """
    with opened_to_pay(load_settings()) as book:
        with book.reading() as connection:
            collection = _named(connection, plain_tag(tag))
            total = gifts.standings(connection, [collection.id])[collection.id].total
        if not yes:
            fate = "goes back to the givers" if collection.fails else "goes to the association"
            typer.confirm(f"End #{collection.tag}? {money_of(total)} € {fate}.", abort=True)
        if not book.run(lambda c: records.end(c, collection.id, book.now(c))):
            refuse(f"#{collection.tag} has ended before.")
        confirm(f"#{collection.tag} takes no more gifts.")
        with book.reading() as connection:
            _show(connection, collection.tag, as_json=as_json)


def plain_tag(text: str) -> str:
    """Return the tag in small letters, without its #; end with exit code 1 if it is none."""
    tag = read_tag(text)
    if tag is None:
        refuse(
            f"{text!r} is not a tag: 2 to 30 letters a to z, digits or _, first a letter;"
            " no more than three digits, which could be a code, unless it ends in a year."
        )
    return tag


def _association(connection: Connection, handle: str) -> Customer:
    owner = held(connection, handle)
    if owner.kind is not Kind.ASSOCIATION:
        refuse(f"{owner.handle} is no association: only these have collections.")
    if owner.state is State.CLOSED:
        refuse(f"The account of {owner.handle} is closed.")
    return owner


def _title(text: str) -> str:
    title = text.strip()
    if len(title) > _TITLE_LONGEST or not title.isprintable():
        refuse(f"A title is one line of at most {_TITLE_LONGEST} signs.")
    return title


def _end_of(day: datetime | None, now: datetime) -> datetime | None:
    """Return the first moment after *day* (UTC)."""
    if day is None:
        return None
    if day.year > now.year + _YEARS_MAX:
        refuse(f"{day:%Y-%m-%d} is too far away: a collection lasts {_YEARS_MAX} years at most.")
    end = day.replace(tzinfo=UTC) + timedelta(days=1)
    if end <= now:
        refuse(f"{day:%Y-%m-%d} is over.")
    return end


def _named(connection: Connection, tag: str) -> Collection:
    found = records.among(connection, [tag]).get(tag)
    if found is None:
        refuse(f"There is no collection #{tag}.")
    return found


def _show(connection: Connection, tag: str, *, as_json: bool) -> None:
    facts = _facts(connection, [_named(connection, tag)])[0]
    (show_json if as_json else show_facts)(facts)


def _facts(connection: Connection, shown: list[Collection]) -> list[dict[str, object]]:
    owners = customers.by_ids(connection, {one.owner_id for one in shown})
    standings = gifts.standings(connection, [one.id for one in shown])
    return [
        {
            "tag": one.tag,
            "title": one.title,
            "owner": owners[one.owner_id].handle,
            "state": one.state.value,
            "goal_cents": int(one.goal),
            "sum_cents": int(standings[one.id].total),
            "gifts": standings[one.id].gifts,
            "all_or_nothing": one.all_or_nothing,
            "opened_at": one.opened_at,
            "ends_at": one.ends_at,
            "reached_at": one.reached_at,
            "ended_at": one.ended_at,
        }
        for one in shown
    ]
