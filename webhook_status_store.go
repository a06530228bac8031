package kirim

import (
	"context"
	"errors"
	"time"
)

// StatusStore is the memory of a [StatusTracker] that several processes may share, so
// that what one of them hears of a message is known to all. What it says follows
// from the set of updates and joins, whatever their order and whichever process
// took them in. Give one to [NewStatusFeed] by [WithStatusStore]. Methods are
// called concurrently.
//
// An implementation may keep a [StatusRecord] for each message and let a tracker of
// its own work on it. It may forget a message about which nothing was heard for
// seven days, over which the sender retries.
//
// The package kirimtest/storetest checks implementations.
type StatusStore interface {
	// Apply is that of [StatusTracker], and so are the others.
	Apply(ctx context.Context, update *StatusUpdate) (progress MessageProgress, changed bool, err error)
	Join(ctx context.Context, id, wamid string) error
	Progress(ctx context.Context, id, participant string) (progress MessageProgress, known bool, err error)
}

// Store returns the tracker as a [StatusStore] for one process. Its errors are
// those of contexts that ended before a call. The store of a nil tracker panics.
func (t *StatusTracker) Store() StatusStore { return memoryStatuses{t} }

type memoryStatuses struct{ tracker *StatusTracker }

func (m memoryStatuses) Apply(ctx context.Context, update *StatusUpdate) (progress MessageProgress, changed bool, err error) {
	if err := contextError(ctx); err != nil {
		return progress, false, err
	}
	progress, changed = m.tracker.Apply(update)
	return progress, changed, nil
}

func (m memoryStatuses) Join(ctx context.Context, id, wamid string) error {
	if err := contextError(ctx); err != nil {
		return err
	}
	m.tracker.Join(id, wamid)
	return nil
}

func (m memoryStatuses) Progress(ctx context.Context, id, participant string) (progress MessageProgress, known bool, err error) {
	if err := contextError(ctx); err != nil {
		return progress, false, err
	}
	progress, known = m.tracker.Progress(id, participant)
	return progress, known, nil
}

// StatusRecord is all that a [StatusTracker] knows of a message, in a form to be stored
// as JSON. It is for implementations of [StatusStore]: [StatusTracker.Restore] puts it into
// an empty tracker, and [StatusTracker.Record] takes it out again. It holds numbers of
// participants and what the server said about failures.
type StatusRecord struct {
	IDs    []string     `json:"ids"` // all of the message's, at most eight; it is found by each
	Joined bool         `json:"joined,omitempty"`
	Told   [2]string    `json:"told,omitzero"` // the two ids of joins
	Seen   [2]string    `json:"seen,omitzero"` // likewise, of updates
	Parts  []StatusPart `json:"parts,omitempty"`
}

// StatusPart is how far a message has come, or a message to a group with one of
// its participants.
type StatusPart struct {
	Names  []string        `json:"names,omitempty"` // of the participant: numbers and user ids
	Status MessageStatus   `json:"status,omitempty"`
	Time   time.Time       `json:"time,omitzero"`
	Errors []StoredFailure `json:"errors,omitempty"`
}

// StoredFailure is an [EventError] in a [StatusPart].
type StoredFailure struct {
	Code       int       `json:"code,omitempty"`
	VendorCode ErrorCode `json:"vendor_code,omitempty"`
	Kind       Kind      `json:"kind,omitempty"`
	Title      string    `json:"title,omitempty"`
	Message    string    `json:"message,omitempty"`
	Details    string    `json:"details,omitempty"`
	Href       string    `json:"href,omitempty"`
	Raw        []byte    `json:"raw,omitempty"`
}

// Record returns what is known of the message with either id.
func (t *StatusTracker) Record(id string) (record StatusRecord, known bool) {
	t.lock()
	defer t.mu.Unlock()
	m := t.messages[id]
	if m == nil {
		return record, false
	}
	record = StatusRecord{
		IDs: append(record.IDs, m.ids...), Joined: m.joined,
		Told: [2]string{m.told.id, m.told.wamid}, Seen: [2]string{m.seen.id, m.seen.wamid},
	}
	if m.whole != nil {
		record.Parts = append(record.Parts, m.whole.record())
	}
	for name, person := range m.people {
		if len(person.names) > 0 && person.names[0] == name { // each once
			record.Parts = append(record.Parts, person.record())
		}
	}
	return record, true
}

// Restore adds a record to what the tracker knows, under the same limits. A message
// with one of its ids is the same message. A record without ids changes nothing.
func (t *StatusTracker) Restore(record StatusRecord) {
	t.lock()
	defer t.mu.Unlock()
	var m *trackedMessage
	for _, id := range record.IDs {
		switch other := t.messages[id]; {
		case m == nil:
			m = t.message(id)
		case other == nil:
			t.name(m, id)
		case other != m:
			t.merge(m, other)
		}
	}
	if m == nil {
		return
	}
	m.joined = m.joined || record.Joined
	m.told.add(messageIDs{record.Told[0], record.Told[1]})
	m.seen.add(messageIDs{record.Seen[0], record.Seen[1]})
	for _, part := range record.Parts {
		t.part(m, part.Names).advance(part.progress())
	}
}

func (of *tracked) record() StatusPart {
	part := StatusPart{Names: append([]string(nil), of.names...), Status: of.latest.Status, Time: of.latest.Time}
	for _, e := range eventErrorsOf(of.latest.Err) {
		part.Errors = append(part.Errors, StoredFailure{e.Code, e.VendorCode, e.Kind, e.Title, e.Message, e.Details, e.Href, e.Raw})
	}
	return part
}

func (p StatusPart) progress() MessageProgress {
	update := StatusUpdate{Status: p.Status}
	for _, f := range p.Errors {
		update.Errors = append(update.Errors, EventError{f.Code, f.VendorCode, f.Kind, f.Title, f.Message, f.Details, f.Href, f.Raw})
	}
	return MessageProgress{Status: p.Status, Time: p.Time, Err: update.Err()}
}

// eventErrorsOf returns what [StatusUpdate.Err] has joined.
func eventErrorsOf(err error) (errs []EventError) {
	if e, ok := err.(*EventError); ok { //nolint:errorlint // each of the tree is looked at
		return []EventError{*e}
	}
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		for _, e := range joined.Unwrap() {
			errs = append(errs, eventErrorsOf(e)...)
		}
	}
	return errs
}
