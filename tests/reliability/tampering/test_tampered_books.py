"""Whatever is changed in the book behind the bank's back is found, and nothing else is.

Full counts (`SMONEY_RELIABILITY=full`): 10,000 tamperings on SQLite and 1,000 on
PostgreSQL, 1,000 honest moments, and fifty deeds of an insider always.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from insiders import DEEDS, do, undo_the_chain
from more_tamperings import ALL
from reliability_figures import FULL, SEED, chance, record
from seal_cast import LATER, as_insider, keyring
from sealed_people import SealedPeople, close_all, verify
from sqlalchemy import Connection, make_url

from smoney_bot.bank.keys import Keyring
from smoney_bot.book import audit, seals
from smoney_bot.book.engine import Book
from smoney_bot.book.witness import NOTHING_CUT_OFF

TAMPERINGS = {"sqlite": 10_000 if FULL else 80, "postgresql": 1_000 if FULL else 20}
MOMENTS = 1_000 if FULL else 24

_STEPS = 50  # of honest life in a book that is tampered with


def _lived_in(book: Book, name: str) -> SealedPeople:
    people = SealedPeople(book, chance(name))
    people.open()
    people.live(_STEPS)
    people.close_pages()
    people.now = LATER
    assert people.verify() == []
    return people


def _record(name: str, counted: str, violations: int, started: float, engine: str) -> None:
    record(
        name,
        counted=counted,
        violations=violations,
        seconds=time.monotonic() - started,
        seed=SEED,
        engine=engine,
    )


def test_every_tampering_with_the_book_is_found(book: Book, book_url: str) -> None:
    started, engine = time.monotonic(), make_url(book_url).get_backend_name()
    people, dice = _lived_in(book, "tampered"), chance("tamperings")
    missed = []
    with as_insider(book_url) as insider:
        if engine == "postgresql":  # where constraints cannot be ignored
            insider.exec_driver_sql(
                "ALTER TABLE balances DROP CONSTRAINT ck_balances_not_below_floor"
            )
        for number in range(TAMPERINGS[engine]):
            tampering = dice.choice(ALL[engine])
            savepoint = insider.begin_nested()
            tampering(insider, dice)
            if not _any_problem(insider, people):
                missed.append((number, tampering.__name__))
            savepoint.rollback()
        assert not _any_problem(insider, people)
    counted = f"{TAMPERINGS[engine]:,} tamperings"
    _record("tamperings with the book", counted, len(missed), started, engine)
    assert missed == []


def _any_problem(insider: Connection, people: SealedPeople) -> bool:
    problems = verify(insider, people.keyring, people.now, people.heads)
    return next(problems, None) is not None


def test_an_honest_book_raises_no_alarm(sqlite_book: Book) -> None:
    started, people = time.monotonic(), SealedPeople(sqlite_book, chance("honest"))
    people.open()
    alarms = 0
    for moment in range(MOMENTS):
        people.live(1)
        if moment % (MOMENTS // 4) == 1:  # a new key in front of the older ones
            ids = (f"key-{moment}", *people.keyring.ids)
            people.keyring = keyring(*ids)
        alarms += len(people.verify())
    _record("verifications of an honest book", f"{MOMENTS:,} moments", alarms, started, "sqlite")
    assert alarms == 0
    assert len(people.heads) > MOMENTS // 20


#: What nobody but the witness can tell.
_TOLD_BY_WITNESS = {NOTHING_CUT_OFF, "page_is_as_witnessed"}


# Insiders -----------------------------------------------------------------------------------


def _found(insider: Connection, people: SealedPeople, deed: str, *, covered: bool) -> bool:
    """Return whether *deed* is found once the bank has closed its next page."""
    savepoint = insider.begin_nested()
    do(insider, deed)
    assert list(audit.verify(insider)) == [], "the insider made every sum hold"
    if covered:
        undo_the_chain(insider)
    close_all(insider, people.keyring, people.now)
    problems = list(verify(insider, people.keyring, people.now, people.heads))
    told_by = {one.rule for one in problems}
    assert not covered or told_by <= _TOLD_BY_WITNESS, "the bank itself has closed these pages"
    savepoint.rollback()
    return bool(problems)


def test_fifty_deeds_of_an_insider_are_found_within_one_interval_of_the_witness(
    sqlite_book: Book, sqlite_url: str
) -> None:
    started, people = time.monotonic(), _lived_in(sqlite_book, "insiders")
    deeds = [(deed, covered) for deed in DEEDS for covered in (False, True)]
    with as_insider(sqlite_url) as insider:
        found = [_found(insider, people, deed, covered=covered) for deed, covered in deeds]
    missed = [deed for deed, seen in zip(deeds, found, strict=True) if not seen]
    _record("deeds of an insider", f"{len(deeds)} deeds", len(missed), started, "sqlite")
    assert missed == []
    assert len(deeds) == 50


def _forged_chain_passes(insider: Connection, people: SealedPeople) -> bool:
    """Let an insider close all pages anew after a deed, with a key of her own."""
    savepoint = insider.begin_nested()
    do(insider, "receives more")
    undo_the_chain(insider)
    close_all(insider, Keyring({people.keyring.newest: b"mallory's own key, 32 bytes long"}), LATER)
    passes = not list(seals.check(insider, people.keyring, people.now))
    savepoint.rollback()
    return passes


def test_a_chain_without_a_key_is_made_anew_by_whoever_likes(
    sqlite_book: Book, sqlite_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The negative control: an insider who needs no key leaves nothing to see in the seals."""
    people = _lived_in(sqlite_book, "unkeyed")
    with as_insider(sqlite_url) as insider:
        assert not _forged_chain_passes(insider, people)
    monkeypatch.setattr(Keyring, "derive", lambda *_: b"")
    unkeyed = tmp_path / "unkeyed.db"
    unkeyed.write_bytes((tmp_path / "book.db").read_bytes())
    with as_insider(f"sqlite:///{unkeyed}") as insider:
        undo_the_chain(insider)
        close_all(insider, people.keyring, LATER)
        assert _forged_chain_passes(insider, people)
