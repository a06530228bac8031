-- What has not ended, for Backlog and Depths. The condition is one that no other statement
-- has: PostgreSQL keeps the plan of a statement that it has made while the index was
-- small, and would read all of it for each lane when it has grown.
CREATE INDEX kirim_message_open ON {s}kirim_message (class, number, in_doubt, not_before, created_at) WHERE ended_at IS NULL;
