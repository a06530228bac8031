-- What the sweep looks for each second, in place of one index of both: lanes whose wait or
-- whose owner's claim is over, and, by class, lanes whose job has not come. Of the latter a
-- campaign has as many as recipients, which are not looked at while its queue is busy.
-- The strongest lock comes first: who reads the table and then writes to it would otherwise
-- wait for this transaction, and it for them.
LOCK TABLE {s}kirim_lane IN ACCESS EXCLUSIVE MODE;
CREATE INDEX kirim_lane_wake ON {s}kirim_lane (due_at) WHERE due_at IS NOT NULL AND state <> 'waiting';
CREATE INDEX kirim_lane_waiting ON {s}kirim_lane (class, due_at) WHERE state = 'waiting';
DROP INDEX {s}kirim_lane_due;
