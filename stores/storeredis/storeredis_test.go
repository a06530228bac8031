package storeredis_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/stores/storeredis"
)

func TestWhatTheStoresCannotWorkWithIsRefused(t *testing.T) {
	t.Parallel()
	obeys := redis.NewClient(&redis.Options{ContextTimeoutEnabled: true})
	const ignores = "kirim: storeredis: the Redis client ignores deadlines: set ContextTimeoutEnabled in its options"
	for _, tt := range []struct {
		name   string
		client redis.UniversalClient
		opts   []storeredis.Option
		want   string // empty when it works
	}{
		{name: "defaults", client: obeys},
		{name: "no client", want: "kirim: storeredis: the Redis client is nil"},
		{name: "a nil client", client: (*redis.Client)(nil), want: "kirim: storeredis: the Redis client is nil"},
		{name: "a nil cluster", client: (*redis.ClusterClient)(nil), want: "kirim: storeredis: the Redis client is nil"},
		{name: "a nil ring", client: (*redis.Ring)(nil), want: "kirim: storeredis: the Redis client is nil"},
		{name: "a client without deadlines", client: redis.NewClient(&redis.Options{}), want: ignores},
		{name: "a cluster without deadlines", client: redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{"127.0.0.1:1"}}), want: ignores},
		{name: "a ring without deadlines", client: redis.NewRing(&redis.RingOptions{}), want: ignores},
		{name: "sentinels", client: redis.NewUniversalClient(&redis.UniversalOptions{MasterName: "m", Addrs: []string{"127.0.0.1:1"}, ContextTimeoutEnabled: true})},
		{name: "no option", client: obeys, opts: []storeredis.Option{nil}, want: "kirim: storeredis: option 1 is nil"},
		{name: "an empty prefix", client: obeys, opts: []storeredis.Option{storeredis.WithPrefix("")},
			want: "kirim: storeredis: WithPrefix: want 1 to 64 bytes of printable ASCII without space and braces, got 0 bytes"},
		{name: "a long prefix", client: obeys, opts: []storeredis.Option{storeredis.WithPrefix(strings.Repeat("p", 65))},
			want: "kirim: storeredis: WithPrefix: want 1 to 64 bytes of printable ASCII without space and braces, got 65 bytes"},
		{name: "a prefix with a slot", client: obeys, opts: []storeredis.Option{storeredis.WithPrefix("{a}")},
			want: "kirim: storeredis: WithPrefix: want 1 to 64 bytes of printable ASCII without space and braces, got 3 bytes"},
		{name: "the longest prefix", client: obeys, opts: []storeredis.Option{storeredis.WithPrefix(strings.Repeat("p", 64))}},
		{name: "no lease", client: obeys, opts: []storeredis.Option{storeredis.WithLease(0)}, want: "kirim: storeredis: WithLease: want at least 1s, got 0s"},
		{name: "a short retention", client: obeys, opts: []storeredis.Option{storeredis.WithRetention(59 * time.Minute)},
			want: "kirim: storeredis: WithRetention: want at least 1h0m0s, got 59m0s"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.client != nil && tt.want == "" && tt.client != obeys {
				defer tt.client.Close()
			}
			_, err := storeredis.New(tt.client, tt.opts...)
			if err == nil && tt.want != "" || err != nil && err.Error() != tt.want {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
}

// calls are all calls of all stores.
func calls(s *storeredis.Stores) map[string]func(ctx context.Context) error {
	update := &kirim.StatusUpdate{ID: "wamid.1", Status: kirim.MessageDelivered}
	token, key := "1", "m:1:6281100000001:wamid.1:text"
	return map[string]func(ctx context.Context) error{
		"Claim":         func(ctx context.Context) error { _, err := s.Deduper().Claim(ctx, "other "+key); return err },
		"Complete":      func(ctx context.Context) error { return s.Deduper().Complete(ctx, "other "+key) },
		"Release":       func(ctx context.Context) error { return s.Deduper().Release(ctx, "other "+key) },
		"ClaimToken":    func(ctx context.Context) error { _, _, err := s.Deduper().ClaimToken(ctx, key); return err },
		"CompleteToken": func(ctx context.Context) error { return s.Deduper().CompleteToken(ctx, "other", token) },
		"ReleaseToken":  func(ctx context.Context) error { return s.Deduper().ReleaseToken(ctx, "other", token) },
		"Opened":        func(ctx context.Context) error { return s.Windows().Opened(ctx, "1", "6281100000001", time.Now()) },
		"LastOpened": func(ctx context.Context) error {
			_, err := s.Windows().LastOpened(ctx, "1", "6281100000001")
			return err
		},
		"Decide":   func(ctx context.Context) error { _, err := s.Windows().Decide(ctx, key, true); return err },
		"Apply":    func(ctx context.Context) error { _, _, err := s.Statuses().Apply(ctx, update); return err },
		"Join":     func(ctx context.Context) error { return s.Statuses().Join(ctx, "msg_1", "wamid.1") },
		"Progress": func(ctx context.Context) error { _, _, err := s.Statuses().Progress(ctx, "wamid.1", ""); return err },
		"SaveLimit": func(ctx context.Context) error {
			return s.Limits().SaveLimit(ctx, "read", kirim.SeenLimit{At: time.Now()})
		},
		"LastLimit": func(ctx context.Context) error { _, _, err := s.Limits().LastLimit(ctx, "read"); return err },
	}
}

func TestCallsFailWithTheContext(t *testing.T) {
	t.Parallel()
	client, prefix := connect(t)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, call := range calls(newStores(t, client, storeredis.WithPrefix(prefix))) {
		if err := call(nil); err == nil || !strings.HasSuffix(err.Error(), "ctx: want a context, got nil") {
			t.Errorf("%s without a context: %v", name, err)
		}
		if err := call(ended); err == nil || !strings.HasPrefix(err.Error(), "kirim: storeredis: ") {
			t.Errorf("%s with a context that ended: %v", name, err)
		}
	}
	if keys := keysOf(t, client, prefix); len(keys) > 0 {
		t.Errorf("calls that failed have left %q", keys)
	}
}

// Keys of callers may be long, and hold phone numbers. What Redis shows of them is
// short, the same for all, and expires.
func TestKeysInRedisAreShortHideNumbersAndExpire(t *testing.T) {
	t.Parallel()
	client, prefix := connect(t)
	s := newStores(t, client, storeredis.WithPrefix(prefix))
	for name, call := range calls(s) {
		if err := call(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	long := strings.Repeat("k\x00\n 6281100000001 é{}*", 15)
	wantClaim(t, s.Deduper(), long, kirim.Claimed)
	wantClaim(t, s.Deduper(), long+" ", kirim.Claimed)
	wantClaim(t, s.Deduper(), long, kirim.ClaimedBusy)
	for _, key := range keysOf(t, client, prefix) {
		if len(key) > len(prefix)+len("{}:decision:")+22 || strings.Contains(key, "6281100000001") {
			t.Errorf("the key %q is long or shows a number", key)
		}
		if left := client.PTTL(t.Context(), key).Val(); left <= 0 || left > 7*24*time.Hour {
			t.Errorf("the key %q expires after %v", key, left)
		}
	}
}

// As the documentation of the package says.
func TestTheStoresNeedFewPermissions(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	allow := strings.Fields("ACL SETUSER kirim on >password ~kirim:* ~{kirim}:* +get +set +del +mget +eval +evalsha")
	args := make([]any, len(allow))
	for i, arg := range allow {
		args[i] = arg
	}
	must(server.connect(nil).Do(t.Context(), args...).Result())(t)
	opts := server.options()
	opts.Username, opts.Password = "kirim", "password"
	for name, call := range calls(newStores(t, server.connect(opts))) {
		if err := call(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestStoresWithAPrefixOfTheirOwnShareNothing(t *testing.T) {
	t.Parallel()
	client, prefix := connect(t)
	one, other := newStores(t, client, storeredis.WithPrefix(prefix+":1")), newStores(t, client, storeredis.WithPrefix(prefix+":2"))
	wantClaim(t, one.Deduper(), "k", kirim.Claimed)
	wantClaim(t, other.Deduper(), "k", kirim.Claimed)
	if decided := must(one.Windows().Decide(t.Context(), "k", true))(t); !decided {
		t.Error("the first call does not decide")
	}
	if decided := must(other.Windows().Decide(t.Context(), "k", false))(t); decided {
		t.Error("the other prefix knows the decision")
	}
}
