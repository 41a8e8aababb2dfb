"""The page of statements: what moved on an account, month by month, for its customer alone.

    routes.py   the addresses
    porter.py   who gets in, by a word and a living code, for 15 minutes
    pages.py    drawing the pages
    sheet.py    a month as CSV, for spreadsheets
    words.py    the page's own sentences, French and English
    stops.py    what is said when it goes no further

No scripts, nothing from elsewhere; the browser holds one cookie, for this page alone.
"""

from smoney_bot.web.statements.routes import create_statements

__all__ = ["create_statements"]
