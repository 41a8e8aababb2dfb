"""Orders: what a message asks the bank to do, read from its words.

    kinds.py        the orders, as plain facts
    address.py      where in a message the bank is spoken to
    grammar.py      what an order looks like: ASCII, bounded, matched whole
    words.py        the free words around it: before the bot's name, and the note
    asking.py       orders about asks
    naming.py       orders about a giver's name
    consulting.py   orders that want people
    digits.py       what could be a code, and the stars that hide it
    correction.py   the line to paste when the grammar was missed
    reading.py      all together: `read`

Nothing is ever normalised into an order: a sign outside the grammar refuses it.
A code may stand in clear or as stars; either way the order read is the same.
"""

from smoney_bot.bank.orders.kinds import (
    Ask,
    AskBalance,
    AskHelp,
    AskHistory,
    AskReceipt,
    AskStatement,
    Block,
    Bot,
    Cancel,
    Consult,
    DeclineAsk,
    Freeze,
    GiveCode,
    GoPrivate,
    GoPublic,
    NotAnOrder,
    NotUnderstood,
    Order,
    Pay,
    PayAsk,
    Payee,
    Renew,
    Resume,
    Share,
    ShowName,
    Speak,
    Stop,
    Unblock,
    named_in,
)
from smoney_bot.bank.orders.reading import read

__all__ = [
    "Ask",
    "AskBalance",
    "AskHelp",
    "AskHistory",
    "AskReceipt",
    "AskStatement",
    "Block",
    "Bot",
    "Cancel",
    "Consult",
    "DeclineAsk",
    "Freeze",
    "GiveCode",
    "GoPrivate",
    "GoPublic",
    "NotAnOrder",
    "NotUnderstood",
    "Order",
    "Pay",
    "PayAsk",
    "Payee",
    "Renew",
    "Resume",
    "Share",
    "ShowName",
    "Speak",
    "Stop",
    "Unblock",
    "named_in",
    "read",
]
