package storesql

import (
	"context"
	"encoding/json"

	"github.com/kirim-go/kirim"
)

// LimitStore is a [kirim.LimitStore] in a database. It remembers a limit for an hour.
type LimitStore struct{ limits table }

var _ kirim.LimitStore = (*LimitStore)(nil)

// SaveLimit implements [kirim.LimitStore].
func (l *LimitStore) SaveLimit(ctx context.Context, bucket string, seen kirim.SeenLimit) error {
	encoded, err := json.Marshal(seen)
	if err != nil { // a time beyond the year 9999
		return failed("save limit", err)
	}
	_, err = l.limits.exec(ctx, "save limit",
		`INSERT INTO TABLE(ratelimit) AS l (key, seen_at, seen, until) VALUES ($1, $2, $3, NOW + $4)
		ON CONFLICT (key) DO UPDATE SET seen_at = excluded.seen_at, seen = excluded.seen, until = excluded.until WHERE l.seen_at <= excluded.seen_at`,
		hashOf(bucket), seen.At.UnixMicro(), string(encoded), millis(limitRetention))
	return err
}

// LastLimit implements [kirim.LimitStore].
func (l *LimitStore) LastLimit(ctx context.Context, bucket string) (seen kirim.SeenLimit, known bool, err error) {
	var encoded string
	known, err = l.limits.row(ctx, "last limit", "SELECT seen FROM TABLE(ratelimit) WHERE key = $1 AND until > NOW", &encoded, hashOf(bucket))
	if err != nil || !known {
		return seen, false, err
	}
	if err := json.Unmarshal([]byte(encoded), &seen); err != nil {
		return kirim.SeenLimit{}, false, failed("last limit", err)
	}
	return seen, true, nil
}
