"""What `smoney-bot doctor` looks at, from the inside out.

    findings.py  one line: what was looked at, how it is, what to do
    names.py     the names of settings
    house.py     keys, files
    records.py   the database, its clock, the workers, backups
    address.py   PUBLIC_URL, as X meets it
    account.py   the bot's account, webhook and subscriptions at X

Nothing here changes anything, and nothing shows a secret.
"""
