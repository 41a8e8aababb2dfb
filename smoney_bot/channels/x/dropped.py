"""Why a message was not read any further: one short word for the log, no text.

not_ours    meant for another account
own         written by the bot itself
repost      somebody else's words, shown again
automated   by an account that X labels as automated: such a one never pays
truncated   only the beginning of a longer text arrived
bad_id      an id that is not one of X's
bad_text    a text that cannot be stored as it is (NUL, half a character)
bad_time    no usable time
malformed   a part the reading depends on has another shape
"""

from __future__ import annotations


class Dropped(Exception):
    """This message is left out; `word` says why. The rest of the delivery is read."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


def check_storable(text: str) -> None:
    """Raise `Dropped` if *text* is one that databases refuse: NUL, lone surrogates."""
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise Dropped("bad_text")
