package kirim

import (
	"context"
	"errors"
	"strconv"
)

// TokenDeduper is a [Deduper] for several processes. Each claim has a token of its own,
// by which it is completed or released. A holder that was slower than its claim
// lasts, such as a process that was paused, can then do nothing to the claim that
// somebody else has now, be that another process or itself. A [WebhookHandler]
// uses these methods rather than those of Deduper. Both are for the same keys.
//
// Each of the methods may be called again after it has failed. When a deduper also has a method
// Lease() [time.Duration], a callback's context ends a second before its claim lapses, or
// after half of a lease that is shorter than two.
//
// The package kirimtest/storetest checks implementations.
type TokenDeduper interface {
	Deduper
	// ClaimToken is Claim. The token is of this claim alone, and empty unless
	// the state is Claimed.
	ClaimToken(ctx context.Context, key string) (state ClaimState, token string, err error)
	// CompleteToken notes that the holder of the token has handled the element,
	// also when its claim has lapsed meanwhile. When another claim of the key holds
	// by now, or has completed it, nothing changes and the error matches
	// ErrClaimLost: the element may have been handled twice.
	CompleteToken(ctx context.Context, key, token string) error
	// ReleaseToken gives the claim up. When it does not hold any more, nothing
	// changes, and the error is nil.
	ReleaseToken(ctx context.Context, key, token string) error
}

// ErrClaimLost says that a claim has lapsed and the element was claimed by another
// holder; see [TokenDeduper].
var ErrClaimLost = errors.New("kirim: the claim has lapsed and another holder has claimed the element")

// claimsDoNotLapse marks a MemoryDeduper, also one that another type embeds: a
// handler needs no tokens for it.
func (d *MemoryDeduper) claimsDoNotLapse() {}

// ClaimToken implements [TokenDeduper]. The error is nil, unless d is. Claims of a
// MemoryDeduper do not lapse, and a [WebhookHandler] calls its Claim, Complete
// and Release, also those of a type that embeds it.
func (d *MemoryDeduper) ClaimToken(_ context.Context, key string) (ClaimState, string, error) {
	state, claim, err := d.claim(key)
	if state != Claimed || err != nil {
		return state, "", err
	}
	return Claimed, strconv.FormatUint(claim, 10), nil
}

// CompleteToken implements [TokenDeduper].
func (d *MemoryDeduper) CompleteToken(_ context.Context, key, token string) error {
	claim, err := strconv.ParseUint(token, 10, 64)
	if err != nil {
		return errNoToken
	}
	return d.complete(key, claim)
}

// ReleaseToken implements [TokenDeduper].
func (d *MemoryDeduper) ReleaseToken(_ context.Context, key, token string) error {
	claim, err := strconv.ParseUint(token, 10, 64)
	if err != nil {
		return errNoToken
	}
	return d.release(key, claim)
}

var errNoToken = errors.New("kirim: the token is not one of ClaimToken")
