"""The whole service in one process, with a local stand-in for X.

The bot here is the real one: X's door on HTTP, tweepy, the book in a file. Only
X is local, and only X's customers are invented. Tests play their conversations
on the same stage.
"""

from __future__ import annotations

import secrets
import socket
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Self

from sqlalchemy import Connection
from starlette.applications import Starlette

from smoney_bot import settings as environment
from smoney_bot.bank import codes
from smoney_bot.bank.customers import Customer, Kind, Language
from smoney_bot.bank.money import Cents, euros
from smoney_bot.book import codes as code_records
from smoney_bot.book import customers, ledger, migrations
from smoney_bot.book.engine import Book
from smoney_bot.channels.sandbox.api import create_api
from smoney_bot.channels.sandbox.deliveries import Deliveries
from smoney_bot.channels.sandbox.faults import Faults
from smoney_bot.channels.sandbox.oauth import AppKeys
from smoney_bot.channels.sandbox.page import Place, create_page
from smoney_bot.channels.sandbox.server import RunningServer, bind, serve, url_of
from smoney_bot.channels.sandbox.world import User, World
from smoney_bot.channels.x.registration import put_right
from smoney_bot.cli.demo_bank import DemoBank
from smoney_bot.cli.keys import make_key
from smoney_bot.cli.running import open_admin, open_x
from smoney_bot.settings import Settings
from smoney_bot.web.app import create_app
from smoney_bot.workers.loops import Workers


@dataclass(frozen=True, slots=True)
class Role:
    """Somebody invented: who they are on X, and what they have at the start."""

    handle: str
    name: str
    money: Cents
    kind: Kind = Kind.PERSON
    language: Language = Language.FRENCH
    customer: bool = True  # has an account, and a card


CAST = (
    Role("alice", "Alice", euros(300)),
    Role("bob", "Bob", euros(120), language=Language.ENGLISH),
    Role("entraide", "Entraide", euros(0), kind=Kind.ASSOCIATION),
)


class Demo:
    """A local X and the bot beside it, from `start` to `stop`.

    *database_url* is a database of its own; *port* and *x_port* are loopback
    ports (0: any free one). *given* settings win over the usual ones.
    """

    def __init__(
        self,
        database_url: str,
        *,
        port: int = 0,
        x_port: int = 0,
        cast: Sequence[Role] = CAST,
        places: int = codes.CARD_PLACES,
        **given: object,
    ) -> None:
        self._ports = (port, x_port)
        self._cast = cast
        self._places = places
        self._given = given
        self._database_url = database_url
        self._open = ExitStack()
        self._closing = threading.Event()
        self.elsewhere: dict[Place, str] = {}  # addresses at the bot that the page shows
        self.cards: dict[str, list[str]] = {}  # printed codes, by X id
        self.faults = Faults()  # what goes wrong at the local X, for tests

    def start(self) -> None:
        """Open the accounts and start both servers; returns when a post would be answered."""
        self.door = bind(port=self._ports[0])
        self._open.callback(self.door.close)
        self.world = World()
        self.bot = self.world.add_user("Smoney", "Smoney", automated=True)
        self.users = {role.handle: self._add(role) for role in self._cast}
        self.keys = AppKeys(
            consumer_key=secrets.token_urlsafe(16),
            consumer_secret=secrets.token_urlsafe(32),
            access_token=f"{self.bot.x_id}-{secrets.token_urlsafe(16)}",
            access_token_secret=secrets.token_urlsafe(32),
            bearer_token=secrets.token_urlsafe(32),
            bot_id=self.bot.x_id,
        )
        self.deliveries = Deliveries(
            self.world, consumer_secret=self.keys.consumer_secret, bot_id=self.bot.x_id
        )
        self._open.callback(self.deliveries.close)
        self._open_bank()
        self.x = self._serve_x()
        self.settings = self._settings(self.x.url)
        self._open_accounts()
        self.server = self._serve_bot()
        self._subscribe()

    def stop(self) -> None:
        """Finish what is in hand and stop everything."""
        self._closing.set()
        self._open.close()

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def open_account(self, role: Role, places: int) -> User:
        """Let somebody more live on the local X, with an account and a card of *places* codes."""
        user = self._add(role)
        self._open_account(role, user, places)
        return user

    def _add(self, role: Role) -> User:
        return self.world.add_user(role.handle, role.name)

    def _settings(self, x_url: str) -> Settings:
        usual: dict[str, object] = {
            "database_url": self._database_url,
            "secret_keys": make_key(),
            "x_api_url": x_url,
            "x_bot_id": self.bot.x_id,
            "x_bot_handle": self.bot.handle,
            "x_consumer_key": self.keys.consumer_key,
            "x_consumer_secret": self.keys.consumer_secret,
            "x_access_token": self.keys.access_token,
            "x_access_token_secret": self.keys.access_token_secret,
            "x_bearer_token": self.keys.bearer_token,
            "x_signature": "consumer",
            "public_url": url_of(self.door),
        }
        return environment.load(**usual | self._given)

    def _open_bank(self) -> None:
        migrations.upgrade(self._database_url)
        self.book = Book(self._database_url)
        self._open.callback(self.book.close)
        self.bank = DemoBank(self.book, self.world, self.cards)

    def _serve_x(self) -> RunningServer:
        app = create_api(self.world, app=self.keys, deliveries=self.deliveries, faults=self.faults)
        page = create_page(
            self.world,
            self.bank,
            bot_id=self.bot.x_id,
            cast=[self.users[role.handle].x_id for role in self._cast if role.customer],
            elsewhere=self.elsewhere,
            closing=self._closing.is_set,
        )
        app.router.routes += page
        return self._serve(app, bind(port=self._ports[1]))

    def _serve_bot(self) -> RunningServer:
        rules = self.settings.rules()
        workers = Workers(
            self.book,
            rules,
            self.settings.keyring(),
            lambda: open_x(self.settings, self.book),
            self.settings.workers,
        )
        workers.start()
        self._open.callback(workers.stop)
        return self._serve(create_app(self.settings, self.book, workers.wake), self.door)

    def _serve(self, app: Starlette, listener: socket.socket) -> RunningServer:
        server = serve(app, listener=listener)
        self._open.callback(server.stop)
        return server

    def _subscribe(self) -> None:
        """Register the bot's door with the local X; it answers the challenge here."""
        put_right(open_admin(self.settings), f"{self.server.url}/webhooks/x")

    def _open_accounts(self) -> None:
        for role in self._cast:
            if role.customer:
                self._open_account(role, self.users[role.handle], self._places)

    def _open_account(self, role: Role, user: User, places: int) -> None:
        keyring = self.settings.keyring()
        digits = list(codes.new_card_codes())[:places]
        hashed = [(int(one[:2]), *codes.hash_code(keyring, user.x_id, one)) for one in digits]

        def work(connection: Connection) -> Customer:
            now = self.book.now(connection)
            customer = customers.open_account(
                connection,
                handle=role.handle,
                x_id=user.x_id,
                kind=role.kind,
                language=role.language,
                now=now,
            )
            code_records.issue_card(connection, customer.id, hashed, now)
            if role.money:
                ledger.deposit(connection, customer, role.money, f"start-{role.handle}", now)
            return customer

        self.book.run(work)
        self.cards[user.x_id] = digits
