-- One more million transfers between a hundred thousand customers of their own, spread
-- over a year; every twentieth is a payment with its message and its reply. Foreign keys
-- hold by construction and are not looked at.
SET LOCAL session_replication_role = replica;

INSERT INTO customers (x_id, handle, handle_seen_at, kind, state, language, private, silent, wrote_first, opened_at)
SELECT (5000000000 + CAST(:million AS bigint) * 100000 + n)::text, 'p' || CAST(:million AS bigint) * 100000 + n, now(), 'person', 'open', 'en', false, false, true, now()
FROM generate_series(0, 99999) AS n;

INSERT INTO accounts (kind, customer_id)
SELECT 'customer', id FROM customers WHERE NOT EXISTS (SELECT FROM accounts WHERE customer_id = customers.id);

INSERT INTO balances (account_id, balance_cents, floor_cents)
SELECT id, 100000, 0 FROM accounts WHERE NOT EXISTS (SELECT FROM balances WHERE account_id = accounts.id);

CREATE TEMPORARY TABLE fresh ON COMMIT DROP AS
SELECT accounts.id AS account_id, customer_id, row_number() OVER (ORDER BY accounts.id) - 1 AS place
FROM accounts ORDER BY accounts.id DESC LIMIT 100000;

UPDATE fresh SET place = place - (SELECT min(place) FROM fresh);

CREATE UNIQUE INDEX ON fresh (place);

UPDATE balances SET balance_cents = balance_cents - 100000 * 100000::bigint
WHERE account_id = (SELECT id FROM accounts WHERE name = 'funding');

INSERT INTO transfers (key, kind, source_id, target_id, amount_cents, memo, booked_at)
SELECT 'deposit:old ' || account_id, 'deposit', (SELECT id FROM accounts WHERE name = 'funding'), account_id, 100000, 'old', now() - interval '400 days'
FROM fresh;

CREATE TEMPORARY TABLE moved ON COMMIT DROP AS
SELECT n, payer.account_id AS source_id, payer.customer_id AS payer_id, payee.account_id AS target_id, payee.customer_id AS payee_id, now() - interval '370 days' + n * interval '35 seconds' AS booked_at
FROM generate_series(1, 900000) AS n
JOIN fresh AS payer ON payer.place = n % 100000
JOIN fresh AS payee ON payee.place = (n + 1 + n % 97) % 100000;

INSERT INTO transfers (key, kind, source_id, target_id, amount_cents, memo, booked_at)
SELECT 't:' || CAST(:million AS bigint) * 1000000 + n, CASE WHEN n % 20 = 0 THEN 'payment' ELSE 'bench' END, source_id, target_id, 1, '', booked_at
FROM moved ORDER BY n;

INSERT INTO payments (reference, message_key, message_id, kind, state, reason, amount_cents, payer_id, payee_id, payee_x_id, payee_handle, note, created_at, booked_at)
SELECT 'old ' || CAST(:million AS bigint) * 1000000 + n, 't:' || CAST(:million AS bigint) * 1000000 + n, (CAST(:million AS bigint) * 1000000 + n)::text, 'peer', 'booked', '', 1, payer_id, payee_id, NULL, 'p', '', booked_at, booked_at
FROM moved WHERE n % 20 = 0;

INSERT INTO inbox (key, author_id, public, written_at, received_at, payload, state, attempts, errors, crashes, counted, fence, due_at, reason, decided_at)
SELECT 't:' || CAST(:million AS bigint) * 1000000 + n, payer_id::text, true, booked_at, booked_at, NULL, 'applied', 1, 0, 0, true, 1, booked_at, '', booked_at
FROM moved WHERE n % 20 = 0;

INSERT INTO outbox (message_key, kind, to_x_id, in_reply_to, text, reference, priority, state, attempts, due_at, fence, remote_id, error, created_at, sent_at)
SELECT 't:' || CAST(:million AS bigint) * 1000000 + n, 'answer', payer_id::text, '1', 'Paid.', 'old', 0, 'sent', 1, booked_at, 1, '1', '', booked_at, booked_at
FROM moved WHERE n % 20 = 0;

WITH net AS (
    SELECT account_id, sum(cents) AS cents
    FROM (SELECT source_id AS account_id, -1 AS cents FROM moved UNION ALL SELECT target_id, 1 FROM moved) AS sides
    GROUP BY account_id
)
UPDATE balances SET balance_cents = balance_cents + net.cents FROM net WHERE net.account_id = balances.account_id
