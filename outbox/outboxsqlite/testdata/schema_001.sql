CREATE TABLE river_leader (
    elected_at timestamp NOT NULL,
    expires_at timestamp NOT NULL,
    leader_id text NOT NULL,
    name text PRIMARY KEY NOT NULL DEFAULT 'default' CHECK (name = 'default'),
    CONSTRAINT name_length CHECK (length(name) > 0 AND length(name) < 128),
    CONSTRAINT leader_id_length CHECK (length(leader_id) > 0 AND length(leader_id) < 128)
);
CREATE TABLE river_migration (
    line text NOT NULL,
    version integer NOT NULL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT line_length CHECK (length(line) > 0 AND length(line) < 128),
    CONSTRAINT version_gte_1 CHECK (version >= 1),
    PRIMARY KEY (line, version)
);
CREATE TABLE river_notification (
    id integer PRIMARY KEY AUTOINCREMENT,
    created_at timestamp NOT NULL DEFAULT (datetime('now', 'subsec')),
    payload text NOT NULL,
    topic text NOT NULL,
    CONSTRAINT topic_length CHECK (length(topic) > 0 AND length(topic) < 128)
);
CREATE TABLE river_queue (
    name text PRIMARY KEY NOT NULL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    metadata blob NOT NULL DEFAULT (jsonb('{}')),
    paused_at timestamp,
    updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE river_job (
    id integer PRIMARY KEY AUTOINCREMENT,
    args blob NOT NULL DEFAULT (jsonb('{}')),
    attempt integer NOT NULL DEFAULT 0,
    attempted_at timestamp,
    attempted_by blob, -- json
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    errors blob, -- json
    finalized_at timestamp,
    kind text NOT NULL,
    max_attempts integer NOT NULL DEFAULT 25,
    metadata blob NOT NULL DEFAULT (jsonb('{}')),
    priority integer NOT NULL DEFAULT 1,
    queue text NOT NULL DEFAULT 'default',
    state text NOT NULL DEFAULT 'available',
    scheduled_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    tags blob NOT NULL DEFAULT (jsonb('[]')),
    unique_key blob,
    unique_states integer,
    CONSTRAINT finalized_or_finalized_at_null CHECK (
        (finalized_at IS NULL AND state NOT IN ('cancelled', 'completed', 'discarded')) OR
        (finalized_at IS NOT NULL AND state IN ('cancelled', 'completed', 'discarded'))
    ),
    CONSTRAINT priority_in_range CHECK (priority >= 1 AND priority <= 4),
    CONSTRAINT queue_length CHECK (length(queue) > 0 AND length(queue) < 128),
    CONSTRAINT kind_length CHECK (length(kind) > 0 AND length(kind) < 128),
    CONSTRAINT state_valid CHECK (state IN ('available', 'cancelled', 'completed', 'discarded', 'pending', 'retryable', 'running', 'scheduled'))
);
CREATE TABLE kirim_outbox_migration (version bigint PRIMARY KEY, name text NOT NULL, applied_at bigint NOT NULL);
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
CREATE TABLE kirim_suppression (
	person text PRIMARY KEY, -- hash of number and recipient
	reason text NOT NULL,
	source text NOT NULL, -- application, or recipient for what WhatsApp told
	since  integer NOT NULL
);
CREATE TABLE kirim_pause (
	number text NOT NULL, -- empty for all
	class  text NOT NULL, -- empty for all
	reason text NOT NULL,
	since  integer NOT NULL,
	until  integer, -- when it ends by itself; null for never
	PRIMARY KEY (number, class)
);
CREATE TABLE kirim_delivery (
	id          integer PRIMARY KEY AUTOINCREMENT,
	header      text NOT NULL, -- JSON
	body        text NOT NULL, -- base64
	received_at integer NOT NULL,
	job_at      integer NOT NULL -- when it was handed to a worker last
);
INSERT INTO river_migration ("line", "version", "created_at") VALUES ('main', 1, '2026-11-28 06:45:01');
INSERT INTO river_migration ("line", "version", "created_at") VALUES ('main', 2, '2026-11-28 06:45:01');
INSERT INTO river_migration ("line", "version", "created_at") VALUES ('main', 3, '2026-11-28 06:45:01');
INSERT INTO river_migration ("line", "version", "created_at") VALUES ('main', 4, '2026-11-28 06:45:01');
INSERT INTO river_migration ("line", "version", "created_at") VALUES ('main', 5, '2026-11-28 06:45:01');
INSERT INTO river_migration ("line", "version", "created_at") VALUES ('main', 6, '2026-11-28 06:45:01');
INSERT INTO river_migration ("line", "version", "created_at") VALUES ('main', 7, '2026-11-28 06:45:01');
INSERT INTO river_migration ("line", "version", "created_at") VALUES ('main', 8, '2026-11-28 06:45:01');
INSERT INTO river_notification ("id", "created_at", "payload", "topic") VALUES (1, '2026-11-28 06:45:01.659', '{"queue": "kirim_transactional"}', 'river_insert');
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence ("name", "seq") VALUES ('river_job', 6);
INSERT INTO sqlite_sequence ("name", "seq") VALUES ('kirim_lane', 9);
INSERT INTO sqlite_sequence ("name", "seq") VALUES ('kirim_message', 9);
INSERT INTO sqlite_sequence ("name", "seq") VALUES ('river_notification', 1);
INSERT INTO river_job ("id", "args", "attempt", "attempted_at", "attempted_by", "created_at", "errors", "finalized_at", "kind", "max_attempts", "metadata", "priority", "queue", "state", "scheduled_at", "tags", "unique_key", "unique_states") VALUES (1, X'7C476C616E651331', 0, NULL, NULL, '2026-11-28 06:45:01.659', NULL, NULL, 'kirim_lane', 25, X'0C', 1, 'kirim_transactional', 'available', '2026-11-28 06:45:01.659', X'0B', NULL, NULL);
INSERT INTO river_job ("id", "args", "attempt", "attempted_at", "attempted_by", "created_at", "errors", "finalized_at", "kind", "max_attempts", "metadata", "priority", "queue", "state", "scheduled_at", "tags", "unique_key", "unique_states") VALUES (2, X'7C476C616E651333', 0, NULL, NULL, '2026-11-28 06:45:01.669', NULL, NULL, 'kirim_lane', 25, X'0C', 1, 'kirim_transactional', 'available', '2026-11-28 06:45:01.669', X'0B', NULL, NULL);
INSERT INTO river_job ("id", "args", "attempt", "attempted_at", "attempted_by", "created_at", "errors", "finalized_at", "kind", "max_attempts", "metadata", "priority", "queue", "state", "scheduled_at", "tags", "unique_key", "unique_states") VALUES (3, X'7C476C616E651335', 0, NULL, NULL, '2026-11-28 06:45:01.676', NULL, NULL, 'kirim_lane', 25, X'0C', 1, 'kirim_transactional', 'available', '2026-11-28 06:45:01.676', X'0B', NULL, NULL);
INSERT INTO river_job ("id", "args", "attempt", "attempted_at", "attempted_by", "created_at", "errors", "finalized_at", "kind", "max_attempts", "metadata", "priority", "queue", "state", "scheduled_at", "tags", "unique_key", "unique_states") VALUES (4, X'7C476C616E651337', 0, NULL, NULL, '2026-11-28 06:45:01.689', NULL, NULL, 'kirim_lane', 25, X'0C', 1, 'kirim_transactional', 'available', '2026-11-28 06:45:01.689', X'0B', NULL, NULL);
INSERT INTO river_job ("id", "args", "attempt", "attempted_at", "attempted_by", "created_at", "errors", "finalized_at", "kind", "max_attempts", "metadata", "priority", "queue", "state", "scheduled_at", "tags", "unique_key", "unique_states") VALUES (5, X'7C476C616E651338', 0, NULL, NULL, '2026-11-28 06:45:01.694', NULL, NULL, 'kirim_lane', 25, X'0C', 1, 'kirim_transactional', 'available', '2026-11-28 06:45:01.694', X'0B', NULL, NULL);
INSERT INTO river_job ("id", "args", "attempt", "attempted_at", "attempted_by", "created_at", "errors", "finalized_at", "kind", "max_attempts", "metadata", "priority", "queue", "state", "scheduled_at", "tags", "unique_key", "unique_states") VALUES (6, X'7C476C616E651339', 0, NULL, NULL, '2026-11-28 06:45:01.700', NULL, NULL, 'kirim_lane', 25, X'0C', 1, 'kirim_transactional', 'available', '2026-11-28 06:45:01.700', X'0B', NULL, NULL);
INSERT INTO kirim_outbox_migration ("version", "name", "applied_at") VALUES (1, '001_outbox', 1795848301641000);
INSERT INTO kirim_lane ("id", "name", "number", "class", "recipient", "person", "state", "due_at", "owner", "enq", "flipped", "job_at", "pair_tat", "pair_refusals") VALUES (1, '628110000001:106540352242922:transactional', '106540352242922', 'transactional', '628110000001', '1561ddbda28740831a9f9da97db00276', 'waiting', 1790000060000000, NULL, 2, 1, 1790000000000000, 0, 0);
INSERT INTO kirim_lane ("id", "name", "number", "class", "recipient", "person", "state", "due_at", "owner", "enq", "flipped", "job_at", "pair_tat", "pair_refusals") VALUES (3, '628110000002:106540352242922:transactional', '106540352242922', 'transactional', '628110000002', '322139d6755ea2674a5f0d4c4e124753', 'parked', 1790000001000000, NULL, 2, 1, 1790000000000000, 0, 0);
INSERT INTO kirim_lane ("id", "name", "number", "class", "recipient", "person", "state", "due_at", "owner", "enq", "flipped", "job_at", "pair_tat", "pair_refusals") VALUES (5, '628110000003:106540352242922:transactional', '106540352242922', 'transactional', '628110000003', '7b50f6c2e246380b20de435701f582d2', 'owned', 1790000005000000, 'AWORKEROFTHEFIRSTRELEASE', 2, 1, 1790000000000000, 0, 0);
INSERT INTO kirim_lane ("id", "name", "number", "class", "recipient", "person", "state", "due_at", "owner", "enq", "flipped", "job_at", "pair_tat", "pair_refusals") VALUES (7, '628110000004:106540352242922:transactional', '106540352242922', 'transactional', '628110000004', '29c69a22437b4cc86b1da4ab6b1dade1', 'waiting', 1790000060000000, NULL, 1, 1, 1790000000000000, 0, 0);
INSERT INTO kirim_lane ("id", "name", "number", "class", "recipient", "person", "state", "due_at", "owner", "enq", "flipped", "job_at", "pair_tat", "pair_refusals") VALUES (8, '628110000005:106540352242922:transactional', '106540352242922', 'transactional', '628110000005', '0ca9aba28ec9afb0c11036f68c112422', 'waiting', 1790000060000000, NULL, 1, 1, 1790000000000000, 0, 0);
INSERT INTO kirim_lane ("id", "name", "number", "class", "recipient", "person", "state", "due_at", "owner", "enq", "flipped", "job_at", "pair_tat", "pair_refusals") VALUES (9, '628110000006:106540352242922:transactional', '106540352242922', 'transactional', '628110000006', '07b6d1445acac8c7b53fa64752455872', 'idle', 1790000004000000, NULL, 1, 1, 1790000000000000, 0, 0);
INSERT INTO kirim_message ("id", "lane", "number", "class", "campaign", "recipient", "body", "rescue", "key", "key_hash", "body_hash", "traceparent", "state", "generation", "use_template", "attempts", "first_attempt_at", "in_doubt", "not_before", "expires_at", "error", "error_kind", "kirim_id", "wamid", "status", "status_at", "look_at", "tell_at", "created_at", "ended_at") VALUES (1, 1, '106540352242922', 'transactional', '', '628110000001', '{"messaging_product":"whatsapp","to":"+628110000001","type":"text","text":{"body":"up-1-0"}}', NULL, 'up-1-0', 'f20f7705f955a1c5674a5d0a461783a9', '1:98a59d3927c3a8c9530a96e7d89b182f', NULL, 'queued', 1, 0, 0, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1790000000000000, NULL);
INSERT INTO kirim_message ("id", "lane", "number", "class", "campaign", "recipient", "body", "rescue", "key", "key_hash", "body_hash", "traceparent", "state", "generation", "use_template", "attempts", "first_attempt_at", "in_doubt", "not_before", "expires_at", "error", "error_kind", "kirim_id", "wamid", "status", "status_at", "look_at", "tell_at", "created_at", "ended_at") VALUES (2, 1, '106540352242922', 'transactional', '', '628110000001', '{"messaging_product":"whatsapp","to":"+628110000001","type":"text","text":{"body":"up-1-1"}}', NULL, 'up-1-1', '52318141c20b27ffa7ca72ba73730213', '1:e8128faaf9bb429d0d75369651b34099', NULL, 'queued', 1, 0, 0, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1790000000000000, NULL);
INSERT INTO kirim_message ("id", "lane", "number", "class", "campaign", "recipient", "body", "rescue", "key", "key_hash", "body_hash", "traceparent", "state", "generation", "use_template", "attempts", "first_attempt_at", "in_doubt", "not_before", "expires_at", "error", "error_kind", "kirim_id", "wamid", "status", "status_at", "look_at", "tell_at", "created_at", "ended_at") VALUES (3, 3, '106540352242922', 'transactional', '', '628110000002', '{"messaging_product":"whatsapp","to":"+628110000002","type":"text","text":{"body":"up-2-0"}}', NULL, 'up-2-0', '21ee4658b332cab62c8aa8a7c948ee8d', '1:f14e36bba61d84ede5a0a84a8d6413f8', NULL, 'queued', 1, 0, 1, 1790000000000000, 1, NULL, NULL, '{"text":"kirim: POST /{id}/messages: 502","kind":"upstream"}', 'upstream', NULL, NULL, NULL, NULL, NULL, NULL, 1790000000000000, NULL);
INSERT INTO kirim_message ("id", "lane", "number", "class", "campaign", "recipient", "body", "rescue", "key", "key_hash", "body_hash", "traceparent", "state", "generation", "use_template", "attempts", "first_attempt_at", "in_doubt", "not_before", "expires_at", "error", "error_kind", "kirim_id", "wamid", "status", "status_at", "look_at", "tell_at", "created_at", "ended_at") VALUES (4, 3, '106540352242922', 'transactional', '', '628110000002', '{"messaging_product":"whatsapp","to":"+628110000002","type":"text","text":{"body":"up-2-1"}}', NULL, 'up-2-1', 'ff73b12ef8c0aa230e1e7c74e1a82e5d', '1:242c84f8b53cb02ddf55997c66f22830', NULL, 'queued', 1, 0, 0, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1790000000000000, NULL);
INSERT INTO kirim_message ("id", "lane", "number", "class", "campaign", "recipient", "body", "rescue", "key", "key_hash", "body_hash", "traceparent", "state", "generation", "use_template", "attempts", "first_attempt_at", "in_doubt", "not_before", "expires_at", "error", "error_kind", "kirim_id", "wamid", "status", "status_at", "look_at", "tell_at", "created_at", "ended_at") VALUES (5, 5, '106540352242922', 'transactional', '', '628110000003', '{"messaging_product":"whatsapp","to":"+628110000003","type":"text","text":{"body":"up-3-0"}}', NULL, 'up-3-0', 'd2b70cbc26b49e3040cf2c2403324bb3', '1:52a6fe6cde206a8b175120ecee778b20', NULL, 'queued', 1, 0, 0, 1790000000000000, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1790000000000000, NULL);
INSERT INTO kirim_message ("id", "lane", "number", "class", "campaign", "recipient", "body", "rescue", "key", "key_hash", "body_hash", "traceparent", "state", "generation", "use_template", "attempts", "first_attempt_at", "in_doubt", "not_before", "expires_at", "error", "error_kind", "kirim_id", "wamid", "status", "status_at", "look_at", "tell_at", "created_at", "ended_at") VALUES (6, 5, '106540352242922', 'transactional', '', '628110000003', '{"messaging_product":"whatsapp","to":"+628110000003","type":"text","text":{"body":"up-3-1"}}', NULL, 'up-3-1', 'e60a0b90152ed808dbba9ee3d8d76aab', '1:d489ab9fbb459c8347eba93aa0bd90c2', NULL, 'queued', 1, 0, 0, 1790000000000000, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1790000000000000, NULL);
INSERT INTO kirim_message ("id", "lane", "number", "class", "campaign", "recipient", "body", "rescue", "key", "key_hash", "body_hash", "traceparent", "state", "generation", "use_template", "attempts", "first_attempt_at", "in_doubt", "not_before", "expires_at", "error", "error_kind", "kirim_id", "wamid", "status", "status_at", "look_at", "tell_at", "created_at", "ended_at") VALUES (7, 7, '106540352242922', 'transactional', '', '628110000004', '{"messaging_product":"whatsapp","to":"+628110000004","type":"text","text":{"body":"up-4-0"}}', NULL, 'up-4-0', '5e26813291c8668a3b6d57e59779b0bf', '1:b357509fe0c3fd3b135cab4828d38be2', NULL, 'unknown', 1, 0, 1, 1790000000000000, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1790000000000000, 1790000000000000);
INSERT INTO kirim_message ("id", "lane", "number", "class", "campaign", "recipient", "body", "rescue", "key", "key_hash", "body_hash", "traceparent", "state", "generation", "use_template", "attempts", "first_attempt_at", "in_doubt", "not_before", "expires_at", "error", "error_kind", "kirim_id", "wamid", "status", "status_at", "look_at", "tell_at", "created_at", "ended_at") VALUES (8, 8, '106540352242922', 'transactional', '', '628110000005', '{"messaging_product":"whatsapp","to":"+628110000005","type":"text","text":{"body":"up-5-0"}}', NULL, 'up-5-0', '2293ead1cbf237dbdb995a46b4f05205', '1:8eeadafc02c66c7f59696a8113e5cff3', NULL, 'discarded', 1, 0, 1, NULL, 0, NULL, NULL, '{"text":"kirim: POST /{id}/messages: 400 131026","kind":"recipient_unavailable","meta_code":131026}', 'recipient_unavailable', NULL, NULL, NULL, NULL, NULL, NULL, 1790000000000000, 1790000000000000);
INSERT INTO kirim_message ("id", "lane", "number", "class", "campaign", "recipient", "body", "rescue", "key", "key_hash", "body_hash", "traceparent", "state", "generation", "use_template", "attempts", "first_attempt_at", "in_doubt", "not_before", "expires_at", "error", "error_kind", "kirim_id", "wamid", "status", "status_at", "look_at", "tell_at", "created_at", "ended_at") VALUES (9, 9, '106540352242922', 'transactional', '', '628110000006', '{"messaging_product":"whatsapp","to":"+628110000006","type":"text","text":{"body":"up-6-0"}}', NULL, 'up-6-0', '01419ea8cdbe5f5988300e0828c7c91f', '1:60b96be59150f91a7d2a0f09ed109082', NULL, 'queued', 1, 0, 0, NULL, 0, 1790000004000000, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1790000000000000, NULL);
CREATE INDEX river_notification_created_at_idx ON river_notification (created_at);
CREATE INDEX river_notification_topic_id_idx ON river_notification (topic, id);
CREATE INDEX river_job_kind ON river_job (kind);
CREATE INDEX river_job_state_and_finalized_at_index ON river_job (state, finalized_at) WHERE finalized_at IS NOT NULL;
CREATE INDEX river_job_prioritized_fetching_index ON river_job (state, queue, priority, scheduled_at, id);
CREATE UNIQUE INDEX river_job_unique_idx ON river_job (unique_key)
    WHERE unique_key IS NOT NULL
        AND unique_states IS NOT NULL
        AND CASE state
            WHEN 'available' THEN unique_states & (1 << 0)
            WHEN 'cancelled' THEN unique_states & (1 << 1)
            WHEN 'completed' THEN unique_states & (1 << 2)
            WHEN 'discarded' THEN unique_states & (1 << 3)
            WHEN 'pending'   THEN unique_states & (1 << 4)
            WHEN 'retryable' THEN unique_states & (1 << 5)
            WHEN 'running'   THEN unique_states & (1 << 6)
            WHEN 'scheduled' THEN unique_states & (1 << 7)
            ELSE 0
        END >= 1;
CREATE INDEX kirim_lane_due ON kirim_lane (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX kirim_message_lane ON kirim_message (lane, state, id);
CREATE INDEX kirim_message_campaign ON kirim_message (campaign, state) WHERE campaign <> '';
CREATE INDEX kirim_message_wamid ON kirim_message (wamid) WHERE wamid IS NOT NULL;
CREATE INDEX kirim_message_kirim_id ON kirim_message (kirim_id) WHERE kirim_id IS NOT NULL;
CREATE INDEX kirim_message_bodies ON kirim_message (ended_at) WHERE ended_at IS NOT NULL AND body IS NOT NULL;
CREATE INDEX kirim_message_ended ON kirim_message (ended_at) WHERE ended_at IS NOT NULL AND body IS NULL;
CREATE INDEX kirim_message_look ON kirim_message (look_at) WHERE look_at IS NOT NULL;
CREATE INDEX kirim_message_trouble ON kirim_message (state, id) WHERE state IN ('unknown', 'discarded');
CREATE INDEX kirim_message_tell ON kirim_message (tell_at) WHERE tell_at IS NOT NULL;
CREATE INDEX kirim_pending_message ON kirim_pending (message);
CREATE INDEX kirim_pending_received ON kirim_pending (received_at);
CREATE INDEX kirim_pending_check ON kirim_pending (check_at);
CREATE VIEW kirim_outbox AS SELECT id, number, class, campaign, recipient, key, state, status, error, attempts, kirim_id, wamid, use_template,
	datetime(created_at / 1000000, 'unixepoch') AS created_at, datetime(not_before / 1000000, 'unixepoch') AS not_before, datetime(expires_at / 1000000, 'unixepoch') AS expires_at,
	datetime(first_attempt_at / 1000000, 'unixepoch') AS first_attempt_at, datetime(ended_at / 1000000, 'unixepoch') AS ended_at, datetime(status_at / 1000000, 'unixepoch') AS status_at
FROM kirim_message;
