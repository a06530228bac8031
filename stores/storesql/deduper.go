package storesql

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/kirim-go/kirim"
)

// Deduper is a [kirim.TokenDeduper] in a database.
type Deduper struct{ claims table }

var _ kirim.TokenDeduper = (*Deduper)(nil)

// Lease returns how long a claim holds: callbacks get a second less; see [kirim.TokenDeduper].
func (d *Deduper) Lease() time.Duration { return d.claims.lease }

// ClaimToken implements [kirim.TokenDeduper]. A claim that succeeds is one
// statement. When database/sql sends it again, it is the same claim, as it has the same token.
func (d *Deduper) ClaimToken(ctx context.Context, key string) (kirim.ClaimState, string, error) {
	h, token := hashOf(key), rand.Text()
	claimed, err := d.claims.exec(ctx, "claim",
		`INSERT INTO TABLE(claim) AS c (key, token, done, until) VALUES ($1, $2, 0, NOW + $3)
		ON CONFLICT (key) DO UPDATE SET token = excluded.token, done = 0, until = excluded.until WHERE c.until <= NOW OR c.token = excluded.token`,
		h, token, millis(d.claims.lease))
	if err != nil {
		return kirim.ClaimedBusy, "", err
	}
	if claimed > 0 {
		return kirim.Claimed, token, nil
	}
	var done int
	// A claim that was released since then, too, comes again: its delivery is refused.
	if _, err := d.claims.row(ctx, "claim", "SELECT done FROM TABLE(claim) WHERE key = $1", &done, h); err != nil {
		return kirim.ClaimedBusy, "", err
	}
	if done > 0 {
		return kirim.ClaimedDone, "", nil
	}
	return kirim.ClaimedBusy, "", nil
}

// CompleteToken implements [kirim.TokenDeduper].
func (d *Deduper) CompleteToken(ctx context.Context, key, token string) error {
	if token == "" {
		return errors.New("kirim: storesql: complete: the token is empty")
	}
	changed, err := d.claims.exec(ctx, "complete",
		`INSERT INTO TABLE(claim) AS c (key, token, done, until) VALUES ($1, $2, 1, NOW + $3)
		ON CONFLICT (key) DO UPDATE SET token = excluded.token, done = 1, until = excluded.until WHERE c.token = excluded.token OR c.until <= NOW`,
		hashOf(key), token, millis(d.claims.retention))
	if err == nil && changed == 0 {
		return kirim.ErrClaimLost
	}
	return err
}

// ReleaseToken implements [kirim.TokenDeduper].
func (d *Deduper) ReleaseToken(ctx context.Context, key, token string) error {
	_, err := d.claims.exec(ctx, "release", "DELETE FROM TABLE(claim) WHERE key = $1 AND token = $2 AND done = 0", hashOf(key), token)
	return err
}

// Claim implements [kirim.Deduper].
func (d *Deduper) Claim(ctx context.Context, key string) (kirim.ClaimState, error) {
	state, _, err := d.ClaimToken(ctx, key)
	return state, err
}

// Complete implements [kirim.Deduper], whoever holds the claim.
func (d *Deduper) Complete(ctx context.Context, key string) error {
	_, err := d.claims.exec(ctx, "complete",
		`INSERT INTO TABLE(claim) (key, token, done, until) VALUES ($1, $2, 1, NOW + $3)
		ON CONFLICT (key) DO UPDATE SET done = 1, until = excluded.until`,
		hashOf(key), rand.Text(), millis(d.claims.retention))
	return err
}

// Release implements [kirim.Deduper], whoever holds the claim.
func (d *Deduper) Release(ctx context.Context, key string) error {
	_, err := d.claims.exec(ctx, "release", "DELETE FROM TABLE(claim) WHERE key = $1 AND done = 0", hashOf(key))
	return err
}
