"""What this process counts, by the names of `docs/metrics.md`: they stay as they are.

No label may name a person, a payment or a message: each holds one of a few words.
"""

from __future__ import annotations

import platform

from prometheus_client import Counter, Gauge, Histogram, Info

from smoney_bot.version import VERSION

MESSAGES = Counter("smoney_messages", "Messages by how they ended.", ["outcome"])
KEPT = Counter("smoney_messages_kept", "Messages kept in the inbox, each once.")
TURNED_AWAY = Counter("smoney_deliveries_refused", "Webhook calls refused.", ["why"])
REPLIES = Counter("smoney_replies", "Replies by what became of them.", ["outcome"])
CODES = Counter("smoney_codes", "Codes by what their check said.", ["verdict"])
LOOP_ERRORS = Counter("smoney_loop_errors", "Rounds of a loop that failed.", ["loop"])
X_REPAIRS = Counter("smoney_x_repairs", "What was mended of our registration at X.", ["act"])
X_CALLS = Counter("smoney_x_calls", "Calls to X's API.", ["endpoint", "status"])
SIGN_INS = Counter("smoney_console_sign_ins", "Attempts to sign in to the console.", ["outcome"])
DEEDS = Counter("smoney_console_deeds", "What operators tried in the console.", ["outcome"])

WEBHOOK_VALID = Gauge("smoney_x_webhook_valid", "1 while X brings us all that it should.")

BATCH_SECONDS = Histogram("smoney_batch_seconds", "From claim to commit of a batch, in seconds.")
BATCH_MESSAGES = Histogram(
    "smoney_batch_messages", "Messages in a batch.", buckets=(1, 2, 4, 8, 16, 32, 64)
)
#: About 20 ms of Argon2id; more where it waits for a core.
CODE_SECONDS = Histogram(
    "smoney_code_seconds",
    "Check of the codes of one message, in seconds.",
    buckets=(0.001, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25, 1),
)
#: X gives up on a delivery after 10 s.
WEBHOOK_SECONDS = Histogram(
    "smoney_webhook_seconds",
    "From a delivery of X to our answer, in seconds.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 2.5, 10),
)

Info("smoney_build", "Which program this is.").info(
    {"version": VERSION, "python": platform.python_version()}
)


def _start_at_zero(counter: Counter, *words: str) -> None:
    """Show a counter of each of *words* from the start, at zero.

    Of one that appears with its first event Prometheus cannot tell that it grew.
    """
    for word in words:
        counter.labels(word)


_start_at_zero(CODES, "right", "wrong", "locked")
_start_at_zero(MESSAGES, "applied", "declined", "refused", "ignored")
_start_at_zero(REPLIES, "sent", "wait", "unknown", "rejected", "parked", "halt")
_start_at_zero(SIGN_INS, "admitted", "turned_away")
_start_at_zero(DEEDS, "done", "unwilling", "not_allowed", "foreign_form")
_start_at_zero(TURNED_AWAY, "unsigned", "attack", "malformed", "encoded", "cut", "away")
_start_at_zero(TURNED_AWAY, "bad_challenge", "too_many_challenges")


def count_x_call(endpoint: str, status: str) -> None:
    """Count one call to X: a *status* of HTTP, or what kept it from having one."""
    X_CALLS.labels(endpoint, status).inc()
