"""The last look at a reply, right before it leaves: it may not be wanted any more.

The teller has asked the same when the reply was written; since then its reader may
have said stop. X's rule: a direct message only to people who wrote one first.
"""

from __future__ import annotations

from sqlalchemy import Connection

from smoney_bot.bank.desk import Reply
from smoney_bot.bank.messages import post_of
from smoney_bot.book import customers, outbox
from smoney_bot.channels import Parked, Rejected


def bar(connection: Connection, reply: Reply) -> Rejected | Parked | None:
    """Return why *reply* must not leave any more, or None."""
    if why := outbox.objection(reply):
        return Parked(f"unfit: {why}")
    reader = customers.by_x_ids(connection, [reply.to_x_id]).get(reply.to_x_id)
    if reader is not None and reader.silent and reply.kind != "farewell":
        return Rejected("said stop")
    if reply.public:
        return None
    # Whoever is answered by direct message because of one wrote it.
    wrote = reader.wrote_first if reader is not None else post_of(reply.message_key) is None
    return None if wrote else Rejected("did not write first")
