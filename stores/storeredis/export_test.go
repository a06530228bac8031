package storeredis

import "context"

// GiveUp is what becomes of a claim whose caller has left before it was made.
func (d *Deduper) GiveUp(ctx context.Context, key, token string) {
	d.giveUp(ctx, []*call{{script: claimScript, key: d.redisKey(key), args: []any{token, int64(1)}}})
}
