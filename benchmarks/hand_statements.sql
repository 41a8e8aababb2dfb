-- One transfer by statements of its own, as most services would write it.
\set source random(1, 100000)
\set step random(1, 99999)
\set target 1 + (:source + :step - 1) % 100000
\set low least(:source, :target)
\set high greatest(:source, :target)
\set low_change case when :low = :source then -1 else 1 end
\set key random(1, 9000000000000000000)
BEGIN;
INSERT INTO hand_transfer (key, source_id, target_id, amount) VALUES ('k' || (:key)::text, :source, :target, 1);
UPDATE hand_balance SET balance = balance + :low_change WHERE account_id = :low;
UPDATE hand_balance SET balance = balance - :low_change WHERE account_id = :high;
COMMIT;
