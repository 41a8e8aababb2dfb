"""Direct messages: sending to who wrote first, and reading one's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from smoney_bot.channels.sandbox import shapes
from smoney_bot.channels.sandbox.calls import Call, Endpoint, Keys, check_body, check_id, paged
from smoney_bot.channels.sandbox.limits import Allowance
from smoney_bot.channels.sandbox.posts import Direct
from smoney_bot.channels.sandbox.problems import DM_NOT_ALLOWED, Json, forbidden, invalid, not_found
from smoney_bot.channels.sandbox.refusals import Empty, TooLong

_PAGE = frozenset(
    {
        "dm_event.fields",
        "event_types",
        "expansions",
        "max_results",
        "pagination_token",
        "tweet.fields",
        "user.fields",
    }
)
_SENDING = Allowance(user=15, user_day=1_440, app_day=1_440)
_READING = Allowance(user=15)


def send(call: Call) -> Json:
    """Send a direct message to one person."""
    return _send(call, call.id("participant_id"))


def send_in_conversation(call: Call) -> Json:
    """Send a direct message into a conversation of two."""
    return _send(call, _other_party(call))


def read_all(call: Call) -> Json:
    """Read all direct messages of the caller, newest first."""
    return _page(call, call.world.directs(call.user_id))


def read_with(call: Call) -> Json:
    """Read the direct messages between the caller and one person, newest first."""
    return _page(call, call.world.conversation(call.user_id, call.id("participant_id")))


def read_conversation(call: Call) -> Json:
    """Read the direct messages of a conversation of two, newest first."""
    return _page(call, call.world.conversation(call.user_id, _other_party(call)))


def _send(call: Call, recipient_id: str) -> Json:
    check_body(call.body, {"text": str})
    written = call.world.conversation(call.user_id, recipient_id)
    if not any(direct.sender_id == recipient_id for direct in written):
        raise forbidden(DM_NOT_ALLOWED)
    try:
        direct = call.world.send_direct(call.user_id, recipient_id, call.body.get("text", ""))
    except (Empty, TooLong) as refusal:
        raise invalid(f"$.text: {refusal}") from None
    conversation = shapes.conversation_id(call.user_id, recipient_id)
    return {"data": {"dm_conversation_id": conversation, "dm_event_id": direct.id}}


def _other_party(call: Call) -> str:
    parties = call.path["conversation_id"].split("-")
    for x_id in parties:
        check_id("dm_conversation_id", x_id)
    others = [x_id for x_id in parties if x_id != call.user_id]
    if len(others) != 1:
        raise not_found()
    return others[0]


def _page(call: Call, directs: Iterable[Direct]) -> Json:
    newest_first = sorted(directs, key=lambda direct: int(direct.id), reverse=True)
    if call.words("event_types") not in ([], ["MessageCreate"]):
        newest_first = []  # joining and leaving happen in groups only, which are not here
    asked = call.words("dm_event.fields")
    facts = (
        shapes.chosen(shapes.direct(one), shapes.DIRECT_DEFAULTS, asked) for one in newest_first
    )
    answer = paged(call, facts, call.number("max_results", 1, 100, default=100))
    for name in ("newest_id", "oldest_id"):
        answer["meta"].pop(name, None)  # X gives these for posts only
    return answer


_WITH = "/2/dm_conversations/with/{participant_id}"
_IN = "/2/dm_conversations/{conversation_id}"


def _sending(path: str, run: Callable[[Call], Json]) -> Endpoint:
    return Endpoint("POST", path, Keys.USER, _SENDING, run, status=201, counted_as="DM sent")


def _reading(path: str, run: Callable[[Call], Json]) -> Endpoint:
    return Endpoint("GET", path, Keys.USER, _READING, run, _PAGE, counted_as="DM read")


ENDPOINTS = (
    _sending(f"{_WITH}/messages", send),
    _sending(f"{_IN}/messages", send_in_conversation),
    _reading("/2/dm_events", read_all),
    _reading(f"{_WITH}/dm_events", read_with),
    _reading(f"{_IN}/dm_events", read_conversation),
)
