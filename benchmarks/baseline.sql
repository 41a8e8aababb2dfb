-- One transfer, written by hand for PostgreSQL: what pgbench runs as the base of the
-- ratios. Identity apart from balance, an idempotency key, both balances in order of id.

CREATE TABLE hand_account (id bigint PRIMARY KEY);
CREATE TABLE hand_balance (
    account_id bigint PRIMARY KEY REFERENCES hand_account,
    balance bigint NOT NULL CHECK (balance >= 0)
) WITH (fillfactor = 50);
CREATE TABLE hand_transfer (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key text NOT NULL UNIQUE,
    source_id bigint NOT NULL REFERENCES hand_account,
    target_id bigint NOT NULL REFERENCES hand_account,
    amount bigint NOT NULL CHECK (amount > 0),
    booked_at timestamptz NOT NULL DEFAULT now()
);

INSERT INTO hand_account SELECT generate_series(1, 100000);
INSERT INTO hand_balance SELECT generate_series(1, 100000), 100000000;

CREATE FUNCTION hand_transfer(wanted_key text, source bigint, target bigint, cents bigint)
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO hand_transfer (key, source_id, target_id, amount)
    VALUES (wanted_key, source, target, cents) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF source < target THEN
        UPDATE hand_balance SET balance = balance - cents WHERE account_id = source;
        UPDATE hand_balance SET balance = balance + cents WHERE account_id = target;
    ELSE
        UPDATE hand_balance SET balance = balance + cents WHERE account_id = target;
        UPDATE hand_balance SET balance = balance - cents WHERE account_id = source;
    END IF;
    RETURN true;
END $$;
