"""What a script cannot say: time that passes, and an X that does not let a message through."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import update
from stage import Stage

from smoney_bot.bank.desk import PaymentState
from smoney_bot.bank.money import euros
from smoney_bot.book import payments
from smoney_bot.book.tables import payments as table
from smoney_bot.channels.sandbox.faults import Fault
from smoney_bot.cli.demo import Demo, Role


@pytest.fixture
def stage(sqlite_url: str) -> Iterator[Stage]:
    cast = (Role("alice", "Alice", euros(100)), Role("bob", "Bob", euros(0)))
    with Demo(sqlite_url, cast=cast, places=8) as demo:
        yield Stage(demo)


def _let_time_pass(stage: Stage) -> None:
    """Bring the end of what waits to a moment ago."""
    book = stage.demo.book
    with book.writing() as connection:
        past = book.now(connection) - timedelta(seconds=1)
        connection.execute(update(table).values(expires_at=past))


def test_after_fifteen_minutes_a_code_finds_no_order(stage: Stage) -> None:
    stage.play("alice posts: @Smoney #20 @bob")
    _let_time_pass(stage)
    stage.play("alice writes: #code")
    assert "Aucun de vos ordres n’attend" in stage.heard[0]
    with stage.demo.book.reading() as connection:
        assert [one.state for one in payments.listing(connection)] == [PaymentState.EXPIRED]
    stage.play("alice posts: @Smoney #21 @bob")
    stage.play("alice writes: #code")
    stage.play("bob has 21.00")


def test_where_a_private_answer_cannot_arrive_a_public_line_reveals_nothing(
    stage: Stage,
) -> None:
    stage.play("alice writes: privé")
    refusal = {
        "title": "Forbidden",
        "detail": "You do not have permission to DM one or more participants.",
        "type": "about:blank",
        "status": 403,
    }
    stage.demo.faults.script("POST", "/2/dm_conversations", Fault(status=403, body=refusal))
    stage.play("alice posts: @Smoney #20 @bob #code")
    pointer = (
        "Smoney replies: X n’a pas laissé passer ma réponse (réf. REF). "
        "Pour la lire, acceptez mes messages privés et écrivez-moi #aide."
    )
    assert stage.heard == [pointer]
    stage.play("alice has 100.00")
