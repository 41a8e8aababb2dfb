"""The rules of the bank. Pure: no SQL, no HTTP, no clock, no environment.

    money.py       whole cents
    customers.py   who the bank knows
    messages.py    what arrives, in clear and as it is kept
    orders/        text -> order: the grammar
    redaction.py   codes become stars and tags, before anything is written
    keys.py        the secret keys, one for each purpose
    codes.py       cards, authenticators, PINs: one check for all; with authenticators, pins
    policy.py      limits
    teller.py      desk + message -> decision; with case, paying, answering
    holding.py     money for somebody without an account; with holds, holding_words
    asking.py      asks between customers, shared bills; with asks, asking_words
    reception.py   requests for people; with branch, branch_words, opening_hours
    desk.py        what lies before the teller, and what a decision holds
    answers.py, errors.py   what there is to say: done, or refused
    replies.py     the words for it; with refusals, languages, weights
    collections.py what associations gather; with collection_words
    operators.py   roles, passwords and locks of the console
    refunding.py   payments that operators undo; with refunds, refund_words
    references.py  payment references with check digits

Values go in and out; whoever calls them reads the database and the network.
"""
