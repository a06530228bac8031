-- What the sweep looks for each second, in place of one index of both: lanes whose wait or
-- whose owner's claim is over, and, by class, lanes whose job has not come. Of the latter a
-- campaign has as many as recipients, which are not looked at while its queue is busy.
CREATE INDEX kirim_lane_wake ON kirim_lane (due_at) WHERE due_at IS NOT NULL AND state <> 'waiting';
CREATE INDEX kirim_lane_waiting ON kirim_lane (class, due_at) WHERE state = 'waiting';
DROP INDEX kirim_lane_due;
