"""Sabotages of the service: each takes away one thing that it relies on.

They are put on by `monkeypatch` and must be noticed by the tests beside; one that
is not noticed tells of a hole in the tests. Of the mutants in `threats.md` these
have their negative control elsewhere, where what they break is at work:

    BEGIN deferred, locks in no order   tests/book/test_engine.py, test_ledger.py
    synchronous=OFF                     tests/reliability/power
    a page of the chain skipped         tests/book/test_tampering.py
    another header signs                tests/web/test_webhook.py
    a body in the log                   tests/safety
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sabotages_of_codes import (
    any_code_is_right,
    attempts_counted_afterwards,
    attempts_counted_each_time,
    attempts_uncounted,
    authenticators_forever,
    code_kept_when_refused,
    codes_forever,
    codes_kept_in_clear,
    judged_on_arrival,
    pins_forever,
)
from sabotages_of_orders import (
    beginning_taken_for_the_whole,
    ceiling_ignored,
    challenges_all_signed,
    digits_of_any_script,
    edits_accepted,
    float_cents,
    freeze_ignored,
    funds_ignored,
    inherited_names_count,
    letters_of_any_alphabet,
    limits_ignored,
    old_orders_carried_out,
    payee_by_handle,
    private_mode_ignored,
    reposts_accepted,
    room_ignored,
    unsigned_accepted,
    waits_never_end,
)
from sabotages_of_replies import (
    blind_resend,
    edited_posts_not_looked_below,
    nobody_answered,
    replies_not_held,
    reset_ignored,
    unknown_is_unsent,
)
from sabotages_of_writing import (
    acknowledged_before_kept,
    codes_in_another_transaction,
    crashed_taken_at_once,
    deletions_ignored,
    failure_means_done,
    key_by_arrival,
    key_by_delivery,
    lease_without_fence,
    leases_never_end,
    replies_in_another_transaction,
    sending_leases_never_end,
    transfer_forgets_target,
)

Sabotage = Callable[[pytest.MonkeyPatch], None]

SABOTAGES: tuple[Sabotage, ...] = (
    replies_in_another_transaction,
    codes_in_another_transaction,
    acknowledged_before_kept,
    key_by_arrival,
    key_by_delivery,
    lease_without_fence,
    leases_never_end,
    crashed_taken_at_once,
    failure_means_done,
    transfer_forgets_target,
    deletions_ignored,
    sending_leases_never_end,
    blind_resend,
    unknown_is_unsent,
    replies_not_held,
    edited_posts_not_looked_below,
    reset_ignored,
    nobody_answered,
    any_code_is_right,
    codes_forever,
    pins_forever,
    authenticators_forever,
    code_kept_when_refused,
    codes_kept_in_clear,
    attempts_uncounted,
    attempts_counted_each_time,
    attempts_counted_afterwards,
    judged_on_arrival,
    payee_by_handle,
    edits_accepted,
    reposts_accepted,
    inherited_names_count,
    beginning_taken_for_the_whole,
    letters_of_any_alphabet,
    digits_of_any_script,
    float_cents,
    private_mode_ignored,
    freeze_ignored,
    old_orders_carried_out,
    waits_never_end,
    ceiling_ignored,
    limits_ignored,
    funds_ignored,
    room_ignored,
    unsigned_accepted,
    challenges_all_signed,
)
