package kirim

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// ErrElementBusy says that an element was not handled because another delivery,
// or another process, is handling it right now. Try again later: it may fail there.
var ErrElementBusy = errors.New("another delivery is handling the element")

// errNotHandled wraps what kept an element from its callback.
var errNotHandled = errors.New("the callback was not run")

// What is left of the 10 seconds for which the sender waits, for bookkeeping after
// the callbacks.
const settleTimeout = time.Second

// claims runs callbacks once for each key. Its methods claim, complete and release
// are those of the deduper, with tokens when it has them.
type claims struct {
	deduper Deduper
	tokens  TokenDeduper
	lease   time.Duration // of the deduper's claims; 0 when they do not lapse, or it does not say
	instant bool          // the deduper does not wait for anything
	logger  *slog.Logger
	late    settlements
}

func (c *claims) init(deduper Deduper, logger *slog.Logger) {
	c.deduper, c.logger = deduper, logger
	_, c.instant = deduper.(*MemoryDeduper)
	if _, lasting := deduper.(interface{ claimsDoNotLapse() }); !lasting {
		c.tokens, _ = deduper.(TokenDeduper)
	}
	if leasing, ok := deduper.(interface{ Lease() time.Duration }); ok {
		c.lease = leasing.Lease()
	}
}

// once runs a callback unless it is a duplicate: that was done before under the key.
func (c *claims) once(ctx context.Context, key string, callback func(context.Context) error) (duplicate bool, err error) {
	if ctx.Err() != nil {
		return false, fmt.Errorf("%w: %w", errNotHandled, contextError(ctx))
	}
	if key == "" {
		return false, guarded(ctx, callback)
	}
	if c.late.settle(ctx, c.complete, key) {
		return true, nil
	}
	if c.lease > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.lease-min(settleTimeout, c.lease/2))
		defer cancel()
	}
	state, token, err := c.claim(ctx, key)
	switch {
	case err != nil:
		return false, fmt.Errorf("%w: claim: %w", errNotHandled, err)
	case state == ClaimedDone:
		return true, nil
	case state != Claimed:
		return false, ErrElementBusy
	}
	handled := false
	// Deferred, because a callback may also end its goroutine.
	defer func() { c.settle(ctx, key, token, handled) }()
	err = guarded(ctx, callback)
	handled = err == nil
	return false, err
}

func (c *claims) settle(ctx context.Context, key, token string, handled bool) {
	settle := c.release
	if handled {
		settle = c.complete
	}
	if !c.instant { // the context and its timer are 5 allocations
		// The delivery's own context may have ended.
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
		defer cancel()
	}
	err := settle(ctx, key, token)
	if err != nil {
		c.logger.LogAttrs(ctx, slog.LevelError, "kirim: webhook deduper failed", slog.Bool("handled", handled), slog.Any("error", err))
	}
	if handled {
		c.late.settled(ctx, c.complete, key, token, err)
	}
}

func (c *claims) claim(ctx context.Context, key string) (state ClaimState, token string, err error) {
	if c.tokens != nil {
		return c.tokens.ClaimToken(ctx, key)
	}
	state, err = c.deduper.Claim(ctx, key)
	return state, "", err
}

func (c *claims) complete(ctx context.Context, key, token string) error {
	if c.tokens != nil {
		return c.tokens.CompleteToken(ctx, key, token)
	}
	return c.deduper.Complete(ctx, key)
}

func (c *claims) release(ctx context.Context, key, token string) error {
	if c.tokens != nil {
		return c.tokens.ReleaseToken(ctx, key, token)
	}
	return c.deduper.Release(ctx, key)
}

// maxSettlements bounds the memory of an outage of the deduper.
const maxSettlements = 1 << 14

// settlements are the claims of elements that were handled while the deduper
// could not be told. Their claims lapse, and their deliveries may come again.
type settlements struct {
	mu     sync.Mutex
	tokens map[string]string // by key
}

// settle reports whether an element was handled, and tells the deduper so when
// it can be told by now.
func (s *settlements) settle(ctx context.Context, complete func(ctx context.Context, key, token string) error, key string) bool {
	s.mu.Lock()
	token, handled := s.tokens[key]
	s.mu.Unlock()
	if !handled {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	if err := complete(ctx, key, token); err == nil || errors.Is(err, ErrClaimLost) {
		s.mu.Lock()
		delete(s.tokens, key)
		s.mu.Unlock()
	}
	return true
}

// settled takes in how the completion of a claim went. After one that went well
// it completes one of those that did not.
func (s *settlements) settled(ctx context.Context, complete func(ctx context.Context, key, token string) error, key, token string, err error) {
	s.mu.Lock()
	other, found := "", false
	switch {
	case errors.Is(err, ErrClaimLost):
	case err == nil:
		for other = range s.tokens {
			found = true
			break
		}
	case len(s.tokens) < maxSettlements:
		if s.tokens == nil {
			s.tokens = make(map[string]string)
		}
		s.tokens[key] = token
	}
	s.mu.Unlock()
	if found {
		s.settle(ctx, complete, other)
	}
}
