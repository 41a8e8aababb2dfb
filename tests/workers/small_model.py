"""A second opinion: what must become of each message, in a page of plain Python.

It knows no table, no hash and no lock. The counter takes the oldest message of
every author, then the next ones: so does the model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from workers_cast import PIN, Saying, card

PEER, DAY, HELD = 250_00, 1000_00, 2500_00


@dataclass
class Account:
    """A customer as the model sees them; all amounts in cents."""

    money: int
    codes: set[str]
    sent: int = 0
    failures: int = 0
    locked: bool = False
    frozen: bool = False
    private: bool = False
    pin: str = PIN
    tries: Counter[str] = field(default_factory=Counter)  # wrong ones, by place


@dataclass(frozen=True)
class Wish:
    """What somebody wants, and the code that comes with it; the message is made from it."""

    author: str
    kind: str  # pay, freeze, private, public, balance, talk
    public: bool = True
    cents: int = 0
    payee: str = ""
    code: str = ""

    def saying(self, number: int) -> Saying:
        """Say it."""
        code = f" #{self.code}" if self.code else ""
        words = {
            "pay": f"#{self.cents // 100},{self.cents % 100:02} @{self.payee}{code}",
            "public": f"#public{code}",
            "talk": "what a day",
        }
        return Saying(
            number, self.author, f"@Smoney {words.get(self.kind, f'#{self.kind}')}", self.public
        )


class Model:
    """The bank in miniature."""

    def __init__(self, money: dict[str, int], places: int) -> None:
        self.accounts = {name: Account(cents, set(card(places))) for name, cents in money.items()}
        self.used: set[tuple[str, str]] = set()
        self.told: set[str] = set()  # strangers: once they were told, nobody listens

    def serve(self, wishes: Iterable[tuple[int, Wish]]) -> dict[int, tuple[str, str]]:
        """Return outcome and reason of each wish, by its number."""
        waiting: dict[str, list[tuple[int, Wish]]] = {}
        for number, wish in wishes:
            waiting.setdefault(wish.author, []).append((number, wish))
        ends: dict[int, tuple[str, str]] = {}
        while any(waiting.values()):
            firsts = sorted(queue.pop(0) for queue in waiting.values() if queue)
            # Codes of a whole batch are judged before anything in it is decided.
            judged = [(number, wish, self._judge(wish)) for number, wish in firsts]
            ends |= {number: self._end(wish, right=right) for number, wish, right in judged}
        return ends

    def _judge(self, wish: Wish) -> bool:
        """Count the attempt and say whether the code is right."""
        author = self.accounts.get(wish.author)
        if author is None or not wish.code or author.locked:
            return False
        author.failures += 1
        author.locked = author.failures == 5
        place = wish.code[:2]
        if wish.code == author.pin:
            right = True
        elif wish.code in author.codes:
            right = author.tries[place] < 2
        else:
            author.tries[place] += (wish.author, wish.code) not in self.used
            right = False
        if right:
            author.failures, author.locked = 0, False
        return right

    def _end(self, wish: Wish, *, right: bool) -> tuple[str, str]:
        author = self.accounts.get(wish.author)
        if wish.author in self.told:
            return "ignored", "told_today"
        if wish.kind == "talk":
            return "ignored", "not_an_order"
        if author is None:
            self.told.add(wish.author)
            return "refused", "no_account"
        if right and len(wish.code) == 8:
            author.codes.remove(wish.code)
            self.used.add((wish.author, wish.code))
        if right and len(wish.code) == 4 and wish.public:
            author.pin = ""
        reason = self._refused(wish, author, right=right) or ""
        if reason:
            return ("declined" if reason == "code_refused" else "refused"), reason
        self._apply(wish, author)
        return "applied", ""

    def _refused(self, wish: Wish, author: Account, *, right: bool) -> str | None:
        protective = wish.kind in {"freeze", "private"}
        if wish.public and author.private and not protective:
            return "private_only"
        if wish.kind == "pay" and author.frozen:
            return "account_frozen"
        if wish.kind in {"pay", "public"} and not right:
            return "code_refused"
        return self._unpayable(wish, author) if wish.kind == "pay" else None

    def _unpayable(self, wish: Wish, author: Account) -> str | None:
        payee = self.accounts.get(wish.payee)
        if payee is None:
            return "unknown_payee"
        if payee is author:
            return "payee_is_payer"
        if wish.cents > PEER:
            return "over_limit"
        if author.sent + wish.cents > DAY:
            return "over_day_limit"
        if author.money < wish.cents:
            return "not_enough_money"
        return "payee_unavailable" if payee.money + wish.cents > HELD else None

    def _apply(self, wish: Wish, author: Account) -> None:
        match wish.kind:
            case "pay":
                author.money -= wish.cents
                author.sent += wish.cents
                self.accounts[wish.payee].money += wish.cents
            case "freeze":
                author.frozen = True
            case "private" | "public":
                author.private = wish.kind == "private"
