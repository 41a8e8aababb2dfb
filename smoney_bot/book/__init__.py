"""The records: tables, transactions, one noun per file.

    engine.py      `Book`: the database behind one URL; with sqlite and faults
    tables/        every table and named constraint; with columns and states
    migrations.py  the schema's versions
    inbox.py       messages that arrived: kept once, served once
    outbox.py      replies on their way; with dispatch
    windows.py     how many calls X still answers
    spending.py    what X bills
    strangers.py   who was told today how it works
    rounds.py      when each loop last came round
    vitals.py      how the service stands, in figures
    customers.py   who has an account
    ledger.py      transfers and balances; with audit
    seals.py       pages of the book, closed by a keyed chain; with pages and witness
    backups.py     safe copies, and what a restored one must do first
    payments.py    orders to pay and what became of them; with stories
    holds.py       what is held for people without an account; with held_audit
    asks.py        what customers ask each other for, and who blocks whom
    codes.py       codes on file: cards, pins, authenticators; with guards and key_use
    desk_requests.py   what customers ask people for; with desk_figures, desk_purges
    operators.py   who may sign in to the console; with sessions, actions
    refunds.py     payments undone by two operators
    searches.py    what an operator looks for; with flows
    collections.py what associations gather; with gifts and gifts_audit
    donations.py   what an association was given in a year
    cursors.py     how far catching up with X has read
    deletions.py   posts that are gone; with purges, of what is old
    invitations.py links to the enrolment page; with renewals
    erasure.py     what is personal goes, what is money stays; with unfinished, named, rewriting
    dossier.py     everything about one customer, for that customer

Every function takes the caller's connection: transactions belong to callers.
"""
