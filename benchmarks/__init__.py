"""What the service can do, as ratios: `python -m benchmarks`, or `make bench`.

    rounds.py     two things measured in turns, and what their ratio is
    bank.py       a bank to measure: a database, its customers, what they post
    postgres.py   a PostgreSQL of the run's own that syncs, and pgbench beside it
    baseline.sql  one transfer, written by hand: what pgbench runs
    passing.py    transfers through the book's own functions, many submitters at once
    service.py    the door and the counter in a process of their own
    courier.py    posts signed bodies as fast as they are taken
    goals/        one file for each kind of goal
    growth.py     a book of ten million transfers (its own command)
    report.py     the table, the JSON, the chart and docs/performance.md

Both sides of each ratio run in the same minute on the same machine, in turns; the
machine's own speed falls out. After each run the book is audited.
"""
