"""What our app has X tell it: webhooks, subscriptions to events, and replays.

tweepy offers none of these calls, so its plain `request` makes them: the same
session, keys and signatures as all the others. Webhooks and lists belong to the
app (its bearer token); what is private to the bot is asked with the bot's own
OAuth 1 tokens and, where X takes none, with an OAuth 2 token of the bot.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import requests
import tweepy

from smoney_bot.channels.x import admin_answers as read
from smoney_bot.channels.x.admin_answers import Account, Subscription, Webhook
from smoney_bot.channels.x.asking import NoAnswer
from smoney_bot.channels.x.refusals import XRefuses
from smoney_bot.channels.x.session import READ_SECONDS, OnCall, Session
from smoney_bot.channels.x.strict_json import Json, object_at, objects_at, text_at

_WEBHOOKS = "/2/webhooks"
_SUBSCRIPTIONS = "/2/activity/subscriptions"

#: Subscriptions per page and pages: X lets an app that pays per use have 1,500.
_PAGE_SIZE = 100
_PAGES = 15

#: How X answers a kind of token that it does not take for a call.
_WRONG_TOKENS = (requests.codes.unauthorized, requests.codes.forbidden)


class XAdmin:
    """Our app's side of X, for the bot's account *bot_id*; one for each thread.

    Every call raises `XRefuses`, or `TryLater` while X does not answer.
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
        user_token: str | None = None,
        bot_id: str,
        read_seconds: float = READ_SECONDS,
        on_call: OnCall = lambda *_: None,
    ) -> None:
        self.bot_id = bot_id
        session = Session(api_url, read_seconds=read_seconds, on_call=on_call)
        self._x = tweepy.Client(
            bearer_token, consumer_key, consumer_secret, access_token, access_token_secret
        )
        self._x.session = session
        # tweepy sends an OAuth 2 token of a user as it sends the app's.
        self._as_user = tweepy.Client(user_token) if user_token else None
        if self._as_user is not None:
            self._as_user.session = session

    # Webhooks ------------------------------------------------------------------

    def webhooks(self) -> list[Webhook]:
        """Return the app's webhooks."""
        facts = self._ask("GET", _WEBHOOKS)
        return [hook for one in objects_at(facts, "data") if (hook := read.webhook(one))]

    def create_webhook(self, url: str) -> Webhook | None:
        """Register *url*, which has to answer X's challenge meanwhile.

        None if X's answer does not say what it has made: the list will.
        """
        facts = self._ask("POST", _WEBHOOKS, {"url": url})
        made = (read.webhook(one) for one in read.things(facts, "webhook"))
        return next((hook for hook in made if hook), None)

    def check_webhook(self, webhook_id: str) -> None:
        """Have X challenge a webhook again; whether it passed, the list says."""
        self._ask("PUT", f"{_WEBHOOKS}/{webhook_id}")

    def delete_webhook(self, webhook_id: str) -> None:
        """Delete a webhook; harmless if it is gone already."""
        self._delete(f"{_WEBHOOKS}/{webhook_id}")

    def replay(self, webhook_id: str, since: str, until: str) -> str | None:
        """Have X bring again what it tried to bring; return the job's id.

        *since* and *until* are minutes of UTC, `yyyymmddhhmm`.
        """
        asked = {"webhook_id": webhook_id, "from_date": since, "to_date": until}
        facts = self._ask("POST", f"{_WEBHOOKS}/replay", asked)
        return text_at(object_at(facts, "data"), "job_id")

    # Subscriptions -------------------------------------------------------------

    def subscriptions(self) -> list[Subscription]:
        """Return the app's subscriptions."""
        return list(self._pages())

    def subscribe(
        self, kind: str, *, about: str | None, private: bool, webhook_id: str, tag: str
    ) -> Subscription | None:
        """Have events of one *kind* *about* an account brought to a webhook.

        What is *private* only that account may ask for. None if X's answer does
        not say what it has made: the list will.
        """
        asked = {
            "event_type": kind,
            "filter": {} if about is None else {"user_id": about},
            "tag": tag,
            "webhook_id": webhook_id,
        }
        facts = self._ask_privately(asked) if private else self._ask("POST", _SUBSCRIPTIONS, asked)
        made = (read.subscription(one) for one in read.things(facts, "subscription"))
        return next((found for found in made if found), None)

    def repoint(self, subscription_id: str, *, webhook_id: str, tag: str) -> None:
        """Let a subscription lead to another webhook, under our *tag*."""
        change = {"webhook_id": webhook_id, "tag": tag}
        self._ask("PUT", f"{_SUBSCRIPTIONS}/{subscription_id}", change)

    def unsubscribe(self, subscription_id: str) -> None:
        """End a subscription; harmless if it has ended already."""
        self._delete(f"{_SUBSCRIPTIONS}/{subscription_id}")

    # The account ---------------------------------------------------------------

    def account(self) -> Account:
        """Return the account that the bot's tokens speak for."""
        fields = {"user.fields": "affiliation,description"}
        call = partial(self._x.request, "GET", "/2/users/me", params=fields, user_auth=True)
        found = read.account(read.answer(call))
        if found is None:
            raise NoAnswer("it does not tell who we are")
        return found

    def _pages(self) -> Iterator[Subscription]:
        token: str | None = None
        for _ in range(_PAGES):
            # requests leaves a parameter out that is None.
            page = {"max_results": _PAGE_SIZE, "pagination_token": token}
            facts = self._ask("GET", _SUBSCRIPTIONS, parameters=page)
            listed = (read.subscription(one) for one in objects_at(facts, "data"))
            yield from (found for found in listed if found)
            token = text_at(object_at(facts, "meta"), "next_token")
            if token is None:
                return

    def _ask_privately(self, asked: Json) -> Json:
        """Subscribe as the bot itself: with OAuth 1, and with OAuth 2 where X wants that."""
        call = partial(self._x.request, "POST", _SUBSCRIPTIONS, json=asked, user_auth=True)
        try:
            return read.facts_of(read.answer(call))
        except XRefuses as refusal:
            if self._as_user is None or refusal.status not in _WRONG_TOKENS:
                raise
        call = partial(self._as_user.request, "POST", _SUBSCRIPTIONS, json=asked)
        return read.facts_of(read.answer(call))

    def _ask(
        self, method: str, path: str, body: Json | None = None, parameters: Json | None = None
    ) -> Json:
        call = partial(self._x.request, method, path, params=parameters, json=body)
        return read.facts_of(read.answer(call))

    def _delete(self, path: str) -> None:
        try:
            self._ask("DELETE", path)
        except XRefuses as refusal:
            if refusal.status != requests.codes.not_found:
                raise
