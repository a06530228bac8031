package storeredis_test

import (
	"testing"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest/storetest"
	"github.com/kirim-go/kirim/stores/storeredis"
)

// opener returns how storetest opens a store, one of those of which.
func opener[S any](lease, retention time.Duration, which func(*storeredis.Stores) S, opts ...storeredis.Option) func(*testing.T) storetest.Opened[S] {
	return func(t *testing.T) storetest.Opened[S] {
		client, prefix := connect(t)
		return storetest.Opened[S]{
			Connect:   func() S { return which(newStores(t, client, append(opts, storeredis.WithPrefix(prefix))...)) },
			Advance:   func(d time.Duration) { pass(t, client, prefix, d) },
			Lease:     lease,
			Retention: retention,
			Count:     func() int { return len(keysOf(t, client, prefix)) },
		}
	}
}

const week = 7 * 24 * time.Hour

func TestTheDeduperKeepsItsContract(t *testing.T) {
	t.Parallel()
	deduper := func(s *storeredis.Stores) kirim.TokenDeduper { return s.Deduper() }
	t.Run("defaults", func(t *testing.T) { storetest.Deduper(t, opener(time.Minute, week, deduper)) })
	t.Run("options", func(t *testing.T) {
		storetest.Deduper(t, opener(20*time.Second, 30*time.Hour, deduper, storeredis.WithLease(20*time.Second), storeredis.WithRetention(30*time.Hour)))
	})
}

func TestTheStatusStoreKeepsItsContract(t *testing.T) {
	t.Parallel()
	statuses := func(s *storeredis.Stores) kirim.StatusStore { return s.Statuses() }
	t.Run("defaults", func(t *testing.T) { storetest.StatusStore(t, opener(0, week, statuses)) })
	t.Run("options", func(t *testing.T) {
		storetest.StatusStore(t, opener(0, 30*time.Hour, statuses, storeredis.WithRetention(30*time.Hour)))
	})
}

func TestTheLimitStoreKeepsItsContract(t *testing.T) {
	t.Parallel()
	storetest.LimitStore(t, opener(0, time.Hour, func(s *storeredis.Stores) kirim.LimitStore { return s.Limits() }))
}

func TestTheWindowStoreKeepsItsContract(t *testing.T) {
	t.Parallel()
	open := opener(0, 0, func(s *storeredis.Stores) kirim.WindowStore { return s.Windows() })
	storetest.WindowStore(t, func(t *testing.T) func() kirim.WindowStore { return open(t).Connect })
	t.Run("retention", func(t *testing.T) {
		opened := open(t)
		storetest.WindowStoreRetention(t, opened.Connect(), opened.Advance)
	})
}

func TestWindowsAreRememberedFor49Hours(t *testing.T) {
	t.Parallel()
	client, prefix := connect(t)
	s := newStores(t, client, storeredis.WithPrefix(prefix), storeredis.WithRetention(time.Hour)).Windows()
	at := time.Now().Truncate(time.Microsecond)
	if err := s.Opened(t.Context(), "1", "6281100000001", at); err != nil {
		t.Fatal(err)
	}
	pass(t, client, prefix, 49*time.Hour-time.Minute)
	if last, err := s.LastOpened(t.Context(), "1", "6281100000001"); err != nil || !last.Equal(at) {
		t.Errorf("the customer last wrote at %v, %v, want %v", last, err, at)
	}
	pass(t, client, prefix, time.Minute)
	if last, err := s.LastOpened(t.Context(), "1", "6281100000001"); err != nil || !last.IsZero() {
		t.Errorf("after 49 hours: %v, %v", last, err)
	}
	if err := s.Opened(t.Context(), "1", "6281100000001", time.Time{}); err == nil {
		t.Error("no time is a time")
	}
}
