"""Opening a book that is not there, not ours, or not to be had: a sentence that says what to do."""

from __future__ import annotations

import errno
import io
import os
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from driver import Service
from rich.console import Console

from smoney_bot.cli import show

NOBODY = "http://127.0.0.1:9"

each_command = pytest.mark.parametrize(
    "words",
    [
        ("payment", "list"),
        ("ledger", "verify"),
        ("ledger", "seal"),
        ("backup", "copy.db"),
        ("customer", "open", "alice", "--x-id", "111111111"),
    ],
    ids=" ".join,
)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with Service(tmp_path, f"sqlite:///{tmp_path}/book.db", NOBODY) as running:
        yield running


def sentence(service: Service, *words: str) -> str:
    """Return with which sentence a command refuses: the settings cannot be used."""
    done = service.call(*words)
    assert (done.code, done.out) == (2, "")
    assert "Traceback" not in done.err
    return " ".join(done.err.split())


@each_command
def test_in_a_folder_without_a_book_nothing_seems_well(
    service: Service, words: tuple[str, ...]
) -> None:
    assert "There is no book at" in sentence(service, *words)
    assert not (service.folder / "book.db").exists()


def test_the_daemon_makes_a_new_book_that_only_its_owner_may_read(service: Service) -> None:
    service.start("serve")
    service.wait_ready()
    assert (service.folder / "book.db").stat().st_mode & 0o777 == 0o600
    assert service.stop() == [0]


@each_command
def test_a_file_that_is_no_book_is_told(service: Service, words: tuple[str, ...]) -> None:
    (service.folder / "book.db").write_text("a shopping list, much longer than a header is" * 9)
    assert "damaged, or no book" in sentence(service, *words)
    assert "damaged, or no book" in sentence(service, "db", "upgrade")


@each_command
def test_a_book_of_a_newer_program_is_left_alone(service: Service, words: tuple[str, ...]) -> None:
    assert service.call("db", "upgrade").code == 0
    with closing(sqlite3.connect(service.folder / "book.db")) as book:
        book.execute("UPDATE alembic_version SET version_num = '2999_01_01_far_away'")
        book.commit()
    assert "newer smoney-bot" in sentence(service, *words)
    assert "newer smoney-bot" in sentence(service, "db", "upgrade")
    assert "newer smoney-bot" in " ".join(service.call("doctor").out.split())


@pytest.mark.parametrize("daemon", ["serve", "web"])
def test_a_port_that_is_taken_is_told_before_anything_starts(service: Service, daemon: str) -> None:
    with socket.create_server(("127.0.0.1", service.port)):
        said = sentence(service, daemon)
    assert f"SMONEY_PORT {service.port} cannot be used: Address already in use" in said
    assert not (service.folder / "book.db").exists()


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("nonsense", "cannot be read"),
        ("mysql://bank", "no such database: mysql"),
        ("postgresql+psycopg://a@b:port/c", "cannot be read"),
        ("sqlite:////nowhere/at/all/book.db", "no book can be made"),
    ],
)
def test_an_address_that_cannot_be_used_is_told(tmp_path: Path, url: str, why: str) -> None:
    with Service(tmp_path, url, NOBODY) as service:
        assert why in sentence(service, "db", "upgrade")


def test_settings_that_are_no_text_are_told_without_what_stands_there(service: Service) -> None:
    (service.folder / ".env").write_bytes(b"SMONEY_PORT=\xff\xfe")
    assert ".env cannot be read" in sentence(service, "payment", "list")
    (service.folder / ".env").unlink()
    (service.folder / "secrets").mkdir()
    (service.folder / "secrets/SMONEY_X_BEARER_TOKEN").write_bytes(b"hush\xff")
    service.environment["SMONEY_SECRETS_DIR"] = "secrets"
    del service.environment["SMONEY_X_BEARER_TOKEN"]
    said = sentence(service, "payment", "list")
    assert "secrets cannot be read" in said
    assert "hush" not in said


def test_a_secret_that_may_not_be_read_is_told_by_its_file(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = service.folder / "secrets/SMONEY_X_BEARER_TOKEN"
    secret.parent.mkdir()
    secret.write_text("hush")
    service.environment["SMONEY_SECRETS_DIR"] = "secrets"
    del service.environment["SMONEY_X_BEARER_TOKEN"]
    real = Path.read_text

    def read(path: Path, *how: Any, **more: Any) -> str:  # noqa: ANN401 - passes them through
        if path.name == secret.name:  # as for anybody but root, who may read everything
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return real(path, *how, **more)

    monkeypatch.setattr(Path, "read_text", read)
    said = sentence(service, "payment", "list")
    assert "SMONEY_X_BEARER_TOKEN cannot be read: Permission denied" in said


@pytest.mark.parametrize(
    "note", [r"\[/red] x", "[red] thanks", r"[red] \[b] thanks", "[", "\\", "[/]", r"\\[/red]"]
)
def test_a_customers_words_are_shown_as_they_are(
    note: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    paper = io.StringIO()
    monkeypatch.setattr(show, "out", Console(file=paper, width=200))
    show.show_rows("Payments", ["note"], [{"note": note}])
    show.show_facts({"note": note})
    assert paper.getvalue().count(note) == 2
