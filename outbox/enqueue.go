package outbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/kirim-go/kirim/outbox/internal/driver"
)

// laneEntry is a lane as enqueuing makes or wakes it.
type laneEntry struct {
	Name      string `json:"name"`
	Number    string `json:"number"`
	Class     string `json:"class"`
	Recipient string `json:"recipient"`
	Person    string `json:"person"`
	DueAt     *int64 `json:"due_at"` // when its first message is due; null for now
}

// enqueue adds messages in a transaction of the caller's and returns their ids in
// the order of the messages. It changes nothing when it fails before its first
// insert, as it does for every bad argument.
func (e *engine) enqueue(ctx context.Context, tx driver.Transaction, messages []Message, count *addedMessages) ([]int64, error) {
	entries, err := e.entries(ctx, messages)
	if err != nil || len(entries) == 0 {
		return nil, err
	}
	known, err := e.known(ctx, tx, entries)
	if err != nil {
		return nil, err
	}
	added := slices.DeleteFunc(slices.Clone(entries), func(n *entry) bool { return known[n.KeyHash] != 0 || n.Ord < 0 })
	if len(added) > 0 {
		if err := e.add(ctx, tx, added, known); err != nil {
			return nil, err
		}
	}
	count.of(added, known)
	ids, err := e.idsOf(ctx, tx, entries, known)
	if err != nil && len(added) > 0 { // the transaction can go on, without any of them
		var rows []idRow
		for _, n := range added {
			if id := known[n.KeyHash]; id != 0 {
				rows = append(rows, idRow{id})
			}
		}
		err = errors.Join(err, tx.Run(ctx, &driver.Statement{SQL: e.sql.takeBack, Args: []any{toJSON(rows)}}))
	}
	if err != nil {
		return nil, err
	}
	return ids, nil
}

// idsOf returns the ids of the messages in their order. Those that are not known were
// added by another transaction since, and are its own if it says the same.
func (e *engine) idsOf(ctx context.Context, tx driver.Transaction, entries []*entry, known map[string]int64) ([]int64, error) {
	later := known
	if slices.ContainsFunc(entries, func(n *entry) bool { return known[n.KeyHash] == 0 }) {
		var err error
		if later, err = e.known(ctx, tx, entries); err != nil {
			return nil, err
		}
	}
	ids := make([]int64, len(entries))
	for i, n := range entries {
		if ids[i] = later[n.KeyHash]; ids[i] == 0 {
			return nil, errors.New("outbox: a message with the same key was removed in the same moment: enqueue again")
		}
	}
	return ids, nil
}

// entries checks the messages and makes them ready. One with the key of another
// before it in the call has a negative place, and is not added.
func (e *engine) entries(ctx context.Context, messages []Message) ([]*entry, error) {
	if len(messages) > maxMessages {
		return nil, refuse("messages", fmt.Sprintf("at most %d in one call", maxMessages), fmt.Sprint(len(messages)))
	}
	trace := ""
	if e.config.Traceparent != nil {
		trace = e.config.Traceparent(ctx)
	}
	entries := make([]*entry, len(messages))
	first := make(map[string]*entry, len(messages))
	for i, m := range messages {
		n, err := entryOf(m)
		if err != nil {
			return nil, fmt.Errorf("outbox: message %d: %w", i, err)
		}
		n.Ord, n.Trace = i, trace
		if before := first[n.KeyHash]; before == nil {
			first[n.KeyHash] = n
		} else if n.Ord = -1; before.BodyHash != n.BodyHash {
			return nil, &KeyReusedError{Index: i, Key: n.Key}
		}
		entries[i] = n
	}
	return entries, nil
}

// known returns the ids of the messages that are there already, by the hash of
// their keys.
func (e *engine) known(ctx context.Context, tx driver.Transaction, entries []*entry) (map[string]int64, error) {
	type row struct {
		KeyHash string `json:"key_hash"`
	}
	rows := make([]row, len(entries))
	byKey := make(map[string]int, len(entries))
	for i, n := range entries {
		rows[i] = row{n.KeyHash}
		if _, seen := byKey[n.KeyHash]; !seen {
			byKey[n.KeyHash] = i
		}
	}
	known := make(map[string]int64)
	var reused *KeyReusedError
	err := tx.Run(ctx, &driver.Statement{SQL: e.sql.existing, Args: []any{toJSON(rows)}, Each: func(scan func(...any) error) error {
		var id int64
		var keyHash, hash string
		if err := scan(&id, &keyHash, &hash); err != nil {
			return err
		}
		known[keyHash] = id
		if i := byKey[keyHash]; entries[i].BodyHash != hash && (reused == nil || i < reused.Index) {
			reused = &KeyReusedError{Index: i, Key: entries[i].Key, ID: id}
		}
		return nil
	}})
	if err == nil && reused != nil {
		err = reused
	}
	return known, err
}

// add inserts messages whose keys are new, and the jobs for the lanes that have
// none. It adds their ids to known.
func (e *engine) add(ctx context.Context, tx driver.Transaction, entries []*entry, known map[string]int64) error {
	var flipped []lane
	lanes := &driver.Statement{SQL: e.sql.addLanes, Args: []any{toJSON(lanesOf(entries)), jobTime.Microseconds()}, Each: func(scan func(...any) error) error {
		var l lane
		var name string
		var needsJob bool
		err := scan(&l.id, &name, &l.class, &needsJob)
		if needsJob {
			flipped = append(flipped, l)
		}
		return err
	}}
	messages := &driver.Statement{SQL: e.sql.addMessages, Args: []any{toJSON(entries)}, Each: func(scan func(...any) error) error {
		var id int64
		var keyHash string
		err := scan(&id, &keyHash)
		known[keyHash] = id
		return err
	}}
	if err := tx.Run(ctx, lanes, messages); err != nil {
		return err
	}
	return insertJobs(ctx, tx, flipped)
}

// lanesOf returns the lanes of the messages.
func lanesOf(entries []*entry) []*laneEntry {
	byName := make(map[string]*laneEntry)
	for _, n := range entries {
		var due *int64
		if n.NotBefore != 0 {
			due = &n.NotBefore
		}
		l := byName[n.Lane]
		switch {
		case l == nil:
			byName[n.Lane] = &laneEntry{n.Lane, n.Number, n.Class, n.Recipient, n.Person, due}
		case due == nil || l.DueAt != nil && *due < *l.DueAt:
			l.DueAt = due
		}
	}
	return slices.Collect(maps.Values(byName)) // sorted by the statement
}

// toJSON writes an argument of texts and numbers.
func toJSON(value any) string {
	data, err := json.Marshal(value)
	if err != nil {
		panic(err) // not reached: the values are of this package
	}
	return string(data)
}
