package storesql

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"slices"

	"github.com/kirim-go/kirim"
)

// StatusStore is a [kirim.StatusStore] in a database. A message about which nothing was
// heard for [WithRetention] is forgotten.
//
// It keeps a [kirim.StatusRecord] for each message, and lets a [kirim.StatusTracker] work on it
// in a transaction.
type StatusStore struct{ messages table }

var _ kirim.StatusStore = (*StatusStore)(nil)

// Apply implements [kirim.StatusStore].
func (s *StatusStore) Apply(ctx context.Context, update *kirim.StatusUpdate) (progress kirim.MessageProgress, changed bool, err error) {
	if update == nil || update.ID == "" {
		return progress, false, nil
	}
	err = s.change(ctx, []string{update.ID}, func(t *kirim.StatusTracker) { progress, changed = t.Apply(update) })
	if err != nil {
		return kirim.MessageProgress{}, false, failed("apply", err)
	}
	return progress, changed, nil
}

// Join implements [kirim.StatusStore].
func (s *StatusStore) Join(ctx context.Context, id, wamid string) error {
	if id == "" || wamid == "" {
		return nil
	}
	ids := []string{id, wamid}
	if id == wamid {
		ids = ids[:1]
	}
	if err := s.change(ctx, ids, func(t *kirim.StatusTracker) { t.Join(id, wamid) }); err != nil {
		return failed("join", err)
	}
	return nil
}

// Progress implements [kirim.StatusStore].
func (s *StatusStore) Progress(ctx context.Context, id, participant string) (progress kirim.MessageProgress, known bool, err error) {
	var encoded string
	known, err = s.messages.row(ctx, "progress", "SELECT s.record FROM TABLE(status_id) AS i JOIN TABLE(status) AS s ON s.message = i.message WHERE i.key = $1",
		&encoded, hashOf(id))
	if err != nil || !known {
		return progress, false, err
	}
	var record kirim.StatusRecord
	if err := json.Unmarshal([]byte(encoded), &record); err != nil {
		return progress, false, failed("progress", err)
	}
	tracker := kirim.NewStatusTracker(0)
	tracker.Restore(record)
	progress, known = tracker.Progress(id, participant)
	return progress, known, nil
}

// change lets f work on what is known of the messages with the ids.
func (s *StatusStore) change(ctx context.Context, ids []string, f func(*kirim.StatusTracker)) error {
	err := s.messages.transaction(ctx, func(tx *sql.Tx) error {
		stored, err := s.lock(ctx, tx, ids)
		if err != nil {
			return err
		}
		tracker := kirim.NewStatusTracker(0)
		for _, m := range stored {
			tracker.Restore(m.record)
		}
		f(tracker)
		var saved []string
		for _, id := range ids {
			record, known := tracker.Record(id)
			if !known || slices.Contains(saved, record.IDs[0]) {
				continue
			}
			saved = append(saved, record.IDs[0])
			if err := s.save(ctx, tx, record, stored); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		s.messages.tidy(ctx, 1)
	}
	return err
}

// storedMessage is a row of the table status.
type storedMessage struct {
	message []byte
	record  kirim.StatusRecord
}

// lock reads the messages that have one of the ids, which no other transaction
// changes until this one ends.
func (s *StatusStore) lock(ctx context.Context, tx *sql.Tx, ids []string) (stored []storedMessage, err error) {
	keys := make([]any, len(ids))
	for i, id := range ids {
		keys[i] = hashOf(id)
	}
	messages, err := columnOfBytes(ctx, tx, s.messages.query("SELECT DISTINCT message FROM TABLE(status_id) WHERE key IN "+parameters(len(keys))), keys...)
	if err != nil || len(messages) == 0 {
		return nil, err
	}
	query := "SELECT message, record FROM TABLE(status) WHERE message IN " + parameters(len(messages)) + " ORDER BY message"
	if s.messages.database == PostgreSQL {
		query += " FOR UPDATE"
	}
	rows, err := tx.QueryContext(ctx, s.messages.query(query), messages...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var m storedMessage
		var encoded string
		if err := rows.Scan(&m.message, &encoded); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(encoded), &m.record); err != nil {
			return nil, err
		}
		stored = append(stored, m)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if len(stored) < len(messages) { // one became part of another, or was forgotten
		return nil, errOvertaken
	}
	return stored, nil
}

// save writes a record in place of those that became part of it.
func (s *StatusStore) save(ctx context.Context, tx *sql.Tx, record kirim.StatusRecord, stored []storedMessage) error {
	encoded, err := json.Marshal(record)
	if err != nil {
		return err
	}
	var message []byte
	known := make(map[string]bool)
	for _, m := range stored {
		if !slices.ContainsFunc(m.record.IDs, func(id string) bool { return slices.Contains(record.IDs, id) }) {
			continue
		}
		for _, id := range m.record.IDs {
			known[id] = true
		}
		if message == nil {
			message = m.message
			continue
		}
		if _, err := tx.ExecContext(ctx, s.messages.query("UPDATE TABLE(status_id) SET message = $1 WHERE message = $2"), message, m.message); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, s.messages.query("DELETE FROM TABLE(status) WHERE message = $1"), m.message); err != nil {
			return err
		}
	}
	write := "UPDATE TABLE(status) SET record = $2, until = NOW + $3 WHERE message = $1"
	if message == nil {
		message = make([]byte, 16)
		_, _ = rand.Read(message) // never fails
		write = "INSERT INTO TABLE(status) (message, record, until) VALUES ($1, $2, NOW + $3)"
	}
	if _, err := tx.ExecContext(ctx, s.messages.query(write), message, string(encoded), millis(s.messages.retention)); err != nil {
		return err
	}
	var added [][]byte
	for _, id := range record.IDs {
		if !known[id] {
			added = append(added, hashOf(id))
		}
	}
	slices.SortFunc(added, bytes.Compare) // in one order, or two transactions wait for each other
	for _, key := range added {
		result, err := tx.ExecContext(ctx, s.messages.query("INSERT INTO TABLE(status_id) (key, message) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING"), key, message)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil {
			return err
		} else if n == 0 { // another transaction has heard of the id meanwhile
			return errOvertaken
		}
	}
	return nil
}
