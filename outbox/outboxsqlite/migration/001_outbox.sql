-- Times are microseconds since 1970 by the clock of the database.
-- A lane is the queue of the messages of one class from one number to one
-- recipient, which are sent in order. It is
--   idle     nothing is to do, before due_at if that is not null
--   waiting  River has a job for it; at due_at the sweep makes sure of that
--   owned    a worker has claimed it until due_at
--   parked   nothing is done before due_at
CREATE TABLE kirim_lane (
	id            integer PRIMARY KEY AUTOINCREMENT,
	name          text NOT NULL UNIQUE, -- recipient, number and class
	number        text NOT NULL,
	class         text NOT NULL,
	recipient     text, -- null once it was erased
	person        text NOT NULL, -- hash of number and recipient
	state         text NOT NULL,
	due_at        integer,
	owner         text, -- token of the last claim
	enq           integer NOT NULL, -- counts what was enqueued
	flipped       integer NOT NULL, -- enq when it became waiting
	job_at        integer NOT NULL, -- when the last job was made for it
	pair_tat      integer NOT NULL DEFAULT 0, -- theoretical arrival time of the next message, for the pair limit
	pair_refusals integer NOT NULL DEFAULT 0 -- in a row
);
CREATE INDEX kirim_lane_due ON kirim_lane (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE kirim_message (
	id               integer PRIMARY KEY AUTOINCREMENT,
	lane             integer NOT NULL,
	number           text NOT NULL,
	class            text NOT NULL,
	campaign         text NOT NULL,
	recipient        text, -- null once it was erased, as body, rescue and key
	body             text,
	rescue           text, -- template for when the 24-hour window is closed
	key              text,
	key_hash         text NOT NULL UNIQUE,
	body_hash        text NOT NULL,
	traceparent      text,
	state            text NOT NULL, -- queued, sent, unknown, discarded, expired, cancelled, suppressed
	generation       integer NOT NULL DEFAULT 1, -- counts sends under keys of their own
	use_template     boolean NOT NULL DEFAULT false, -- the template goes out in place of the message
	attempts         integer NOT NULL DEFAULT 0,
	first_attempt_at integer, -- of this key; null when it certainly did not go out
	in_doubt         boolean NOT NULL DEFAULT false, -- an attempt with this key ended without a verdict
	not_before       integer,
	expires_at       integer,
	error            text, -- JSON: text, kind, code, meta_code
	error_kind       text,
	kirim_id         text,
	wamid            text,
	status           text, -- of the delivery, by webhook
	status_at        integer,
	look_at          integer, -- when to ask the server about it; null for never
	tell_at          integer, -- when to tell the application of the end; null for not
	created_at       integer NOT NULL,
	ended_at         integer
);
CREATE INDEX kirim_message_lane ON kirim_message (lane, state, id);
CREATE INDEX kirim_message_campaign ON kirim_message (campaign, state) WHERE campaign <> '';
CREATE INDEX kirim_message_wamid ON kirim_message (wamid) WHERE wamid IS NOT NULL;
CREATE INDEX kirim_message_kirim_id ON kirim_message (kirim_id) WHERE kirim_id IS NOT NULL;
CREATE INDEX kirim_message_bodies ON kirim_message (ended_at) WHERE ended_at IS NOT NULL AND body IS NOT NULL;
CREATE INDEX kirim_message_ended ON kirim_message (ended_at) WHERE ended_at IS NOT NULL AND body IS NULL;
CREATE INDEX kirim_message_look ON kirim_message (look_at) WHERE look_at IS NOT NULL;
CREATE INDEX kirim_message_trouble ON kirim_message (state, id) WHERE state IN ('unknown', 'discarded');
CREATE INDEX kirim_message_tell ON kirim_message (tell_at) WHERE tell_at IS NOT NULL;

-- What webhooks told of messages whose ids are not known yet.
CREATE TABLE kirim_pending (
	id          integer PRIMARY KEY AUTOINCREMENT,
	message     text NOT NULL, -- wamid or msg_ id that it is about
	wamid       text, -- of a notice, the other id of the message
	status      text, -- of an update
	status_at   integer,
	error       text,
	recipient   text, -- hash
	received_at integer NOT NULL,
	check_at    integer NOT NULL -- when to look whether the message is known
);
CREATE INDEX kirim_pending_message ON kirim_pending (message);
CREATE INDEX kirim_pending_received ON kirim_pending (received_at);
CREATE INDEX kirim_pending_check ON kirim_pending (check_at);

-- Who is not sent marketing.
CREATE TABLE kirim_suppression (
	person text PRIMARY KEY, -- hash of number and recipient
	reason text NOT NULL,
	source text NOT NULL, -- application, or recipient for what WhatsApp told
	since  integer NOT NULL
);

-- What is not sent until somebody resumes it.
CREATE TABLE kirim_pause (
	number text NOT NULL, -- empty for all
	class  text NOT NULL, -- empty for all
	reason text NOT NULL,
	since  integer NOT NULL,
	until  integer, -- when it ends by itself; null for never
	PRIMARY KEY (number, class)
);

-- Deliveries of webhooks that were accepted and are not handled yet.
CREATE TABLE kirim_delivery (
	id          integer PRIMARY KEY AUTOINCREMENT,
	header      text NOT NULL, -- JSON
	body        text NOT NULL, -- base64
	received_at integer NOT NULL,
	job_at      integer NOT NULL -- when it was handed to a worker last
);

-- The open and the ended messages for people: times as times.
CREATE VIEW kirim_outbox AS SELECT id, number, class, campaign, recipient, key, state, status, error, attempts, kirim_id, wamid, use_template,
	datetime(created_at / 1000000, 'unixepoch') AS created_at, datetime(not_before / 1000000, 'unixepoch') AS not_before, datetime(expires_at / 1000000, 'unixepoch') AS expires_at,
	datetime(first_attempt_at / 1000000, 'unixepoch') AS first_attempt_at, datetime(ended_at / 1000000, 'unixepoch') AS ended_at, datetime(status_at / 1000000, 'unixepoch') AS status_at
FROM kirim_message;
