"""The public page of a collection: /c/{tag}, for everybody, to be shared.

    routes.py   the address, and what stands in front of it
    view.py     what the book holds of a collection, at one moment
    pages.py    drawing the page
    words.py    the page's own sentences, French and English; with stops

It shows sums, and names only of those who agreed (`#show my name`). No scripts, no
cookies, no forms, nothing from elsewhere.
"""

from smoney_bot.web.collections.routes import create_collections

__all__ = ["create_collections"]
