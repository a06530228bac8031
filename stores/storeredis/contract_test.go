package storeredis_test

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest/storetest"
	"github.com/kirim-go/kirim/stores/storeredis"
)

// opener returns how storetest opens a store, which create makes of a client.
func opener[S any](lease, retention time.Duration, create func(*testing.T, redis.UniversalClient, ...storeredis.Option) S, opts ...storeredis.Option) func(*testing.T) storetest.Opened[S] {
	return func(t *testing.T) storetest.Opened[S] {
		client, prefix := connect(t)
		return storetest.Opened[S]{
			Connect:   func() S { return create(t, client, append(opts, storeredis.WithPrefix(prefix))...) },
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
	open := func(t *testing.T, client redis.UniversalClient, opts ...storeredis.Option) kirim.TokenDeduper {
		return newDeduper(t, client, opts...)
	}
	t.Run("defaults", func(t *testing.T) { storetest.Deduper(t, opener(time.Minute, week, open)) })
	t.Run("options", func(t *testing.T) {
		storetest.Deduper(t, opener(20*time.Second, 30*time.Hour, open, storeredis.WithLease(20*time.Second), storeredis.WithRetention(30*time.Hour)))
	})
}

func TestTheStatusStoreKeepsItsContract(t *testing.T) {
	t.Parallel()
	open := func(t *testing.T, client redis.UniversalClient, opts ...storeredis.Option) kirim.StatusStore {
		return must(storeredis.NewStatusStore(client, opts...))(t)
	}
	t.Run("defaults", func(t *testing.T) { storetest.StatusStore(t, opener(0, week, open)) })
	t.Run("options", func(t *testing.T) {
		storetest.StatusStore(t, opener(0, 30*time.Hour, open, storeredis.WithRetention(30*time.Hour)))
	})
}

func TestTheLimitStoreKeepsItsContract(t *testing.T) {
	t.Parallel()
	storetest.LimitStore(t, opener(0, time.Hour, func(t *testing.T, client redis.UniversalClient, opts ...storeredis.Option) kirim.LimitStore {
		return must(storeredis.NewLimitStore(client, opts...))(t)
	}))
}

func TestTheWindowStoreKeepsItsContract(t *testing.T) {
	t.Parallel()
	open := opener(0, 0, func(t *testing.T, client redis.UniversalClient, opts ...storeredis.Option) kirim.WindowStore {
		return must(storeredis.NewWindowStore(client, opts...))(t)
	})
	storetest.WindowStore(t, func(t *testing.T) func() kirim.WindowStore { return open(t).Connect })
	t.Run("retention", func(t *testing.T) {
		opened := open(t)
		storetest.WindowStoreRetention(t, opened.Connect(), opened.Advance)
	})
}

func TestWindowsAreRememberedForTheRetention(t *testing.T) {
	t.Parallel()
	client, prefix := connect(t)
	s := must(storeredis.NewWindowStore(client, storeredis.WithPrefix(prefix)))(t)
	at := time.Now().Truncate(time.Microsecond)
	if err := s.Opened(t.Context(), "1", "6281100000001", at); err != nil {
		t.Fatal(err)
	}
	pass(t, client, prefix, week-time.Minute)
	if last, err := s.LastOpened(t.Context(), "1", "6281100000001"); err != nil || !last.Equal(at) {
		t.Errorf("the customer last wrote at %v, %v, want %v", last, err, at)
	}
	pass(t, client, prefix, time.Minute)
	if last, err := s.LastOpened(t.Context(), "1", "6281100000001"); err != nil || !last.IsZero() {
		t.Errorf("after the retention: %v, %v", last, err)
	}
	if err := s.Opened(t.Context(), "1", "6281100000001", time.Time{}); err == nil {
		t.Error("no time is a time")
	}
}
