"""smoney-bot: pay people and associations by a post on X.

    __main__.py      python -m smoney_bot
    cli/             the operator's commands
    settings.py      the environment, read once, checked at start
    telemetry/       the log, the metrics; set up once
    web/             X's door, customers' pages, the console, health, metrics
    workers/         the loops: inbox -> teller, outbox -> channel
    channels/        the outside world: x (the real one), sandbox (a local one)
    book/            the records: tables, transactions, one noun per file
    bank/            the rules. Pure: no SQL, no HTTP, no clock, no environment
    version.py       which one this is
    locales/         the sentences, French and English

Imports go down only: cli > web | workers > channels > book > bank.
"""
