"""Every named rule of the tables refuses what it should, whoever writes."""

from __future__ import annotations

import pytest
from book_cast import MINUTE, NOON, ask, message, open_account, payment, reply, request
from sqlalchemy import CheckConstraint, Connection, insert
from sqlalchemy.exc import IntegrityError

from smoney_bot.bank.asks import Blocking
from smoney_bot.bank.customers import Language
from smoney_bot.bank.desk import Purpose, Renewal
from smoney_bot.bank.money import Cents
from smoney_bot.bank.operators import Role
from smoney_bot.book import (
    asks,
    codes,
    collections,
    desk_requests,
    inbox,
    operators,
    outbox,
    payments,
    renewals,
    sessions,
    statement_sessions,
)
from smoney_bot.book.engine import Book
from smoney_bot.book.states import ApprovalState
from smoney_bot.book.tables import approvals, invitations, metadata, rounds, spending, windows

#: For each rule: a change of the sound row that breaks it, and no other.
BREAKS = {
    "ck_customers_kind_is_known": "UPDATE customers SET kind = 'company'",
    "ck_customers_state_is_known": "UPDATE customers SET state = 'asleep'",
    "ck_accounts_kind_is_known": "UPDATE accounts SET kind = 'x' WHERE kind = 'held'",
    "ck_accounts_customer_has_owner": (
        "UPDATE accounts SET customer_id = NULL WHERE kind = 'customer'"
    ),
    "ck_accounts_system_has_name": "UPDATE accounts SET name = NULL WHERE kind = 'held'",
    "ck_balances_not_below_floor": "UPDATE balances SET balance_cents = -1 WHERE floor_cents = 0",
    "ck_transfers_amount_is_positive": (
        "INSERT INTO transfers (key, kind, source_id, target_id, amount_cents, memo, booked_at) "
        "SELECT 'k', 'payment', 1, 2, 0, '', opened_at FROM customers LIMIT 1"
    ),
    "ck_transfers_two_accounts": (
        "INSERT INTO transfers (key, kind, source_id, target_id, amount_cents, memo, booked_at) "
        "SELECT 'k', 'payment', 1, 1, 5, '', opened_at FROM customers LIMIT 1"
    ),
    "ck_payments_kind_is_known": "UPDATE payments SET kind = 'loan'",
    "ck_payments_state_is_known": "UPDATE payments SET state = 'lost', booked_at = NULL",
    "ck_payments_amount_is_not_negative": (
        "UPDATE payments SET amount_cents = -1, state = 'refused', booked_at = NULL"
    ),
    "ck_payments_amount_is_positive": "UPDATE payments SET amount_cents = 0",
    "ck_payments_peer_ceiling": "UPDATE payments SET amount_cents = 25001",
    "ck_payments_donation_ceiling": "UPDATE payments SET amount_cents = 50001, kind = 'donation'",
    "ck_payments_booked_has_moment": "UPDATE payments SET booked_at = NULL",
    "ck_payments_booked_has_payee": "UPDATE payments SET payee_id = NULL",
    "ck_payments_waiting_has_end": "UPDATE payments SET state = 'waiting', booked_at = NULL",
    "ck_payments_payee_is_not_payer": "UPDATE payments SET payee_id = payer_id",
    "ck_collections_state_is_known": "UPDATE collections SET state = 'lost', ended_at = opened_at",
    "ck_collections_tag_in_small_letters": "UPDATE collections SET tag = 'Jardin'",
    "ck_collections_goal_is_positive": "UPDATE collections SET goal_cents = 0",
    "ck_collections_ended_has_moment": "UPDATE collections SET state = 'closed'",
    "ck_collections_reached_has_moment": "UPDATE collections SET state = 'reached'",
    "ck_collections_returned_below_goal": (
        "UPDATE collections SET state = 'returned', ended_at = opened_at, reached_at = opened_at"
    ),
    "ck_inbox_state_is_known": "UPDATE inbox SET state = 'lost', decided_at = received_at",
    "ck_inbox_claimed_has_lease": "UPDATE inbox SET state = 'claimed'",
    "ck_inbox_decided_has_moment": "UPDATE inbox SET state = 'applied'",
    "ck_outbox_state_is_known": "UPDATE outbox SET state = 'lost'",
    "ck_outbox_sending_has_lease": "UPDATE outbox SET state = 'sending'",
    "ck_outbox_sent_has_moment": "UPDATE outbox SET state = 'sent', remote_id = '1'",
    "ck_outbox_sent_has_remote_id": "UPDATE outbox SET state = 'sent', sent_at = created_at",
    "ck_card_codes_place_has_two_digits": "UPDATE card_codes SET place = 100",
    "ck_card_codes_wrong_is_not_negative": "UPDATE card_codes SET wrong = -1",
    "ck_card_codes_used_by_a_message": "UPDATE card_codes SET used_by = 't:1'",
    "ck_guards_failures_in_range": "UPDATE guards SET failures = 101",
    "ck_guards_locks_not_negative": "UPDATE guards SET locks = -1",
    "ck_seals_seal_is_not_empty": (
        "INSERT INTO seals (last_transfer_id, transfers, hash, key_id, sealed_at) "
        "SELECT 1, 0, '', '', opened_at FROM customers LIMIT 1"
    ),
    "ck_invitations_failures_in_range": "UPDATE invitations SET failures = 101",
    "ck_invitations_used_keeps_nothing": "UPDATE invitations SET used_at = expires_at",
    "ck_renewals_closes_after_it_opens": "UPDATE renewals SET expires_at = opened_at",
    "ck_statement_windows_closes_after_it_opens": (
        "UPDATE statement_windows SET expires_at = opened_at"
    ),
    "ck_statement_sessions_ends_after_it_opens": (
        "UPDATE statement_sessions SET expires_at = opened_at"
    ),
    "ck_operators_role_is_known": "UPDATE operators SET role = 'boss'",
    "ck_operators_name_in_small_letters": "UPDATE operators SET name = 'Office' WHERE id = 1",
    "ck_operators_failures_in_range": "UPDATE operators SET failures = 101",
    "ck_sessions_language_is_known": "UPDATE sessions SET language = 'de'",
    "ck_sessions_seen_after_opened": (
        "UPDATE sessions SET seen_at = (SELECT min(opened_at) FROM customers)"
    ),
    "ck_approvals_state_is_known": (
        "UPDATE approvals SET state = 'lost', decided_by = 2, decided_at = asked_at"
    ),
    "ck_approvals_second_person": (
        "UPDATE approvals SET state = 'approved', decided_by = asked_by, decided_at = asked_at"
    ),
    "ck_approvals_decided_has_moment": "UPDATE approvals SET state = 'declined'",
    "ck_approvals_decided_by_somebody": (
        "UPDATE approvals SET state = 'declined', decided_at = asked_at"
    ),
    "ck_asks_state_is_known": "UPDATE asks SET state = 'lost', ended_at = created_at",
    "ck_asks_amount_is_positive": "UPDATE asks SET amount_cents = 0",
    "ck_asks_two_people": "UPDATE asks SET asked_id = asker_id",
    "ck_asks_ended_has_moment": "UPDATE asks SET state = 'declined'",
    "ck_asks_paid_has_payment": "UPDATE asks SET state = 'paid', ended_at = created_at",
    "ck_blocks_two_people": "UPDATE blocks SET blocked_id = customer_id",
    "ck_requests_kind_is_known": "UPDATE requests SET kind = 'wish'",
    "ck_requests_state_is_known": "UPDATE requests SET state = 'lost'",
    "ck_requests_soon_before_due": "UPDATE requests SET opened_at = due_at, due_at = opened_at",
    "ck_requests_taken_by_somebody": "UPDATE requests SET state = 'taken'",
    "ck_requests_answered_has_moment": "UPDATE requests SET state = 'answered'",
    "ck_requests_closed_has_moment": "UPDATE requests SET state = 'closed'",
    "ck_rounds_every_is_positive": "UPDATE rounds SET every_seconds = 0",
    "ck_windows_remaining_is_not_negative": "UPDATE windows SET remaining = -1",
    "ck_spending_calls_not_negative": "UPDATE spending SET calls = -1",
    "ck_spending_micro_dollars_not_negative": "UPDATE spending SET micro_dollars = -1",
}

#: Changes that keep every rule: the negative control of the table above.
ALLOWED = (
    "UPDATE payments SET amount_cents = 25000",
    "UPDATE payments SET amount_cents = 50000, kind = 'donation'",
    "UPDATE payments SET amount_cents = 99999999, state = 'refused', booked_at = NULL",
    "UPDATE payments SET payee_id = NULL, state = 'held', booked_at = NULL",
    "UPDATE collections SET state = 'paid_out', ended_at = opened_at, reached_at = opened_at",
    "UPDATE collections SET state = 'returned', ended_at = opened_at",
    "UPDATE approvals SET state = 'approved', decided_by = 2, decided_at = asked_at",
    "UPDATE balances SET balance_cents = -1 WHERE floor_cents IS NULL",
    "UPDATE balances SET balance_cents = 0 WHERE floor_cents = 0",
)


@pytest.fixture
def sound(book: Book) -> Book:
    """A book with one row of each kind."""
    alice, bob = open_account(book, "alice"), open_account(book, "bob")
    with book.writing() as connection:
        payments.put(connection, [payment(1, alice, bob)])
        inbox.keep(connection, [message(1)], NOON)
        outbox.put(connection, [reply(1)], NOON)
        codes.issue_card(connection, alice.id, [(1, "hash", "k1")], NOON)
        connection.execute(
            insert(invitations).values(
                token_hash="hash",
                customer_id=alice.id,
                staged="{}",
                failures=0,
                created_at=NOON,
                expires_at=NOON,
            )
        )
        opened = [Renewal(alice.id, "WDJB-MJHT", purpose) for purpose in Purpose]
        renewals.open_windows(connection, opened, NOON)
        statement_sessions.open_session(connection, alice.id, "token", NOON)
        collections.open_collection(
            connection,
            tag="jardin",
            owner=alice,
            title="Un jardin",
            goal=Cents(1),
            ends_at=None,
            all_or_nothing=True,
            now=NOON,
        )
        asks.put(connection, [ask(1, alice, bob)])
        asks.block(connection, [Blocking(alice.id, bob.id, on=True)], NOON)
        desk_requests.open_request(connection, request(1, alice))
        _sit_operators_down(connection)
        connection.execute(
            insert(rounds).values(loop="timers", every_seconds=5, came_round_at=NOON)
        )
        connection.execute(
            insert(windows).values(
                endpoint="posts", span="15min", limit=100, remaining=100, resets_at=NOON
            )
        )
        connection.execute(
            insert(spending).values(day="2026-11-24", call="post", calls=1, micro_dollars=9_500)
        )
    return book


def _sit_operators_down(connection: Connection) -> None:
    """Two operators, of whom one is signed in and asks for a refund."""
    for name, role in (("window", Role.TELLER), ("office", Role.SUPERVISOR)):
        operators.add(connection, name=name, role=role, password_hash="hash", secret=None, now=NOON)
    window = operators.find(connection, "window")
    assert window
    sessions.open_session(connection, window, Language.FRENCH, NOON + MINUTE)
    connection.execute(
        insert(approvals).values(
            payment_reference="REF1-00",
            reason="paid twice",
            state=ApprovalState.ASKED,
            asked_by=window.id,
            asked_at=NOON,
        )
    )


def test_each_rule_refuses_what_breaks_it(sound: Book) -> None:
    for name, statement in BREAKS.items():
        with pytest.raises(IntegrityError) as caught, sound.writing() as connection:
            connection.exec_driver_sql(statement)
        assert name in str(caught.value), statement


def test_no_rule_is_left_untried() -> None:
    rules = {
        str(rule.name) if str(rule.name).startswith("ck_") else f"ck_{table.name}_{rule.name}"
        for table in metadata.tables.values()
        for rule in table.constraints
        if isinstance(rule, CheckConstraint)
    }
    assert rules == set(BREAKS)


def test_what_is_allowed_passes(sound: Book) -> None:
    with sound.writing() as connection:
        for statement in ALLOWED:
            with connection.begin_nested() as tried:
                connection.exec_driver_sql(statement)
                tried.rollback()


_COPY_PAYMENT = (
    "INSERT INTO payments SELECT reference || 'x', message_key, message_id, kind, state, "
    "reason, amount_cents, payer_id, payee_id, payee_x_id, payee_handle, note, created_at, "
    "booked_at, expires_at, NULL FROM payments"
)
_COPY_CARD = (
    "INSERT INTO cards (customer_id, issued_at, expires_at) "
    "SELECT customer_id, issued_at, expires_at FROM cards"
)
_COPY_CODE = (
    "INSERT INTO card_codes (card_id, place, hash, key_id, wrong) "
    "SELECT card_id, place, hash, key_id, wrong FROM card_codes"
)
_COPY_REFUND = (
    "INSERT INTO approvals (payment_reference, reason, state, asked_by, asked_at) "
    "SELECT payment_reference, reason, state, asked_by, asked_at FROM approvals"
)

_COPY_REQUEST = (
    "INSERT INTO requests (reference, message_key, customer_id, kind, state, opened_at, soon_at,"
    " due_at) SELECT reference || 'x', message_key, customer_id, kind, state, opened_at, soon_at,"
    " due_at FROM requests"
)

#: Each makes a second one of what is unique, or points at what is not there.
BROKEN = (
    "UPDATE customers SET x_id = 'x-alice'",
    "UPDATE accounts SET customer_id = 1 WHERE kind = 'customer'",
    "UPDATE balances SET account_id = 99 WHERE account_id = 3",
    "UPDATE payments SET payer_id = 99",
    _COPY_PAYMENT,
    _COPY_CARD,
    _COPY_CODE,
    _COPY_REFUND,
    "UPDATE card_codes SET card_id = 99",
    _COPY_REQUEST,
)


def test_nothing_is_there_twice_or_points_nowhere(sound: Book) -> None:
    for statement in BROKEN:
        with pytest.raises(IntegrityError), sound.writing() as connection:
            connection.exec_driver_sql(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE balances SET balance_cents = 12.5",
        "UPDATE balances SET balance_cents = '12,50'",
    ],
)
def test_sqlite_keeps_whole_cents_only(sqlite_book: Book, statement: str) -> None:
    with pytest.raises(IntegrityError), sqlite_book.writing() as connection:
        connection.exec_driver_sql(statement)
