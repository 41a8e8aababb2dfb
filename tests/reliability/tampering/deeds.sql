-- What mallory does, who has every right in the database. Each deed has its name above it.

-- first of all: words for what follows
CREATE TEMP VIEW IF NOT EXISTS who AS
    SELECT handle, accounts.id AS account FROM accounts
    JOIN customers ON customers.id = customer_id;
CREATE TEMP VIEW IF NOT EXISTS got AS
    SELECT handle, MIN(transfers.id) AS first, MAX(transfers.id) AS last FROM transfers
    JOIN who ON account = target_id WHERE kind = 'payment' GROUP BY handle;
CREATE TEMP VIEW IF NOT EXISTS paid AS
    SELECT handle, MIN(transfers.id) AS first, MAX(transfers.id) AS last FROM transfers
    JOIN who ON account = source_id WHERE kind = 'payment' GROUP BY handle;
CREATE TEMP VIEW IF NOT EXISTS brought AS
    SELECT handle, MAX(transfers.id) AS last FROM transfers
    JOIN who ON account = target_id WHERE kind = 'deposit' GROUP BY handle;
CREATE TEMP VIEW IF NOT EXISTS hole AS
    SELECT MIN(id) + 1 AS id FROM transfers
    WHERE id + 1 NOT IN (SELECT id FROM transfers);

-- last of all: payments tell what transfers say, balances are what they add up to
DELETE FROM payments WHERE state = 'booked' AND message_key NOT IN
    (SELECT key FROM transfers WHERE kind = 'payment');
UPDATE payments SET (amount_cents, payer_id, payee_id) =
    (SELECT amount_cents, payer.customer_id, payee.customer_id FROM transfers
     JOIN accounts AS payer ON payer.id = source_id
     JOIN accounts AS payee ON payee.id = target_id WHERE key = message_key);
UPDATE balances SET balance_cents =
    (SELECT coalesce(SUM(amount_cents), 0) FROM transfers WHERE target_id = account_id)
    - (SELECT coalesce(SUM(amount_cents), 0) FROM transfers WHERE source_id = account_id);

-- receives more
UPDATE transfers SET amount_cents = 25000
    WHERE id = (SELECT last FROM got WHERE handle = 'mallory');

-- has paid less
UPDATE transfers SET amount_cents = amount_cents / 2 + 1
    WHERE id = (SELECT last FROM paid WHERE handle = 'mallory');

-- is paid in the place of another
UPDATE transfers SET target_id = (SELECT account FROM who WHERE handle = 'mallory')
    WHERE id = (SELECT MIN(transfers.id) FROM transfers JOIN who AS payer ON account = source_id
                WHERE kind = 'payment' AND handle = 'alice'
                AND target_id <> (SELECT account FROM who WHERE handle = 'mallory'));

-- lets another pay
UPDATE transfers SET source_id =
    (SELECT account FROM who WHERE handle <> 'mallory' AND account <> target_id LIMIT 1)
    WHERE id = (SELECT last FROM paid WHERE handle = 'mallory');

-- is paid where it was the payer
UPDATE transfers SET source_id = target_id, target_id = source_id
    WHERE id = (SELECT last FROM paid WHERE handle = 'mallory');

-- has not paid
DELETE FROM transfers WHERE id = (SELECT last FROM paid WHERE handle = 'mallory');

-- has not paid the first time
DELETE FROM transfers WHERE id = (SELECT first FROM paid WHERE handle = 'mallory');

-- never paid anybody
DELETE FROM transfers WHERE kind = 'payment'
    AND source_id = (SELECT account FROM who WHERE handle = 'mallory');

-- keeps a deposit
DELETE FROM transfers WHERE id = (SELECT last FROM brought WHERE handle = 'alice');

-- takes a deposit over
UPDATE transfers SET target_id = (SELECT account FROM who WHERE handle = 'mallory')
    WHERE id = (SELECT last FROM brought WHERE handle = 'alice');

-- has brought more
UPDATE transfers SET amount_cents = 99999
    WHERE id = (SELECT last FROM brought WHERE handle = 'mallory');

-- can bring the same slip again
UPDATE transfers SET key = key || ' a', memo = memo || ' a'
    WHERE id = (SELECT last FROM brought WHERE handle = 'mallory');

-- has not withdrawn
DELETE FROM transfers WHERE id = (SELECT MAX(id) FROM transfers WHERE kind = 'withdrawal');

-- has withdrawn less
UPDATE transfers SET amount_cents = amount_cents + 1
    WHERE id = (SELECT MAX(id) FROM transfers WHERE kind = 'withdrawal');

-- can be paid by the same post again
UPDATE payments SET message_key = 't:other' WHERE message_key =
    (SELECT key FROM transfers WHERE id = (SELECT last FROM got WHERE handle = 'mallory'));
UPDATE transfers SET key = 't:other' WHERE id = (SELECT last FROM got WHERE handle = 'mallory');

-- paid the day before
UPDATE transfers SET booked_at = '2026-11-23T09:00:00.000000Z'
    WHERE id = (SELECT last FROM paid WHERE handle = 'mallory');

-- paid a tenth of a second later
UPDATE transfers SET booked_at = replace(booked_at, '.0', '.1')
    WHERE id = (SELECT last FROM paid WHERE handle = 'mallory');

-- calls a payment a deposit
UPDATE transfers SET kind = 'deposit' WHERE id = (SELECT last FROM got WHERE handle = 'mallory');

-- was paid long ago
CREATE TEMP TABLE forged AS SELECT * FROM payments WHERE state = 'booked' LIMIT 1;
UPDATE forged SET reference = 'FORGED', message_key = 't:forged', message_id = 'forged';
INSERT INTO payments SELECT * FROM forged;
INSERT INTO transfers (id, key, kind, source_id, target_id, amount_cents, memo, booked_at)
    SELECT hole.id, 't:forged', 'payment', payer.account, payee.account, 5000, '',
    '2026-11-24T09:00:00.000000Z' FROM hole, who AS payer, who AS payee
    WHERE payer.handle = 'alice' AND payee.handle = 'mallory';

-- brought money long ago
INSERT INTO transfers (id, key, kind, source_id, target_id, amount_cents, memo, booked_at)
    SELECT hole.id, 'deposit:forged', 'deposit', accounts.id, account, 5000, 'forged',
    '2026-11-24T09:00:00.000000Z' FROM hole, who, accounts
    WHERE handle = 'mallory' AND accounts.name = 'funding';

-- swaps what two payments moved
CREATE TEMP TABLE two AS SELECT first, last,
    (SELECT amount_cents FROM transfers WHERE id = first) AS of_first,
    (SELECT amount_cents FROM transfers WHERE id = last) AS of_last
    FROM got WHERE handle = 'mallory';
UPDATE transfers SET amount_cents = (SELECT of_last FROM two) WHERE id = (SELECT first FROM two);
UPDATE transfers SET amount_cents = (SELECT of_first FROM two) WHERE id = (SELECT last FROM two);

-- numbers the book anew
UPDATE transfers SET id = id + 100000;

-- cuts the last transfers off
DELETE FROM transfers WHERE id > (SELECT MAX(id) - 3 FROM transfers);

-- cuts half of the book off
DELETE FROM transfers WHERE id > (SELECT MAX(id) / 2 FROM transfers);

-- leaves everybody with what they brought
DELETE FROM transfers WHERE kind <> 'deposit';
