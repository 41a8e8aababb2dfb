"""A local X: the same HTTP API and signed webhooks, on loopback.

    world.py       what happens there: users, posts, direct messages
    api.py         the HTTP API that the bot calls
    deliveries.py  the signed webhooks that the bot receives
    server.py      serves an app on loopback, in a thread

Kept in memory, for demonstrations and tests. The bot cannot tell it from X.
"""
