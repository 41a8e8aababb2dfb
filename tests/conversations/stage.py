"""Plays a conversation: texts a customer can read, on the real service with a local X.

    alice opens with 100.00             an account, with money and a printed card
    bob opens with 0.00, in English
    entraide opens with 0.00, association
    mallory is on X                     no account
    alice posts: @Smoney #20 @bob #code       #code: the next of her card
    alice writes: solde                       #used: the last one shown; #wrong: a wrong one
    alice posts: @Smoney #20 @bob #authenticator   what alice's app shows at this moment
    alice writes: 20 @bob #pin                her PIN, set the first time it is said
    alice writes: annuler #last               #last: the last reference that was said
    alice reposts, quotes, edits, replies     (see below)
    Smoney replies: ...                 in public, to the post
    Smoney writes to alice: ...         by direct message
    Smoney says nothing
    alice has 80.00
    entraide collects 100.00 for #jardin, all or nothing
    the collection #jardin ends               its time is over
    mallory opens an account                  from now on a customer
    a week passes                             for what is held, and for what is asked
    the desk answers: Bonjour                 to the request that was opened last
    the desk closes it                        the same request

After each thing said, all that Smoney answers must stand there, word for word;
REF stands for a reference, WORD for the word of a renewal, WHEN for a moment, DAY
for a day.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from passlib.totp import TOTP
from sqlalchemy import Connection, select, update

from smoney_bot.bank.authenticators import new_secret
from smoney_bot.bank.codes import hash_code
from smoney_bot.bank.customers import Kind, Language
from smoney_bot.bank.money import Cents, euros
from smoney_bot.book import (
    audit,
    authenticators,
    codes,
    collections,
    customers,
    desk_requests,
    inbox,
    ledger,
    outbox,
)
from smoney_bot.book.renewals import LETTERS
from smoney_bot.book.tables import asks, payments, requests
from smoney_bot.channels.sandbox.world import Direct, Post
from smoney_bot.cli.demo import Demo, Role
from smoney_bot.workers.collecting import Collecting
from smoney_bot.workers.endings import Endings

_REFERENCE = re.compile(r"\b[0-9A-HJKMNP-TV-Z]{4,6}-[0-9]{2}\b", re.ASCII)
_WORD = re.compile(rf"\b[{LETTERS}]{{4}}-[{LETTERS}]{{4}}\b")
_MOMENT = re.compile(r"[0-9]{1,2}(?:/[0-9]{2}/| \w{3,4} )[0-9]{4} (?:à|at) [0-9]{2}:[0-9]{2}")
_DAY = re.compile(r"\b[0-9]{1,2}(?:/[0-9]{2}/| \w{3,4} )[0-9]{4}\b")
_SPACES = re.compile("[\u00a0\u202f]")
_OPENS = re.compile(r"(\w+) opens with ([0-9]+)\.([0-9]{2})((?:, [a-z ]+)*)", re.IGNORECASE)
_STRANGER = re.compile(r"(\w+) is on X")
_SAYS = re.compile(r"(\w+) (posts|writes|quotes|edits|replies to \w+): (.*)")
_REPOSTS = re.compile(r"(\w+) reposts")
_HAS = re.compile(r"(\w+) has ([0-9]+)\.([0-9]{2})")
_COLLECTS = re.compile(r"(\w+) collects ([0-9]+)\.([0-9]{2}) for #(\w+)(, all or nothing)?")
_ENDS = re.compile(r"the collection #(\w+) ends")
_ENROLS = re.compile(r"(\w+) opens an account")
_WEEK = "a week passes"
_DESK = re.compile(r"the desk (?:answers: (.*)|closes it)")
_SETTLE_SECONDS = 15.0


@dataclass
class Script:
    """One conversation as written."""

    title: str
    roles: list[Role]
    lines: list[str]


@dataclass
class Stage:
    """The running service while a script is played on it."""

    demo: Demo
    shown: dict[str, list[str]] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)
    last: dict[str, str] = field(default_factory=dict)
    phones: dict[str, TOTP] = field(default_factory=dict)
    pins: dict[str, str] = field(default_factory=dict)
    references: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.demo.world.listen(self._hear)

    def play(self, line: str) -> None:
        """Do one line, or check it."""
        if found := _HAS.fullmatch(line):
            assert self.balance(found[1]) == euros(int(found[2]), int(found[3])), line
        elif found := _REPOSTS.fullmatch(line):
            self._settle(partial(self.demo.world.repost, self._id(found[1]), self.posts[-1].id))
        elif found := _SAYS.fullmatch(line):
            self._settle(partial(self._say, *found.groups()))
        elif found := _COLLECTS.fullmatch(line):
            name, whole, cents, tag, fails = found.groups()
            goal = euros(int(whole), int(cents))
            self._for(name, partial(_collect, tag, goal, all_or_nothing=fails is not None))
        elif found := _ENDS.fullmatch(line):
            self._settle(partial(self._end, found[1]))
        elif found := _ENROLS.fullmatch(line):
            self._settle(partial(self._enrol, found[1]))
        elif line == _WEEK:
            self._settle(self._let_a_week_pass)
        elif found := _DESK.fullmatch(line):
            self._settle(partial(self._be_the_desk, found[1]))
        else:
            raise ValueError(f"not a line of a conversation: {line}")

    def balance(self, name: str) -> int:
        """Return what *name* has, in cents."""
        with self.demo.book.reading() as connection:
            customer = customers.by_x_ids(connection, [self._id(name)])[self._id(name)]
            return ledger.balance(connection, customer.account_id)

    def problems(self) -> list[audit.Problem]:
        """Return what does not hold in the book."""
        with self.demo.book.reading() as connection:
            return list(audit.verify(connection))

    def _say(self, name: str, how: str, words: str) -> None:
        world, author = self.demo.world, self._id(name)
        text = self._with_codes(name, words)
        if how == "writes":
            world.send_direct(author, self.demo.bot.x_id, text)
        elif how == "posts":
            self.posts.append(world.post(author, text))
        elif how == "quotes":
            self.posts.append(world.post(author, text, quote_of=self.posts[-1].id))
        elif how == "edits":
            self.posts.append(world.edit(self.posts[-1].id, text))
        else:
            of = self._id(how.removeprefix("replies to "))
            parent = next(post for post in reversed(self.posts) if post.author_id == of)
            self.posts.append(world.post(author, text, in_reply_to=parent.id))

    def _with_codes(self, name: str, words: str) -> str:
        for mark, say in (
            ("#code", self._code),
            ("#authenticator", self._authenticator),
            ("#pin", self._pin),
        ):
            if mark in words:
                self.last[name] = say(name)
                words = words.replace(mark, f"#{self.last[name]}")
        if "#wrong" in words:
            right = self._next_of_card(name)
            words = words.replace("#wrong", f"#{right[:7]}{(int(right[7]) + 1) % 10}")
        words = words.replace("#last", self.references[-1] if self.references else "")
        return words.replace("#used", f"#{self.last.get(name, 'used')}")

    def _next_of_card(self, name: str) -> str:
        return self.demo.cards[self._id(name)][len(self.shown.setdefault(name, []))]

    def _code(self, name: str) -> str:
        code = self._next_of_card(name)
        self.shown[name].append(code)
        return code

    def _authenticator(self, name: str) -> str:
        if name not in self.phones:
            new = new_secret(self.demo.settings.keyring(), name)
            self._for(name, lambda c, of, now: authenticators.put(c, of, new.secret, now))
            self.phones[name] = TOTP.from_uri(new.uri)
        return str(self.phones[name].generate(self.demo.world.now()).token)

    def _pin(self, name: str) -> str:
        if name not in self.pins:
            self.pins[name] = f"{secrets.randbelow(10_000):04}"
            hash_, key_id = hash_code(self.demo.settings.keyring(), self._id(name), self.pins[name])
            self._for(
                name,
                lambda c, of, now: codes.set_pin(c, of, hash_=hash_, key_id=key_id, now=now),
            )
        return self.pins[name]

    def _for(self, name: str, put: Callable[[Connection, int, datetime], None]) -> None:
        """Put something on file for *name*."""

        def work(connection: Connection) -> None:
            customer = customers.by_x_ids(connection, [self._id(name)])[self._id(name)]
            put(connection, customer.id, self.demo.book.now(connection))

        self.demo.book.run(work)

    def _end(self, tag: str) -> None:
        """Let a collection end, and do what the timers would do then."""

        def work(connection: Connection) -> None:
            one = collections.among(connection, [tag])[tag]
            assert collections.end(connection, one.id, self.demo.book.now(connection))

        self.demo.book.run(work)
        while Collecting(self.demo.book).serve():
            pass

    def _enrol(self, name: str) -> None:
        """Open an account as an operator does, and do what the timers would do then."""
        user = self.demo.users[name]

        def work(connection: Connection) -> None:
            now = self.demo.book.now(connection)
            customers.open_account(connection, handle=name, x_id=user.x_id, now=now)

        self.demo.book.run(work)
        Endings(self.demo.book, self.demo.settings.limits).serve()

    def _be_the_desk(self, words: str | None) -> None:
        """Answer the request that was opened last, or close it."""

        def work(connection: Connection) -> None:
            now = self.demo.book.now(connection)
            newest = select(requests.c.reference).order_by(requests.c.opened_at.desc()).limit(1)
            reference = connection.execute(newest).scalar_one()
            if words is None:
                desk_requests.close(connection, reference, "window", now)
            else:
                assert desk_requests.answer(connection, reference, words, "window", now) == []

        self.demo.book.run(work)

    def _let_a_week_pass(self) -> None:
        """Bring the end of what is open to the moment it began, and let the timers see it."""

        def work(connection: Connection) -> None:
            for table in (payments, asks):
                connection.execute(update(table).values(expires_at=table.c.created_at))

        self.demo.book.run(work)
        Endings(self.demo.book, self.demo.settings.limits).serve()

    def _settle(self, act: Callable[[], object]) -> None:
        """Do *act*, then wait until the bank has nothing more to do."""
        self.heard.clear()
        act()
        assert self.demo.deliveries.settle(_SETTLE_SECONDS), "the webhook was not delivered"
        deadline = time.monotonic() + _SETTLE_SECONDS
        while not self._is_quiet():
            assert time.monotonic() < deadline, "the bank did not come to rest"
            time.sleep(0.01)

    def _is_quiet(self) -> bool:
        with self.demo.book.reading() as connection:
            return inbox.waiting(connection)[0] == 0 and outbox.waiting(connection)[0] == 0

    def _hear(self, said: Post | Direct) -> None:
        self.references += _REFERENCE.findall(said.text)
        if isinstance(said, Post):
            if said.author_id == self.demo.bot.x_id:
                self.heard.append(f"Smoney replies: {plain(said.text[slice(*said.body)])}")
        elif said.sender_id == self.demo.bot.x_id:
            name = self.demo.world.user(said.recipient_id).handle
            self.heard.append(f"Smoney writes to {name}: {plain(said.text)}")

    def _id(self, name: str) -> str:
        return self.demo.users[name].x_id


def _collect(
    tag: str,
    goal: Cents,
    connection: Connection,
    owner_id: int,
    now: datetime,
    *,
    all_or_nothing: bool,
) -> None:
    collections.open_collection(
        connection,
        tag=tag,
        owner=customers.by_ids(connection, [owner_id])[owner_id],
        title=tag,
        goal=goal,
        ends_at=None,
        all_or_nothing=all_or_nothing,
        now=now,
    )


def read_script(path: Path) -> Script:
    """Read a script: its title, who takes part, and the lines."""
    title, roles, lines = "", [], []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            title = title or line.lstrip("# ")
        elif found := _OPENS.fullmatch(line):
            roles.append(_role(found))
        elif found := _STRANGER.fullmatch(line):
            roles.append(Role(found[1], found[1].title(), euros(0), customer=False))
        elif line.strip():
            lines.append(line.strip())
    return Script(title, roles, lines)


def _role(found: re.Match[str]) -> Role:
    kind = Kind.ASSOCIATION if "association" in found[4] else Kind.PERSON
    language = Language.ENGLISH if "in English" in found[4] else Language.FRENCH
    money = euros(int(found[2]), int(found[3]))
    return Role(found[1], found[1].title(), money, kind, language)


def plain(text: str) -> str:
    """Return *text* with ordinary spaces, one line, and REF, WORD, WHEN, DAY for what changes."""
    text = _DAY.sub("DAY", _MOMENT.sub("WHEN", text))
    text = _WORD.sub("WORD", _REFERENCE.sub("REF", text))
    return _SPACES.sub(" ", text).replace("\n", " / ")
