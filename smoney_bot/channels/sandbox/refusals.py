"""What the local X refuses to its users; each sentence is what X itself says."""

from __future__ import annotations


class WorldRefuses(Exception):
    """X does not do what a user asked; `str()` says why, for the user to read."""

    why = "You are not permitted to perform this action."

    def __init__(self, why: str | None = None) -> None:
        super().__init__(why or self.why)


class TooLong(WorldRefuses):
    """The text weighs more than a post or a direct message may."""

    why = "Your text is too long."


class Empty(WorldRefuses):
    """There is nothing but blanks in the text."""

    why = "Your text is empty."


class DuplicateContent(WorldRefuses):
    """The same author said exactly this a short while ago."""

    why = "You are not allowed to create a Tweet with duplicate content."


class NotThere(WorldRefuses):
    """No such user or post, or it is deleted."""

    why = "You attempted to reply to a Tweet that is deleted or not visible to you."


class NotEditable(WorldRefuses):
    """A repost, or a post edited too often or too late."""

    why = "This post can no longer be edited."


class BadHandle(WorldRefuses):
    """A handle is 1 to 15 letters, digits or underscores, and belongs to one user."""

    why = "This handle is not free, or not a handle."
