"""The ways in which people show a code: in order, nearly in order, and out of it.

In the texts `{code}` stands for the eight digits, `{first}` and `{rest}` for its
parts, `{wide}`, `{arabic}`, `{keys}` and `{hidden}` for other spellings.
One shape is left out, because nobody can tell it from a name: `@bob07482193` in
the place of the payee is the handle of somebody who may exist.
"""

from __future__ import annotations

from collections.abc import Callable

from x_bodies import Event, Pen, Person

#: The code is read as one: it is right, so it is used up and locks nobody out.
CLEAN = (
    "@Smoney #1 @entraide #{code}",
    "@Smoney #1 @entraide #{code} merci pour tout, le 14/07",
    "@Smoney #1 @entraide merci #{code}",
    "@Smoney #1 @entraide#{code}",
    "@Smoney #envoyer 1€ @entraide #{code}",
    "@Smoney #900 @entraide #{code}",
    "@Smoney #1 @nobody #{code}",
    "@Smoney #1 @entraide #noel #{code}",
    "@Smoney #1,5 @entraide #{code}",
    "@Smoney #{code} @entraide #1",
    "@Smoney #{code} #1 @entraide",
    "@Smoney #1 @entraide {code}",
    "@Smoney 1 @entraide {code}",
    "@Smoney #solde #{code}",
    "@Smoney #public #{code}",
    "@Smoney mon code est {code}",
    "@Smoney #1 @entraide «{code}»",
    '@Smoney #1 @entraide "{code}"',
    "{code} @Smoney #1 @entraide",
)

#: The digits are there, but no code that can be judged: failures, then a lock.
NEAR = (
    "@Smoney #1 @entraide #{first} {rest}",
    "@Smoney #1 @entraide #{first}-{rest}",
    "@Smoney #1 @entraide #{hidden}",
    "@Smoney #1 @entraide #{wide}",
    "@Smoney #1 @entraide {hash}{code}",
    "@Smoney #1 @entraide #{arabic}",
    "@Smoney #1 @entraide #{keys}",
    "@Smoney #1 @entraide merci{code}",
    "@Smoney #1 @entraide #merci{code}",
    "@Smoney #1 @entraide @{code}",
    "@Smoney #1 @entraide {code}x",
    "@Smoney #1 @entraide #{code} #{code}",
    "@Smoney #1 @entraide #{code}\u200f",
    "@Smoney\n#1\n@entraide\n#{first}\n{rest}",
    "@Smoney #1 @entraide #{code} " + "x" * 4100,
    "@Smoney #1 @entraide " + "merci " * 700 + "{first}.{rest}",
)


def spell(text: str, code: str) -> str:
    """Return *text* with the code in it."""
    return text.format(
        code=code,
        first=code[:4],
        rest=code[4:],
        wide="".join(chr(0xFF10 + int(one)) for one in code),
        arabic="".join(chr(0x0660 + int(one)) for one in code),
        hash="\uff03",
        keys="".join(f"{one}\ufe0f\u20e3" for one in code),
        hidden=f"{code[:3]}\u200b{code[3:]}",
    )


def _edited(pen: Pen, author: Person, text: str) -> Event:
    return pen.post(author, text, chain=[pen.next_id()])


def _long(pen: Pen, author: Person, text: str) -> Event:
    return pen.post(author, text[:60], note_tweet={"text": text})


def _beside(pen: Pen, author: Person, text: str) -> Event:
    """Somebody quotes a post that shows a code; X delivers that one beside the quote."""
    event = pen.quote(author, "@Smoney regardez ça")
    return event | {"includes": {"tweets": [{"id": "1", "text": text}]}, "comment": text}


#: How the words reach the bot.
WAYS: tuple[Callable[[Pen, Person, str], Event], ...] = (
    Pen.post,
    Pen.direct,
    Pen.quote,
    _edited,
    _long,
    _beside,
)
