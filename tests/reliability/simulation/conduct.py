"""What the rules of the bank come to, seen from outside: scenarios for the sabotages to fail.

Played without blows, beside those that are struck at every crash point.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

from crash_points import Killed
from invariants import rows
from scenarios import Phase, post, write
from whole_bank import BOT, BY_HANDLE, CAST, KEYS, PIN, WholeBank, card

from smoney_bot.bank.authenticators import candidates
from smoney_bot.channels.sandbox.problems import Json


def _over_the_day(bank: WholeBank) -> None:
    for code in card("carol")[:5]:
        post(bank, "carol", f"#250 @alice #{code}")


def _cents(bank: WholeBank) -> None:
    post(bank, "alice", f"#19,99 @bob #{card('alice')[0]}")


def _private(bank: WholeBank) -> None:
    write(bank, "alice", "#private")


def _in_public(bank: WholeBank) -> None:
    post(bank, "alice", f"#20 @bob #{card('alice')[0]}")


def _frozen(bank: WholeBank) -> None:
    write(bank, "alice", "#freeze")


def _too_late(bank: WholeBank) -> None:
    _in_public(bank)
    bank.clock.time += timedelta(hours=25)


def _too_much(bank: WholeBank) -> None:
    post(bank, "bob", f"#120 @alice #{card('bob')[0]}")


def _too_full(bank: WholeBank) -> None:
    post(bank, "alice", f"#200 @carol #{card('alice')[0]}")


def _again(bank: WholeBank) -> None:
    post(bank, "alice", f"#5 @bob #{card('alice')[0]}")


def _pin_in_public(bank: WholeBank) -> None:
    post(bank, "alice", f"#20 @bob #{PIN}")


def _pin_again(bank: WholeBank) -> None:
    write(bank, "alice", f"#5 @bob #{PIN}")


def _guessed(bank: WholeBank) -> None:
    for wrong in range(6):
        write(bank, "alice", f"#1 @bob #000{wrong}")
    write(bank, "alice", f"#2 @bob #{PIN}")


def _looked_at(bank: WholeBank) -> None:
    """See what stands in the book at the moment when a code is tried."""

    def look() -> None:
        bank.noted += [f"{tries} tried" for (tries,) in rows(bank, _TRIES)]

    bank.pool.meanwhile = look
    write(bank, "alice", "#1 @bob #0000")


_TRIES = "SELECT failures FROM guards WHERE failures > 0"


def _edited_at_once(bank: WholeBank) -> None:
    """X brings only the second version."""
    _in_public(bank)
    bank.world.edit(bank.said[-1], f"@Smoney #21 @bob #{card('alice')[0]}")
    del bank.mail[0]


def _renamed(bank: WholeBank) -> None:
    """Somebody else is called bob by now, and X marks that one."""
    for of, handle in (("bob", "robert"), ("carol", "bob")):
        bank.world.rename(BY_HANDLE[of].x_id, handle)
    _in_public(bank)


def _changed(bank: WholeBank, change: Callable[[Json], None]) -> None:
    """Post an order, and *change* what X tells of it."""
    _in_public(bank)
    body = json.loads(bank.mail[-1])
    change(body["data"]["payload"])
    bank.mail[-1] = json.dumps(body).encode()


def _reposted(bank: WholeBank) -> None:
    """Words that are shown again, as X says; the rest is as in a post of one's own."""
    whose = [{"type": "retweeted", "id": "1"}]
    _changed(bank, lambda payload: payload.update(referenced_tweets=whose))


def _cut_short(bank: WholeBank) -> None:
    """The beginning of a long post is an order, the whole of it is none."""
    whole = f"@Smoney #20 @bob #{card('alice')[0]}0 is what I did not mean"
    _changed(bank, lambda payload: payload.update(note_tweet={"text": whole}))


def _inherited(bank: WholeBank) -> None:
    """Nobody typed the bot's name: a reply inherits it, and X does not display it."""
    shown = [len("@Smoney "), 1000]
    _changed(bank, lambda payload: payload.update(display_text_range=shown))


def _long_s(bank: WholeBank) -> None:
    post(bank, "alice", f"#\u017fend 20 @bob #{card('alice')[0]}")


def _full_width(bank: WholeBank) -> None:
    post(bank, "alice", f"#\uff12\uff10 @bob #{card('alice')[1]}")


def _by_app(bank: WholeBank) -> None:
    """The code was right when it was written, once; it comes ten minutes later."""
    ((secret,),) = rows(bank, "SELECT secret FROM authenticators")
    (_, code), *_ = candidates(secret, KEYS, bank.clock.time)
    post(bank, "alice", f"#20 @bob #{code}")
    post(bank, "alice", f"#5 @bob #{code}")
    bank.clock.time += timedelta(minutes=10)


def _taken_over(bank: WholeBank) -> None:
    """A second process takes the message over from one that was only slow."""
    other = bank.another_counter()

    def meanwhile() -> None:
        other.serve()  # it has lived for a while by the time it takes over
        bank.clock.time += timedelta(minutes=2)
        other.serve()

    bank.pool.meanwhile = meanwhile
    _in_public(bank)


def _dying(bank: WholeBank) -> None:
    """Process after process dies soon after its start, whatever it has in hand."""

    def die() -> None:
        raise Killed

    _in_public(bank)
    for _ in range(4):
        bank.pool.meanwhile = die
        bank.survive()
        bank.restart()
        bank.clock.time += timedelta(seconds=61)
    bank.deaths = 0  # they are no blow of the test


def _slow_x(bank: WholeBank) -> None:
    """X takes 25 s for each call, and a second process looks for something to send meanwhile."""
    other, looking = bank.another_sender(), False

    def before() -> None:
        nonlocal looking
        if not looking:
            looking = True
            bank.clock.time += timedelta(seconds=25)
            other.serve()
            looking = False

    bank.line.before = before
    for role in CAST:
        write(bank, role.handle, "#balance")


def _brought_again(bank: WholeBank) -> None:
    _in_public(bank)
    bank.mail *= 3


def _waiting(bank: WholeBank) -> None:
    post(bank, "alice", "#20 @bob")


def _confirmed_late(bank: WholeBank) -> None:
    bank.clock.time += timedelta(minutes=16)
    write(bank, "alice", f"#{card('alice')[0]}")


def _deleted_first(bank: WholeBank) -> None:
    _in_public(bank)
    event = {
        "event_type": "post.delete",
        "filter": {"user_id": BY_HANDLE["alice"].x_id},
        "payload": {"id": bank.said[-1]},
    }
    bank.mail.insert(0, json.dumps({"data": event}).encode())


def _forged(bank: WholeBank) -> None:
    """Knock at the door without X's signature, and with one that the door made itself."""
    _in_public(bank)
    body = bank.mail.pop()
    bank.noted.append(f"unsigned: {bank.knock('POST', body=body)}")
    bank.noted.append(f"challenge of a forger: {bank.knock('GET', query='?crc_token=forged')}")


CONDUCT: dict[str, tuple[Phase, ...]] = {
    "cents": (_cents,),
    "over the limit of a day": (_over_the_day,),
    "private customer in public": (_private, _in_public),
    "frozen account": (_frozen, _in_public),
    "day-old order": (_too_late,),
    "more than there is": (_too_much,),
    "more than may be held": (_too_full,),
    "code used again": (_in_public, _again),
    "PIN shown to all": (_pin_in_public, _pin_again),
    "guesses": (_guessed,),
    "looked at while a code is tried": (_looked_at,),
    "second version first": (_edited_at_once,),
    "repost": (_reposted,),
    "handle of another": (_renamed,),
    "beginning of a long post": (_cut_short,),
    "inherited name": (_inherited,),
    "odd letters": (_long_s, _full_width),
    "authenticator": (_by_app,),
    "slow process": (_taken_over,),
    "slow X": (_slow_x,),
    "dying processes": (_dying,),
    "brought three times": (_brought_again,),
    "confirmed too late": (_waiting, _confirmed_late),
    "deleted first": (_deleted_first,),
    "forgery": (_forged,),
}

assert BOT.handle == "Smoney"  # the words above say so
