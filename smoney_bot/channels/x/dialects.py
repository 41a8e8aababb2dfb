"""X's two dialects for a post: v2 (X Activity API) and v1.1 (Account Activity).

Each is read by itself: a key of one never fills a gap in the other. Where X has
two spellings of a key within a dialect (`tweet` became `post` in August 2026),
both are read. A part on which safety depends (ids, versions, what is quoted or
reposted, what is displayed) drops the message when its shape is another.
"""

from __future__ import annotations

from smoney_bot.channels.x.dropped import Dropped
from smoney_bot.channels.x.mentions import marked
from smoney_bot.channels.x.people import People
from smoney_bot.channels.x.posts import Post, Words
from smoney_bot.channels.x.strict_json import Json, id_at, object_at, span, text_at


def from_v2(post: Json, people: People, *, quote: bool) -> Post:
    """Read a post of the X Activity API; *quote* if it was announced as one."""
    author_id = _id(post, "author_id")
    references = _references(post)
    return Post(
        post_id=_id(post, "id"),
        author_id=author_id,
        author=people.get(author_id, {}),
        chain=_ids(_present(post, "edit_history_tweet_ids", "edit_history_post_ids")),
        repost="retweeted" in references,
        quote=quote or "quoted" in references,
        words=_words_v2(post),
    )


def from_v1(post: Json) -> Post:
    """Read a post of the Account Activity API."""
    author = object_at(post, "user")
    quotes = ("is_quote_status", "quoted_status", "quoted_status_id_str", "quoted_status_id")
    return Post(
        post_id=_id(post, "id_str"),
        author_id=_id(author, "id_str"),
        author=author,
        chain=_chain_v1(_present(post, "edit_history")),
        repost=_present(post, "retweeted_status") is not None,
        quote=any(post.get(name) not in (None, False) for name in quotes),
        words=_words_v1(post),
    )


# Ids and versions --------------------------------------------------------------


def _id(facts: Json, name: str) -> str:
    found = id_at(facts, name)
    if found is None:
        raise Dropped("bad_id")
    return found


def _ids(found: object) -> tuple[str, ...]:
    if found is None:
        return ()
    if not isinstance(found, list):
        raise Dropped("bad_id")
    return tuple(_id({"id": one}, "id") for one in found)


def _chain_v1(history: object) -> tuple[str, ...]:
    if history is None:
        return ()
    if not isinstance(history, dict):
        raise Dropped("bad_id")
    first = _id(history, "initial_tweet_id")
    versions = _ids(history.get("edit_tweet_ids"))
    return versions if versions[:1] == (first,) else (first, *versions)


def _references(post: Json) -> set[str]:
    """Return in which ways *post* refers to others: replied_to, quoted, retweeted."""
    found = _present(post, "referenced_tweets", "referenced_posts")
    if found is None:
        return set()
    if not isinstance(found, list):
        raise Dropped("malformed")
    ways = [text_at(one, "type") if isinstance(one, dict) else None for one in found]
    if None in ways:
        raise Dropped("malformed")
    return {way for way in ways if way is not None}


def _present(facts: Json, *names: str) -> object:
    """Return the first value under *names* that is not null, of whatever type."""
    return next((facts[name] for name in names if facts.get(name) is not None), None)


# Words -------------------------------------------------------------------------


def _words_v2(post: Json) -> Words:
    text = _text(post, "text", lacking="malformed")
    shown = _shown(text, post.get("display_text_range"))
    entities = object_at(post, "entities")
    long = _present(post, "note_tweet", "note_post")
    if long is None:
        return Words(text, shown, marked(entities))
    full = long if isinstance(long, dict) else {}
    return _long_words(text, shown, full, "text", object_at(full, "entities") or entities)


def _words_v1(post: Json) -> Words:
    text = _text(post, "text", "full_text", lacking="malformed")
    shown = _shown(text, post.get("display_text_range"))
    full = object_at(post, "extended_tweet")
    if any(post.get(name) not in (None, False) for name in ("extended_tweet", "truncated")):
        return _long_words(text, shown, full, "full_text", object_at(full, "entities"))
    return Words(text, shown, marked(object_at(post, "entities")))


def _long_words(text: str, shown: tuple[int, int], full: Json, name: str, entities: Json) -> Words:
    """Return the words of a long post, of which *text* is the beginning only."""
    whole = _text(full, name, lacking="truncated")
    if full.get("display_text_range") is not None:
        return Words(whole, _shown(whole, full["display_text_range"]), marked(entities))
    # Only the beginning was measured. What it hides there (the names that a
    # reply inherits) is hidden here too; where it ends says nothing.
    start = shown[0]
    hidden = start if whole[:start] == text[:start] else 0
    return Words(whole, (hidden, len(whole)), marked(entities))


def _text(facts: Json, *names: str, lacking: str) -> str:
    found = text_at(facts, *names)
    if found is None:
        raise Dropped(lacking)
    return found


def _shown(text: str, found: object) -> tuple[int, int]:
    """Return the displayed part of *text*, clamped to it; all of it if X says nothing."""
    if found is None:
        return (0, len(text))
    measured = span(found)
    if measured is None:
        raise Dropped("malformed")
    start = min(max(measured[0], 0), len(text))
    return (start, min(max(measured[1], start), len(text)))
