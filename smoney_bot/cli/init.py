"""`smoney-bot init`: the folder from which the service runs: .env and secrets/.

Secrets are files, each named after its setting (`SMONEY_SECRETS_DIR`); the rest
stands in .env. What is there already is never overwritten, so init can be run
again for what is missing.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from dotenv import dotenv_values

from smoney_bot.book.engine import Book
from smoney_bot.cli.keys import make_key
from smoney_bot.cli.questions import QUESTIONS, Question
from smoney_bot.cli.show import complain, confirm, refuse

_HEADER = "# Settings that are no secret; secrets are files in secrets/. See .env.example.\n"

#: In docker-compose.yml: the service, the user and the database have these names.
_COMPOSED = "postgresql+psycopg://smoney:{password}@db/smoney"
_PASSWORD = "POSTGRES_PASSWORD"  # noqa: S105 - a file's name


class Folder:
    """Where the settings are kept: .env for its owner, secrets/ for its owner.

    The files in secrets/ may be read by all who get that far: in a container the
    bot is another user than the one who owns them here.
    """

    def __init__(self, path: Path) -> None:
        self.env = path / ".env"
        self.secrets = path / "secrets"
        self.secrets.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.secrets.chmod(0o700)

    def read(self, name: str, *, secret: bool) -> str | None:
        """Return what stands under *name*, as in the environment; None if nothing does."""
        if not secret:
            return (
                dotenv_values(self.env, interpolate=False).get(name) if self.env.exists() else None
            )
        file = self.secrets / name
        return file.read_text(encoding="utf-8").strip() if file.exists() else None

    def write(self, name: str, value: str, *, secret: bool) -> None:
        """Put *value* under *name*, in place of one that cannot be used."""
        if secret:
            _replace(self.secrets / name, value + "\n", 0o444)
            return
        before = self.env.read_text(encoding="utf-8") if self.env.exists() else _HEADER
        lines = [line for line in before.splitlines() if not line.startswith(f"{name}=")]
        _replace(self.env, "\n".join([*lines, f"{name}={value}"]) + "\n", 0o600)


def _replace(file: Path, text: str, mode: int) -> None:
    """Write a file whole or not at all; nobody else can open it before it has its *mode*."""
    part = file.with_name(file.name + ".part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as written:
        written.write(text)
        os.fchmod(descriptor, mode)
    part.replace(file)


def init(
    path: Annotated[
        Path, typer.Argument(help="The folder; docker-compose.yml stands there.", metavar="FOLDER")
    ] = Path(),
    *,
    defaults: Annotated[
        bool,
        typer.Option("--defaults", help="Ask nothing: answers come from the environment."),
    ] = False,
    database_url: Annotated[
        str | None,
        typer.Option("--database-url", help="Another database than docker-compose.yml's."),
    ] = None,
) -> None:
    """Make .env and secrets/: new keys and a password; the rest it asks, and checks at once.

    It overwrites nothing; run it again for what is missing. Exit code 1 if something
    that the service needs is still missing.
    """
    if database_url is not None:
        Book(database_url).close()  # whether such an address can be used at all
    try:
        folder = Folder(path)
        _generate(folder, database_url)
    except OSError as bad:
        refuse(f"{path} cannot be the folder: {bad.strerror}.")
    answers = _which_x(folder)
    for question in QUESTIONS:
        answer = _settle(folder, question, answers, ask=not defaults)
        if answer is not None:
            answers[question.setting] = answer
    missing = [one.setting for one in QUESTIONS if one.setting not in answers]
    if missing:
        refuse(f"Still missing: {', '.join(missing)}. Run init again with them.")
    _say_next(path, folder)


def _generate(folder: Folder, database_url: str | None) -> None:
    """Make what nobody needs to know: the bank's key, and the way into the database."""
    if folder.read("SMONEY_SECRET_KEYS", secret=True) is None:
        folder.write("SMONEY_SECRET_KEYS", make_key(), secret=True)
        confirm("A new key of the bank. Without it no code works: keep a copy elsewhere.")
    if folder.read("SMONEY_DATABASE_URL", secret=True) is not None:
        return
    if database_url is None:
        password = folder.read(_PASSWORD, secret=True) or secrets.token_urlsafe(32)
        folder.write(_PASSWORD, password, secret=True)
        database_url = _COMPOSED.format(password=password)
    folder.write("SMONEY_DATABASE_URL", database_url, secret=True)
    confirm("The way into the database.")


def _which_x(folder: Folder) -> dict[str, str]:
    """Return the address of X, if it was set to another than the real one: a rehearsal."""
    url = os.environ.get("SMONEY_X_API_URL") or folder.read("SMONEY_X_API_URL", secret=False)
    return {"X_API_URL": url} if url else {}


def _settle(
    folder: Folder, question: Question, answers: dict[str, str], *, ask: bool
) -> str | None:
    """Return the answer to *question*, kept in the folder; None if there is none."""
    name = f"SMONEY_{question.setting}"
    kept = folder.read(name, secret=question.secret)
    # An empty file stands for "later": it keeps a container's list of secrets whole.
    if kept and _usable(question, kept, answers):
        return kept
    given = os.environ.get(name) or (None if ask else question.default)
    if given is None or not _usable(question, given, answers):
        given = _ask(question, answers) if ask else None
    if given is not None:
        folder.write(name, given, secret=question.secret)
    return given


def _usable(question: Question, answer: str, answers: dict[str, str]) -> bool:
    fault = question.fault(answer, answers)
    if fault:
        complain(f"{question.setting} cannot be used: {fault}.")
    return fault is None


def _ask(question: Question, answers: dict[str, str]) -> str:
    """Ask until the answer will do; a secret is not shown while it is typed."""
    while True:
        answer = typer.prompt(
            question.prompt,
            default=question.default,
            hide_input=question.secret,
            show_default=not question.optional,
        )
        if _usable(question, str(answer).strip(), answers):
            return str(answer).strip()


def _say_next(path: Path, folder: Folder) -> None:
    confirm(f"{folder.env} and {folder.secrets} are complete. Next:")
    if folder.read(_PASSWORD, secret=True) is not None:  # made for docker-compose.yml alone
        steps = ["docker compose up --detach"]
        command = "docker compose run --rm bot"
    else:
        steps = list(_steps_by_hand(path.resolve(), folder))
        command = "smoney-bot"
    for step in [*steps, f"{command} doctor", f"{command} x register"]:
        typer.echo(f"  {step}")


def _steps_by_hand(path: Path, folder: Folder) -> Iterator[str]:
    yield f"cd {path}"
    yield f"export SMONEY_SECRETS_DIR={path / 'secrets'}"
    url = folder.read("SMONEY_DATABASE_URL", secret=True) or ""
    if not url.startswith("sqlite"):  # the daemon brings SQLite up to date by itself
        yield "smoney-bot db upgrade"
    yield "smoney-bot serve    # leave it running; deploy/systemd has it as a service"
