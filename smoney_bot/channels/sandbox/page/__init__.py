"""The local X as a newcomer sees it: a page where one is any of several invented customers.

    view.py       what the page asks of the bank (a Protocol) and gets
    scene.py      what one customer sees at one moment: cast, threads, messages
    tokens.py     the signs of an order within a text: @who, #amount, #code
    examples.py   orders to try, with the customer's next code in them
    words.py      the page's own sentences, French and English
    routes.py     the addresses; who may post from where
    shield.py     security headers, and no posting from other sites

The page is drawn on the server and works without scripts; `static/page.js`
only draws it again when something has changed.
"""

from smoney_bot.channels.sandbox.page.routes import create_page
from smoney_bot.channels.sandbox.page.view import (
    BankView,
    CardCode,
    PersonView,
    Place,
    Step,
    StepName,
    StepState,
    Way,
)

__all__ = [
    "BankView",
    "CardCode",
    "PersonView",
    "Place",
    "Step",
    "StepName",
    "StepState",
    "Way",
    "create_page",
]
