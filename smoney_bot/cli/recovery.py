"""`smoney-bot backup`, and what has to happen before a restored book pays again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from structlog import get_logger

from smoney_bot.book import backups
from smoney_bot.book.backups import NoBackup
from smoney_bot.book.engines import parse
from smoney_bot.book.witness import NOTHING_CUT_OFF
from smoney_bot.cli.ledger import WitnessFile, app, find_problems, tell
from smoney_bot.cli.opening import load_settings, opened
from smoney_bot.cli.show import complain, confirm, refuse

log = get_logger(__name__)


def backup(
    file: Annotated[Path, typer.Argument(help="A new file for the copy.", metavar="FILE")],
) -> None:
    """Copy the book while it is in use; on PostgreSQL, print what makes the copy."""
    settings = load_settings()
    if not settings.database_url.startswith("sqlite"):
        typer.echo(_for_postgresql(settings.database_url, file))
        refuse("Nothing was copied: PostgreSQL has its own tools, see above.")
    with opened(settings) as book, book.reading() as connection:
        try:
            backups.copy(connection, file, book.now(connection))
        except NoBackup as failed:
            refuse(f"No backup: {failed}")
    confirm(f"{file} is a copy of the book. Restored, it pays nothing before `ledger recover`.")


def _for_postgresql(database_url: str, file: Path) -> str:
    # Without the password: libpq takes it from PGPASSWORD or ~/.pgpass.
    url = parse(database_url).set(drivername="postgresql", password=None)
    shown = url.render_as_string().replace("'", r"'\''")
    return (
        "# This database alone:\n"
        f"pg_dump --format=custom --file='{file}' --dbname='{shown}'\n"
        "# The whole server, with its log, to go back to any moment:\n"
        f"pg_basebackup --wal-method=stream --checkpoint=fast --pgdata='{file}' "
        f"--dbname='{shown}'\n"
        "# After a restore, before anything else is started:\n"
        "smoney-bot ledger mark-restored\n"
        "smoney-bot ledger recover --witness FILE"
    )


@app.command(name="mark-restored")
def mark_restored() -> None:
    """Say that this book comes from a backup: it pays nothing before `ledger recover`."""
    with opened(load_settings()) as book:
        book.run(lambda connection: backups.mark_restored(connection, book.now(connection)))
    confirm("This book pays nothing before `smoney-bot ledger recover`.")


@app.command()
def recover(
    *,
    witness_file: WitnessFile = None,
    accept_loss: Annotated[
        bool,
        typer.Option("--accept-loss", help="Pay again although transfers are missing, or may be."),
    ] = False,
) -> None:
    """Check a restored book (sums, seals, witness), and let it pay again.

    Transfers that the witness knows and the book does not are a loss; only
    --accept-loss pays on without them, and nothing pays on with a changed book.
    """
    if witness_file is None and not accept_loss:
        refuse("Say what the book has to agree with: --witness FILE; without any: --accept-loss.")
    settings = load_settings()
    keyring = settings.keyring()
    with opened(settings) as book:
        with book.reading() as connection:
            if backups.must_recover(connection) is None:
                confirm("This book was not restored: there is nothing to recover.")
                return
            now = book.now(connection)
            problems = tell(find_problems(connection, keyring, now, witness_file))
        lost = [one for one in problems if one.rule == NOTHING_CUT_OFF]
        if len(lost) < len(problems):
            refuse("This book was changed: it is not to be used. Restore another backup.")
        if lost and not accept_loss:
            refuse("Restore a newer backup, or say --accept-loss to pay on without them.")
        book.run(backups.recovered)
    log.warning("book.recovered", loss=[one.detail for one in lost], witness=bool(witness_file))
    if lost:
        complain("The old witness tells of lost pages: begin a new file.")
    confirm("This book pays again.")
