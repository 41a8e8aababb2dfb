"""What `smoney-bot demo` adds to the stage: a collection that has begun, and two operators.

The operators' passwords are made anew each time and shown on the terminal alone.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from sqlalchemy import Connection

from smoney_bot.bank import authenticators
from smoney_bot.bank.authenticators import NewAuthenticator
from smoney_bot.bank.money import euros
from smoney_bot.bank.operators import Role, hash_password
from smoney_bot.book import collections, customers, operators
from smoney_bot.channels.sandbox.page import Place
from smoney_bot.cli import demo
from smoney_bot.cli.demo import Demo

TAG = "jardin"

_TITLE = "Un jardin pour le quartier"
_GOAL = euros(200)

#: She has given before anybody looks, so that the page has something to show.
_GIVER = demo.Role("carol", "Carol", euros(200))
_GIFTS = (euros(25), euros(15))

_PASSWORD_BYTES = 12


@dataclass(frozen=True, slots=True)
class Staff:
    """An operator of the demo, with what they sign in by."""

    name: str
    password: str = field(repr=False)
    app: NewAuthenticator | None = field(repr=False)  # None: the password will do


def furnish(running: Demo) -> list[Staff]:
    """Open the collection, let carol give to it, and return the operators."""
    running.book.run(lambda connection: _open_collection(running, connection))
    running.elsewhere |= {
        Place.COLLECTION: f"{running.server.url}/c/{TAG}",
        Place.STATEMENT: f"{running.server.url}/statement",
        Place.CONSOLE: f"{running.server.url}/console",
    }
    _give(running)
    return [_hire(running, Role.TELLER), _hire(running, Role.SUPERVISOR)]


def code_now(running: Demo, staff: Staff) -> str:
    """Return the six digits that the app of *staff* shows at this moment."""
    assert staff.app is not None
    with running.book.reading() as connection:
        now = running.book.now(connection)
    (_, digits), *_ = authenticators.candidates(staff.app.secret, running.settings.keyring(), now)
    return digits


def _open_collection(running: Demo, connection: Connection) -> None:
    owner = customers.by_handle(connection, "entraide")
    assert owner is not None  # pair: demo.CAST
    collections.open_collection(
        connection,
        tag=TAG,
        owner=owner,
        title=_TITLE,
        goal=_GOAL,
        ends_at=None,
        all_or_nothing=False,
        now=running.book.now(connection),
    )


def _give(running: Demo) -> None:
    """Let carol give by direct message, as everybody does: the way in is the usual one."""
    carol = running.open_account(_GIVER, places=len(_GIFTS))
    said = ["#montrer mon nom"]
    for gift, code in zip(_GIFTS, running.cards[carol.x_id], strict=True):
        said.append(f"#{gift // 100} @entraide #{TAG} #{code}")
    for words in said:
        running.world.send_direct(carol.x_id, running.bot.x_id, words)


def _hire(running: Demo, role: Role) -> Staff:
    name, password = role.value, secrets.token_urlsafe(_PASSWORD_BYTES)
    app = None
    if role is Role.SUPERVISOR:
        app = authenticators.new_secret(running.settings.keyring(), f"{name} (demo)")
    hashed = hash_password(password)

    def work(connection: Connection) -> None:
        operators.add(
            connection,
            name=name,
            role=role,
            password_hash=hashed,
            secret=app.secret if app else None,
            now=running.book.now(connection),
        )

    running.book.run(work)
    return Staff(name, password, app)
