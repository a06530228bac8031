package outbox

import (
	"github.com/kirim-go/kirim/outbox/internal/driver"
)

// queries are the statements of the outbox in the words of a database; see
// [driver.Dialect]. The arguments of each are in the comment before it.
type queries struct {
	// Enqueue. The only argument is JSON.
	existing, addLanes, addMessages, takeBack string
	// Work.
	claim, take, peek, begin, renew, release, drop, record, waits string
	// Sweep.
	due, jobless, orphaned string
	// Pauses and suppression.
	pause, pauses, resume, suppress, unsuppress, resumed, suppressed string
	// Webhooks.
	findSent, setStatus, again, notAgain, wakeLane, lookUp      string
	addPending, duePending, checkPending, arrivals, dropPending string
	// What people and programs ask and decide.
	get, getByKey, list, progress, depths, lockLanesOf, cancel, cancelPage, resolve string
	backlog, unknowns, deliveries, observed                                         string
	// Inbox.
	addDelivery, takeDelivery, dropDelivery, dropDeliveries, lostDeliveries string
	// Ends and retention.
	claimEnds, endsTold, dropBodies, dropMessages, lanesAfter, dropLanes, dropOldPending, dropPauses string
	lockLanesTo, erasePending, eraseMessages, eraseLanes                                             string
}

func newQueries(d driver.Dialect) *queries {
	return &queries{
		// $1 hashes of keys
		existing: d.SQL(`
SELECT m.id, m.key_hash, m.body_hash FROM {rows $1: key_hash text} JOIN {s}kirim_message m ON m.key_hash = r.key_hash`),

		// Sorted by name, so that two calls cannot wait for each other. The lane's row
		// is locked before its messages get their ids: ids within a lane follow the
		// order of commits. due_at is when the first message of the lane is due, and null
		// for now.
		// $1 lanes, $2 microseconds after which the sweep looks for the job
		addLanes: d.SQL(`
INSERT INTO {s}kirim_lane (name, number, class, recipient, person, enq, flipped, job_at, state, due_at)
SELECT r.name, r.number, r.class, r.recipient, r.person, 1, CASE WHEN COALESCE(r.due_at <= {now}, true) THEN 1 ELSE 0 END, {now},
	CASE WHEN COALESCE(r.due_at <= {now}, true) THEN 'waiting' ELSE 'idle' END, CASE WHEN COALESCE(r.due_at <= {now}, true) THEN {now} + $2 ELSE r.due_at END
FROM {rows $1: name text, number text, class text, recipient text, person text, due_at bigint} WHERE true ORDER BY r.name
ON CONFLICT (name) DO UPDATE SET
	enq = kirim_lane.enq + 1,
	flipped = CASE WHEN kirim_lane.state = 'idle' AND excluded.state = 'waiting' THEN kirim_lane.enq + 1 ELSE kirim_lane.flipped END,
	job_at = CASE WHEN kirim_lane.state = 'idle' AND excluded.state = 'waiting' THEN excluded.job_at ELSE kirim_lane.job_at END,
	state = CASE WHEN kirim_lane.state = 'idle' THEN excluded.state ELSE kirim_lane.state END,
	due_at = CASE WHEN kirim_lane.state <> 'idle' OR excluded.state = 'idle' AND kirim_lane.due_at < excluded.due_at THEN kirim_lane.due_at ELSE excluded.due_at END
RETURNING id, name, class, flipped = enq`),

		// $1 messages
		addMessages: d.SQL(`
INSERT INTO {s}kirim_message (lane, number, class, campaign, recipient, body, rescue, key, key_hash, body_hash, traceparent, state, not_before, expires_at, created_at)
SELECT l.id, r.number, r.class, r.campaign, r.recipient, r.body, r.rescue, r.key, r.key_hash, r.body_hash, r.traceparent, 'queued', r.not_before, r.expires_at, {now}
FROM {rows $1: ord bigint, lane text, number text, class text, campaign text, recipient text, body text, rescue text, key text, key_hash text, body_hash text, traceparent text, not_before bigint, expires_at bigint}
JOIN {s}kirim_lane l ON l.name = r.lane WHERE true ORDER BY r.ord
ON CONFLICT (key_hash) DO NOTHING
RETURNING id, key_hash`),

		// $1 rows with the id of a message of this transaction
		takeBack: d.SQL(`DELETE FROM {s}kirim_message WHERE id {ids $1}`),

		// A transaction of the caller's that has the lane locked is not waited for.
		// $1 lane, $2 token, $3 lease
		claim: d.SQL(`
UPDATE {s}kirim_lane SET state = 'owned', owner = $2, due_at = {now} + $3
WHERE id = (SELECT l.id FROM {s}kirim_lane l WHERE l.id = $1 {skip locked})
	AND (state = 'waiting' OR state = 'owned' AND (owner = $2 OR due_at < {now}))
RETURNING enq, {now}, number, class, person, pair_tat, pair_refusals, EXISTS (SELECT 1 FROM {s}kirim_suppression s WHERE s.person = kirim_lane.person)`),

		// A statement of its own after the claim, as it must see what was committed
		// until then.
		// $1 lane, $2 token, $3 how many
		take: d.SQL(`
UPDATE {s}kirim_message SET first_attempt_at = COALESCE(first_attempt_at, {now})
WHERE state = 'queued' AND EXISTS (SELECT 1 FROM {s}kirim_lane l WHERE l.id = $1 AND l.state = 'owned' AND l.owner = $2) AND id IN (
	SELECT m.id FROM {s}kirim_message m WHERE m.lane = $1 AND m.state = 'queued' AND (m.not_before IS NULL OR m.not_before <= {now})
	ORDER BY m.id LIMIT $3)
RETURNING ` + headColumns),

		// Like take, but begins nothing.
		// $1 lane, $2 token, $3 how many
		peek: d.SQL(`
SELECT ` + headColumns + ` FROM {s}kirim_message
WHERE state = 'queued' AND EXISTS (SELECT 1 FROM {s}kirim_lane l WHERE l.id = $1 AND l.state = 'owned' AND l.owner = $2) AND lane = $1 AND (not_before IS NULL OR not_before <= {now})
ORDER BY id LIMIT $3`),

		// $1 message, $2 lane, $3 token
		begin: d.SQL(`
UPDATE {s}kirim_message SET first_attempt_at = {now}
WHERE id = $1 AND state = 'queued' AND first_attempt_at IS NULL AND EXISTS (SELECT 1 FROM {s}kirim_lane l WHERE l.id = $2 AND l.state = 'owned' AND l.owner = $3 AND l.due_at > {now})`),

		// $1 lane, $2 token, $3 lease
		renew: d.SQL(`UPDATE {s}kirim_lane SET due_at = {now} + $3 WHERE id = $1 AND state = 'owned' AND owner = $2 AND due_at > {now}`),

		// Nothing came since the claim, and nothing but what has now ended is due. It comes
		// before the record of that in one transaction: rows of lanes are locked before
		// those of their messages, always. The token stays, for that record.
		// $1 lane, $2 token, $3 enq as seen, $4 pair_tat, $5 pair_refusals, $6 messages that have ended
		release: d.SQL(`
UPDATE {s}kirim_lane SET state = 'idle', pair_tat = $4, pair_refusals = $5,
	due_at = (SELECT min(m.not_before) FROM {s}kirim_message m WHERE m.lane = $1 AND m.state = 'queued' AND m.not_before > {now})
WHERE id = $1 AND state = 'owned' AND owner = $2 AND enq = $3 AND NOT EXISTS (
	SELECT 1 FROM {s}kirim_message m WHERE m.lane = $1 AND m.state = 'queued' AND (m.not_before IS NULL OR m.not_before <= {now}) AND NOT m.id {ids $6})`),

		// Gives a lane back that has still work to do.
		// $1 lane, $2 token, $3 microseconds until then, $4 pair_tat, $5 pair_refusals
		drop: d.SQL(`
UPDATE {s}kirim_lane SET state = 'parked', due_at = {now} + $3, pair_tat = $4, pair_refusals = $5
WHERE id = $1 AND state = 'owned' AND owner = $2`),

		// What has become of messages. That one was accepted counts whoever reports it
		// and when; all else is for the last owner of the lane to say. A record that is
		// repeated, as its first response was lost, finds that the message is sent in another form by
		// now. A message that is sent again because of a late refusal has the
		// ids of the send before until it ends.
		// $1 results, $2 token
		record: d.SQL(`
UPDATE {s}kirim_message SET
	state = r.state, attempts = kirim_message.attempts + r.attempts, in_doubt = r.in_doubt, use_template = r.use_template,
	first_attempt_at = CASE WHEN r.not_sent THEN NULL ELSE kirim_message.first_attempt_at END,
	error = COALESCE(r.error, CASE WHEN r.state <> 'sent' THEN kirim_message.error END),
	error_kind = COALESCE(r.error_kind, CASE WHEN r.state <> 'sent' THEN kirim_message.error_kind END),
	kirim_id = CASE WHEN r.state = 'queued' THEN kirim_message.kirim_id ELSE r.kirim_id END,
	wamid = CASE WHEN r.state = 'queued' THEN kirim_message.wamid ELSE r.wamid END,
	look_at = CASE WHEN r.look_in IS NOT NULL THEN {now} + r.look_in END,
	ended_at = CASE WHEN r.state <> 'queued' THEN {now} END,
	body = CASE WHEN NOT r.forget THEN kirim_message.body END, rescue = CASE WHEN NOT r.forget THEN kirim_message.rescue END,
	tell_at = CASE WHEN NOT r.told THEN {now} END
FROM {rows $1: id bigint, generation bigint, state text, attempts bigint, in_doubt boolean, as_template boolean, use_template boolean, not_sent boolean, error text, error_kind text, kirim_id text, wamid text, look_in bigint, forget boolean, told boolean}
WHERE kirim_message.id {ids $1} AND kirim_message.id = r.id AND kirim_message.generation = r.generation AND kirim_message.use_template = r.as_template
	AND (r.state = 'sent' AND kirim_message.state <> 'sent'
		OR kirim_message.state = 'queued' AND EXISTS (SELECT 1 FROM {s}kirim_lane l WHERE l.id = kirim_message.lane AND l.owner = $2))
RETURNING kirim_message.id, kirim_message.ended_at`),

		// Lanes whose time has come: their worker is gone, or their wait is over.
		// $1 microseconds after which the sweep looks for the job, $2 how many
		due: d.SQL(`
UPDATE {s}kirim_lane SET owner = NULL, state = 'waiting', flipped = enq, job_at = {now}, due_at = {now} + $1
WHERE id IN (
	SELECT l.id FROM {s}kirim_lane l WHERE l.state <> 'waiting' AND l.due_at <= {now} AND NOT ` + lanePaused(`l`) + `
	ORDER BY l.due_at LIMIT $2 {skip locked})
RETURNING id, class, true`),

		// Lanes of a class whose job has not come. That is no wonder while others wait in the
		// queue: River has jobs of the class that no worker has taken yet. One that was
		// taken, and is to come again, may be due much later: by the clock of a host. The order
		// of those jobs is that of the index by which River takes them. Without it PostgreSQL
		// prefers to read the table from its beginning, past all jobs that are done.
		// $1 microseconds after which the sweep looks for the job, $2 how many, $3 class
		jobless: d.SQL(`
UPDATE {s}kirim_lane SET flipped = enq, job_at = {now}, due_at = {now} + $1
WHERE id IN (
	SELECT l.id FROM {s}kirim_lane l WHERE l.state = 'waiting' AND l.class = $3 AND l.due_at <= {now} AND NOT ` + lanePaused(`l`) + ` AND (
		SELECT 1 FROM {s}river_job j WHERE j.state = 'available' AND j.queue = 'kirim_' || $3 AND j.attempted_at IS NULL
		ORDER BY j.priority, j.scheduled_at, j.id LIMIT 1) IS NULL
	ORDER BY l.due_at LIMIT $2 {skip locked})
RETURNING id, class, true`),

		// Lanes whose job a worker took without claiming them.
		// $1 microseconds that a worker has for that, $2 how many
		orphaned: d.SQL(`
UPDATE {s}kirim_lane SET job_at = {now}
WHERE id IN (
	SELECT l.id FROM {s}river_job j JOIN {s}kirim_lane l ON l.id = {argument j.args: lane}
	WHERE j.state = 'running' AND j.kind = 'kirim_lane' AND {micros j.attempted_at} < {now} - $1 AND {micros j.attempted_at} >= l.job_at
		AND l.state = 'waiting'
	ORDER BY l.id LIMIT $2 {skip locked})
RETURNING id, class, true`),

		// Whether nobody but the job of now would see to a lane.
		// $1 lane
		waits: d.SQL(`SELECT {now} FROM {s}kirim_lane WHERE id = $1 AND state = 'waiting'`),

		// $1 number, $2 class, $3 reason, $4 microseconds or null
		pause: d.SQL(`
INSERT INTO {s}kirim_pause (number, class, reason, since, until) VALUES ($1, $2, $3, {now}, {now} + CAST($4 AS bigint))
ON CONFLICT (number, class) DO UPDATE SET reason = excluded.reason,
	until = CASE WHEN kirim_pause.until > kirim_pause.since AND kirim_pause.until < excluded.since THEN excluded.until WHEN kirim_pause.until IS NULL OR excluded.until IS NULL THEN NULL ELSE excluded.until END`),
		pauses: d.SQL(`SELECT number, class, reason, since, until FROM {s}kirim_pause WHERE until IS NULL OR until > {now} ORDER BY number, class`),
		resume: d.SQL(`DELETE FROM {s}kirim_pause WHERE number = $1 AND class = $2`),

		// $1 person, $2 reason, $3 source, $4 when, or null for now. What the application
		// says stays until it says otherwise.
		suppress: d.SQL(`
INSERT INTO {s}kirim_suppression (person, reason, source, since) VALUES ($1, $2, $3, CASE WHEN $4 < {now} THEN $4 ELSE {now} END)
ON CONFLICT (person) DO UPDATE SET reason = excluded.reason, source = excluded.source,
	since = CASE WHEN kirim_suppression.since > excluded.since THEN kirim_suppression.since ELSE excluded.since END
WHERE kirim_suppression.source <> 'application' OR excluded.source = 'application'`),
		unsuppress: d.SQL(`DELETE FROM {s}kirim_suppression WHERE person = $1`),
		// Webhooks tell times in whole seconds.
		// $1 person, $2 when the recipient has resumed, or null for now
		resumed:    d.SQL(`DELETE FROM {s}kirim_suppression WHERE person = $1 AND source = 'recipient' AND since < COALESCE(CAST($2 AS bigint) + 1000000, {now} + 1)`),
		suppressed: d.SQL(`SELECT since FROM {s}kirim_suppression WHERE person = $1`),

		// A condition with OR would be a read of the whole table wherever PostgreSQL has no
		// statistics of it, as in the first minute of a campaign.
		// $1 and $2 ids of the message
		findSent: d.SQL(`
SELECT ` + observedColumns + `, state, first_attempt_at IS NOT NULL OR in_doubt, rescue IS NOT NULL, body IS NOT NULL, kirim_id, wamid, status, error_kind, ended_at, {now}
FROM {s}kirim_message WHERE id = (SELECT x.id FROM (
	SELECT id FROM {s}kirim_message WHERE kirim_id = $1 UNION ALL SELECT id FROM {s}kirim_message WHERE wamid = $1 UNION ALL
	SELECT id FROM {s}kirim_message WHERE kirim_id = $2 AND $2 <> '' UNION ALL SELECT id FROM {s}kirim_message WHERE wamid = $2 AND $2 <> '') x LIMIT 1)`),

		// $1 message, $2 generation, $3 status before, $4 kirim_id, $5 wamid, $6 status, $7 it changes, $8 its time,
		// $9 error, $10 kind, $11 it has arrived, so that it did not fail, $12 there is nothing to tell, $13 template
		setStatus: d.SQL(`
UPDATE {s}kirim_message SET kirim_id = COALESCE(kirim_id, $4), wamid = COALESCE(wamid, $5), status = $6,
	status_at = CASE WHEN $7 THEN COALESCE($8, {now}) ELSE status_at END,
	error = CASE WHEN NOT $11 THEN COALESCE($9, error) END, error_kind = CASE WHEN NOT $11 THEN COALESCE($10, error_kind) END,
	tell_at = CASE WHEN $12 THEN tell_at ELSE {now} END,
	look_at = CASE WHEN CAST($6 AS text) IS NULL AND COALESCE(wamid, $5) IS NULL THEN look_at END
WHERE id = $1 AND generation = $2 AND use_template = $13 AND state = 'sent' AND COALESCE(status, '') = COALESCE(CAST($3 AS text), '')`),

		// $1 message, $2 generation of now, $3 and of next, $4 template, $5 error, $6 kind, $7 state of now,
		// $8 microseconds until it is due, $9 kirim_id, $10 wamid, $11 template now. The ids are kept, by which to know what
		// comes late of the send before.
		again: d.SQL(`
UPDATE {s}kirim_message SET state = 'queued', generation = $3, use_template = $4, error = COALESCE($5, error), error_kind = COALESCE($6, error_kind),
	attempts = 0, first_attempt_at = NULL, in_doubt = false, not_before = {now} + $8, kirim_id = COALESCE(kirim_id, $9), wamid = COALESCE(wamid, $10),
	status = NULL, status_at = NULL, look_at = NULL, ended_at = NULL, tell_at = NULL
WHERE id = $1 AND generation = $2 AND state = $7 AND use_template = $11`),

		// Ends what again began, before it was sent.
		// $1 message, $2 generation, $3 template, $4 status, $5 its time, $6 it has arrived, so that it did not fail,
		// $7 there is nobody to tell, $8 template now
		notAgain: d.SQL(`
UPDATE {s}kirim_message SET state = 'sent', use_template = $3, status = $4, status_at = COALESCE($5, {now}), ended_at = {now},
	error = CASE WHEN NOT $6 THEN error END, error_kind = CASE WHEN NOT $6 THEN error_kind END, tell_at = CASE WHEN NOT $7 THEN {now} END
WHERE id = $1 AND generation = $2 AND use_template = $8 AND state = 'queued' AND first_attempt_at IS NULL AND NOT in_doubt`),

		// What is sent again may be all that its lane has, so that the sweep looks. A
		// parked lane goes on where a person says so.
		// $1 message, $2 microseconds until it is due, $3 a parked lane goes on
		wakeLane: d.SQL(`
UPDATE {s}kirim_lane SET enq = enq + 1,
	due_at = CASE WHEN state IN ('waiting', 'owned') OR state = 'parked' AND NOT $3 OR due_at < {now} + $2 THEN due_at ELSE {now} + $2 END
WHERE id = (SELECT lane FROM {s}kirim_message WHERE id = $1)`),

		// $1 message, $2 other id, $3 status, $4 its time, $5 error, $6 hash of the recipient
		addPending: d.SQL(`
INSERT INTO {s}kirim_pending (message, wamid, status, status_at, error, recipient, received_at, check_at)
VALUES ($1, $2, $3, $4, $5, $6, {now}, {now} + 2000000) RETURNING id`),
		// $1 and $2 ids of a message that are known by now
		duePending: d.SQL(`UPDATE {s}kirim_pending SET check_at = {now} WHERE message IN ($1, $2)`),
		// $1 id of a message
		arrivals: d.SQL(`SELECT status FROM {s}kirim_pending WHERE message = $1 AND status IN ('sent', 'delivered', 'read', 'played')`),
		// $1 rows with an id
		dropPending: d.SQL(`DELETE FROM {s}kirim_pending WHERE id {ids $1}`),

		// Facts whose messages may be known by now. They are looked at after 2, 8, 32 …
		// seconds and at last every hour, a limited number at a time, so that many of other
		// programs' messages cost little.
		// $1 how many
		checkPending: d.SQL(`
UPDATE {s}kirim_pending SET check_at = {now} + CASE WHEN {now} - received_at > 1200000000 THEN 3600000000 ELSE 3 * ({now} - received_at) END
WHERE id IN (SELECT p.id FROM {s}kirim_pending p WHERE p.check_at <= {now} ORDER BY p.check_at LIMIT $1 {skip locked})
RETURNING id, message, wamid, status, status_at, error,
	EXISTS (SELECT 1 FROM {s}kirim_message m WHERE m.kirim_id = kirim_pending.message) OR EXISTS (SELECT 1 FROM {s}kirim_message m WHERE m.wamid = kirim_pending.message)`),

		// The message that is due for a look at the server, and when it is next.
		// $1 microseconds
		lookUp: d.SQL(`
UPDATE {s}kirim_message SET look_at = CASE WHEN {now} - ended_at > 86400000000 THEN NULL ELSE {now} + (CASE WHEN {now} - ended_at > $1 THEN {now} - ended_at ELSE $1 END) END
WHERE id = (SELECT id FROM {s}kirim_message WHERE look_at <= {now} ORDER BY look_at LIMIT 1 {skip locked}) RETURNING number, kirim_id`),

		get:      d.SQL(`SELECT ` + recordColumns + ` FROM {s}kirim_message WHERE id = $1`),
		getByKey: d.SQL(`SELECT ` + recordColumns + ` FROM {s}kirim_message WHERE key_hash = $1`),

		// $1 after this id, $2 state, $3 status, $4 number, $5 class, $6 campaign, $7 kind, $8 recipient, $9 how many
		list: d.SQL(`
SELECT ` + recordColumns + ` FROM {s}kirim_message
WHERE id > $1 AND ($2 = '' OR state = $2) AND ($3 = '' OR status = $3) AND ($4 = '' OR number = $4) AND ($5 = '' OR class = $5)
	AND ($6 = '' OR campaign = $6) AND ($7 = '' OR error_kind = $7) AND ($8 = '' OR lane IN (SELECT l.id FROM {s}kirim_lane l WHERE ` + laneOf(`$8`) + `))
ORDER BY id LIMIT $9`),

		// $1 campaign, which is not empty
		progress: d.SQL(`SELECT state, status, error_kind, count(*) FROM {s}kirim_message WHERE campaign = $1 AND campaign <> '' GROUP BY state, status, error_kind`),

		// What has not ended is queued.
		depths: d.SQL(`
SELECT class, count(*), COALESCE({now} - min(` + dueAt + `), 0) FROM {s}kirim_message WHERE ended_at IS NULL GROUP BY class ORDER BY class`),

		// Pauses are looked up for each class and number, not for each message.
		backlog: d.SQL(`
SELECT w.class, CASE WHEN w.state = 'due' AND ` + lanePaused(`w`) + ` THEN 'paused' ELSE w.state END, CAST(sum(w.n) AS bigint), {now} - min(w.due)
FROM (
	SELECT class, number, CASE WHEN in_doubt THEN 'in_doubt' WHEN not_before > {now} THEN 'scheduled' ELSE 'due' END AS state,
		count(*) AS n, min(` + dueAt + `) AS due
	FROM {s}kirim_message WHERE ended_at IS NULL GROUP BY 1, 2, 3) AS w
GROUP BY 1, 2`),
		// The first condition is that of an index, which SQLite takes word by word.
		unknowns: d.SQL(`
SELECT class, 'unknown', count(*), {now} - min(ended_at) FROM {s}kirim_message WHERE state IN ('unknown', 'discarded') AND state = 'unknown' GROUP BY class`),
		deliveries: d.SQL(`SELECT count(*), COALESCE({now} - min(received_at), 0) FROM {s}kirim_delivery`),

		// $1 rows with the id of a message
		observed: d.SQL(`SELECT ` + observedColumns + `, state, error_kind, ended_at FROM {s}kirim_message WHERE id {ids $1} ORDER BY id`),

		// $1 rows with the id of a message
		lockLanesOf: d.SQL(`
SELECT l.id FROM {s}kirim_lane l WHERE l.id IN (SELECT m.lane FROM {s}kirim_message m WHERE m.id {ids $1}) ORDER BY l.name {for update}`),
		// $1 rows with the id of a message, $2 the end needs not be told
		cancel: d.SQL(`
UPDATE {s}kirim_message SET state = 'cancelled', ended_at = {now}, tell_at = CASE WHEN NOT $2 THEN {now} END
WHERE id {ids $1} AND state = 'queued' AND first_attempt_at IS NULL RETURNING id`),
		// $1 campaign, $2 after this id, $3 how many
		cancelPage: d.SQL(`
SELECT id FROM {s}kirim_message WHERE campaign = $1 AND campaign <> '' AND state = 'queued' AND first_attempt_at IS NULL AND id > $2 ORDER BY id LIMIT $3`),

		// $1 message, $2 state, $3 the end needs not be told
		resolve: d.SQL(`
UPDATE {s}kirim_message SET state = $2, in_doubt = false, ended_at = CASE WHEN state = 'unknown' THEN {now} ELSE ended_at END,
	tell_at = CASE WHEN state = 'unknown' AND NOT $3 THEN {now} ELSE tell_at END
WHERE id = $1 AND (state = 'unknown' OR state = 'discarded' AND $2 = 'discarded')`),

		// $1 header, $2 body
		addDelivery: d.SQL(`INSERT INTO {s}kirim_delivery (header, body, received_at, job_at) VALUES ($1, $2, {now}, {now}) RETURNING id`),
		// $1 delivery
		takeDelivery: d.SQL(`UPDATE {s}kirim_delivery SET job_at = {now} WHERE id = $1 RETURNING header, body, received_at, {now}`),
		dropDelivery: d.SQL(`DELETE FROM {s}kirim_delivery WHERE id = $1`),
		// $1 microseconds, $2 how many
		dropDeliveries: d.SQL(`DELETE FROM {s}kirim_delivery WHERE id IN (SELECT id FROM {s}kirim_delivery WHERE received_at < {now} - $1 LIMIT $2)`),
		lostDeliveries: d.SQL(`
UPDATE {s}kirim_delivery SET job_at = {now}
WHERE id IN (
	SELECT v.id FROM {s}kirim_delivery v WHERE v.job_at < {now} - $1
		AND NOT EXISTS (SELECT 1 FROM {s}river_job j WHERE j.kind = 'kirim_delivery' AND j.state IN ('available', 'pending', 'retryable', 'running', 'scheduled') AND {argument j.args: delivery} = v.id)
	ORDER BY v.job_at LIMIT $2 {skip locked})
RETURNING id`),

		// The ends that are due to be told. Until the claim lapses no other process
		// tells them.
		// $1 microseconds of the claim, $2 how many
		claimEnds: d.SQL(`
UPDATE {s}kirim_message SET tell_at = {now} + $1
WHERE id IN (SELECT m.id FROM {s}kirim_message m WHERE m.tell_at <= {now} ORDER BY m.tell_at LIMIT $2 {skip locked})
RETURNING ` + recordColumns + `, tell_at, {now}`),
		// What was told, and when what was not is next. What has happened since the claim
		// is told as well.
		// $1 rows
		endsTold: d.SQL(`
UPDATE {s}kirim_message SET tell_at = CASE WHEN NOT r.told THEN {now} + r.wait END
FROM {rows $1: id bigint, claim bigint, told boolean, wait bigint} WHERE kirim_message.id {ids $1} AND kirim_message.id = r.id AND kirim_message.tell_at = r.claim`),

		// The order is that of the indexes, which PostgreSQL does not use otherwise: it takes a
		// third of the table for old, and reads it from its beginning until it has found some.
		// $1 microseconds after the end, $2 how many
		dropBodies: d.SQL(`
UPDATE {s}kirim_message SET body = NULL, rescue = NULL
WHERE id IN (SELECT id FROM {s}kirim_message WHERE ended_at IS NOT NULL AND body IS NOT NULL AND ended_at < {now} - $1 ORDER BY ended_at LIMIT $2)`),
		dropMessages: d.SQL(`
DELETE FROM {s}kirim_message WHERE id IN (
	SELECT x.id FROM (SELECT id FROM {s}kirim_message WHERE ended_at IS NOT NULL AND body IS NULL AND ended_at < {now} - $1 ORDER BY ended_at LIMIT $2) x
	UNION ALL
	SELECT y.id FROM (SELECT id FROM {s}kirim_message WHERE ended_at IS NOT NULL AND body IS NOT NULL AND ended_at < {now} - $1 ORDER BY ended_at LIMIT $2) y
	LIMIT $2)`),
		// No index says which lanes are old: each would cost more than to look at some of them
		// now and then.
		// $1 after this id, $2 how many
		lanesAfter: d.SQL(`SELECT COALESCE(max(x.id), 0), count(*) FROM (SELECT id FROM {s}kirim_lane WHERE id > $1 ORDER BY id LIMIT $2) x`),
		// $1 microseconds since the last job, $2 after this id, $3 up to this id
		dropLanes: d.SQL(`
DELETE FROM {s}kirim_lane WHERE state = 'idle' AND due_at IS NULL AND id IN (
	SELECT l.id FROM {s}kirim_lane l WHERE l.id > $2 AND l.id <= $3 AND l.job_at < {now} - $1 AND l.state = 'idle' AND l.due_at IS NULL
		AND NOT EXISTS (SELECT 1 FROM {s}kirim_message m WHERE m.lane = l.id))`),
		// $1 microseconds, $2 how many are kept, $3 how many to delete
		dropOldPending: d.SQL(`
DELETE FROM {s}kirim_pending WHERE id IN (
	SELECT id FROM {s}kirim_pending WHERE received_at < {now} - $1 OR id <= (SELECT max(id) FROM {s}kirim_pending) - $2 LIMIT $3)`),
		dropPauses: d.SQL(`DELETE FROM {s}kirim_pause WHERE until < {now}`),

		// $1 recipient
		lockLanesTo: d.SQL(`SELECT l.id FROM {s}kirim_lane l WHERE ` + laneOf(`$1`) + ` ORDER BY l.name {for update}`),
		// A wamid holds the number of the recipient in base64.
		// $1 recipient, $2 hash of it
		erasePending: d.SQL(`
DELETE FROM {s}kirim_pending WHERE recipient = $2 OR message IN (
	SELECT m.kirim_id FROM {s}kirim_lane l JOIN {s}kirim_message m ON m.lane = l.id WHERE ` + laneOf(`$1`) + ` AND m.kirim_id IS NOT NULL
	UNION ALL
	SELECT m.wamid FROM {s}kirim_lane l JOIN {s}kirim_message m ON m.lane = l.id WHERE ` + laneOf(`$1`) + ` AND m.wamid IS NOT NULL)`),
		eraseMessages: d.SQL(`
UPDATE {s}kirim_message SET recipient = NULL, body = NULL, rescue = NULL, key = NULL, error = NULL, traceparent = NULL, kirim_id = NULL, wamid = NULL, look_at = NULL
WHERE lane IN (SELECT l.id FROM {s}kirim_lane l WHERE ` + laneOf(`$1`) + `) AND state <> 'queued'`),
		eraseLanes: d.SQL(`
UPDATE {s}kirim_lane AS l SET name = 'erased:' || id, person = '', recipient = NULL
WHERE ` + laneOf(`$1`) + ` AND NOT EXISTS (SELECT 1 FROM {s}kirim_message m WHERE m.lane = l.id AND m.state = 'queued')`),
	}
}

// headColumns are those of head, in the order of its fields.
const headColumns = `id, body, rescue, key, generation, use_template, attempts, first_attempt_at, in_doubt, not_before, expires_at, created_at, traceparent`

// observedColumns are those of scanObserved.
const observedColumns = `id, class, generation, use_template, traceparent, created_at, not_before`

// dueAt is when a message was due first, or, of one that is sent again, when that was.
const dueAt = `CASE WHEN not_before > created_at THEN not_before ELSE created_at END`

// lanePaused is a condition on a lane.
func lanePaused(lane string) string {
	return `EXISTS (SELECT 1 FROM {s}kirim_pause p WHERE p.number IN ('', ` + lane + `.number) AND p.class IN ('', ` + lane + `.class) AND (p.until IS NULL OR p.until > {now}))`
}

// laneOf is a condition on a lane l: it is of a recipient. The name, which has
// an index, begins with that.
func laneOf(recipient string) string {
	return `l.name >= ` + recipient + ` || ':' AND l.name < ` + recipient + ` || ';' AND l.recipient = ` + recipient
}
