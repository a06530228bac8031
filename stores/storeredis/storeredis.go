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
	minRetention     = time.Hour
)

// Stores are the stores in one Redis; [New] makes them. They are safe for concurrent use. The
// methods of a nil or zero one, or of a store that is not from here, panic.
type Stores struct {
	client    redis.UniversalClient
	prefix    string
	lease     time.Duration
	retention time.Duration
	deduper   *Deduper
}

// Option configures [Stores].
type Option func(*Stores) error

// WithPrefix sets what the keys in Redis begin with, before a colon. The default
// is "kirim". Stores with the same prefix share what they know, so give each
// environment or tenant that shares a Redis server a prefix of its own. It has up to
// 64 bytes of printable ASCII without space and braces.
func WithPrefix(prefix string) Option {
	return func(s *Stores) error {
		odd := func(r rune) bool { return r <= ' ' || r > '~' || r == '{' || r == '}' }
		if prefix == "" || len(prefix) > maxPrefix || strings.ContainsFunc(prefix, odd) {
			return fmt.Errorf("WithPrefix: want 1 to %d bytes of printable ASCII without space and braces, got %d bytes", maxPrefix, len(prefix))
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
	return func(s *Stores) error {
		if lease < time.Second {
			return fmt.Errorf("WithLease: want at least 1s, got %v", lease)
		}
		s.lease = lease
		return nil
	}
}

// WithRetention sets how long a [Deduper] remembers that an element was completed, and a
// [StatusStore] a message after its last change. The default is seven days, over which the sender
// of webhooks may retry; the minimum is an hour. It has no effect on other stores.
func WithRetention(retention time.Duration) Option {
	return func(s *Stores) error {
		if retention < minRetention {
			return fmt.Errorf("WithRetention: want at least %v, got %v", minRetention, retention)
		}
		s.retention = retention
		return nil
	}
}

// New returns the stores in a Redis. The client needs ContextTimeoutEnabled in its options, and
// is the caller's to close. New does not connect.
func New(client redis.UniversalClient, opts ...Option) (*Stores, error) {
	if err := checkClient(client); err != nil {
		return nil, fmt.Errorf("kirim: storeredis: %w", err)
	}
	s := &Stores{client: client, prefix: defaultPrefix, lease: defaultLease, retention: defaultRetention}
	for i, opt := range opts {
		if opt == nil {
			return nil, fmt.Errorf("kirim: storeredis: option %d is nil", i+1)
		}
		if err := opt(s); err != nil {
			return nil, fmt.Errorf("kirim: storeredis: %w", err)
		}
	}
	s.deduper = newDeduper(s)
	return s, nil
}

// Deduper returns the deduper, the same one each time.
func (s *Stores) Deduper() *Deduper { return s.deduper }

// Windows returns the store of windows and decisions.
func (s *Stores) Windows() *WindowStore { return &WindowStore{s} }

// Statuses returns the store of the statuses of sent messages.
func (s *Stores) Statuses() *StatusStore { return &StatusStore{s} }

// Limits returns the store of rate limits.
func (s *Stores) Limits() *LimitStore { return &LimitStore{s} }

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
		return errors.New("the Redis client is nil")
	case !obeys:
		return errors.New("the Redis client ignores deadlines: set ContextTimeoutEnabled in its options")
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

var errNoContext = errors.New("ctx: want a context, got nil")

// run runs a script that touches one key.
func (s *Stores) run(ctx context.Context, script *redis.Script, key string, args ...any) *redis.Cmd {
	if ctx == nil {
		return redis.NewCmdResult(nil, errNoContext)
	}
	return script.Run(ctx, s.client, []string{key}, args...)
}

// failed says what could not be done. The texts of go-redis name addresses, and no keys.
func failed(doing string, err error) error {
	return fmt.Errorf("kirim: storeredis: %s: %w", doing, err)
}
