package storeredis_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/stores/storeredis"
)

func newStatusStore(t testing.TB, client redis.UniversalClient, prefix string) *storeredis.StatusStore {
	t.Helper()
	return newStores(t, client, storeredis.WithPrefix(prefix)).Statuses()
}

func TestOfProcessesThatApplyAtOnceOneReportsAChange(t *testing.T) {
	t.Parallel()
	client, prefix := connect(t)
	const processes, messages = 8, 20
	statuses := []kirim.MessageStatus{kirim.MessageSent, kirim.MessageDelivered, kirim.MessageRead}
	var changes [messages]atomic.Int32
	var all sync.WaitGroup
	for process := range processes {
		s := newStatusStore(t, client, prefix)
		all.Go(func() {
			for m := range messages {
				ids := []string{fmt.Sprint("wamid.", m), fmt.Sprint("msg_", m)}
				if err := s.Join(t.Context(), ids[1], ids[0]); err != nil {
					t.Error(err)
				}
				for i := range statuses {
					_, changed, err := s.Apply(t.Context(), &kirim.StatusUpdate{ID: ids[process%2], Status: statuses[i]})
					if err != nil {
						t.Error(err)
					}
					if changed {
						changes[m].Add(1)
					}
				}
			}
		})
	}
	all.Wait()
	s := newStatusStore(t, client, prefix)
	for m := range messages {
		p, _, err := s.Progress(t.Context(), fmt.Sprint("msg_", m), "")
		if n := changes[m].Load(); err != nil || p.Status != kirim.MessageRead || p.WAMID != fmt.Sprint("wamid.", m) || n != int32(len(statuses)) {
			t.Errorf("message %d is %+v, %v, after %d changes", m, p, err, n)
		}
	}
}

// A write that go-redis sends again has been carried out: it is the change of this
// caller.
func TestAChangeIsReportedAlthoughTheResponseWasLost(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	var network lossy
	opts := server.options()
	opts.Dialer, opts.MaxRetries = network.dial, 3
	s := newStatusStore(t, server.connect(opts), "kirim")
	other := newStatusStore(t, server.connect(nil), "kirim")
	update := func(status kirim.MessageStatus) *kirim.StatusUpdate {
		return &kirim.StatusUpdate{ID: "wamid.1", Status: status}
	}
	if _, changed, err := s.Apply(t.Context(), update(kirim.MessageSent)); err != nil || !changed {
		t.Fatal(changed, err)
	}
	network.spare.Store(1) // the response to the read comes
	network.lose.Store(1)
	if p, changed, err := s.Apply(t.Context(), update(kirim.MessageRead)); err != nil || !changed || p.Status != kirim.MessageRead {
		t.Errorf("%+v, %v, %v", p, changed, err)
	}
	if _, changed, err := other.Apply(t.Context(), update(kirim.MessageRead)); err != nil || changed {
		t.Errorf("the other process: %v, %v", changed, err)
	}
}

func TestAMessageIsForgottenAfterTheRetention(t *testing.T) {
	t.Parallel()
	client, prefix := connect(t)
	s := newStatusStore(t, client, prefix)
	if err := s.Join(t.Context(), "msg_1", "wamid.1"); err != nil {
		t.Fatal(err)
	}
	for _, status := range []kirim.MessageStatus{kirim.MessageSent, kirim.MessageDelivered} {
		pass(t, client, prefix, 6*24*time.Hour)
		if _, _, err := s.Apply(t.Context(), &kirim.StatusUpdate{ID: "wamid.1", Status: status}); err != nil {
			t.Fatal(err)
		}
	}
	pass(t, client, prefix, 6*24*time.Hour)
	for _, id := range []string{"msg_1", "wamid.1"} {
		if p, known, err := s.Progress(t.Context(), id, ""); err != nil || !known || p.Status != kirim.MessageDelivered {
			t.Errorf("%s is %+v, %v, %v", id, p, known, err)
		}
	}
	pass(t, client, prefix, 24*time.Hour)
	if _, known, err := s.Progress(t.Context(), "msg_1", ""); err != nil || known {
		t.Errorf("still known after the retention: %v, %v", known, err)
	}
}

func TestWhatIsNoMessageIsAnError(t *testing.T) {
	t.Parallel()
	client, prefix := connect(t)
	s := newStatusStore(t, client, prefix)
	if _, _, err := s.Apply(t.Context(), &kirim.StatusUpdate{ID: "wamid.1", Status: kirim.MessageSent}); err != nil {
		t.Fatal(err)
	}
	for _, key := range keysOf(t, client, prefix) {
		client.Set(t.Context(), key, "6281100000001", time.Minute)
	}
	if _, _, err := s.Progress(t.Context(), "wamid.1", ""); err == nil || strings.Contains(err.Error(), "62811") {
		t.Error(err)
	}
}
