"""Reading posts: by id, by author, by whom they mention."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from sys import maxsize

from smoney_bot.channels.sandbox import shapes
from smoney_bot.channels.sandbox.calls import Call, Endpoint, Keys, check_id, paged
from smoney_bot.channels.sandbox.limits import Allowance
from smoney_bot.channels.sandbox.posts import Post
from smoney_bot.channels.sandbox.problems import Json, invalid, missing

_IDS_MAX = 100
#: X shows the latest 800 mentions and the latest 3,200 posts of a user.
_MENTIONS_MAX = 800
_OWN_POSTS_MAX = 3_200

_FIELDS = frozenset({"tweet.fields", "user.fields", "expansions"})
_PAGE = _FIELDS | {"since_id", "until_id", "max_results", "pagination_token"}


def lookup(call: Call) -> Json:
    """Read posts by their ids; those that are missing stand in `errors`."""
    ids = call.words("ids")
    if not 1 <= len(ids) <= _IDS_MAX:
        raise invalid(f"The `ids` query parameter must hold 1 to {_IDS_MAX} ids", {"ids": ""})
    for post_id in ids:
        check_id("ids", post_id)
    found = {post_id: visible(call, post_id) for post_id in ids}
    posts = [post for post in found.values() if post is not None]
    answer: Json = {"data": [_facts(call, post) for post in posts]} if posts else {}
    if gone := [missing("tweet", "ids", one) for one, post in found.items() if post is None]:
        answer["errors"] = gone
    return _included(call, posts, answer)


def mentions(call: Call) -> Json:
    """Read who mentioned a user, inherited mentions too, newest first."""
    x_id = call.id("id")
    posts = (
        post
        for post in _newest_first(call)
        if post.repost_of is None
        and post.author_id != x_id
        and any(mention.x_id == x_id for mention in post.mentions)
    )
    return _page(call, list(posts)[:_MENTIONS_MAX])


def by_author(call: Call) -> Json:
    """Read what a user posted, newest first."""
    x_id = call.id("id")
    excluded = call.words("exclude")
    posts = (
        post
        for post in _newest_first(call)
        if post.author_id == x_id
        and not ("retweets" in excluded and post.repost_of)
        and not ("replies" in excluded and post.in_reply_to)
    )
    return _page(call, list(posts)[:_OWN_POSTS_MAX])


def visible(call: Call, post_id: str) -> Post | None:
    """Return the post unless it is gone, or its author protected and somebody else."""
    post = call.world.find(post_id)
    if post is None or post.author_id == call.caller.user_id:
        return post
    return None if call.world.user(post.author_id).protected else post


def _newest_first(call: Call) -> Iterator[Post]:
    """Yield the posts that the caller may see, between `since_id` and `until_id`."""
    since, until = _bound(call, "since_id", 0), _bound(call, "until_id", maxsize)
    posts = sorted(call.world.timeline(maxsize), key=lambda post: int(post.id), reverse=True)
    for post in posts:
        if since < int(post.id) < until and visible(call, post.id) is not None:
            yield post


def _bound(call: Call, name: str, default: int) -> int:
    if name not in call.query:
        return default
    check_id(name, call.query[name])
    return int(call.query[name])


def _page(call: Call, posts: list[Post]) -> Json:
    size = call.number("max_results", 5, 100, default=10)
    answer = paged(call, (_facts(call, post) for post in posts), size)
    shown = {facts["id"] for facts in answer.get("data", ())}
    return _included(call, [post for post in posts if post.id in shown], answer)


def _facts(call: Call, post: Post) -> Json:
    facts = shapes.post(call.world, post)
    return shapes.chosen(facts, shapes.POST_DEFAULTS, call.words("tweet.fields"))


def _included(call: Call, posts: Iterable[Post], answer: Json) -> Json:
    """Add the users that `expansions` asks for."""
    ids: dict[str, None] = {}
    for post in posts:
        if "author_id" in call.words("expansions"):
            ids[post.author_id] = None
        if "entities.mentions.username" in call.words("expansions"):
            ids |= {mention.x_id: None for mention in post.mentions}
    if not ids:
        return answer
    people = (shapes.user(call.world.user(x_id)) for x_id in ids)
    asked = call.words("user.fields")
    users = [shapes.chosen(one, shapes.USER_DEFAULTS, asked) for one in people]
    return {**answer, "includes": {"users": users}}


ENDPOINTS = (
    Endpoint(
        "GET",
        "/2/tweets",
        Keys.EITHER,
        Allowance(user=5_000, app=3_500),
        lookup,
        _FIELDS | {"ids"},
    ),
    Endpoint(
        "GET",
        "/2/users/{id}/mentions",
        Keys.EITHER,
        Allowance(user=300, app=450),
        mentions,
        _PAGE,
    ),
    Endpoint(
        "GET",
        "/2/users/{id}/tweets",
        Keys.EITHER,
        Allowance(user=900, app=10_000),
        by_author,
        _PAGE | {"exclude"},
    ),
)
