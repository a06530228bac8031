package storeredis

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/redis/go-redis/v9"
)

// LimitStore is a [kirim.LimitStore] over Redis, for [kirim.WithSharedLimit]. A limit
// is forgotten after an hour. It is safe for concurrent use.
type LimitStore struct{ stores *Stores }

var _ kirim.LimitStore = (*LimitStore)(nil)

const limitRetention = time.Hour

// A key holds the time in microseconds, a space and the limit.
var saveLimitScript = redis.NewScript(`
local known = redis.call('GET', KEYS[1])
if not known or tonumber(string.match(known, '^%S+')) <= tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. ARGV[2], 'PX', ARGV[3])
end
return 0`)

// SaveLimit implements [kirim.LimitStore].
func (l *LimitStore) SaveLimit(ctx context.Context, bucket string, seen kirim.SeenLimit) error {
	value, err := json.Marshal(seen)
	if err != nil {
		return failed("save a rate limit", err)
	}
	err = l.stores.run(ctx, saveLimitScript, l.limitKey(bucket), seen.At.UnixMicro(), value, limitRetention.Milliseconds()).Err()
	if err != nil {
		return failed("save a rate limit", err)
	}
	return nil
}

// LastLimit implements [kirim.LimitStore].
func (l *LimitStore) LastLimit(ctx context.Context, bucket string) (seen kirim.SeenLimit, known bool, err error) {
	if ctx == nil {
		return seen, false, failed("look up a rate limit", errNoContext)
	}
	value, err := l.stores.client.Get(ctx, l.limitKey(bucket)).Bytes()
	if errors.Is(err, redis.Nil) {
		return seen, false, nil
	}
	if err == nil {
		_, value, _ = bytes.Cut(value, []byte(" "))
		err = json.Unmarshal(value, &seen)
	}
	if err != nil {
		return kirim.SeenLimit{}, false, failed("look up a rate limit", err)
	}
	return seen, true, nil
}

func (l *LimitStore) limitKey(bucket string) string {
	return l.stores.prefix + ":limit:" + hashed(bucket)
}
