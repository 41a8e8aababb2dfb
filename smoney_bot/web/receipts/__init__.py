"""Yearly receipts of gifts, for the giver's tax: pages to print, one for each giver.

    receipts.py   what a receipt tells: facts
    pages.py      drawing it
    words.py      its sentences, French and English

They follow the French form 11580 (articles 200, 238 bis and 978 of the tax code):
what the service knows is filled in, what it does not know is left blank to be
written by hand. Whether gifts to an association may be deducted is for it to say.
"""
