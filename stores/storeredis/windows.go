package storeredis

import (
	"context"
	"errors"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/redis/go-redis/v9"
)

// WindowStore is a [kirim.WindowStore] and a [kirim.WindowDecider] over Redis, for
// [kirim.WithWebhookWindowStore] and [kirim.WithWindowStore]. It is safe for
// concurrent use.
//
// When a customer last wrote is kept to the microsecond and for 49 hours, after which the
// customer is unknown. A decision is kept for 25 hours from the first call with its key
// on.
type WindowStore struct{ stores *Stores }

var _ interface {
	kirim.WindowStore
	kirim.WindowDecider
} = (*WindowStore)(nil)

const (
	// A window is open for 24 hours. After that, it is worth knowing that it is closed
	// to all who write to a customer on the next day.
	windowRetention = 49 * time.Hour
	// The server remembers a key for 24 hours from the first request on.
	decisionRetention = 25 * time.Hour
)

var (
	// Microseconds, as numbers of Lua are exact up to 2^53.
	openedScript = redis.NewScript(`
local last = redis.call('GET', KEYS[1])
if not last or tonumber(last) < tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
end
return 0`)

	decideScript = redis.NewScript(`
local first = redis.call('GET', KEYS[1])
if first then
  return first
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ARGV[1]`)
)

// Opened implements [kirim.WindowStore]. A zero time is an error.
func (w *WindowStore) Opened(ctx context.Context, phoneNumberID, customer string, at time.Time) error {
	if at.IsZero() {
		return failed("record a customer's message", errors.New("at: want a time, got the zero time"))
	}
	err := w.stores.run(ctx, openedScript, w.windowKey(phoneNumberID, customer), at.UnixMicro(), windowRetention.Milliseconds()).Err()
	if err != nil {
		return failed("record a customer's message", err)
	}
	return nil
}

// LastOpened implements [kirim.WindowStore].
func (w *WindowStore) LastOpened(ctx context.Context, phoneNumberID, customer string) (time.Time, error) {
	if ctx == nil {
		return time.Time{}, failed("look up a customer's message", errNoContext)
	}
	micros, err := w.stores.client.Get(ctx, w.windowKey(phoneNumberID, customer)).Int64()
	switch {
	case errors.Is(err, redis.Nil):
		return time.Time{}, nil
	case err != nil:
		return time.Time{}, failed("look up a customer's message", err)
	}
	return time.UnixMicro(micros), nil
}

func (w *WindowStore) windowKey(phoneNumberID, customer string) string {
	return w.stores.prefix + ":window:" + hashed(phoneNumberID, customer)
}

// Decide implements [kirim.WindowDecider].
func (w *WindowStore) Decide(ctx context.Context, key string, template bool) (decided bool, err error) {
	decided, err = w.stores.run(ctx, decideScript, w.stores.prefix+":decision:"+hashed(key), template, decisionRetention.Milliseconds()).Bool()
	if err != nil {
		return false, failed("decide between message and template", err)
	}
	return decided, nil
}
