package kirim_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
)

func TestARecordHasAllThatATrackerKnowsOfAMessage(t *testing.T) {
	t.Parallel()
	const group = `"recipient_type":"group","recipient_id":"G",`
	tracker := kirim.NewStatusTracker(0)
	tracker.Join("msg_1", "w")
	for _, status := range []string{
		`{"id":"w","status":"failed","timestamp":"1780000001","errors":[ {"code": 131047, "title":"T", "error_data":{"details":"D"}}, {"code":131026}]}`,
		`{"id":"w","status":"read","timestamp":"1780000002",` + group + `"recipient_participant_id":"6281","recipient_participant_user_id":"ID.1"}`,
		`{"id":"msg_1","status":"sent",` + group + `"recipient_participant_id":"6282"}`,
	} {
		tracker.Apply(mustDecode(t, field("statuses", status)).Data[0].(*kirim.StatusUpdate))
	}
	record, known := tracker.Record("w")
	if !known {
		t.Fatal("nothing is known")
	}
	var read kirim.StatusRecord
	if err := json.Unmarshal(encoded(t, record), &read); err != nil {
		t.Fatal(err)
	}
	other := kirim.NewStatusTracker(0)
	other.Restore(read)
	for _, query := range [][2]string{{"w", ""}, {"msg_1", ""}, {"w", "6281"}, {"msg_1", "ID.1"}, {"w", "6282"}, {"w", "6283"}, {"x", ""}} {
		want, known := tracker.Progress(query[0], query[1])
		got, ok := other.Progress(query[0], query[1])
		if ok != known || got.ID != want.ID || got.WAMID != want.WAMID || got.Status != want.Status || !got.Time.Equal(want.Time) {
			t.Errorf("%v: %+v, %v, want %+v, %v", query, got, ok, want, known)
		}
		if (got.Err == nil) != (want.Err == nil) || got.Err != nil && got.Err.Error() != want.Err.Error() {
			t.Errorf("%v: %v, want %v", query, got.Err, want.Err)
		}
		var gotEvent, wantEvent *kirim.EventError
		if errors.As(got.Err, &gotEvent) && errors.As(want.Err, &wantEvent) && string(encoded(t, gotEvent)) != string(encoded(t, wantEvent)) {
			t.Errorf("%v: %+v, want %+v", query, gotEvent, wantEvent)
		}
	}
	if _, known := tracker.Record("x"); known {
		t.Error("something is known of a message that nothing was heard of")
	}
	other.Restore(kirim.StatusRecord{})
}

func TestAWaitFindsWhatTheWebhooksOfAnotherProcessReceived(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := kirim.NewStatusTracker(0).Store()
		here, there := kirim.NewStatusFeed(kirim.WithStatusStore(store)), kirim.NewStatusFeed(kirim.WithStatusStore(store), nil)
		_, deliver := hookOf(t, there)
		w := newWire(state("pending"))
		began := time.Now()
		time.AfterFunc(10*time.Second, func() {
			deliver(statusEvent("wamid.1", "delivered", ""))
			deliver(sentEvent("msg_1", "wamid.1"))
		})
		m, err := w.client(t, kirim.WithStatusFeed(here)).PhoneNumber("1").Messages.Wait(t.Context(), "msg_1")
		if took := time.Since(began); err != nil || m.Status != kirim.MessageDelivered || took != 12*time.Second || len(w.seen()) != 1 {
			t.Errorf("%+v, %v after %v and %d requests", m, err, took, len(w.seen())) // it looks after 1, 3, 7 and 12 seconds
		}
	})
}

// brokenStatuses is a StatusStore that is down.
type brokenStatuses struct{}

func (brokenStatuses) Apply(context.Context, *kirim.StatusUpdate) (kirim.MessageProgress, bool, error) {
	return kirim.MessageProgress{}, false, errors.New("down")
}
func (brokenStatuses) Join(context.Context, string, string) error { return errors.New("down") }
func (brokenStatuses) Progress(context.Context, string, string) (kirim.MessageProgress, bool, error) {
	return kirim.MessageProgress{Status: kirim.MessageRead}, true, errors.New("down")
}

func TestAStatusStoreThatIsDownLosesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		feed := kirim.NewStatusFeed(kirim.WithStatusStore(brokenStatuses{}))
		h := kirim.NewWebhookHandler(verifier(t, testSecret))
		feed.Attach(h)
		for _, body := range []string{statusEvent("wamid.1", "read", ""), sentEvent("msg_1", "wamid.1")} {
			if code := deliver(t, h, body); code != 500 { // it comes again
				t.Errorf("answer %d", code)
			}
		}
		w := newWire(state("pending"), state("sent"), state("delivered"))
		began := time.Now()
		m, err := w.client(t, kirim.WithStatusFeed(feed)).PhoneNumber("1").Messages.Wait(t.Context(), "msg_1")
		if took := time.Since(began); err != nil || m.Status != "delivered" || took != time.Minute {
			t.Errorf("%+v, %v after %v", m, err, took)
		}
	})
}

func TestAFeedWithoutAStoreHasItsOwnMemory(t *testing.T) {
	t.Parallel()
	for _, store := range []kirim.StatusStore{nil, (*brokenStatuses)(nil)} {
		feed := kirim.NewStatusFeed(kirim.WithStatusStore(store))
		_, deliver := hookOf(t, feed)
		deliver(statusEvent("msg_1", "delivered", ""))
	}
}

// recordStore keeps the records of messages as JSON, by each of their ids, as a store
// behind a network does.
type recordStore struct {
	mu      sync.Mutex
	records map[string][]byte
}

// with lets f work on a tracker that knows the messages with the ids.
func (s *recordStore) with(ctx context.Context, ids []string, f func(*kirim.StatusTracker)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	tracker := kirim.NewStatusTracker(0)
	for _, id := range ids {
		if stored := s.records[id]; stored != nil {
			var record kirim.StatusRecord
			if err := json.Unmarshal(stored, &record); err != nil {
				return err
			}
			tracker.Restore(record)
		}
	}
	f(tracker)
	for _, id := range ids {
		record, _ := tracker.Record(id)
		for _, each := range record.IDs {
			stored, err := json.Marshal(record)
			if err != nil {
				return err
			}
			s.records[each] = stored
		}
	}
	return nil
}

func (s *recordStore) Apply(ctx context.Context, update *kirim.StatusUpdate) (progress kirim.MessageProgress, changed bool, err error) {
	if update == nil {
		return progress, false, nil
	}
	err = s.with(ctx, []string{update.ID}, func(t *kirim.StatusTracker) { progress, changed = t.Apply(update) })
	return progress, changed, err
}

func (s *recordStore) Join(ctx context.Context, id, wamid string) error {
	return s.with(ctx, []string{id, wamid}, func(t *kirim.StatusTracker) { t.Join(id, wamid) })
}

func (s *recordStore) Progress(ctx context.Context, id, participant string) (progress kirim.MessageProgress, known bool, err error) {
	err = s.with(ctx, []string{id}, func(t *kirim.StatusTracker) { progress, known = t.Progress(id, participant) })
	return progress, known, err
}
