-- What has not ended, for Backlog and Depths.
CREATE INDEX kirim_message_open ON kirim_message (class, number, in_doubt, not_before, created_at) WHERE ended_at IS NULL;
