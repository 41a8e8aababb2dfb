"""The console: what operators see and do, in a browser, signed in.

    routes.py    the addresses; which deed each one is
    gate.py      who may come in: sessions, roles, forms of our own pages only
    porter.py    signing in: name, password, authenticator; not too often
    views.py     what each page shows, read from the book; with payments, desk
    deeds.py     what each form does to the book
    pages.py     drawing the pages; with charts, formats
    words.py     the pages' sentences in French; English stands in the templates
    codes.py     the program's own words, in French

Looking changes nothing but the record of who looked. Each deed and its line in that
record are one transaction. No scripts, nothing from elsewhere; one cookie.
"""

from smoney_bot.web.console.routes import create_console

__all__ = ["create_console"]
