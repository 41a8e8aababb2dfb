"""`smoney-bot keys`: the bank's secret keys."""

from __future__ import annotations

import base64
import secrets
from datetime import UTC, datetime

import typer

app = typer.Typer(name="keys", help="The bank's secret keys.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `new` a command of its own, though it is the only one."""


@app.command()
def new() -> None:
    """Print a new secret key; put it first in SMONEY_SECRET_KEYS, before the old ones."""
    typer.echo(make_key())


def make_key() -> str:
    """Return a new key as `id:base64`; its id is today's date and four random signs."""
    key_id = f"{datetime.now(UTC):%Y%m%d}-{secrets.token_hex(2)}"
    return f"{key_id}:{base64.b64encode(secrets.token_bytes(32)).decode()}"
