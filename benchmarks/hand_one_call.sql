-- One transfer by one call of the hand-written function.
\set source random(1, 100000)
\set step random(1, 99999)
\set target 1 + (:source + :step - 1) % 100000
\set key random(1, 9000000000000000000)
SELECT hand_transfer('k' || (:key)::text, :source, :target, 1);
