package storeredis

import (
	"context"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/internal/batch"
	"github.com/redis/go-redis/v9"
)

// Deduper is a [kirim.TokenDeduper] over Redis, for [kirim.WithDeduper]: of several
// processes that get a delivery, one handles it. It is safe for concurrent use.
//
// Each claim has a token, and only who has it can complete or release the claim. It
// holds for the lease of [WithLease], by the clock of Redis, so that another process
// handles the element when the holder is gone.
//
// Redis carries a call out as a whole or not at all. After an error of ClaimToken, as when the
// connection broke before the response came, Redis may have a claim whose token
// nobody knows. Deliveries of the element then get 503 until the lease has passed, and
// the next one after that is handled. When go-redis sends a claim again, as it does by itself
// up to MaxRetries times, it is the same claim, as it has the same token.
//
// Calls that are made while others are on their way to Redis are sent together, up to 64 in
// one of two pipelines.
type Deduper struct {
	stores *Stores
	calls  batch.Queue[*call]
	mu     sync.Mutex
	tokens map[string]issued // those of Claim, by key in Redis
	sweep  int               // at so many tokens, those that lapsed are dropped
}

// Lease returns how long a claim holds: callbacks get a second less; see [kirim.TokenDeduper].
func (d *Deduper) Lease() time.Duration { return d.stores.lease }

type issued struct {
	token string
	until time.Time
}

const minSweep = 1024

var _ kirim.TokenDeduper = (*Deduper)(nil)

// A key holds the token of its claim, and that with a minus once it is completed. A token
// is a positive number, which Redis keeps in the room of a pointer.
var (
	claimScript = redis.NewScript(`
local holder = redis.call('GET', KEYS[1])
if not holder then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
  return 0
elseif holder == ARGV[1] then
  return 0
elseif string.sub(holder, 1, 1) == '-' then
  return 1
end
return 2`)

	// A claim that lapsed and is nobody's is completed all the same: the element
	// was handled.
	completeScript = redis.NewScript(`
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] and holder ~= '-' .. ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], '-' .. ARGV[1], 'PX', ARGV[2])
return 1`)

	releaseScript = redis.NewScript(`
if redis.call('GET', KEYS[1]) == ARGV[1] then
  return redis.call('DEL', KEYS[1])
end
return 0`)
)

// claimStates are by what claimScript returns.
var claimStates = [...]kirim.ClaimState{kirim.Claimed, kirim.ClaimedDone, kirim.ClaimedBusy}

// newToken returns a token that no other claim of a key has. It is no secret.
func newToken() string {
	return strconv.FormatInt(1+rand.Int64N(math.MaxInt64), 10) //nolint:gosec // nobody gains by guessing it
}

func checkToken(token string) error {
	if n, err := strconv.ParseInt(token, 10, 64); err != nil || n <= 0 || token[0] == '+' {
		return fmt.Errorf("kirim: storeredis: token: want one of ClaimToken, got a text of %d bytes", len(token))
	}
	return nil
}

// For 64 deliveries at once, 2 pipelines brought the most through, in 0.7 of the CPU time of
// the process that one pipeline took, and a third of that of a pipeline for each call.
const (
	maxBatch    = 64 // calls of a pipeline
	maxParallel = 2  // pipelines
)

// call is a script that is to be run on a key, and what came of it.
type call struct {
	script *redis.Script
	key    string
	args   []any
	said   int
	err    error
}

func newDeduper(s *Stores) *Deduper {
	d := &Deduper{stores: s, tokens: make(map[string]issued), sweep: minSweep}
	d.calls = batch.Queue[*call]{Run: d.runAll, Abandoned: d.giveUp, Most: maxBatch, Parallel: maxParallel}
	return d
}

// run runs a script, together with those that others run at the same time.
func (d *Deduper) run(ctx context.Context, script *redis.Script, key string, args ...any) (said int, err error) {
	if ctx == nil {
		return 0, errNoContext
	}
	c := &call{script: script, key: d.redisKey(key), args: args}
	if err := d.calls.Do(ctx, c); err != nil {
		return 0, err
	}
	return c.said, c.err
}

// runAll sends calls in one pipeline. Its error is that of the context alone, as some calls
// may fail and others succeed, in a cluster.
func (d *Deduper) runAll(ctx context.Context, calls []*call) error {
	sent := make([]*redis.Cmd, len(calls))
	_, failure := d.stores.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, c := range calls {
			sent[i] = c.script.EvalSha(ctx, p, []string{c.key}, c.args...)
		}
		return nil
	})
	for i, c := range calls {
		if c.said, c.err = sent[i].Int(); redis.HasErrorPrefix(c.err, "NOSCRIPT") {
			c.said, c.err = c.script.Run(ctx, d.stores.client, []string{c.key}, c.args...).Int()
		}
	}
	if failure != nil {
		return ctx.Err()
	}
	return nil
}

// giveUp releases claims whose callers have left, so that the next delivery need not wait
// until they lapse.
func (d *Deduper) giveUp(ctx context.Context, left []*call) {
	for _, c := range left {
		if c.script == claimScript && c.err == nil && claimStates[c.said] == kirim.Claimed {
			_ = releaseScript.Run(ctx, d.stores.client, []string{c.key}, c.args[0]).Err() // it lapses otherwise
		}
	}
}

// ClaimToken implements [kirim.TokenDeduper].
func (d *Deduper) ClaimToken(ctx context.Context, key string) (state kirim.ClaimState, token string, err error) {
	token = newToken()
	said, err := d.run(ctx, claimScript, key, token, d.stores.lease.Milliseconds())
	if err != nil {
		return kirim.ClaimedBusy, "", failed("claim", err)
	}
	if state = claimStates[said]; state != kirim.Claimed {
		token = ""
	}
	return state, token, nil
}

// CompleteToken implements [kirim.TokenDeduper].
func (d *Deduper) CompleteToken(ctx context.Context, key, token string) error {
	if err := checkToken(token); err != nil {
		return err
	}
	kept, err := d.run(ctx, completeScript, key, token, d.stores.retention.Milliseconds())
	switch {
	case err != nil:
		return failed("complete", err)
	case kept == 0:
		return failed("complete", kirim.ErrClaimLost)
	}
	return nil
}

// ReleaseToken implements [kirim.TokenDeduper].
func (d *Deduper) ReleaseToken(ctx context.Context, key, token string) error {
	if err := checkToken(token); err != nil {
		return err
	}
	if _, err := d.run(ctx, releaseScript, key, token); err != nil {
		return failed("release", err)
	}
	return nil
}

// Claim is ClaimToken for callers that keep no token. The Deduper itself keeps it for
// Complete and Release until the lease has passed.
func (d *Deduper) Claim(ctx context.Context, key string) (kirim.ClaimState, error) {
	state, token, err := d.ClaimToken(ctx, key)
	if state != kirim.Claimed || err != nil {
		return state, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	if len(d.tokens) >= d.sweep {
		maps.DeleteFunc(d.tokens, func(_ string, i issued) bool { return now.After(i.until) })
		d.sweep = max(minSweep, 2*len(d.tokens))
	}
	d.tokens[d.redisKey(key)] = issued{token, now.Add(d.stores.lease)}
	return state, nil
}

// Complete is CompleteToken with the token of the latest Claim of the key. Without one
// it completes a key that nobody has claimed.
func (d *Deduper) Complete(ctx context.Context, key string) error {
	return d.CompleteToken(ctx, key, d.issued(key))
}

// Release is ReleaseToken with the token of the latest Claim of the key. Without one it
// has no effect.
func (d *Deduper) Release(ctx context.Context, key string) error {
	return d.ReleaseToken(ctx, key, d.issued(key))
}

func (d *Deduper) issued(key string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if i, ok := d.tokens[d.redisKey(key)]; ok {
		return i.token
	}
	return newToken()
}

func (d *Deduper) redisKey(key string) string { return d.stores.prefix + ":claim:" + hashed(key) }
