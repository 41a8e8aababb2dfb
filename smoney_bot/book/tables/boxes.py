"""Between the bank and the outside: inbox, outbox, and how far X was read."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, Integer, Text, UniqueConstraint, text

from smoney_bot.book.columns import BigId, Choice, Flag, Moment
from smoney_bot.book.states import MessageState, ReplyState
from smoney_bot.book.tables.base import one_of, table

_received = text("state = 'received'")
_undecided = text("decided_at IS NULL")
_claimed = text("state = 'claimed'")
_readable = text("payload IS NOT NULL AND decided_at IS NOT NULL")
_set_aside = text("state = 'set_aside'")

inbox = table(
    "inbox",
    Column("id", BigId, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("author_id", Text, nullable=False),
    Column("public", Flag, nullable=False),
    Column("written_at", Moment, nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("payload", Text),  # `Message.to_json`; its tags go when the message is decided
    Column("state", Choice(MessageState), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("errors", Integer, nullable=False),
    Column("crashes", Integer, nullable=False),
    Column("counted", Flag, nullable=False),  # its codes, as attempts of their author
    Column("lease_until", Moment),
    Column("fence", BigId, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("reason", Text, nullable=False),
    Column("decided_at", Moment),
    one_of("state", MessageState),
    CheckConstraint("(state = 'claimed') = (lease_until IS NOT NULL)", name="claimed_has_lease"),
    CheckConstraint(
        "(state IN ('received', 'claimed')) = (decided_at IS NULL)", name="decided_has_moment"
    ),
    Index(
        "uq_inbox_one_claimed_per_author",
        "author_id",
        unique=True,
        sqlite_where=_claimed,
        postgresql_where=_claimed,
    ),
    Index("ix_inbox_claim", "written_at", "id", sqlite_where=_received, postgresql_where=_received),
    Index(
        "ix_inbox_undecided",
        "author_id",
        "written_at",
        "id",
        sqlite_where=_undecided,
        postgresql_where=_undecided,
    ),
    # Looked at by every health check, while the inbox grows for ever.
    Index("ix_inbox_set_aside", "id", sqlite_where=_set_aside, postgresql_where=_set_aside),
    # Decided, and still readable: what `purges` looks for.
    Index("ix_inbox_purge", "decided_at", sqlite_where=_readable, postgresql_where=_readable),
    never_reuse_ids=True,  # payment references are made from these ids
)

_unfinished = text("state IN ('pending', 'sending', 'unknown')")
_to_post = text("state IN ('pending', 'sending', 'unknown') AND in_reply_to IS NOT NULL")
_to_write = text("state IN ('pending', 'sending', 'unknown') AND in_reply_to IS NULL")
_gave_up = text("state = 'gave_up'")

outbox = table(
    "outbox",
    Column("id", BigId, primary_key=True),
    Column("message_key", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("to_x_id", Text, nullable=False),
    Column("in_reply_to", Text),  # NULL: by direct message
    Column("text", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("state", Choice(ReplyState), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("lease_until", Moment),
    Column("fence", BigId, nullable=False),
    Column("remote_id", Text),
    Column("error", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("sent_at", Moment),
    Column("priority", Integer, nullable=False, server_default=text("1")),  # `bank.desk.Priority`
    UniqueConstraint("message_key", "kind"),
    one_of("state", ReplyState),
    CheckConstraint("(state = 'sending') = (lease_until IS NOT NULL)", name="sending_has_lease"),
    CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent_has_moment"),
    CheckConstraint("(state = 'sent') = (remote_id IS NOT NULL)", name="sent_has_remote_id"),
    Index("ix_outbox_claim", "id", sqlite_where=_unfinished, postgresql_where=_unfinished),
    # One for each way out: a closed one must not hold up the claims of the other.
    Index("ix_outbox_posts", "priority", "id", sqlite_where=_to_post, postgresql_where=_to_post),
    Index(
        "ix_outbox_directs", "priority", "id", sqlite_where=_to_write, postgresql_where=_to_write
    ),
    Index("ix_outbox_gave_up", "created_at", sqlite_where=_gave_up, postgresql_where=_gave_up),
)

#: How far each way of catching up with X has read.
cursors = table(
    "cursors",
    Column("name", Text, primary_key=True),
    Column("position", Text, nullable=False),
    Column("moved_at", Moment, nullable=False),
)

#: Posts that X says are gone: not carried out any more, and their text goes within a day.
deletions = table(
    "deletions",
    Column("post_id", Text, primary_key=True),
    Column("heard_at", Moment, nullable=False),
    Column("purged_at", Moment),
    Index(
        "ix_deletions_heard_at",
        "heard_at",
        sqlite_where=text("purged_at IS NULL"),
        postgresql_where=text("purged_at IS NULL"),
    ),
)
