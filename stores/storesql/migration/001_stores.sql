-- TABLE(x) and NAME(x) stand for the name of a table and of an index, BYTES for the
-- type of bytes. Times are milliseconds since 1970 by the clock of the database.
-- Keys are SHA-256 hashes: they hold no phone numbers.

CREATE TABLE TABLE(claim) (
	key BYTES PRIMARY KEY,
	token text NOT NULL,
	done smallint NOT NULL, -- 1 when it was completed
	until bigint NOT NULL -- the end of the lease, or of the memory of what is done
);
CREATE INDEX NAME(claim_until) ON TABLE(claim) (until);

CREATE TABLE TABLE(window) (
	key BYTES PRIMARY KEY, -- of the phone number ID and the customer
	opened_at bigint NOT NULL, -- when the customer last wrote
	until bigint NOT NULL
);
CREATE INDEX NAME(window_until) ON TABLE(window) (until);

CREATE TABLE TABLE(decision) (
	key BYTES PRIMARY KEY,
	template smallint NOT NULL, -- 1 when the template goes first
	until bigint NOT NULL
);
CREATE INDEX NAME(decision_until) ON TABLE(decision) (until);

CREATE TABLE TABLE(status) (
	message BYTES PRIMARY KEY, -- a random id
	record text NOT NULL, -- a kirim.StatusRecord as JSON
	until bigint NOT NULL
);
CREATE INDEX NAME(status_until) ON TABLE(status) (until);

CREATE TABLE TABLE(status_id) (
	key BYTES PRIMARY KEY, -- of one of the ids of the message
	message BYTES NOT NULL
);
CREATE INDEX NAME(status_id_message) ON TABLE(status_id) (message);

CREATE TABLE TABLE(ratelimit) (
	key BYTES PRIMARY KEY, -- of the name of the bucket
	seen_at bigint NOT NULL, -- microseconds since 1970 by the clock of the process that saw it
	seen text NOT NULL, -- a kirim.SeenLimit as JSON
	until bigint NOT NULL
);
CREATE INDEX NAME(ratelimit_until) ON TABLE(ratelimit) (until);
