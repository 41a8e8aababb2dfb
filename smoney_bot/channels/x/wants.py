"""What the bank wants X to tell it."""

from __future__ import annotations

from dataclasses import dataclass

from smoney_bot.channels.x.admin_answers import Subscription

#: What our subscriptions are called at X.
TAG = "smoney-bot"


@dataclass(frozen=True, slots=True)
class Want:
    """Events of one `kind` `about` an account (an X id; None: the app).

    `private`: only that account may ask for it. Without what is not `needed` the
    bank works all the same.
    """

    kind: str
    about: str | None
    private: bool = False
    needed: bool = False

    def fits(self, one: Subscription) -> bool:
        """Whether *one* is to this."""
        return (one.kind, one.about) == (self.kind, self.about)


def wants(bot_id: str) -> tuple[Want, ...]:
    """Return what the bank of the account *bot_id* wants to be told."""
    return (
        Want("post.mention.create", bot_id, private=True, needed=True),
        Want("dm.received", bot_id, private=True, needed=True),
        Want("profile.update.handle", bot_id),
        Want("oauth.revoke", None),
    )
