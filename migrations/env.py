"""Alembic's entry: runs the versions inside the transaction it is handed.

The service calls it through `smoney_bot.book.migrations`. A developer who writes
a new version calls alembic itself, with `-x url=sqlite:///scratch.db`.
"""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from smoney_bot.book.engines import open_engine
from smoney_bot.book.tables import metadata


def _run(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=metadata, transactional_ddl=True)
    with context.begin_transaction():
        context.run_migrations()


handed = context.config.attributes.get("connection")
if handed is not None:
    _run(handed)
else:
    engine = open_engine(context.get_x_argument(as_dictionary=True)["url"])
    with engine.begin() as own:
        _run(own)
    engine.dispose()
