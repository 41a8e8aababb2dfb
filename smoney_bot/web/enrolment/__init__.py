"""The enrolment page: a customer opens the link and leaves with a PIN, an app and a card.

    routes.py    the addresses
    porter.py    who comes without a link: a living code gets a fresh one
    admission.py a word and a living code, judged; the page of statements asks it too
    clerk.py     what each step does to the book
    choices.py   what a customer may type: a PIN twice, codes as people write them
    staging.py   what is chosen and not yet confirmed; the first code is judged here
    pages.py     drawing the pages, the QR among them
    words.py     the page's own sentences, French and English; with stops
    shield.py    security headers, no forms from other sites, not too many requests

Looking changes nothing: only the forms do. What they bring is hashed before
it is kept, and nothing counts until a first code has shown that the customer
holds the card. No scripts, no cookies, nothing from elsewhere.
"""

from smoney_bot.web.enrolment.routes import create_enrolment

__all__ = ["create_enrolment"]
