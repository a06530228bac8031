package storeredis

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	defaultPrefix    = "kirim"
	maxPrefix        = 64
	defaultLease     = time.Minute
	defaultRetention = 7 * 24 * time.Hour
	minRetention     = 25 * time.Hour // more than the 24 hours for which a window is open
)

// Option configures a store.
type Option func(*settings) error

type settings struct {
	prefix    string
	lease     time.Duration
	retention time.Duration
}

// WithPrefix sets what the keys in Redis begin with, before a colon. The default
// is "kirim". Stores with the same prefix share what they know, so give each
// environment or tenant that shares a Redis server a prefix of its own. It has up to
// 64 bytes of printable ASCII without space and braces.
func WithPrefix(prefix string) Option {
	return func(s *settings) error {
		odd := func(r rune) bool { return r <= ' ' || r > '~' || r == '{' || r == '}' }
		if prefix == "" || len(prefix) > maxPrefix || strings.ContainsFunc(prefix, odd) {
			return fmt.Errorf("storeredis: WithPrefix: want 1 to %d bytes of printable ASCII without space and braces, got %d bytes", maxPrefix, len(prefix))
		}
		s.prefix = prefix
		return nil
	}
}

// WithLease sets how long a claim of a [Deduper] holds when its holder neither
// completes nor releases it, by the clock of Redis. The default is one minute, the
// minimum one second. It must exceed the time that callbacks take: 8 seconds at most for
// deliveries, unless [kirim.WithDeliveryTimeout] says otherwise, and what the context of
// [kirim.WebhookHandler.HandleEvent] allows. When a holder crashes, deliveries of the
// element get 503 until the lease has passed. It has no effect on other stores.
func WithLease(lease time.Duration) Option {
	return func(s *settings) error {
		if lease < time.Second {
			return fmt.Errorf("storeredis: WithLease: want at least 1s, got %v", lease)
		}
		s.lease = lease
		return nil
	}
}

// WithRetention sets how long a store remembers that an element was completed, when a
// customer last wrote, and the status of a message after its last change. The default is seven
// days, over which the sender of webhooks may retry; the minimum is 25 hours. It has no
// effect on the decisions of a [WindowStore] and on a [LimitStore].
func WithRetention(retention time.Duration) Option {
	return func(s *settings) error {
		if retention < minRetention {
			return fmt.Errorf("storeredis: WithRetention: want at least %v, got %v", minRetention, retention)
		}
		s.retention = retention
		return nil
	}
}

// store is what all stores have.
type store struct {
	client redis.UniversalClient
	settings
}

func newStore(client redis.UniversalClient, opts []Option) (store, error) {
	s := store{client, settings{defaultPrefix, defaultLease, defaultRetention}}
	if err := checkClient(client); err != nil {
		return store{}, err
	}
	for i, opt := range opts {
		if opt == nil {
			return store{}, fmt.Errorf("storeredis: option %d is nil", i+1)
		}
		if err := opt(&s.settings); err != nil {
			return store{}, err
		}
	}
	return s, nil
}

// checkClient refuses a client that would hold a call past the deadline of its
// context: a delivery of a webhook has to get its response in time, also when Redis
// accepts connections and says nothing.
func checkClient(client redis.UniversalClient) error {
	missing, obeys := client == nil, true
	switch c := client.(type) {
	case *redis.Client:
		if missing = c == nil; !missing {
			obeys = c.Options().ContextTimeoutEnabled
		}
	case *redis.ClusterClient:
		if missing = c == nil; !missing {
			obeys = c.Options().ContextTimeoutEnabled
		}
	case *redis.Ring:
		if missing = c == nil; !missing {
			obeys = c.Options().ContextTimeoutEnabled
		}
	}
	switch {
	case missing:
		return errors.New("storeredis: the Redis client is nil")
	case !obeys:
		return errors.New("storeredis: the Redis client ignores deadlines: set ContextTimeoutEnabled in its options")
	}
	return nil
}

// hashed stands for names in a key of Redis: they may be long, and hold phone numbers.
func hashed(names ...string) string {
	h := sha256.New()
	for _, name := range names {
		fmt.Fprintf(h, "%d:%s", len(name), name) // no two lists of names are the same text
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:16])
}

var errNoContext = errors.New("storeredis: ctx: want a context, got nil")

// run runs a script that touches one key.
func (s *store) run(ctx context.Context, script *redis.Script, key string, args ...any) *redis.Cmd {
	if ctx == nil {
		return redis.NewCmdResult(nil, errNoContext)
	}
	return script.Run(ctx, s.client, []string{key}, args...)
}

// failed says what could not be done. The texts of go-redis name addresses, and no keys.
func failed(doing string, err error) error {
	return fmt.Errorf("storeredis: %s: %w", doing, err)
}
