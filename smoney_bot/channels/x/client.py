"""The way out to X, over tweepy. tweepy has no types: it stays in this module.

Every call is signed with the bot's own OAuth 1 tokens: they do not expire, the
limits per account are wider than those per app, and reading one's own posts is
cheapest that way.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import partial
from itertools import takewhile

import requests
import tweepy

from smoney_bot.bank.errors import TryLater
from smoney_bot.channels import Delivery, Sent, Unknown, Wait
from smoney_bot.channels.x.asking import Call, ask, check_brought, rows, shows
from smoney_bot.channels.x.outcomes import judge_fault, judge_status
from smoney_bot.channels.x.session import READ_SECONDS, BadStatus, Gate, OnCall, Session, Shut
from smoney_bot.channels.x.strict_json import (
    BadBody,
    Json,
    id_at,
    object_at,
    objects_at,
    read_object,
    text_at,
)

_HANDLE = re.compile(r"[A-Za-z0-9_]{1,15}", re.ASCII)  # what X's look-up accepts
_HANDLES_PER_CALL = 100
_ROWS_PER_PAGE = 100

#: How far back a look goes. X shows at most 3,200 posts of an account; of direct
#: messages it answers 15 questions in 15 minutes.
_POST_PAGES = 32
_DIRECT_PAGES = 5

#: How much one catch-up reads at most. X shows the latest 800 mentions, at times in
#: smaller pages than asked for; of 15 questions about direct messages five are left
#: to `find_direct`.
MENTIONS_MAX = 800
_MENTION_PAGES = 2 * MENTIONS_MAX // _ROWS_PER_PAGE
DIRECTS_MAX = 1_000

#: What the reading of a post and of a direct message depends on, in X's spellings.
_POST_FIELDS = (
    ("author_id",),
    ("edit_history_tweet_ids", "edit_history_post_ids"),
    ("entities", "note_tweet", "note_post"),  # a long post may have them in its note alone
    ("display_text_range",),
)
_DIRECT_FIELDS = (("sender_id",), ("dm_conversation_id",), ("created_at",))


class XClient:
    """A `Channel` to X for the bot's account *bot_id*; one for each thread.

    *api_url* is X's address or a stand-in's; *read_seconds* is how long X may
    stay silent; *gate* keeps the pace (None: nobody does). Neither an error nor a
    log line of this module holds a token.
    """

    def __init__(
        self,
        api_url: str,
        *,
        consumer_key: str,
        consumer_secret: str,
        access_token: str,
        access_token_secret: str,
        bearer_token: str,
        bot_id: str,
        read_seconds: float = READ_SECONDS,
        on_call: OnCall = lambda *_: None,
        gate: Gate | None = None,
    ) -> None:
        self._bot_id = bot_id
        self._x = tweepy.Client(
            bearer_token,
            consumer_key,
            consumer_secret,
            access_token,
            access_token_secret,
            return_type=requests.Response,
            wait_on_rate_limit=False,
        )
        self._x.session = Session(api_url, read_seconds=read_seconds, on_call=on_call, gate=gate)

    def post(self, text: str, *, in_reply_to: str) -> Delivery:
        """Post *text* as a public reply to the post *in_reply_to*."""
        call = partial(self._x.create_tweet, text=text, in_reply_to_tweet_id=in_reply_to)
        return _send(call, "id")

    def direct(self, text: str, *, to_x_id: str) -> Delivery:
        """Send *text* by direct message."""
        call = partial(self._x.create_direct_message, participant_id=to_x_id, text=text)
        return _send(call, "dm_event_id")

    def find_post(self, text: str, *, in_reply_to: str) -> str | None:
        """Return the id of our own reply with this *text*, if X shows one.

        The reference in it makes the text unique; which version of an edited
        post X names as its parent does not matter then. X may take a few seconds
        to show what it has accepted. Raises `TryLater`.
        """
        call = partial(
            self._x.get_users_tweets,
            self._bot_id,
            since_id=in_reply_to,  # a reply is younger than what it answers
            max_results=_ROWS_PER_PAGE,
            user_auth=True,
        )
        for post in rows(call, _POST_PAGES):
            if shows(post, text):
                return id_at(post, "id")
        return None

    def find_direct(self, text: str, *, to_x_id: str) -> str | None:
        """Return the id of our own direct message with this *text*, if X shows one.

        Looks at the last 500 of the conversation. Raises `TryLater`, also if X leaves
        out by what we would know our own.
        """
        call = partial(
            self._x.get_direct_message_events,
            participant_id=to_x_id,
            event_types="MessageCreate",
            max_results=_ROWS_PER_PAGE,
            dm_event_fields=["sender_id", "text"],
        )
        others: list[Json] = []
        for direct in rows(call, _DIRECT_PAGES):
            if id_at(direct, "sender_id") == self._bot_id and shows(direct, text):
                return id_at(direct, "id")
            others.append(direct)
        check_brought(others, ("sender_id",), ("text",))
        return None

    def mentions_since(self, post_id: str) -> list[Json]:
        """Return the posts after *post_id* that mention us, newest first.

        Inherited mentions are among them. X shows the latest `MENTIONS_MAX` at
        most. Raises `TryLater`, also if X leaves out what the reading needs.
        """
        fields = [spellings[0] for spellings in _POST_FIELDS]
        call = partial(
            self._x.get_users_mentions,
            self._bot_id,
            since_id=post_id,
            max_results=_ROWS_PER_PAGE,
            tweet_fields=[*fields, "note_tweet", "referenced_tweets"],
            user_auth=True,
        )
        found = list(rows(call, _MENTION_PAGES))
        check_brought(found, *_POST_FIELDS)
        return found

    def directs_since(self, direct_id: str) -> list[Json]:
        """Return the direct messages after *direct_id*, newest first: our own, too.

        The latest `DIRECTS_MAX` at most. Raises `TryLater`, also if X leaves out
        what the reading needs.
        """
        call = partial(
            self._x.get_direct_message_events,
            event_types="MessageCreate",
            max_results=_ROWS_PER_PAGE,
            dm_event_fields=["entities", "text", *(field for (field,) in _DIRECT_FIELDS)],
        )
        newest_first = rows(call, DIRECTS_MAX // _ROWS_PER_PAGE)
        since = int(direct_id)
        found = list(takewhile(lambda one: int(id_at(one, "id") or 0) > since, newest_first))
        check_brought(found, *_DIRECT_FIELDS)
        return found

    def resolve(self, handles: Iterable[str]) -> dict[str, str]:
        """Return the numeric id that each of *handles* belongs to now.

        Keys are the handles as given; those that nobody has, or can have, are
        left out. Raises `TryLater`.
        """
        asked = {handle: handle.lower() for handle in handles if _HANDLE.fullmatch(handle)}
        names = sorted(set(asked.values()))
        found: dict[str, str] = {}
        for first in range(0, len(names), _HANDLES_PER_CALL):
            found |= self._look_up(names[first : first + _HANDLES_PER_CALL])
        return {handle: found[name] for handle, name in asked.items() if name in found}

    def whoami(self) -> tuple[str, str]:
        """Return the X id and the handle of the account that our tokens speak for.

        Raises `TryLater`, also when X refuses the tokens.
        """
        me = object_at(ask(self._x.get_me), "data")
        x_id, handle = id_at(me, "id"), text_at(me, "username")
        if x_id is None or handle is None:
            raise TryLater("X does not say who we are")
        return x_id, handle

    def _look_up(self, names: list[str]) -> dict[str, str]:
        facts = ask(partial(self._x.get_users, usernames=names, user_auth=True))
        people = [(text_at(one, "username"), id_at(one, "id")) for one in objects_at(facts, "data")]
        return {name.lower(): x_id for name, x_id in people if name and x_id}


def _send(call: Call, id_name: str) -> Delivery:
    """Make *call* once, whatever happens, and return what became of the line."""
    try:
        response = call()
    except Shut as shut:
        return Wait(shut.until, str(shut))
    except BadStatus as bad:
        return judge_status(bad)
    except requests.RequestException as fault:
        return judge_fault(fault)
    try:
        remote_id = id_at(object_at(read_object(response.content), "data"), id_name)
    except BadBody:
        remote_id = None
    return Sent(remote_id) if remote_id else Unknown("no id in the answer")
