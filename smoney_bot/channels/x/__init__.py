"""X itself: what it posts to us, and what we ask of it.

    signature.py    who sent these bytes, and what X's challenge may have signed
    strict_json.py  bytes -> JSON, with limits
    dropped.py      why a message is left out
    people.py       who an author is: handle, automated or not
    dialects.py     X's two ways of writing a post
    posts.py        one post as a message
    mentions.py     where the mentions stand in a text
    directs.py      direct messages
    wire.py         a whole webhook body
    session.py      the HTTP session: which host, how long, no redirects
    problems.py     what X says when it refuses
    outcomes.py     what X's answer means for a line that was to leave
    asking.py       questions to X, page by page
    client.py       the way out, over tweepy
    address.py      which addresses X would call
    admin.py        webhooks, subscriptions, replays; with admin_answers
    refusals.py     why X does not do as asked, and what to do about it
    wants.py        what the bank wants X to tell it
    registration.py what X should know of us, and putting it right
    looking.py      the same without a change
    replays.py      the windows of a replay
    catch_up.py     what X lists, read as its webhooks are

The network is in `session`, `asking`, `client` and `admin`; the rest is pure: no I/O, no clock.
"""
