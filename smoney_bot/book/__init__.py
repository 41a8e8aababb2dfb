"""The records: tables, transactions, one noun per file.

    engine.py      `Book`: the database behind one URL; with sqlite and faults
    tables/        every table and named constraint; with columns and states
    migrations.py  the schema's versions
    inbox.py       messages that arrived: kept once, served once
    outbox.py      replies on their way
    customers.py   who has an account
    ledger.py      transfers and balances; with audit
    seals.py       pages of the book, closed by a keyed chain; with pages and witness
    backups.py     safe copies, and what a restored one must do first
    payments.py    orders to pay and what became of them; with stories
    codes.py       codes on file: cards, pins, authenticators; with guards and key_use
    cursors.py     how far catching up with X has read
    deletions.py   posts that are gone
    invitations.py links to the enrolment page

Every function takes the caller's connection: transactions belong to callers.
"""
